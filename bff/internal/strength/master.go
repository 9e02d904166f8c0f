package strength

import (
	"crypto/sha256"
	"errors"
	"math/bits"
)

// Size is the length of a master key, in bytes.
const Size = 32

// ErrNotRandom refuses a master key.
var ErrNotRandom = errors.New("the master key is not random: its bytes follow a pattern or spell text, so it can be guessed. Make one by 'shieldpod key master --out FILE'")

// Limits. A random key exceeds one of them with a probability below 2^-38, in total.
const (
	minDistinct     = 12 // different bytes; a random key has about 30
	maxSame         = 10 // occurrences of one byte
	maxStep         = 11 // equal differences between bytes at one distance, as in sequences and repeated halves
	maxConstantBits = 1  // bits with the same value in all bytes, in keys other than text
)

// MasterKey refuses 32 bytes that do not come from a random generator: all zero, repeated, sequential or mirrored
// bytes, guessable text, or the SHA-256 of such text. ErrNotRandom.
func MasterKey(key []byte) error {
	if len(key) != Size || hasPattern(key) || isTextLike(key) || isHashOfCommonText([Size]byte(key)) {
		return ErrNotRandom
	}
	return nil
}

func hasPattern(key []byte) bool {
	var count [256]int
	distinct, most := 0, 0
	for _, b := range key {
		if count[b]++; count[b] == 1 {
			distinct++
		}
		most = max(most, count[b])
	}
	return distinct < minDistinct || most > maxSame || hasConstantStep(key) || isMirrored(key)
}

// hasConstantStep detects sequences, repetition, and halves that differ by addition, subtraction or xor of a constant.
func hasConstantStep(key []byte) bool {
	for distance := 1; distance <= Size/2; distance++ {
		var sums, xors [256]int
		for i := distance; i < Size; i++ {
			sum, xor := key[i]-key[i-distance], key[i]^key[i-distance]
			sums[sum]++
			xors[xor]++
			if sums[sum] > maxStep || xors[xor] > maxStep {
				return true
			}
		}
	}
	return false
}

func isMirrored(key []byte) bool {
	same := 0
	for i := range Size / 2 {
		if key[i] == key[Size-1-i] {
			same++
		}
	}
	return same > maxStep
}

// isTextLike detects text, and bytes with several constant bits, as in digits and small numbers.
func isTextLike(key []byte) bool {
	if isText(key) {
		return isGuessable(string(key))
	}
	or, and := byte(0), byte(0xff)
	for _, b := range key {
		or |= b
		and &= b
	}
	return bits.OnesCount8(^or|and) > maxConstantBits
}

// isHashOfCommonText detects keys that are the SHA-256 of a common text.
func isHashOfCommonText(key [Size]byte) bool {
	for _, word := range commonTexts {
		if sha256.Sum256([]byte(word)) == key || sha256.Sum256([]byte(word+"\n")) == key {
			return true
		}
	}
	return false
}

var commonTexts = []string{
	"", "0", "1", "a", "abc", "test", "foo", "bar", "hello", "hello world",
	"Hello World", "Hello, World!", "secret", "password", "Password", "changeme",
	"change-me", "key", "master", "masterkey", "master key", "master-key", "shieldpod",
	"Shieldpod", "shieldpod master", "admin", "root", "123456", "12345678",
	"123456789", "1234567890", "qwerty", "letmein", "passphrase", "default", "demo",
	"example", "dev", "development", "production", "supersecret", "mysecret",
}
