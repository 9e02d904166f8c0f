package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

func TestEveryPhaseIsMeasured(t *testing.T) {
	key, err := launchcontext.GenerateKey("bare", launchcontext.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	public, err := (&bareCmd{Public: publicOf(t, key)}).key()
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBare(t.Context(), filepath.Join(t.TempDir(), "bare.db"), public)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	s := httptest.NewServer(b.routes())
	t.Cleanup(s.Close)

	c := &runCmd{Pods: 6, Count: 9, Callers: 3, Rate: 1000, Links: 4, History: 2, Limit: time.Minute}
	f, err := measure(t.Context(), c, target{public: s.URL, phone: s.URL, metrics: s.URL, signer: signer{key: key, issuer: "bare", tenants: []string{"bare", "bare-2"}, audience: s.URL}})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		phase string
		got   figure
		done  int
		rated bool
	}{
		{"launch", f.Launch, 15, true},
		{"bootstrap", f.Bootstrap, 18, true},
		{"bootstrap of those who return", f.BootstrapAgain, 18, true},
		{"send", f.Send, 9, true},
		{"send to those who return", f.SendAgain, 9, true},
		{"code check", f.Check, 9, true},
		{"validate to frame", f.Green, 4, false},
	} {
		if row.got.Count != row.done || (row.got.Rate > 0) != row.rated || row.got.P50 <= 0 || row.got.P999 < row.got.P50 {
			t.Errorf("%s: %+v, want %d done", row.phase, row.got, row.done)
		}
	}
	if f.Pods != 6 || f.Arrived <= 0 {
		t.Errorf("%d pods were open, and messages came at %v a second", f.Pods, f.Arrived)
	}
}

func publicOf(t *testing.T, key launchcontext.SigningKey) string {
	t.Helper()
	pem, err := key.Public().PEM()
	if err != nil {
		t.Fatal(err)
	}
	return pemBody(pem)
}

func TestARefusalEndsTheMeasurement(t *testing.T) {
	key, err := launchcontext.GenerateKey("other", launchcontext.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBare(t.Context(), filepath.Join(t.TempDir(), "bare.db"), public)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	s := httptest.NewServer(b.routes())
	t.Cleanup(s.Close)
	c := &runCmd{Pods: 1, Count: 1, Callers: 1, Rate: 1, Links: 1, Limit: time.Minute}
	_, err = measure(t.Context(), c, target{public: s.URL, phone: s.URL, metrics: s.URL, signer: signer{key: key, issuer: "bare", tenants: []string{"bare", "bare-2"}, audience: s.URL}})
	if err == nil || !strings.HasPrefix(err.Error(), "launch: POST api answered 401") {
		t.Errorf("it says %v", err)
	}
}

func TestLatenciesAreSpread(t *testing.T) {
	var took []time.Duration
	for i := 1000; i > 0; i-- {
		took = append(took, time.Duration(i)*time.Millisecond)
	}
	var f, none figure
	f.spread(took)
	if f.Count != 1000 || f.P50 != 501 || f.P90 != 901 || f.P99 != 991 || f.P999 != 1000 {
		t.Errorf("the figures are %+v", f)
	}
	if none.spread(nil); none.Count != 0 || none.P999 != 0 {
		t.Errorf("of nothing the figures are %+v", none)
	}
}

func TestReportsHaveTheMediansOfTheRounds(t *testing.T) {
	var rounds []*figures
	for _, n := range []int{30, 10, 20} {
		f := figure{Count: n, Rate: float64(n), P50: millis(n), P90: millis(n), P99: millis(n), P999: millis(n)}
		rounds = append(rounds, &figures{
			Launch: f, Bootstrap: f, BootstrapAgain: f, Send: f, SendAgain: f, Check: f, Green: f,
			Arrived: rate(n), Pods: n, Memory: memory{Resident: int64(n), Live: int64(n)},
		})
	}
	if got := medians(rounds); !reflect.DeepEqual(got, rounds[2]) {
		t.Errorf("the medians are %+v", got)
	}
	if got := medians(nil); *got != (figures{}) {
		t.Errorf("of nothing the medians are %+v", got)
	}
}

func TestReportsNameEveryPhase(t *testing.T) {
	server := figures{
		Launch: figure{Count: 7, Rate: 2500, P99: 12.3}, Send: figure{Count: 9, Rate: 4000}, SendAgain: figure{Rate: 3600}, Green: figure{Count: 5, P99: 6.5},
		Pods: 5, Memory: memory{Resident: 9 << 10, Live: 7 << 10}, Arrived: 900,
	}
	bare := figures{Launch: figure{Rate: 5000}, Send: figure{Rate: 5000}, SendAgain: figure{Rate: 4800}, Green: figure{P99: 3.25}}
	r := report{
		Callers: 64, Tenants: 3, History: 2, Load: []string{"0.50", "1.25"},
		Servers: []result{{Name: "SQLite", Figures: &server}, {Name: "PostgreSQL", Figures: &figures{}}, {Name: "bare", Bare: true, Figures: &bare}},
	}
	var out bytes.Buffer
	if err := r.table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| what | SQLite | PostgreSQL | bare |\n| --- | --- | --- | --- |\n",
		"| launches | 2500/s, p99 12.3 ms (50 % of bare) | 0/s, p99 0.0 ms (0 % of bare) | 5000/s, p99 0.0 ms |\n",
		"| sends, new contacts | 4000/s, p99 0.0 ms (80 % of bare) |", "| sends, contacts with 2 earlier verifications | 3600/s, p99 0.0 ms (75 % of bare) |",
		"| bootstraps, contacts with 2 earlier verifications |", "| code checks |", "| 0.0, 6.5 ms |", "| 7.0, 9.0 KiB |", "| 900/s |",
		"5 idle pods are open; 64 callers at a time; tenants: 3; medians of 1 rounds", "Load average before and after each round: 0.50, 1.25.",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := r.json(&out); err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("the JSON reads back as %+v, %v", back, err)
	}
}

