package strength_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/bff/internal/strength"
)

func each(f func(i int) byte) []byte {
	key := make([]byte, strength.Size)
	for i := range key {
		key[i] = f(i)
	}
	return key
}

func TestThreat_35_AMasterKeyThatCanBeGuessedIsRefused(t *testing.T) {
	half := make([]byte, 16)
	if _, err := rand.Read(half); err != nil {
		t.Fatal(err)
	}
	hash := func(text string) []byte { h := sha256.Sum256([]byte(text)); return h[:] }
	flipped := func(b []byte) []byte {
		out := bytes.Clone(b)
		for i := range out {
			out[i] ^= 0xff
		}
		return out
	}
	mirror := func(b []byte) []byte {
		out := bytes.Clone(b)
		for i := range out {
			out[i] = b[len(b)-1-i]
		}
		return out
	}
	plus := func(b []byte, n byte) []byte {
		out := bytes.Clone(b)
		for i := range out {
			out[i] += n
		}
		return out
	}
	for name, key := range map[string][]byte{
		"all zero":                       make([]byte, 32),
		"all ones":                       each(func(int) byte { return 0xff }),
		"one byte repeated":              each(func(int) byte { return 7 }),
		"two bytes in turn":              each(func(i int) byte { return byte(i%2)*0xb5 + 0x11 }),
		"four bytes repeated":            bytes.Repeat([]byte{0xde, 0xad, 0xbe, 0xef}, 8),
		"eight bytes repeated":           bytes.Repeat(half[:8], 4),
		"equal halves":                   append(bytes.Clone(half), half...),
		"complementary halves":           append(bytes.Clone(half), flipped(half)...),
		"halves one apart":               append(bytes.Clone(half), plus(half, 1)...),
		"mirrored halves":                append(bytes.Clone(half), mirror(half)...),
		"half zero":                      append(bytes.Clone(half), make([]byte, 16)...),
		"ten bytes and zeros":            append(bytes.Clone(half[:10]), make([]byte, 22)...),
		"zeros and a number":             append(make([]byte, 28), 1, 2, 3, 4),
		"counting up from 0":             each(func(i int) byte { return byte(i) }),
		"counting up from 1":             each(func(i int) byte { return byte(i + 1) }),
		"counting down":                  each(func(i int) byte { return byte(255 - i) }),
		"counting by sevens":             each(func(i int) byte { return byte(i * 7) }),
		"counting with a wrap":           each(func(i int) byte { return byte(240 + i) }),
		"counting in pairs":              each(func(i int) byte { return byte(i / 2) }),
		"counting in 16 bits":            each(func(i int) byte { return byte(i/2) * byte(i%2) }),
		"random nibbles":                 each(func(i int) byte { return half[i/2] & 0x0f }),
		"random digits":                  each(func(i int) byte { return '0' + half[i/2]%10 }),
		"text":                           []byte("this is a master key for my host"),
		"a password repeated":            []byte("changemechangemechangemechangeme"),
		"keys of a row":                  []byte("qwertyuiopasdfghjklzxcvbnm123456"),
		"digits":                         []byte("12345678901234567890123456789012"),
		"hexadecimal digits in order":    []byte("0123456789abcdef0123456789abcdef"),
		"a password filled with zeros":   append([]byte("correct horse"), make([]byte, 19)...),
		"a password filled with spaces":  []byte("correct horse" + strings.Repeat(" ", 19)),
		"a sentence in capitals":         []byte("DO NOT USE THIS KEY IN PRODUCTION"[:32]),
		"UTF-16 text":                    []byte("m\x00a\x00s\x00t\x00e\x00r\x00-\x00k\x00e\x00y\x00-\x002\x000\x002\x004\x00!\x00!\x00"),
		"the SHA-256 of nothing":         hash(""),
		"the SHA-256 of a password":      hash("password"),
		"the SHA-256 of echo's password": hash("changeme\n"),
		"too short":                      half,
		"too long":                       append(hash("x"), 1),
		"empty":                          {},
	} {
		if err := strength.MasterKey(key); !errors.Is(err, strength.ErrNotRandom) {
			t.Errorf("%s: %x: %v", name, key, err)
		}
	}
}

func TestARandomMasterKeyIsNeverRefused(t *testing.T) {
	key := make([]byte, strength.Size)
	for range 50_000 {
		if _, err := rand.Read(key); err != nil {
			t.Fatal(err)
		}
		if err := strength.MasterKey(key); err != nil {
			t.Fatalf("%x: %v", key, err)
		}
	}
}

func TestEveryMasterKeyOfAPeriodIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		period := rapid.IntRange(1, 16).Draw(t, "period")
		unit := rapid.SliceOfN(rapid.Byte(), period, period).Draw(t, "unit")
		step := rapid.Byte().Draw(t, "step")
		key := each(func(i int) byte { return unit[i%period] + byte(i/period)*step })
		if strength.MasterKey(key) == nil {
			t.Fatalf("%x", key)
		}
	})
}
