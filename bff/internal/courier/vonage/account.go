package vonage

// Settings of an account, as they are stored.
type Settings struct {
	Key             string `json:"key"`
	From            string `json:"from"`
	Host            string `json:"host,omitempty"`
	SignatureMethod string `json:"signature_method"`
}

// Secret of an account, as it is sealed.
type Secret struct {
	Secret          string `json:"secret"`
	SignatureSecret string `json:"signature_secret"`
}
