package smtp

// Settings of a mail server's account, as they are stored.
type Settings struct {
	Host     string   `json:"host"`
	Port     int      `json:"port,omitempty"`
	Security Security `json:"security"`
	Username string   `json:"username,omitempty"`
	From     string   `json:"from"`
	Hello    string   `json:"hello,omitempty"` // the name for EHLO; empty: the public URL's host
}

// Secret of an account, as it is sealed.
type Secret struct {
	Password string `json:"password,omitempty"`
}
