package app_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/shieldpod/shieldpod/bff/internal/app/apptest"
	"github.com/shieldpod/shieldpod/bff/internal/cli"
	"github.com/shieldpod/shieldpod/bff/internal/store/storetest"
	"github.com/shieldpod/shieldpod/sdk/api"
	"github.com/shieldpod/shieldpod/sdk/client"
)

// Two nodes share one PostgreSQL and join their buses; the balancer may send every request anywhere.
func TestAPodOnOneNodeSeesWhatHappensOnAnother(t *testing.T) {
	d := newDeployment(t)
	database := storetest.PostgreSQLURL(t)
	d.setenv("SHIELDPOD_DATABASE_URL", database)
	d.trust(t)
	routes := []string{"127.0.0.1:" + apptest.FreePort(t), "127.0.0.1:" + apptest.FreePort(t)}
	first, second := d.node(t, routes, 0), d.node(t, routes, 1)

	token, err := first.launch(t.Context(), "dana", "+14155554821")
	if err != nil {
		t.Fatal(err)
	}
	pod := first.pod(t, token)
	if frame := pod.next(t); frame.Type != "snapshot" {
		t.Fatalf("the first frame is %q", frame.Type)
	}
	var sent api.Verification
	body := `{"contact_id":"dana","channel_id":"m","method":"sms_code"}`
	if err := second.post(t.Context(), "/api/v1/verifications", token, body, http.StatusCreated, &sent); err != nil {
		t.Fatal(err)
	}
	pod.until(t, "pending")
	code := d.readSMS(t.Context(), "+14155554821")
	var green api.Verification
	if err := second.post(t.Context(), "/api/v1/verifications/"+sent.Id+"/code", token, `{"code":"`+code+`"}`, http.StatusOK, &green); err != nil {
		t.Fatal(err)
	}
	pod.until(t, "verified")
}

func TestAPodOnOneNodeFollowsRulesEditedOnAnother(t *testing.T) {
	d := newDeployment(t)
	d.setenv("SHIELDPOD_DATABASE_URL", storetest.PostgreSQLURL(t))
	d.ticks = make(chan time.Time) // no tick: only the bus tells a node of changes on another
	d.trust(t)
	var said bytes.Buffer
	if err := cli.Run(t.Context(), []string{"apikey", "new", "--tenant", "acme", "--name", "Noor"}, d.getenv, &said, io.Discard); err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(said.String())
	routes := []string{"127.0.0.1:" + apptest.FreePort(t), "127.0.0.1:" + apptest.FreePort(t)}
	first, second := d.node(t, routes, 0), d.node(t, routes, 1)
	token, err := first.launch(t.Context(), "dana", "+14155554821")
	if err != nil {
		t.Fatal(err)
	}
	pod := first.pod(t, token)
	if f := pod.next(t); f.Type != "snapshot" || f.Pod.Policy.Version != "0.0" {
		t.Fatalf("the first frame is %+v", f)
	}
	f := pod.awaitFrame(t, func(version int) {
		second.edit(t, key, int64(version), api.PolicyFields{Methods: &[]api.Method{api.MethodEmailLink}})
	})
	if f.Type != "policy" || f.Pod.Policy.Version == "0.0" || f.Pod.Contacts[0].Channels[0].Methods[0].Reason != "policy" {
		t.Fatalf("the next frame is %+v", f)
	}
	// The node that was not told by hand enforces it as well.
	body := `{"contact_id":"dana","channel_id":"m","method":"sms_code"}`
	if err := first.post(t.Context(), "/api/v1/verifications", token, body, http.StatusForbidden, &api.Problem{}); err != nil {
		t.Error(err)
	}
}

