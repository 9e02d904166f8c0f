package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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

	c := &runCmd{Pods: 6, Count: 9, Callers: 3, Rate: 1000, Links: 4, Limit: time.Minute}
	f, err := measure(t.Context(), c, target{public: s.URL, phone: s.URL, metrics: s.URL, signer: signer{key: key, issuer: "bare", tenant: "bare", audience: s.URL}})
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
		{"send", f.Send, 9, true},
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
	_, err = measure(t.Context(), c, target{public: s.URL, phone: s.URL, metrics: s.URL, signer: signer{key: key, issuer: "bare", tenant: "bare", audience: s.URL}})
	if err == nil || !strings.HasPrefix(err.Error(), "launch: POST api answered 401") {
		t.Errorf("it says %v", err)
	}
}

func TestFiguresAreOfAllRounds(t *testing.T) {
	var took []time.Duration
	for i := 1000; i > 0; i-- {
		took = append(took, time.Duration(i)*time.Millisecond)
	}
	f := figure{Rounds: []rate{30, 10, 20}}
	f.median()
	f.spread(took)
	if f.Count != 1000 || f.Rate != 20 || f.P50 != 501 || f.P90 != 901 || f.P99 != 991 || f.P999 != 1000 {
		t.Errorf("the figures are %+v", f)
	}
	var none figure
	none.median()
	none.spread(nil)
	if none.Count != 0 || none.Rate != 0 || none.P999 != 0 {
		t.Errorf("of nothing the figures are %+v", none)
	}
}

func TestReportsNameEveryPhase(t *testing.T) {
	server := figures{
		Launch: figure{Count: 7, Rate: 2500, P99: 12.3}, Send: figure{Count: 9, Rate: 4000}, Green: figure{Count: 5, P99: 6.5},
		Pods: 5, Memory: memory{Resident: 9 << 10, Live: 7 << 10}, Arrived: 900,
	}
	bare := figures{Launch: figure{Rate: 5000}, Send: figure{Rate: 5000}, Green: figure{P99: 3.25}}
	var out bytes.Buffer
	if err := (report{Callers: 64, Server: &server, Bare: &bare}).table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"launch", "2500", "12.3", "5000/s", "50 %", "80 %", "p50 0.0, p99 3.2", "validate → frame", "64 callers", "7.0 KiB each in use, 9.0 KiB resident", "900 a second"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := (report{Callers: 64, Server: &server}).json(&out); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Callers int
		Server  figures
		Bare    *figures
	}
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Callers != 64 || back.Bare != nil || back.Server.Launch.Rate != 2500 {
		t.Errorf("the JSON reads back as %+v, %v", back, err)
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
