package refusal_test

import (
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/courier/refusal"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

// The large table is smtp/testdata/refusals.txt. These are replies of mail servers as carriers repeat them.
func TestARepeatedReplyIsClassifiedLikeTheServersOwn(t *testing.T) {
	for _, c := range []struct {
		give      string
		code      int
		enhanced  string
		recipient verify.Code
		ours      bool
	}{
		{"550 5.1.1 The email account that you tried to reach does not exist.", 550, "5.1.1", verify.ReasonInvalidRecipient, false},
		{"550-5.1.1 no such\n550 5.1.1 user", 550, "5.1.1", verify.ReasonInvalidRecipient, false},
		{"550 5.7.26 This mail has been blocked because the sender is unauthenticated.", 550, "5.7.26", "", true},
		{"554 5.7.1 <dana@contoso.com>: Relay access denied", 554, "5.7.1", "", true},
		{"452 4.2.2 over quota", 452, "4.2.2", verify.ReasonMailboxFull, false},
		{"421 4.7.0 try again later", 421, "4.7.0", "", false},
		{"unknown user", 0, "", verify.ReasonInvalidRecipient, false},
		{"550 unknown", 550, "", "", false},
		{"550", 550, "", "", false},
		{"", 0, "", "", false},
		{"unable to get mx info: failed to get IPs from PTR record", 0, "", "", true},
	} {
		r := refusal.Parse(c.give)
		if r.Code != c.code || r.Enhanced != c.enhanced || r.RecipientReason() != c.recipient || r.IsAboutSender() != c.ours {
			t.Errorf("%q: %d %q recipient %q ours %t, want %d %q %q %t", c.give, r.Code, r.Enhanced, r.RecipientReason(), r.IsAboutSender(), c.code, c.enhanced, c.recipient, c.ours)
		}
	}
}
