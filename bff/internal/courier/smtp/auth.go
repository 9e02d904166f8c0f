package smtp

import (
	"encoding/base64"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail/smtp"
)

// authenticate signs in, where there is an account, by the best mechanism that the server offers.
func (s *session) authenticate() error {
	if s.config.Username == "" {
		return nil
	}
	mechanism := s.mechanism()
	if mechanism == nil {
		return &stepError{phase: phaseAuth, err: errNoSignIn}
	}
	name, initial, err := mechanism.Start(&gomail.ServerInfo{Name: s.config.Host, TLS: true, Auth: strings.Fields(s.extensions["AUTH"])})
	if err != nil {
		return &stepError{phase: phaseAuth, err: errNoSignIn}
	}
	line := "AUTH " + name
	if initial != nil {
		line += " " + orEqualsSign(base64.StdEncoding.EncodeToString(initial))
	}
	for {
		response, err := s.command(phaseAuth, 0, line)
		if err != nil {
			return err
		}
		if response.class() != 3 && response.class() != 2 {
			return &stepError{phase: phaseAuth, reply: &response}
		}
		challenge := []byte(response.text())
		if response.class() == 3 {
			// The prompts of LOGIN have no meaning, and some servers do not encode them.
			if challenge, err = base64.StdEncoding.DecodeString(response.text()); err != nil && name != "LOGIN" {
				return &stepError{phase: phaseAuth, err: errNoReply}
			}
		}
		next, err := mechanism.Next(challenge, response.class() == 3)
		switch {
		case err != nil:
			return &stepError{phase: phaseAuth, err: errNoSignIn}
		case response.class() == 2:
			return nil
		}
		line = base64.StdEncoding.EncodeToString(next)
	}
}

// orEqualsSign writes an empty initial response as RFC 4954, section 4, requires.
func orEqualsSign(encoded string) string {
	if encoded == "" {
		return "="
	}
	return encoded
}

// mechanism returns the best supported authentication mechanism of the server; nil when there is none. The connection
// is encrypted or leads to this machine.
func (s *session) mechanism() gomail.Auth {
	user, password := s.config.Username, s.config.Password
	offers := strings.Fields(s.extensions["AUTH"])
	if s.token != "" {
		if !slices.Contains(offers, "XOAUTH2") {
			return nil
		}
		return gomail.XOAuth2Auth(user, s.token)
	}
	for _, mechanism := range []struct {
		name string
		make func() gomail.Auth
	}{
		{"SCRAM-SHA-256", func() gomail.Auth { return gomail.ScramSHA256Auth(user, password) }},
		{"SCRAM-SHA-1", func() gomail.Auth { return gomail.ScramSHA1Auth(user, password) }},
		{"PLAIN", func() gomail.Auth { return gomail.PlainAuth("", user, password, s.config.Host, true) }},
		{"LOGIN", func() gomail.Auth { return gomail.LoginAuth(user, password, s.config.Host, true) }},
		{"CRAM-MD5", func() gomail.Auth { return gomail.CRAMMD5Auth(user, password) }},
	} {
		if slices.Contains(offers, mechanism.name) {
			return mechanism.make()
		}
	}
	return nil
}
