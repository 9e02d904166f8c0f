package bus_test

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

	"github.com/shieldpod/shieldpod/bff/internal/bus"
)

// heard is what a listener was told.
type heard struct {
	contact string
	seq     int64
}

func config() bus.Config {
	return bus.Config{Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

func start(t *testing.T, cfg bus.Config) *bus.Bus {
	t.Helper()
	b, err := bus.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func listen(t *testing.T, b *bus.Bus, tenant string) <-chan heard {
	t.Helper()
	told := make(chan heard, 1024)
	stop, err := b.Listen(tenant, func(contact string, seq int64) { told <- heard{contact, seq} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return told
}

func next(t *testing.T, told <-chan heard) heard {
	t.Helper()
	select {
	case h := <-told:
		return h
	case <-time.After(2 * time.Minute):
		t.Fatal("nothing was heard")
		return heard{}
	}
}

// until asks again and again, for as long as a slow machine may need.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	late := time.After(2 * time.Minute)
	for !ok() {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("still not so: %s", what)
		}
	}
}

// natsServer is somebody else's NATS.
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

// ways in which one node may be set up.
func ways(t *testing.T) map[string]bus.Config {
	byURL := config()
	byURL.URL = natsServer(t, server.RANDOM_PORT).ClientURL()
	return map[string]bus.Config{"in-process": config(), "existing NATS": byURL}
}

func TestWhispersAreHeardInOrder(t *testing.T) {
	for name, cfg := range ways(t) {
		t.Run(name, func(t *testing.T) {
			b := start(t, cfg)
			if err := b.Ready(); err != nil {
				t.Fatal(err)
			}
			told := listen(t, b, "acme")
			for seq := int64(1); seq <= 500; seq++ {
				b.Nudge("acme", "c-1", seq)
			}
			for seq := int64(1); seq <= 500; seq++ {
				if got, want := next(t, told), (heard{"c-1", seq}); got != want {
					t.Fatalf("heard %v, want %v", got, want)
				}
			}
		})
	}
}

func TestATenantHearsItsOwnOnly(t *testing.T) {
	b := start(t, config())
	acme, acmeEast := listen(t, b, "acme"), listen(t, b, "acme-east")
	b.Nudge("acme-east", "c-1", 7)
	b.Nudge("acme", "c-1", 8)
	if got, want := next(t, acme), (heard{"c-1", 8}); got != want {
		t.Errorf("acme heard %v, want %v", got, want)
	}
	if got, want := next(t, acmeEast), (heard{"c-1", 7}); got != want {
		t.Errorf("acme-east heard %v, want %v", got, want)
	}
}

func TestForeignContactIDsAreSafe(t *testing.T) {
	rows := []struct {
		name, contact string
	}{
		{"a plain number", "4711"},
		{"dots, which part a subject", "a.b..c"},
		{"wildcards", "*"},
		{"the wildcard of all that follows", ">"},
		{"spaces and line ends, which part the protocol", "a b\r\nPUB pod.acme.x 1\r\n"},
		{"a null byte", "a\x00b"},
		{"other scripts", "контакт-🛡"},
		{"bytes that are no text", "\xff\xfe"},
		{"as long as a whisper takes", strings.Repeat("x", 1016)},
	}
	b := start(t, config())
	told := listen(t, b, "acme")
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b.Nudge("acme", row.contact, int64(i+1))
			if got, want := next(t, told), (heard{row.contact, int64(i + 1)}); got != want {
				t.Errorf("heard %+v, want %+v", got, want)
			}
		})
	}
}

func TestWhispersThatAreNoneGoNowhere(t *testing.T) {
	rows := []struct {
		name, tenant, contact string
		seq                   int64
	}{
		{"neither contact nor seq", "acme", "", 0},
		{"a contact beyond all measure", "acme", strings.Repeat("x", 1017), 1},
		{"no seq", "acme", "c-1", 0},
		{"a negative seq", "acme", "c-1", -1},
		{"no tenant", "", "c-1", 1},
		{"a tenant that is a wildcard", "*", "c-1", 1},
		{"a tenant with a dot", "acme.x", "c-1", 1},
	}
	b := start(t, config())
	told := listen(t, b, "acme")
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b.Nudge(row.tenant, row.contact, row.seq)
			b.Nudge("acme", "c-2", 2)
			if got, want := next(t, told), (heard{"c-2", 2}); got != want {
				t.Errorf("heard %+v, want %+v only", got, want)
			}
		})
	}
}

