package launchcontext

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// minSecretBits is what a shared secret must hold by the estimate of secretBits. 32 characters of mixed letters and
// digits have 190 bits, 43 of base64 have 258, 64 of hexadecimal have 256; a UUID has 122.
const minSecretBits = 150

// maxJudged bounds the work: what stands behind can only make a secret stronger.
const maxJudged = 256

// secretBits estimates from above how many bits a guesser has to find: characters times bits per character of the
// alphabet in use, without what follows from other characters. Repetition, rows of the keyboard, sequences, common words
// (also in other cases and in leet) and separators count little. Text in base64 or hexadecimal counts as the text.
func secretBits(secret []byte) float64 {
	text := string(secret[:min(len(secret), maxJudged)])
	bits := textBits(text)
	for _, decode := range textDecoders {
		if inner, err := decode(text); err == nil && isPlainText(inner) {
			bits = min(bits, secretBits(inner))
		}
	}
	return bits
}

var textDecoders = []func(string) ([]byte, error){
	hex.DecodeString,
	func(s string) ([]byte, error) { return base64.RawStdEncoding.DecodeString(wholeQuads(s, "-_")) },
	func(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(wholeQuads(s, "+/")) },
}

// wholeQuads cuts base64 to groups that can be decoded, also where maxJudged has cut it. Text with a character of the
// other alphabet is no base64.
func wholeQuads(s, other string) string {
	s = strings.TrimRight(s, "=")
	if strings.ContainsAny(s, other) {
		return "!"
	}
	if len(s)%4 == 1 {
		s = s[:len(s)-1]
	}
	return s
}

// isPlainText tells text from random bytes, of which one in three is a visible character.
func isPlainText(data []byte) bool {
	visible := 0
	for _, b := range data {
		if b >= ' ' && b <= '~' || b == '\n' || b == '\r' || b == '\t' {
			visible++
		}
	}
	return len(data) >= 8 && visible*10 >= len(data)*9
}

func textBits(text string) float64 {
	folded := []byte(text)
	for i, b := range folded {
		if b >= 'A' && b <= 'Z' {
			folded[i] = b + 'a' - 'A'
		}
	}
	cost := make([]float64, len(folded)) // of each character, in characters of the alphabet
	for i := range cost {
		cost[i] = 1
		if i > 0 && isSeparator(folded[i]) && strings.IndexByte(text[:i], folded[i]) >= 0 {
			cost[i] = 0 // one that stood before
		}
	}
	if utf8.ValidString(text) {
		for i := range folded {
			if !utf8.RuneStart(folded[i]) {
				cost[i] = 0
			}
		}
	}
	discountRuns(folded, cost)
	discountWords(folded, cost)
	discountRepeats(folded, cost)
	sum := 0.0
	for _, c := range cost {
		sum += c
	}
	return sum * bitsPerCharacter(text)
}

func isSeparator(b byte) bool { return strings.IndexByte("-_ .,:;/|+#&", b) >= 0 }

// bitsPerCharacter is of the smallest usual alphabet that has all of text.
func bitsPerCharacter(text string) float64 {
	if !utf8.ValidString(text) {
		return 8
	}
	var digit, hexLetter, lower, upper, other bool
	for i := range len(text) {
		switch b := text[i]; {
		case b >= '0' && b <= '9':
			digit = true
		case b >= 'a' && b <= 'f':
			hexLetter = true
		case b >= 'g' && b <= 'z':
			lower = true
		case b >= 'A' && b <= 'Z':
			upper = true
		case !isSeparator(b):
			other = true
		}
	}
	if upper && !lower && !hexLetter {
		upper = false
		for i := range len(text) {
			hexLetter = hexLetter || text[i] >= 'A' && text[i] <= 'F'
			lower = lower || text[i] >= 'G' && text[i] <= 'Z'
		}
	}
	size := 0.0
	switch {
	case lower:
		size = 26
	case hexLetter && (!digit || upper || other):
		size = 26
	case hexLetter:
		size = 6
	}
	for set, n := range map[*bool]float64{&digit: 10, &upper: 26, &other: 20} {
		if *set {
			size += n
		}
	}
	return math.Log2(max(size, 2))
}

