package notify_test

import (
	"encoding/binary"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/shieldpod/shieldpod/bff/internal/notify"
)

// notification is a received notification.
type notification struct {
	contact string
	seq     int64
}

func config() notify.Config {
	return notify.Config{Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

func start(t *testing.T, cfg notify.Config) *notify.Bus {
	t.Helper()
	b, err := notify.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func subscribe(t *testing.T, b *notify.Bus, tenant string) <-chan notification {
	t.Helper()
	notified := make(chan notification, 1024)
	stop, err := b.Subscribe(tenant, func(contact string, seq int64) { notified <- notification{contact, seq} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return notified
}

func next(t *testing.T, notified <-chan notification) notification {
	t.Helper()
	select {
	case h := <-notified:
		return h
	case <-time.After(2 * time.Minute):
		t.Fatal("no notification arrived")
		return notification{}
	}
}

// until waits until ok returns true.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	timeout := time.After(2 * time.Minute)
	for !ok() {
		select {
		case <-again.C:
		case <-timeout:
			t.Fatalf("timed out waiting until %s", what)
		}
	}
}

// natsServer starts an external NATS server.
func natsServer(t *testing.T, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(2 * time.Minute) {
		t.Fatal("NATS does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// configs returns the configurations of a single node.
func configs(t *testing.T) map[string]notify.Config {
	byURL := config()
	byURL.URL = natsServer(t, server.RANDOM_PORT).ClientURL()
	return map[string]notify.Config{"in-process": config(), "existing NATS": byURL}
}

func TestNotificationsArriveInOrder(t *testing.T) {
	for name, cfg := range configs(t) {
		t.Run(name, func(t *testing.T) {
			b := start(t, cfg)
			if err := b.Ready(); err != nil {
				t.Fatal(err)
			}
			notified := subscribe(t, b, "acme")
			for seq := int64(1); seq <= 500; seq++ {
				b.Notify("acme", "c-1", seq)
			}
			for seq := int64(1); seq <= 500; seq++ {
				if got, want := next(t, notified), (notification{"c-1", seq}); got != want {
					t.Fatalf("got %v, want %v", got, want)
				}
			}
		})
	}
}

func TestATenantGetsItsOwnNotificationsOnly(t *testing.T) {
	b := start(t, config())
	acme, acmeEast := subscribe(t, b, "acme"), subscribe(t, b, "acme-east")
	b.Notify("acme-east", "c-1", 7)
	b.Notify("acme", "c-1", 8)
	if got, want := next(t, acme), (notification{"c-1", 8}); got != want {
		t.Errorf("acme got %v, want %v", got, want)
	}
	if got, want := next(t, acmeEast), (notification{"c-1", 7}); got != want {
		t.Errorf("acme-east got %v, want %v", got, want)
	}
}

func TestForeignContactIDsAreSafe(t *testing.T) {
	rows := []struct {
		name, contact string
	}{
		{"a plain number", "4711"},
		{"dots, which separate subject tokens", "a.b..c"},
		{"wildcards", "*"},
		{"the wildcard of all that follows", ">"},
		{"spaces and line ends, which separate protocol fields", "a b\r\nPUB pod.acme.x 1\r\n"},
		{"a null byte", "a\x00b"},
		{"other scripts", "контакт-🛡"},
		{"invalid UTF-8", "\xff\xfe"},
		{"the longest allowed id", strings.Repeat("x", 1016)},
	}
	b := start(t, config())
	notified := subscribe(t, b, "acme")
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b.Notify("acme", row.contact, int64(i+1))
			if got, want := next(t, notified), (notification{row.contact, int64(i + 1)}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestInvalidNotificationsAreDropped(t *testing.T) {
	rows := []struct {
		name, tenant, contact string
		seq                   int64
	}{
		{"neither contact nor seq", "acme", "", 0},
		{"a contact that is too long", "acme", strings.Repeat("x", 1017), 1},
		{"no seq", "acme", "c-1", 0},
		{"a negative seq", "acme", "c-1", -1},
		{"no tenant", "", "c-1", 1},
		{"a tenant that is a wildcard", "*", "c-1", 1},
		{"a tenant with a dot", "acme.x", "c-1", 1},
	}
	b := start(t, config())
	notified := subscribe(t, b, "acme")
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b.Notify(row.tenant, row.contact, row.seq)
			b.Notify("acme", "c-2", 2)
			if got, want := next(t, notified), (notification{"c-2", 2}); got != want {
				t.Errorf("got %+v, want %+v only", got, want)
			}
		})
	}
}

func TestSubscribeRefusesAnInvalidTenant(t *testing.T) {
	b := start(t, config())
	for _, tenant := range []string{"", "*", ">", "Acme", "a.b", "a b", strings.Repeat("a", 65)} {
		if _, err := b.Subscribe(tenant, func(string, int64) {}); err == nil || !strings.Contains(err.Error(), "is not a tenant") {
			t.Errorf("Subscribe(%q) says %v", tenant, err)
		}
	}
}

func TestMalformedNotificationsAreIgnored(t *testing.T) {
	cfg := config()
	cfg.URL = natsServer(t, server.RANDOM_PORT).ClientURL()
	b := start(t, cfg)
	notified := subscribe(t, b, "acme")

	outside, err := nats.Connect(cfg.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(outside.Close)
	good := capture(t, outside, b)

	payload := func(seq uint64, contact string) []byte {
		return append(binary.BigEndian.AppendUint64(nil, seq), contact...)
	}
	rows := []struct {
		name    string
		subject string
		give    []byte
	}{
		{"nothing", good.Subject, nil},
		{"a seq alone", good.Subject, payload(5, "")},
		{"a seq cut short", good.Subject, []byte{0, 0, 1}},
		{"seq zero", good.Subject, payload(0, "c-1")},
		{"a seq beyond the largest", good.Subject, payload(1<<63, "c-1")},
		{"another contact than the subject's", good.Subject, payload(5, "c-2")},
		{"a subject of another format", "pod.acme.c-1", payload(5, "c-1")},
		{"JSON", good.Subject, []byte(`{"contact":"c-1","seq":5}`)},
		{"too long", good.Subject, payload(5, strings.Repeat("c", 1<<12))},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if err := outside.Publish(row.subject, row.give); err != nil {
				t.Fatal(err)
			}
			if err := outside.PublishMsg(good); err != nil {
				t.Fatal(err)
			}
			if got, want := next(t, notified), (notification{"c-1", 41}); got != want {
				t.Errorf("got %+v, want %+v only", got, want)
			}
		})
	}
}

// capture returns the NATS message of a notification about c-1 at 41.
func capture(t *testing.T, outside *nats.Conn, b *notify.Bus) *nats.Msg {
	t.Helper()
	sub, err := outside.SubscribeSync("pod.other.*")
	if err != nil {
		t.Fatal(err)
	}
	if err := outside.Flush(); err != nil {
		t.Fatal(err)
	}
	b.Notify("other", "c-1", 41)
	m, err := sub.NextMsg(2 * time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return &nats.Msg{Subject: strings.Replace(m.Subject, "pod.other.", "pod.acme.", 1), Data: m.Data}
}

func TestTheDestinationSubjectHoldsNoContactID(t *testing.T) {
	cfg := config()
	cfg.URL = natsServer(t, server.RANDOM_PORT).ClientURL()
	outside, err := nats.Connect(cfg.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(outside.Close)
	token := strings.TrimPrefix(capture(t, outside, start(t, cfg)).Subject, "pod.acme.")
	if len(token) != 26 || strings.Trim(token, "0123456789ABCDEFGHIJKLMNOPQRSTUV") != "" {
		t.Errorf("the contact's token is %q", token)
	}
}

func TestStopEndsTheSubscription(t *testing.T) {
	b := start(t, config())
	stop, err := b.Subscribe("acme", func(string, int64) { t.Error("notified after stop") })
	if err != nil {
		t.Fatal(err)
	}
	stop()
	notified := subscribe(t, b, "acme")
	b.Notify("acme", "c-1", 1)
	next(t, notified)
	stop() // a second call has no effect
}

func TestAnOutageBlocksNothingAndTheReconnectIsReported(t *testing.T) {
	first := natsServer(t, server.RANDOM_PORT)
	url, port := first.ClientURL(), portOf(first)
	first.Shutdown()
	first.WaitForShutdown()

	cfg := config()
	cfg.URL = url
	b := start(t, cfg)
	if err := b.Ready(); err == nil || err.Error() != "bus: NATS is RECONNECTING" {
		t.Errorf("without NATS Ready says %v", err)
	}
	notified := subscribe(t, b, "acme")
	for range 100_000 {
		b.Notify("acme", "c-1", 1)
	}
	for range 2 { // at the start, and after an outage
		s := natsServer(t, port)
		for got := next(t, notified); got != (notification{}); got = next(t, notified) {
			if got != (notification{"c-1", 1}) {
				t.Fatalf("got %v", got)
			}
		}
		until(t, "ready again", func() bool { return b.Ready() == nil })
		b.Notify("acme", "c-1", 2)
		for got := next(t, notified); got != (notification{"c-1", 2}); got = next(t, notified) {
			if got != (notification{"c-1", 1}) {
				t.Fatalf("got %v", got)
			}
		}
		s.Shutdown()
		s.WaitForShutdown()
		until(t, "the outage is detected", func() bool { return b.Ready() != nil })
	}
}

func TestCloseLeavesNoGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	b, err := notify.Start(t.Context(), config())
	if err != nil {
		t.Fatal(err)
	}
	stop, err := b.Subscribe("acme", func(string, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	b.Close()
	stop()
	for range 10_000 {
		b.Notify("acme", "c-1", 1)
	}
	if err := b.Ready(); err == nil || err.Error() != "bus: NATS is CLOSED" {
		t.Errorf("after Close Ready says %v", err)
	}
	if _, err := b.Subscribe("acme", func(string, int64) {}); err == nil {
		t.Error("after Close Subscribe succeeds")
	}
	until(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}

func BenchmarkNotify(b *testing.B) {
	node, err := notify.Start(b.Context(), config())
	if err != nil {
		b.Fatal(err)
	}
	defer node.Close()
	notified := make(chan struct{}, 1)
	stop, err := node.Subscribe("acme", func(string, int64) { notified <- struct{}{} })
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	for b.Loop() {
		node.Notify("acme", "c-1", 1)
		<-notified
	}
}