// A server without a text carrier offers no texts. Once a command has set one up, an open pod offers them.
func TestAnOpenPodFollowsTheCarriersOfItsTenant(t *testing.T) {
	d := newDeployment(t)
	for _, name := range []string{"KEY", "SECRET", "FROM", "SIGNATURE_SECRET"} {
		d.setenv("SHIELDPOD_VONAGE_"+name, "")
	}
	d.trust(t)
	n := d.node(t, []string{"127.0.0.1:" + apptest.FreePort(t)}, 0)
	token, err := n.launch(t.Context(), "dana", "+14155554821")
	if err != nil {
		t.Fatal(err)
	}
	pod := n.pod(t, token)
	refusal := func(f frame) api.Reason { return f.Pod.Contacts[0].Channels[0].Methods[0].Reason }
	first := pod.next(t)
	if first.Type != "snapshot" || refusal(first) != "no_carrier" || first.Pod.Policy.Version != "0.0 no phone" {
		t.Fatalf("the first frame is %+v", first)
	}
	body := `{"contact_id":"dana","channel_id":"m","method":"sms_code"}`
	var problem api.Problem
	if err := n.post(t.Context(), "/api/v1/verifications", token, body, http.StatusForbidden, &problem); err != nil || problem.Reason != "no_carrier" {
		t.Errorf("a code without a carrier: %+v, %v", problem, err)
	}
	var said bytes.Buffer
	tokenFile := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokenFile, []byte("the token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := []string{"carrier", "twilio", "--tenant", "acme", "--account", "AC0123456789abcdef0123456789abcdef", "--token-file", tokenFile, "--from", "+15105550100", "--no-check"}
	if err := cli.Run(t.Context(), command, d.getenv, io.Discard, &said); err != nil {
		t.Fatalf("%v: %s", err, &said)
	}
	if f := pod.next(t); f.Type != "policy" || refusal(f) != "" || f.Pod.Policy.Version != "0.0" {
		t.Errorf("with a carrier the next frame is %+v", f)
	}
}

// edit sets what the launch contexts' client overrides.
func (d *deployment) edit(t *testing.T, key string, version int64, fields api.PolicyFields) {
	t.Helper()
	server, err := client.New("http://127.0.0.1:"+d.port, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.SetClientPolicy(t.Context(), "c", api.PolicyEdit{Version: version, Name: "Contoso", Fields: fields}); err != nil {
		t.Fatalf("the edit: %v", err)
	}
}

// livePod is a pod's socket.
type livePod struct{ socket *websocket.Conn }

type frame struct {
	Type    string                `json:"type"`
	Shields map[string]api.Shield `json:"shields"`
	Pod     api.Pod               `json:"pod"`
}

func (d *deployment) pod(t *testing.T, token string) livePod {
	t.Helper()
	header := http.Header{"Origin": {d.audience}}
	socket, answer, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://127.0.0.1:"+d.port+"/api/v1/live", header)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	_ = answer.Body.Close()
	if err := socket.WriteJSON(map[string]string{"type": "auth", "token": token}); err != nil {
		t.Fatal(err)
	}
	return livePod{socket}
}

func (p livePod) next(t *testing.T) frame {
	t.Helper()
	f, err := p.read()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (p livePod) read() (f frame, err error) {
	if err := p.socket.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil { // ends a test that hangs
		return f, err
	}
	err = p.socket.ReadJSON(&f)
	return f, err
}

// awaitFrame edits until a frame comes. The first edits may be lost: a node that has just subscribed is not known to the others yet.
func (p livePod) awaitFrame(t *testing.T, edit func(version int)) frame {
	t.Helper()
	var f frame
	read := make(chan error, 1)
	go func() {
		var err error
		f, err = p.read()
		read <- err
	}()
	for version := 0; ; version++ {
		edit(version)
		select {
		case err := <-read:
			if err != nil {
				t.Fatal(err)
			}
			return f
		case <-time.After(time.Second):
		}
	}
}

// until reads frames until the mobile's shield has come to the state.
func (p livePod) until(t *testing.T, state string) {
	t.Helper()
	for {
		if f := p.next(t); string(f.Shields["m"].State) == state {
			return
		}
	}
}
