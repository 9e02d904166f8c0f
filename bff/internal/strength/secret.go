// Package strength refuses keys and secrets that are not random.
//
// Start with [MasterKey] and [Secret]. The SDK refuses what can be detected without a dictionary; this package adds
// dictionaries.
package strength

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/match"
	"github.com/trustelem/zxcvbn/matching"
	"github.com/trustelem/zxcvbn/scoring"
)

const (
	minBits   = 128 // of a secret, as estimated
	maxWords  = 0.6 // share of characters in words and patterns: a sentence is easier to guess than its words
	maxJudged = 128 // characters; further ones can only make a secret stronger
	minInner  = 12  // bytes of text inside base64 or hexadecimal
)

// ErrGuessable refuses a secret.
var ErrGuessable = errors.New("it is made of words, names, dates or patterns that can be guessed: make a random one by 'openssl rand -base64 48'")

// Secret refuses a shared secret that can be guessed, by the matches of zxcvbn: common passwords, words and names in
// four cases and in leet, keyboard sequences, repetition, sequences and dates. ErrGuessable. Random bytes pass.
func Secret(secret []byte) error {
	text := string(secret[:min(len(secret), maxJudged)])
	if !utf8.ValidString(text) {
		return nil
	}
	if isGuessable(text) {
		return ErrGuessable
	}
	for _, inner := range decodings(string(secret)) {
		if len(inner) >= minInner && isText(inner) {
			return Secret(inner)
		}
	}
	return nil
}

// decodings gives the text decoded from hexadecimal and base64.
func decodings(text string) (inner [][]byte) {
	bare := strings.TrimRight(text, "=")
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString,
		base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString} {
		if data, err := decode(bare); err == nil {
			inner = append(inner, data)
		}
	}
	return inner
}

func isText(data []byte) bool {
	visible := 0
	for _, b := range data {
		if b >= ' ' && b <= '~' || b == '\n' || b == '\r' || b == '\t' {
			visible++
		}
	}
	return visible*10 >= len(data)*9
}

func isGuessable(text string) bool {
	e := estimate(text)
	return e.bits < minBits || e.words > maxWords || isSentence(text)
}

// estimateResult is the lowest cost of guessing a text.
type estimateResult struct {
	bits  float64
	words float64 // share of characters in a match
}

// estimate selects the matches with the lowest total cost. Unlike zxcvbn's own score it adds nothing for their number
// and order, because that would make long phrases look as strong as random text.
func estimate(text string) estimateResult {
	type state struct {
		bits    float64
		matched int
	}
	byEnd := map[int][]*match.Match{}
	for _, m := range matching.Omnimatch(text, extraWords) {
		if isSignificant(text, m) {
			byEnd[m.J+1] = append(byEnd[m.J+1], m)
		}
	}
	best := make([]state, len(text)+1)
	for end := 1; end <= len(text); end++ {
		before := best[end-1]
		cost, counts := charBits(text, end-1)
		best[end] = state{before.bits + cost, before.matched + counts}
		for _, m := range byEnd[end] {
			if bits := best[m.I].bits + math.Log2(max(scoring.EstimateGuesses(m, text), 2)); bits < best[end].bits {
				best[end] = state{bits, best[m.I].matched + matchedLength(text, m)}
			}
		}
	}
	last := best[len(text)]
	return estimateResult{last.bits, float64(last.matched) / float64(max(len(text), 1))}
}

// matchedLength gives the characters of a match that random text does not explain. Random text contains short matches
// and dates too.
func matchedLength(text string, m *match.Match) int {
	length := m.J + 1 - m.I
	word := m.Pattern == "dictionary" && (length >= 4 || isBounded(text, m))
	if word || m.Pattern != "dictionary" && m.Pattern != "date" && m.Pattern != "regex" && length >= 5 {
		return length
	}
	return 0
}

const (
	minSentenceShare = 0.5 // share of characters in likely words
	minSentenceWords = 4   // likely words
	minWordLength    = 3   // letters of a word
	maxWordLength    = 16
)

// isSentence detects sentences in any language by the shape of the words between separators.
func isSentence(text string) bool {
	words, inWords := 0, 0
	for _, piece := range strings.FieldsFunc(text, func(r rune) bool {
		return r < utf8.RuneSelf && (isSeparator(byte(r)) || r == '!' || r == '?' || r == '\'')
	}) {
		if isWord(piece) {
			words++
			inWords += len(piece)
		}
	}
	return words >= minSentenceWords && float64(inWords) >= minSentenceShare*float64(len(text))
}

// isWord: letters in one case, or with a leading capital.
func isWord(piece string) bool {
	rest := strings.TrimLeftFunc(piece, unicode.IsUpper)
	capitals := len(piece) - len(rest)
	if utf8.RuneCountInString(piece) < minWordLength || utf8.RuneCountInString(piece) > maxWordLength || rest != "" && capitals > 2 {
		return false
	}
	return !strings.ContainsFunc(rest, func(r rune) bool { return !unicode.IsLower(r) })
}

// extraWords are words of software development and of filler text that zxcvbn's dictionaries lack.
var extraWords = strings.Fields(`
	secretkey supersecret mysecret jwtsecret signing hmac sha256 hs256 jwt json webtoken bytes bits keyboard random replace changeme change
	production development staging environment shieldpod backend frontend express django laravel spring rails authentication authorization
	lorem ipsum dolor sit amet consectetur adipiscing elit sed eiusmod tempor incididunt labore dolore magna aliqua
`)

// isSignificant leaves out matches that random text often has: words of two letters in the middle of others.
func isSignificant(text string, m *match.Match) bool {
	if m.I < 0 || m.J >= len(text) || m.I > m.J {
		return false
	}
	if m.J-m.I >= 2 {
		return true
	}
	return m.Pattern == "dictionary" && isBounded(text, m)
}

// isBounded reports whether a match stands alone between separators.
func isBounded(text string, m *match.Match) bool {
	return (m.I == 0 || isSeparator(text[m.I-1])) && (m.J+1 == len(text) || isSeparator(text[m.J+1]))
}

func isSeparator(b byte) bool { return strings.IndexByte("-_ .,:;/|+#&", b) >= 0 }

// charBits gives the cost of a character outside every match. A repeated separator costs one bit and counts as matched.
func charBits(text string, at int) (bits float64, matched int) {
	b := text[at]
	switch {
	case isSeparator(b) && strings.IndexByte(text[:at], b) >= 0:
		return 1, 1
	case b >= '0' && b <= '9':
		return math.Log2(10), 0
	case isLetter(b) && hasBothCases(text):
		return math.Log2(52), 0
	case isLetter(b):
		return math.Log2(26), 0
	}
	return math.Log2(64), 0
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

func hasBothCases(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r >= 'a' && r <= 'z' }) &&
		strings.ContainsFunc(text, func(r rune) bool { return r >= 'A' && r <= 'Z' })
}
