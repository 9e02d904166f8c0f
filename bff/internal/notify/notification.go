package notify

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// notification is one message. Its subject is pod.<tenant>.<digest of the contact's id>. Its payload is the seq in eight
// bytes, big-endian, followed by the contact's id. An empty contact stands for the tenant's policy.
type notification struct {
	tenant  string
	contact string
	seq     int64
}

const (
	seqLength  = 8
	maxPayload = 1024
)

// encode returns false for a notification that subscribers refuse: an invalid tenant, an invalid seq or an id that is too long.
func (n notification) encode() (subject string, payload []byte, ok bool) {
	if !isSlug(n.tenant) || n.seq <= 0 || seqLength+len(n.contact) > maxPayload {
		return "", nil, false
	}
	payload = make([]byte, seqLength, seqLength+len(n.contact))
	binary.BigEndian.PutUint64(payload, uint64(n.seq))
	return subjectOf(n.tenant, digest(n.contact)), append(payload, n.contact...), true
}

// decode parses a message from the network. It returns false unless encode would have produced the same message.
func decode(subject string, payload []byte) (notification, bool) {
	rest, found := strings.CutPrefix(subject, "pod.")
	tenant, token, cut := strings.Cut(rest, ".")
	if !found || !cut || len(payload) < seqLength || len(payload) > maxPayload {
		return notification{}, false
	}
	n := notification{
		tenant:  tenant,
		contact: string(payload[seqLength:]),
		seq:     int64(binary.BigEndian.Uint64(payload)),
	}
	return n, n.seq > 0 && isSlug(tenant) && token == digest(n.contact)
}

func subjectOf(tenant, token string) string { return "pod." + tenant + "." + token }

// digest returns a subject token for a foreign id, which may contain dots, spaces or wildcards, or be too long for a subject.
func digest(contact string) string {
	sum := sha256.Sum256([]byte(contact))
	return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])
}

// isSlug reports whether the text is a valid tenant id: a-z, 0-9 and hyphens.
func isSlug(tenant string) bool {
	return tenant != "" && len(tenant) <= 64 && strings.Trim(tenant, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
