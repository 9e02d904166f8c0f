package bus

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// whisper is one message: the subject is pod.<tenant>.<digest of the contact's id>, the payload is
// the seq in eight bytes, big-endian, and then the contact's id. Without a contact it is about the tenant's rules.
type whisper struct {
	tenant  string
	contact string
	seq     int64
}

const (
	seqLength  = 8
	maxPayload = 1024
)

// encode gives false for what no listener would take: a tenant that is none, an id beyond all measure.
func (w whisper) encode() (subject string, payload []byte, ok bool) {
	if !isSlug(w.tenant) || w.seq <= 0 || seqLength+len(w.contact) > maxPayload {
		return "", nil, false
	}
	payload = make([]byte, seqLength, seqLength+len(w.contact))
	binary.BigEndian.PutUint64(payload, uint64(w.seq))
	return subjectOf(w.tenant, digest(w.contact)), append(payload, w.contact...), true
}

// decode reads what came from outside, and gives false unless encode would have written just that.
func decode(subject string, payload []byte) (whisper, bool) {
	rest, found := strings.CutPrefix(subject, "pod.")
	tenant, token, cut := strings.Cut(rest, ".")
	if !found || !cut || len(payload) < seqLength || len(payload) > maxPayload {
		return whisper{}, false
	}
	w := whisper{
		tenant:  tenant,
		contact: string(payload[seqLength:]),
		seq:     int64(binary.BigEndian.Uint64(payload)),
	}
	return w, w.seq > 0 && isSlug(tenant) && token == digest(w.contact)
}

func subjectOf(tenant, token string) string { return "pod." + tenant + "." + token }

// digest makes a safe subject token of a foreign id, which may hold dots, spaces, wildcards or more
// than a subject takes.
func digest(contact string) string {
	sum := sha256.Sum256([]byte(contact))
	return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])
}

// isSlug tells whether it is written as tenants are: a-z, 0-9 and hyphens.
func isSlug(tenant string) bool {
	return tenant != "" && len(tenant) <= 64 && strings.Trim(tenant, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
