package sendgrid

// Settings of an account, as they are stored.
type Settings struct {
	From       string `json:"from"`
	Host       string `json:"host,omitempty"`
	WebhookKey string `json:"webhook_key"`
}

// Secret of an account, as it is sealed.
type Secret struct {
	Key string `json:"key"`
}
