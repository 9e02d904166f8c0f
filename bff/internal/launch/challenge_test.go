package launch_test

import (
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestChallenge(t *testing.T) {
	h := newHarness(t)
	nonce, until, err := h.Challenge()
	if err != nil || !until.Equal(h.now.Add(5*time.Minute)) {
		t.Fatalf("until %s: %v", until, err)
	}
	later, _, _ := h.Challenge()
	otherServer := h.newNode()
	otherServer.Secret = []byte("another server's thirty-two byte")
	theirs, _, _ := otherServer.Challenge()
	flipped := []byte(nonce)
	flipped[3] ^= 1
	cases := []struct {
		name, answered, asked string
		after                 time.Duration
		want                  verify.Code
	}{
		{"nobody asked", "", "", 0, ""},
		{"the answer to the challenge", nonce, nonce, 0, ""},
		{"its last second", nonce, nonce, 5*time.Minute - time.Second, ""},
		{"too late", nonce, nonce, 5 * time.Minute, verify.CodeContextExpired},
		{"from a clock that runs ahead", nonce, nonce, -11 * time.Second, verify.CodeContextExpired},
		{"a context that answers nothing", "", nonce, 0, verify.CodeContextInvalid},
		{"a request without the challenge that the context answers", nonce, "", 0, verify.CodeContextInvalid},
		{"the answer to another challenge", later, nonce, 0, verify.CodeContextInvalid},
		{"a challenge that we never gave", "n-0123456789", "n-0123456789", 0, verify.CodeContextInvalid},
		{"another server's challenge", theirs, theirs, 0, verify.CodeContextInvalid},
		{"a changed moment", string(flipped), string(flipped), 0, verify.CodeContextInvalid},
		{"a challenge with a line break", nonce + "\n", nonce + "\n", 0, verify.CodeContextInvalid},
	}
	start := h.now
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h.now = start.Add(c.after)
			context := h.sign(t, func(claims *launchcontext.Claims) { claims.Nonce = c.answered })
			if c.want != "" {
				h.refused(t, context, c.asked, c.want)
			} else {
				h.open(t, context, c.asked)
			}
		})
	}
	h.now = start
	if again, _, err := h.newNode().Challenge(); err != nil || again == nonce {
		t.Errorf("the same challenge twice: %v", err)
	}
}
