package verify

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
)

// Keys are the server's own secrets of the domain, 32 bytes each.
type Keys struct {
	Code        []byte // under which codes are stored
	Destination []byte // under which destinations are hashed in events
}

var idAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID gives an identifier that sorts by time: 48 bits of milliseconds, 80 random bits.
func NewID(prefix string, now time.Time, entropy io.Reader) (string, error) {
	var raw [16]byte
	ms := now.UnixMilli()
	for i := range 6 {
		raw[i] = byte(ms >> (40 - 8*i))
	}
	if _, err := io.ReadFull(entropy, raw[6:]); err != nil {
		return "", fmt.Errorf("entropy: %w", err)
	}
	return prefix + idAlphabet.EncodeToString(raw[:]), nil
}

// newCode draws digits uniformly, 000000 and 999999 included.
func newCode(digits int, entropy io.Reader) (string, error) {
	bound := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n, err := rand.Int(entropy, bound)
	if err != nil {
		return "", fmt.Errorf("entropy: %w", err)
	}
	return fmt.Sprintf("%0*d", digits, n), nil
}

// newToken draws the 256 bits of a link.
func newToken(entropy io.Reader) (string, error) {
	var raw [32]byte
	if _, err := io.ReadFull(entropy, raw[:]); err != nil {
		return "", fmt.Errorf("entropy: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

// codeSecret is how a code is stored: the number of its digits, and a MAC that binds it to its verification and
// to where it was sent, so that it is worth nothing on another.
func (k Keys) codeSecret(verification, destination, code string) []byte {
	return append([]byte{byte(len(code))}, mac(k.Code, "code", verification, destination, code)...)
}

// codeLength gives the number of digits of the code of which this is the secret.
func codeLength(secret []byte) int {
	if len(secret) == 0 {
		return 0
	}
	return int(secret[0])
}

// destination hashes an address or number under the server's key: all spellings of one are equal, and none can be read.
func (k Keys) destination(tenant string, ch Channel) string {
	return k.hash(tenant, ch.Kind, ch.canonical())
}

// person hashes whom an address or number reaches. For a destination without aliases it is the destination's own hash.
func (k Keys) person(tenant string, ch Channel) string { return k.hash(tenant, ch.Kind, ch.person()) }

func (k Keys) hash(tenant string, kind channel.Kind, form string) string {
	return hex.EncodeToString(mac(k.Destination, "destination", tenant, string(kind), form)[:16])
}

// prefix hashes the block that a number is of.
func (k Keys) prefix(tenant string, ch Channel) string {
	return hex.EncodeToString(mac(k.Destination, "prefix", tenant, block(ch.Value))[:16])
}

func mac(key []byte, parts ...string) []byte {
	return digest(hmac.New(sha256.New, key), parts...)
}

// digest sums the parts, each with its length, so that no two lists of parts read the same.
func digest(h hash.Hash, parts ...string) []byte {
	var list []byte
	for _, p := range parts {
		list = strconv.AppendInt(list, int64(len(p)), 10)
		list = append(append(list, ':'), p...)
	}
	h.Write(list)
	return h.Sum(nil)
}

// tokenHash is how a link's token is stored.
func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// parseCode gives the code that was typed in ASCII digits; false if the text is anything but one code.
// Digits of every script count (Unicode Nd), because input methods and mail programs write them. Spaces, dashes,
// marks and invisible characters between them do not.
func parseCode(typed string) (string, bool) {
	code := make([]byte, 0, maxCodeDigits)
	for _, r := range typed {
		digit, ok := digitOf(r)
		switch {
		case ok && len(code) < maxCodeDigits:
			code = append(code, digit)
		case ok || !unicode.In(r, betweenDigits...) && !strings.ContainsRune(otherDashes, r):
			return "", false
		}
	}
	if len(code) < minCodeDigits {
		return "", false
	}
	return string(code), true
}

const (
	minCodeDigits = 6
	maxCodeDigits = 8
)

// betweenDigits are the characters that do not change a code: what is not seen, and dashes.
var betweenDigits = []*unicode.RangeTable{
	unicode.White_Space, unicode.Pd, unicode.Cf, unicode.M, unicode.Other_Default_Ignorable_Code_Point,
}

// otherDashes stand for a dash or a blank, but Unicode classes them elsewhere: minus sign, long vowel marks
// (Japanese input methods write them for the dash key), tatweel, braille blank.
const otherDashes = "\u2212\u30fc\uff70\u0640\u2800"

// digitOf gives a decimal digit of any script in ASCII. Unicode encodes those of each script as ten consecutive
// characters from zero to nine, so that a range of them begins with a zero.
func digitOf(r rune) (byte, bool) {
	if r < utf8.RuneSelf {
		return byte(r), r >= '0' && r <= '9'
	}
	for _, of := range unicode.Nd.R16 {
		if lo, hi := rune(of.Lo), rune(of.Hi); r >= lo && r <= hi {
			return byte('0' + (r-lo)%10), true
		}
	}
	for _, of := range unicode.Nd.R32 {
		if lo, hi := rune(of.Lo), rune(of.Hi); r >= lo && r <= hi {
			return byte('0' + (r-lo)%10), true
		}
	}
	return 0, false
}

// Mask makes a destination recognisable to who knows it and useless to who does not. Of a value that is not certainly one
// destination nothing is shown.
func Mask(ch Channel) string {
	if ch.Kind == channel.Phone {
		number := ch.Value
		if ch.Unusable == UnusableLandline && len(ch.Candidates) > 0 {
			number = ch.Candidates[0] // all of it, as it is written
		}
		if len(number) < 7 {
			return "••• •••"
		}
		return "••• ••• " + number[len(number)-4:]
	}
	at := strings.LastIndexByte(ch.Value, '@')
	if at < 1 {
		return "•••"
	}
	first, _ := utf8.DecodeRuneInString(ch.Value)
	return string(first) + "•••" + ch.Value[at:]
}