func TestListenRefusesWhatIsNoTenant(t *testing.T) {
	b := start(t, config())
	for _, tenant := range []string{"", "*", ">", "Acme", "a.b", "a b", strings.Repeat("a", 65)} {
		if _, err := b.Listen(tenant, func(string, int64) {}); err == nil || !strings.Contains(err.Error(), "is not a tenant") {
			t.Errorf("Listen(%q) says %v", tenant, err)
		}
	}
}

func TestMalformedWhispersFromOutsideAreIgnored(t *testing.T) {
	cfg := config()
	cfg.URL = natsServer(t, server.RANDOM_PORT).ClientURL()
	b := start(t, cfg)
	told := listen(t, b, "acme")

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
		{"a subject of another making", "pod.acme.c-1", payload(5, "c-1")},
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
			if got, want := next(t, told), (heard{"c-1", 41}); got != want {
				t.Errorf("heard %+v, want %+v only", got, want)
			}
		})
	}
}

// capture gives a whisper about c-1 at 41 as it goes over the wire.
func capture(t *testing.T, outside *nats.Conn, b *bus.Bus) *nats.Msg {
	t.Helper()
	sub, err := outside.SubscribeSync("pod.other.*")
	if err != nil {
		t.Fatal(err)
	}
	if err := outside.Flush(); err != nil {
		t.Fatal(err)
	}
	b.Nudge("other", "c-1", 41)
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

func TestStopEndsListening(t *testing.T) {
	b := start(t, config())
	stop, err := b.Listen("acme", func(string, int64) { t.Error("heard after stop") })
	if err != nil {
		t.Fatal(err)
	}
	stop()
	told := listen(t, b, "acme")
	b.Nudge("acme", "c-1", 1)
	next(t, told)
	stop() // once more does no harm
}

func TestWithoutNATSNothingBlocksAndItsReturnIsTold(t *testing.T) {
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
	told := listen(t, b, "acme")
	for range 100_000 {
		b.Nudge("acme", "c-1", 1)
	}
	for range 2 { // at the start, and after an outage
		s := natsServer(t, port)
		for got := next(t, told); got != (heard{}); got = next(t, told) {
			if got != (heard{"c-1", 1}) {
				t.Fatalf("heard %v", got)
			}
		}
		until(t, "ready again", func() bool { return b.Ready() == nil })
		b.Nudge("acme", "c-1", 2)
		for got := next(t, told); got != (heard{"c-1", 2}); got = next(t, told) {
			if got != (heard{"c-1", 1}) {
				t.Fatalf("heard %v", got)
			}
		}
		s.Shutdown()
		s.WaitForShutdown()
		until(t, "the outage is noticed", func() bool { return b.Ready() != nil })
	}
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	b, err := bus.Start(t.Context(), config())
	if err != nil {
		t.Fatal(err)
	}
	stop, err := b.Listen("acme", func(string, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	b.Close()
	stop()
	for range 10_000 {
		b.Nudge("acme", "c-1", 1)
	}
	if err := b.Ready(); err == nil || err.Error() != "bus: NATS is CLOSED" {
		t.Errorf("after Close Ready says %v", err)
	}
	if _, err := b.Listen("acme", func(string, int64) {}); err == nil {
		t.Error("after Close Listen succeeds")
	}
	until(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}

func BenchmarkWhisper(b *testing.B) {
	node, err := bus.Start(b.Context(), config())
	if err != nil {
		b.Fatal(err)
	}
	defer node.Close()
	told := make(chan struct{}, 1)
	stop, err := node.Listen("acme", func(string, int64) { told <- struct{}{} })
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	for b.Loop() {
		node.Nudge("acme", "c-1", 1)
		<-told
	}
}
