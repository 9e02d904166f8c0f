// Package digest identifies lists of texts, such as the tenant, kind and id of a row.
//
// Start with [MAC].
package digest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// MAC returns the HMAC-SHA-256 of the parts under a key. No two lists of parts are summed alike, and the parts can't be
// recovered from the result.
func MAC(key []byte, parts ...string) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	h.Write(Join(parts...))
	h.Sum(sum[:0])
	return sum
}

// Join writes the parts one after the other, each with its length as 4 bytes before it, so that no two lists of parts
// give the same bytes. It is for data that is authenticated beside a ciphertext.
func Join(parts ...string) []byte {
	size := 0
	for _, p := range parts {
		size += 4 + len(p)
	}
	list := make([]byte, 0, size)
	for _, p := range parts {
		list = append(binary.BigEndian.AppendUint32(list, uint32(len(p))), p...)
	}
	return list
}
