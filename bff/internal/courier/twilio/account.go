package twilio

// Settings of an account, as they are stored.
type Settings struct {
	Account string `json:"account"`
	Key     string `json:"key,omitempty"`
	From    string `json:"from"`
	Host    string `json:"host,omitempty"`
}

// Secret of an account, as it is sealed.
type Secret struct {
	Token  string `json:"token"`            // the account's auth token: delivery reports are signed with it
	Secret string `json:"secret,omitempty"` // the API key's, if one sends
}
