package notify_test

import (
	"strings"
	"testing"
)

func TestEndedSessionsAreNotifiedByTenant(t *testing.T) {
	b := start(t, config())
	notified := make(chan string, 16)
	stop, err := b.SubscribeEndedSessions(func(tenant string) { notified <- tenant })
	if err != nil {
		t.Fatal(err)
	}
	pods := subscribe(t, b, "acme")
	for _, tenant := range []string{"acme", "zenith", "acme"} {
		if err := b.NotifyEndedSessions(tenant); err != nil {
			t.Fatal(err)
		}
		if got := <-notified; got != tenant {
			t.Errorf("got %q, want %q", got, tenant)
		}
	}
	for _, tenant := range []string{"", "*", "acme.x", "ac me", ">", strings.Repeat("a", 65)} {
		if err := b.NotifyEndedSessions(tenant); err == nil {
			t.Errorf("%q is a tenant", tenant)
		}
	}
	b.Notify("acme", "dana", 1)
	if got := next(t, pods); got != (notification{"dana", 1}) {
		t.Errorf("a pod is notified %+v", got)
	}
	stop()
	if err := b.NotifyEndedSessions("acme"); err != nil {
		t.Fatal(err)
	}
	if len(notified) != 0 {
		t.Errorf("after stop, or of a contact: %q", <-notified)
	}
}

func TestEndedSessionsAreNotifiedOnOtherNodes(t *testing.T) {
	nats := natsServer(t, -1)
	cfg := config()
	cfg.URL = nats.ClientURL()
	here, there := start(t, cfg), start(t, cfg)
	until(t, "both are connected", func() bool { return here.Ready() == nil && there.Ready() == nil })
	notified := make(chan string, 1)
	stop, err := there.SubscribeEndedSessions(func(tenant string) { notified <- tenant })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := here.NotifyEndedSessions("acme"); err != nil {
		t.Fatal(err)
	}
	if got := <-notified; got != "acme" {
		t.Errorf("got %q", got)
	}
}

func TestNotifyEndedSessionsFailsAfterClose(t *testing.T) {
	b := start(t, config())
	b.Close()
	if err := b.NotifyEndedSessions("acme"); err == nil {
		t.Error("it says that it has notified")
	}
}
