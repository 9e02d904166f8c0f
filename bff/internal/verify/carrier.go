package verify

import "encoding/json"

// CarrierAccount is how a tenant sends by one carrier.
type CarrierAccount struct {
	Tenant   string          // empty: the platform's account, for tenants that have none of the kind
	Carrier  string          // "sendgrid"
	Kind     ChannelKind     // of channels that it reaches
	Priority int             // priority: the lowest of a kind is used first
	Settings json.RawMessage // in its adapter's shape; nothing secret in it
	Secret   []byte          // in its adapter's shape; sealed where it is stored
}
