package courier

// Flags are the settings and the secret of an account on the command line: a pointer to a struct with the tags of kong.
// Secrets come from files.
type Flags interface {
	// Account returns the settings and the secret, of the types of the plugin's folder. Open checks them.
	Account(FlagReader) (settings, secret any, err error)
}

// FlagReader reads the values of flags. Its errors name the flag.
type FlagReader interface {
	// Secret reads the file of a secret. It returns an empty text for an empty path.
	Secret(flag, path string) (string, error)
	// Credential reads the file of a secret that may have several lines: one line, a certificate with its key (PEM), or a
	// key in JSON. It returns an empty text for an empty path.
	Credential(flag, path string) (string, error)
	// Site refuses a text that is not a scheme and a host. An empty text passes.
	Site(flag, text string) error
}
