package seal_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/seal"
)

func TestASealerOpensWhatItSealedForThisPlaceOnly(t *testing.T) {
	sealer := func(key byte) *seal.Sealer {
		v, err := seal.New(bytes.Repeat([]byte{key}, 32), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	sealed, err := sealer(1).Seal([]byte("plain"), "outbox", "acme", "v1")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		key  byte
		row  []string
		give []byte
		want string // empty: refused
	}{
		{"the same row", 1, []string{"outbox", "acme", "v1"}, sealed, "plain"},
		{"another id", 1, []string{"outbox", "acme", "v2"}, sealed, ""},
		{"another tenant", 1, []string{"outbox", "zenith", "v1"}, sealed, ""},
		{"another table", 1, []string{"sessions", "acme", "v1"}, sealed, ""},
		{"parts that join to the same text", 1, []string{"outbox", "acmev", "1"}, sealed, ""},
		{"another key", 2, []string{"outbox", "acme", "v1"}, sealed, ""},
		{"one bit of the key id", 1, []string{"outbox", "acme", "v1"}, flipped(sealed, 0), ""},
		{"one bit of the nonce", 1, []string{"outbox", "acme", "v1"}, flipped(sealed, 5), ""},
		{"one bit of the ciphertext", 1, []string{"outbox", "acme", "v1"}, flipped(sealed, 17), ""},
		{"one bit of the tag", 1, []string{"outbox", "acme", "v1"}, flipped(sealed, len(sealed)-1), ""},
		{"a stump", 1, []string{"outbox", "acme", "v1"}, sealed[:15], ""},
		{"nothing", 1, []string{"outbox", "acme", "v1"}, nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			plain, err := sealer(row.key).Open(row.give, row.row...)
			if string(plain) != row.want || (err == nil) != (row.want != "") {
				t.Errorf("it opens as %q, error %v", plain, err)
			}
		})
	}
}

func flipped(sealed []byte, i int) []byte {
	altered := bytes.Clone(sealed)
	altered[i] ^= 1
	return altered
}

func TestTwoSealsOfTheSameAreDifferent(t *testing.T) {
	v, err := seal.New(bytes.Repeat([]byte{1}, 32), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	one, errOne := v.Seal([]byte("plain"), "row")
	two, errTwo := v.Seal([]byte("plain"), "row")
	if errOne != nil || errTwo != nil || bytes.Equal(one, two) {
		t.Error(errOne, errTwo, "or equal")
	}
}

func TestAKeyHas32Bytes(t *testing.T) {
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := seal.New(make([]byte, n), rand.Reader); err == nil {
			t.Errorf("%d bytes were taken", n)
		}
	}
}

// Stored values must stay readable: the key of a place, the key's id and the data beside the ciphertext are part of the form.
func TestTheStoredFormStays(t *testing.T) {
	s, err := seal.New(bytes.Repeat([]byte{1}, 32), bytes.NewReader(make([]byte, 12)))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.Seal([]byte("plain"), "outbox", "acme", "v1")
	const want = "764791cf000000000000000000000000389ffc9a0f792d4807e1f2992ae29db47b16d4fd5b"
	if got := hex.EncodeToString(sealed); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}
