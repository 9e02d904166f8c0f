package smtp

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
)

// SignIn is how an account signs in at a mail server.
type SignIn string

// The ways to sign in. Microsoft and Google are by an access token (XOAUTH2).
const (
	ByPassword  SignIn = "password"
	ByMicrosoft SignIn = "microsoft"
	ByGoogle    SignIn = "google"
)

// withSession calls work in a session that is signed in. A session whose access token is refused is begun once more with
// a new one. Nothing was sent then, because work was not called. Its errors are of type *courier.Fault.
func (s *Sender) withSession(ctx context.Context, work func(*session) *courier.Fault) error {
	attempt := func(token string) (refused bool, err error) {
		conn, err := dial(ctx, s.config, token)
		if err != nil {
			fault := faultOf(err, false)
			fault.NextStep = s.nextStep(err)
			return isTokenRefused(err), fault
		}
		defer conn.close()
		defer conn.quit()
		if fault := work(conn); fault != nil {
			return false, fault
		}
		return false, nil
	}
	if s.config.Tokens != nil {
		return s.config.Tokens.Do(ctx, attempt)
	}
	_, err := attempt("")
	return err
}

// signInDisabled is Exchange's code for a mailbox or organisation that takes no mail by SMTP, with any token.
const signInDisabled = "5.7.139"

// isTokenRefused reports whether the server may take another token: servers answer 535 to one that has ended, and to one
// without the right.
func isTokenRefused(err error) bool {
	reply := authReply(err)
	return reply != nil && reply.code == 535 && reply.enhanced != signInDisabled
}

// authReply returns the refusal of a sign-in, or nil.
func authReply(err error) *reply {
	var step *stepError
	if errors.As(err, &step) && step.phase == phaseAuth {
		return step.reply
	}
	return nil
}

// nextStep returns what an operator must change after a sign-in was refused; empty: unknown.
func (s *Sender) nextStep(err error) string {
	if errors.Is(err, errNoSignIn) && s.config.Tokens != nil {
		return "The server offers no XOAUTH2: check the host, which is smtp.office365.com or smtp.gmail.com"
	}
	reply := authReply(err)
	if reply == nil || reply.class() != 5 {
		return ""
	}
	text := strings.ToLower(reply.text())
	switch {
	case reply.enhanced == signInDisabled && strings.Contains(text, "basic authentication"):
		return "Exchange takes no passwords: sign in with --sign-in microsoft"
	case reply.enhanced == signInDisabled:
		return "Switch SMTP on for the mailbox (Set-CASMailbox -SmtpClientAuthenticationDisabled $false), and security defaults off, or use shieldpod carrier graph"
	case s.config.SignIn == ByMicrosoft:
		return "Grant the application SMTP.SendAsApp of Office 365 Exchange Online with admin consent, and its service principal in Exchange the right to the mailbox (Add-MailboxPermission, FullAccess)"
	case s.config.SignIn == ByGoogle:
		return "Compare the user name with the mailbox's primary address, and check that Gmail is on for it"
	case slices.Contains([]string{"5.7.9", "5.7.14"}, reply.enhanced), reply.code == 534:
		return "Google takes no password of the account: sign in with --sign-in google"
	}
	return ""
}
