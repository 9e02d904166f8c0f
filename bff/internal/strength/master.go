package strength

import (
	"crypto/sha256"
	"errors"
	"math/bits"
)

// Size of a master key, in bytes.
const Size = 32

// ErrNotRandom is the refusal of a master key.
var ErrNotRandom = errors.New("the master key is not random: its bytes follow a pattern or spell text, so it can be guessed. Make one by 'shieldpod key master --out FILE'")

// A random key breaks one of these bounds with less than one chance in 2^38, together.
const (
	minDistinct = 12 // different bytes; a random key has about 30
	maxSame     = 10 // times that one byte occurs
	maxStep     = 11 // times that bytes at one distance differ by the same, as in sequences and repeated halves
	maxStuck    = 1  // bits that are the same in all bytes, other than in text
)

// MasterKey refuses 32 bytes that a random generator does not give: all zero, repeated, sequential, mirrored, of text that
// can be guessed, or the SHA-256 of such text. ErrNotRandom.
func MasterKey(key []byte) error {
	if len(key) != Size || patterned(key) || spelled(key) || hashed([Size]byte(key)) {
		return ErrNotRandom
	}
	return nil
}

func patterned(key []byte) bool {
	var count [256]int
	distinct, most := 0, 0
	for _, b := range key {
		if count[b]++; count[b] == 1 {
			distinct++
		}
		most = max(most, count[b])
	}
	return distinct < minDistinct || most > maxSame || stepped(key) || mirrored(key)
}

// stepped knows sequences, repetition, and halves of which one is the other one plus, minus or xor something.
func stepped(key []byte) bool {
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

func mirrored(key []byte) bool {
	same := 0
	for i := range Size / 2 {
		if key[i] == key[Size-1-i] {
			same++
		}
	}
	return same > maxStep
}

// spelled knows text, and bytes of which several bits never change, as of digits and of small numbers.
func spelled(key []byte) bool {
	if isText(key) {
		return guessable(string(key))
	}
	or, and := byte(0), byte(0xff)
	for _, b := range key {
		or |= b
		and &= b
	}
	return bits.OnesCount8(^or|and) > maxStuck
}

// hashed knows keys that are the SHA-256 of a word that somebody may think of first.
func hashed(key [Size]byte) bool {
	for _, word := range firstWords {
		if sha256.Sum256([]byte(word)) == key || sha256.Sum256([]byte(word+"\n")) == key {
			return true
		}
	}
	return false
}

var firstWords = []string{
	"", "0", "1", "a", "abc", "test", "foo", "bar", "hello", "hello world", "Hello World", "Hello, World!", "secret", "password", "Password", "changeme",
	"change-me", "key", "master", "masterkey", "master key", "master-key", "shieldpod", "Shieldpod", "shieldpod master", "admin", "root", "123456", "12345678",
	"123456789", "1234567890", "qwerty", "letmein", "passphrase", "default", "demo", "example", "dev", "development", "production", "supersecret", "mysecret",
}
