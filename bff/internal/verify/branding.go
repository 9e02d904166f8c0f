package verify

import (
	"encoding/json"
	"time"
)

// Branding is how a tenant looks and speaks to end users, as it is kept.
type Branding struct {
	Tenant  string
	Version int64 // grows by one with each edit; 0: nothing was ever set
	By      string
	At      time.Time
	Body    json.RawMessage // in package message's shape
	Images  []BrandImage    // that the body names
}

// BrandImage is a logo. Its hash is its public address.
type BrandImage struct {
	Hash string // SHA-256 of the PNG, in hexadecimal
	PNG  []byte // nil: it is kept already
}
