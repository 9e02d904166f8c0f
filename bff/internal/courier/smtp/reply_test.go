package smtp

import (
	"bufio"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/courier"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func TestAReplyIsReadInEveryForm(t *testing.T) {
	for _, c := range []struct {
		name, give string
		code       int
		enhanced   string
		text       string
	}{
		{"a code and its words", "250 2.1.0 fine\r\n", 250, "2.1.0", "2.1.0 fine"},
		{"a code alone", "250\r\n", 250, "", ""},
		{"a code and a space", "250 \r\n", 250, "", ""},
		{"a bare line feed", "250 fine\n", 250, "", "fine"},
		{"several lines", "550-5.1.1 no such\r\n550 5.1.1 user\r\n", 550, "5.1.1", "5.1.1 no such\n5.1.1 user"},
		{"several lines without words", "250-\r\n250-\r\n250\r\n", 250, "", "\n\n"},
		{"the last code of those that differ", "250-fine\r\n550 5.7.1 no\r\n", 550, "5.7.1", "fine\n5.7.1 no"},
		{"a code with a number sign before it", "550 #5.1.0 Address rejected.\r\n", 550, "5.1.0", "#5.1.0 Address rejected."},
		{"a code within the words", "553 no such domain here (#5.7.1)\r\n", 553, "5.7.1", "no such domain here (#5.7.1)"},
		{"a version is no code", "550 Exim 4.94.2 says no\r\n", 550, "", "Exim 4.94.2 says no"},
		{"an address is no code", "554 Client 5.1.2.3 blocked, 192.0.2.7 too\r\n", 554, "", "Client 5.1.2.3 blocked, 192.0.2.7 too"},
		{"a code of another class at the beginning counts", "452 5.2.2 full\r\n", 452, "5.2.2", "5.2.2 full"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := readReply(bufio.NewReader(strings.NewReader(c.give)))
			if err != nil || r.code != c.code || r.enhanced != c.enhanced || r.text() != c.text {
				t.Errorf("%d %q %q (%v), want %d %q %q", r.code, r.enhanced, r.text(), err, c.code, c.enhanced, c.text)
			}
		})
	}
}

func TestAnInvalidReplyIsRefused(t *testing.T) {
	for name, give := range map[string]string{
		"nothing":              "",
		"an empty line":        "\r\n",
		"words":                "hello\r\n",
		"two digits":           "25\r\n",
		"four digits":          "2500\r\n",
		"a class that is none": "199 hm\r\n",
		"a line that ends not": strings.Repeat("2", maxReplyLine+1),
		"lines without end":    strings.Repeat("250-"+strings.Repeat("a", 1000)+"\r\n", 100),
		"a reply cut short":    "250-fine\r\n",
	} {
		if r, err := readReply(bufio.NewReaderSize(strings.NewReader(give), maxReplyLine)); err == nil {
			t.Errorf("%s: read as %v", name, r)
		}
	}
}

// Every reply leads to a fault that repeats nothing of the server.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{"250\r\n", "550-5.1.1 no\r\n550 5.1.1 such\r\n", "553 5.7.1 Sender address rejected\r\n", "550 #5.1.0 Address rejected.\r\n", "452 mailbox full\r\n", "9"} {
		f.Add(seed, uint8(5))
	}
	phases := []phase{phaseGreeting, phaseEHLO, phaseSTARTTLS, phaseAuth, phaseMail, phaseRcpt, phaseData, phaseMessage}
	f.Fuzz(func(t *testing.T, text string, at uint8) {
		r, err := readReply(bufio.NewReaderSize(strings.NewReader(text), maxReplyLine))
		if err != nil {
			return
		}
		step := phases[int(at)%len(phases)]
		fault := faultOf(&stepError{phase: step, reply: &r}, at%2 == 0)
		aboutRecipient := step == phaseRcpt || step == phaseData || step == phaseMessage
		if (fault.Kind == courier.Rejected) != (fault.Reason == verify.ReasonInvalidRecipient || fault.Reason == verify.ReasonBlocked || fault.Reason == verify.ReasonMailboxFull) {
			t.Errorf("kind %d reason %q", fault.Kind, fault.Reason)
		}
		if fault.Kind == courier.Rejected && !aboutRecipient {
			t.Errorf("the recipient is blamed at %s", step)
		}
		if fault.Kind == courier.Indeterminate && step != phaseMessage {
			t.Errorf("indeterminate at %s", step)
		}
		if words := r.text(); len(words) > 20 && strings.Contains(fault.Error(), words) {
			t.Errorf("the fault repeats %q", words)
		}
	})
}

func TestTheNameForEHLOIsFullyQualified(t *testing.T) {
	for _, c := range []struct{ name, host, from, want string }{
		{"the public URL's host", "pod.example", "verify@acme.example", "pod.example"},
		{"an international host, in ASCII", "bücher.example", "verify@acme.example", "xn--bcher-kva.example"},
		{"the sender's domain when the host is this machine", "localhost", "verify@acme.example", "acme.example"},
		{"the sender's domain when the host has no dot", "pod", "verify@acme.example", "acme.example"},
		{"the sender's domain when the host is an address", "127.0.0.1", "verify@acme.example", "acme.example"},
		{"the sender's domain when there is no host", "", "verify@acme.example", "acme.example"},
		{"an address literal when nothing is fully qualified", "localhost", "root@localhost", "[127.0.0.1]"},
		{"an address literal and not localhost.localdomain", "localhost.localdomain", "root@localhost.localdomain", "[127.0.0.1]"},
	} {
		if got := ehloName(c.host, c.from); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	for _, name := range []string{"", "localhost", "localhost.", "localhost.localdomain", "pod", "pod..example", ".example", "pod_1.example", "pod example.com", "192.0.2.1", "::1", "[::1]", "[192.0.2.1", "[IPv6:192.0.2.1]", "[IPv6:fe80::1%eth0]", "[localhost]", "pod.example\r\nRSET", "10.20.30", strings.Repeat("a", 64) + ".example"} {
		if got, err := checkEHLOName(name); err == nil {
			t.Errorf("%q is taken as %q", name, got)
		}
	}
	for name, want := range map[string]string{
		"pod.example": "pod.example", "Pod.Example.": "pod.example", "[192.0.2.1]": "[192.0.2.1]", "[IPv6:2001:db8::1]": "[IPv6:2001:db8::1]",
	} {
		if got, err := checkEHLOName(name); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", name, got, err, want)
		}
	}
}