func TestCallersAreSpreadOverTheTenants(t *testing.T) {
	key, err := launchcontext.GenerateKey("k", launchcontext.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := (&runCmd{Key: file, KID: "k", Issuer: "psa", Target: "http://localhost", Tenant: "acme", Tenants: 3}).signer()
	if err != nil || !slices.Equal(s.tenants, []string{"acme", "acme-2", "acme-3"}) {
		t.Fatal(s.tenants, err)
	}
	all := callers(5)
	if err := s.sign(all); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"acme", "acme-2", "acme-3", "acme", "acme-2"} {
		body, err := base64.RawURLEncoding.DecodeString(strings.Split(all[i].context, ".")[1])
		if err != nil || !strings.Contains(string(body), `"`+want+`"`) {
			t.Errorf("caller %d has the context %s, want one of %s (%v)", i, body, want, err)
		}
	}
}

func TestRunRefusesWhatItCantDo(t *testing.T) {
	demo := t.TempDir()
	if err := os.WriteFile(filepath.Join(demo, "demo.json"), []byte(`{"desk_key":"AAAA"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		args []string
		want string
	}{
		{"no key to sign with", nil, "set --demo-data to the demo's --data-dir, or --key"},
		{"a folder that is no demo's", []string{"--demo-data", t.TempDir()}, "--demo-data: "},
		{"a demo's folder that is damaged", []string{"--demo-data", demo}, "--demo-data is not the data folder of a demo"},
		{"two ways to sign", []string{"--demo-data", demo, "--key", filepath.Join(demo, "demo.json")}, "can't be used together"},
		{"no pods", []string{"--pods", "0"}, "--pods must be from 1 to 50000"},
		{"more links than pods", []string{"--pods", "5", "--links", "6"}, "--links must be from 1 to 5"},
		{"a server beside that is not whole", []string{"--beside", "PostgreSQL,http://localhost:1"}, "--beside must be a name, four URLs and a folder"},
		{"no rounds", []string{"--rounds", "0"}, "--rounds must be from 1 to 99"},
		{"a rate of nothing", []string{"--rate", "0"}, "--rate must be from 1 to 10000"},
		{"bare without a key", []string{"bare", "--public", "AAAA"}, "--public: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := run(row.args, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("it says %v, want %q in it", err, row.want)
			}
		})
	}
}

func TestOnlyPlainHTTPIsMeasured(t *testing.T) {
	for _, row := range []struct{ give, dial, host, err string }{
		{"http://localhost:8080", "localhost:8080", "localhost:8080", ""},
		{"http://pod.example", "pod.example:80", "pod.example", ""},
		{"http://[::1]:8080", "[::1]:8080", "[::1]:8080", ""},
		{"https://pod.example", "", "", "TLS ends there"},
		{"localhost:8080", "", "", "must be http://"},
		{"", "", "", "must be http://"},
	} {
		dial, host, err := address(row.give)
		if dial != row.dial || host != row.host || (err == nil) != (row.err == "") || (err != nil && !strings.Contains(err.Error(), row.err)) {
			t.Errorf("address(%q) = %q, %q, %v", row.give, dial, host, err)
		}
	}
}

func TestAServerThatIsNotReadyIsWaitedFor(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(s.Close)
	if err := awaitReady(t.Context(), s.URL); err != nil || asked != 3 {
		t.Errorf("after %d questions: %v", asked, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := awaitReady(ended, s.URL); err == nil || !strings.Contains(err.Error(), "is not ready") {
		t.Errorf("when told to stop it says %v", err)
	}
}
