// Package strength refuses keys and secrets that somebody made up.
//
// Start with [MasterKey] and [Secret]. The SDK refuses what can be told without a dictionary; this package adds one.
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
	minBits   = 128 // of a secret, by the estimate
	maxWords  = 0.6 // share of characters that stand in words and patterns: a sentence is easier than its words
	maxJudged = 128 // characters: what stands behind can only make a secret stronger
	minInner  = 12  // bytes of text within base64 or hexadecimal
)

// ErrGuessable is the refusal of a secret.
var ErrGuessable = errors.New("it is made of words, names, dates or patterns that can be guessed: make a random one by 'openssl rand -base64 48'")

// Secret refuses a shared secret that can be guessed, by the matches of zxcvbn: common passwords, words and names in four
// cases and in leet, keyboard walks, repetition, sequences and dates. ErrGuessable. Random bytes pass.
func Secret(secret []byte) error {
	text := string(secret[:min(len(secret), maxJudged)])
	if !utf8.ValidString(text) {
		return nil
	}
	if guessable(text) {
		return ErrGuessable
	}
	for _, inner := range decoded(string(secret)) {
		if len(inner) >= minInner && isText(inner) {
			return Secret(inner)
		}
	}
	return nil
}

// decoded gives what text says in hexadecimal and base64.
func decoded(text string) (inner [][]byte) {
	bare := strings.TrimRight(text, "=")
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString} {
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

func guessable(text string) bool {
	e := estimate(text)
	return e.bits < minBits || e.words > maxWords || isWritten(text)
}

// estimated is the cheapest way to guess a text.
type estimated struct {
	bits  float64
	words float64 // share of characters that stand in a match
}

// estimate takes the matches that together cost a guesser the least. Unlike zxcvbn's own score it adds nothing for their
// number and order, which makes long phrases look as strong as random text.
func estimate(text string) estimated {
	type state struct {
		bits    float64
		matched int
	}
	byEnd := map[int][]*match.Match{}
	for _, m := range matching.Omnimatch(text, ownWords) {
		if usable(text, m) {
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
				best[end] = state{bits, best[m.I].matched + counted(text, m)}
			}
		}
	}
	last := best[len(text)]
	return estimated{last.bits, float64(last.matched) / float64(max(len(text), 1))}
}

// counted is how many characters of a match are surely no chance: short ones and dates stand in random text, too.
func counted(text string, m *match.Match) int {
	length := m.J + 1 - m.I
	word := m.Pattern == "dictionary" && (length >= 4 || isBounded(text, m))
	if word || m.Pattern != "dictionary" && m.Pattern != "date" && m.Pattern != "regex" && length >= 5 {
		return length
	}
	return 0
}

const (
	maxWritten  = 0.5 // share of characters in what looks like words
	minWritten  = 4   // such words
	shortest    = 3   // letters of one
	longestWord = 16
)

// isWritten knows sentences in any language by the look of their words between separators.
func isWritten(text string) bool {
	words, inWords := 0, 0
	for _, piece := range strings.FieldsFunc(text, func(r rune) bool {
		return r < utf8.RuneSelf && (isSeparator(byte(r)) || r == '!' || r == '?' || r == '\'')
	}) {
		if isWord(piece) {
			words++
			inWords += len(piece)
		}
	}
	return words >= minWritten && float64(inWords) >= maxWritten*float64(len(text))
}

// isWord: letters in one case, or with a capital first.
func isWord(piece string) bool {
	rest := strings.TrimLeftFunc(piece, unicode.IsUpper)
	capitals := len(piece) - len(rest)
	if utf8.RuneCountInString(piece) < shortest || utf8.RuneCountInString(piece) > longestWord || rest != "" && capitals > 2 {
		return false
	}
	return !strings.ContainsFunc(rest, func(r rune) bool { return !unicode.IsLower(r) })
}

// ownWords are of this trade, and of text that fills space; zxcvbn's dictionaries lack them.
var ownWords = strings.Fields(`
	secretkey supersecret mysecret jwtsecret signing hmac sha256 hs256 jwt json webtoken bytes bits keyboard random replace changeme change
	production development staging environment shieldpod backend frontend express django laravel spring rails authentication authorization
	lorem ipsum dolor sit amet consectetur adipiscing elit sed eiusmod tempor incididunt labore dolore magna aliqua
`)

// usable leaves out matches that chance gives to random text: words of two letters in the middle of others.
func usable(text string, m *match.Match) bool {
	if m.I < 0 || m.J >= len(text) || m.I > m.J {
		return false
	}
	if m.J-m.I >= 2 {
		return true
	}
	return m.Pattern == "dictionary" && isBounded(text, m)
}

// isBounded tells a match that stands alone between separators.
func isBounded(text string, m *match.Match) bool {
	return (m.I == 0 || isSeparator(text[m.I-1])) && (m.J+1 == len(text) || isSeparator(text[m.J+1]))
}

func isSeparator(b byte) bool { return strings.IndexByte("-_ .,:;/|+#&", b) >= 0 }

// charBits is what a character costs that stands in no match. A separator that stood before costs one bit and counts as matched.
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
