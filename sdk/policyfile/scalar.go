package policyfile

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lineWidth is where long lists and texts go on in the next line, in characters and without the margin.
const lineWidth = 90

var (
	simpleWord = regexp.MustCompile(`^[A-Za-z][A-Za-z_]*$`)
	beginsText = regexp.MustCompile(`^\p{L}`)
	endsText   = regexp.MustCompile(`:(?: |$)| #| $`)
)

// scalar writes a text as it is where every reader of YAML takes it for that text, and in quotes elsewhere. Go's
// escapes are YAML's too.
func scalar(s string) string {
	if beginsText.MatchString(s) && !endsText.MatchString(s) && printable(s) && !taken(s) {
		return s
	}
	return strconv.Quote(s)
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError })
}

// taken tells whether a reader of YAML 1.1 takes the word for something else than text. NO is a country here.
func taken(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return true
	}
	return false
}

// wrap breaks a text at single spaces, so that no line is longer than it must be.
func wrap(s string) []string {
	words := strings.Split(s, " ")
	lines := words[:1:1]
	for _, word := range words[1:] {
		last := &lines[len(lines)-1]
		if utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) > lineWidth {
			lines = append(lines, word)
			continue
		}
		*last += " " + word
	}
	return lines
}
