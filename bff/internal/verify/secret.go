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
)

// Keys are the server's own secrets of the domain, 32 bytes each.
type Keys struct {
	Code        []byte // under which codes are stored
	Destination []byte // under which destinations are hashed in events
}

var idAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newID gives an identifier that sorts by time: 48 bits of milliseconds, 80 bits of chance.
func newID(prefix string, now time.Time, entropy io.Reader) (string, error) {
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

// codeMAC binds a code to its verification and to where it was sent, so that it is worth nothing on another.
func (k Keys) codeMAC(verification, destination, code string) []byte {
	return mac(k.Code, "code", verification, destination, code)
}

// destination hashes an address or number under the server's key: equal ones can be told, none can be read.
func (k Keys) destination(tenant string, ch Channel) string {
	return hex.EncodeToString(mac(k.Destination, "destination", tenant, string(ch.Kind), ch.Value)[:16])
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

// parseCode takes out the spaces and dashes that people type into codes; false if what is left is not a code.
func parseCode(typed string) (string, bool) {
	code := strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, typed)
	if len(code) < 6 || len(code) > 8 || strings.Trim(code, "0123456789") != "" {
		return "", false
	}
	return code, true
}

// Mask makes a destination recognisable to who knows it and useless to who does not.
func Mask(ch Channel) string {
	if ch.Kind == Phone {
		if len(ch.Value) < 7 {
			return "••• •••"
		}
		return "••• ••• " + ch.Value[len(ch.Value)-4:]
	}
	at := strings.LastIndexByte(ch.Value, '@')
	if at < 1 {
		return "•••"
	}
	first, _ := utf8.DecodeRuneInString(ch.Value)
	return string(first) + "•••" + ch.Value[at:]
}