// keyRows are followed by people who let a finger slide.
var keyRows = []string{
	"`1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "!@#$%^&*()_+", "~!@#",
	"1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,", "9ol.",
	"0p;/", "azertyuiop", "qsdfghjklm", "wxcvbn", "qwertzuiop", "yxcvbnm",
}

var keySteps = sync.OnceValue(func() *[128][128]bool {
	steps := new([128][128]bool)
	for _, row := range keyRows {
		for i := 1; i < len(row); i++ {
			steps[row[i-1]][row[i]], steps[row[i]][row[i-1]] = true, true
		}
	}
	return steps
})

// discountRuns lets characters count little that follow from the one before: aaa, abc, 321, qwert.
func discountRuns(folded []byte, cost []float64) {
	steps := keySteps()
	step := func(i int) int { return int(folded[i]) - int(folded[i-1]) }
	slides := func(i int) bool { return folded[i-1] < 128 && folded[i] < 128 && steps[folded[i-1]][folded[i]] }
	for i := 1; i < len(folded); {
		sequence, keys := i, i
		for sequence < len(folded) && step(sequence) == step(i) && max(step(i), -step(i)) <= 1 {
			sequence++
		}
		for keys < len(folded) && slides(keys) {
			keys++
		}
		end := max(sequence, keys)
		if end-i >= 3 { // four characters or more
			for j := i; j < end; j++ {
				cost[j] = 0.1
			}
		}
		i = max(end, i+1)
	}
}

// discountRepeats lets a piece of four characters or more that stood before count as one character.
func discountRepeats(folded []byte, cost []float64) {
	const least = 4
	for i := 1; i+least <= len(folded); {
		longest := 0
		for from := range i {
			n := 0
			for i+n < len(folded) && folded[from+n] == folded[i+n] {
				n++
			}
			longest = max(longest, n)
		}
		if longest < least {
			i++
			continue
		}
		for j := i + 1; j < i+longest; j++ {
			cost[j] = 0
		}
		i += longest
	}
}

// commonWords stand in secrets that people make up. Each counts as two characters.
var commonWords = strings.Fields(`
	abcdef access account admin algorithm api app apple application auth authentication authorization auto backend bearer best bits
	bytes change changed changeit changeme character characters client code company config cookie correct crypt custom data database
	debug default demo deploy dev development django docker dragon encode encoded encrypt encryption enough enter env environment
	example express fallback flask football foobar generate generated github google guess hash hello hidden hmac hs256 insecure
	internal ionic java jsonwebtoken jwt jwtsecret key keep laravel letmein least length live local localhost login long longer
	master message minimum mongo monkey mysecret mysupersecret never node nobody not only open package pass passphrase password
	password123 phrase platform please portal private prod production project public python qwerty random react really refresh replace
	root safe safety sample secret secretkey secrets secure security server service session settings shared shhhh should sign signature signing
	signing simple some something spring string strong sunshine super supersecret system temp temporary test testing text that this
	token tokens tutorial type unsafe update user username value very want web website welcome what will with word world write your
`)

var wordsByFirst = sync.OnceValue(func() map[byte][]string {
	words := map[byte][]string{}
	for _, w := range commonWords {
		if len(w) >= 4 {
			words[w[0]] = append(words[w[0]], w)
		}
	}
	for _, list := range words {
		slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	}
	return words
})

var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

func discountWords(folded []byte, cost []float64) {
	words := wordsByFirst()
	text, plain := string(folded), leet.Replace(string(folded))
	for i := 0; i < len(text); {
		length := 0
		for _, spelled := range []string{text, plain} {
			for _, w := range words[spelled[i]] {
				if strings.HasPrefix(spelled[i:], w) {
					length = max(length, len(w))
					break
				}
			}
		}
		if length == 0 {
			i++
			continue
		}
		for j := i; j < i+length; j++ {
			cost[j] = min(cost[j], 2/float64(length))
		}
		i += length
	}
}
