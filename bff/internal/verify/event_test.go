package verify

import (
	"bytes"
	"math"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/shieldpod/shieldpod/bff/internal/channel"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

func anyEvent(t *rapid.T) Event {
	text := rapid.String()
	at := rapid.Custom(func(t *rapid.T) time.Time {
		return fromMillis(rapid.Int64Range(-1<<40, 1<<45).Draw(t, "ms"))
	})
	return Event{
		Tenant: text.Draw(t, "tenant"), Seq: rapid.Int64().Draw(t, "seq"), At: at.Draw(t, "at"), Kind: EventKind(text.Draw(t, "kind")),
		Verification: text.Draw(t, "verification"), Contact: text.Draw(t, "contact"), Channel: text.Draw(t, "channel"),
		By:     Technician{ID: text.Draw(t, "by"), Name: text.Draw(t, "by name")},
		Method: channel.Method(text.Draw(t, "method")), Ticket: Ticket{ID: text.Draw(t, "ticket"), Number: text.Draw(t, "number")},
		Client: text.Draw(t, "client"), Masked: text.Draw(t, "masked"), Destination: text.Draw(t, "destination"),
		Note: text.Draw(t, "note"), Override: rapid.Bool().Draw(t, "override"),
		CodeLength: rapid.Int().Draw(t, "length"), MaxTries: rapid.Int().Draw(t, "tries"), ResendAt: at.Draw(t, "resend"),
		Until: at.Draw(t, "until"), Reason: Code(text.Draw(t, "reason")), TriesLeft: rapid.Int().Draw(t, "left"),
		Carrier: text.Draw(t, "carrier"),
	}
}

func TestEventSurvivesItsCanonicalBody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent(t)
		body, _, err := e.Link(Hash{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseEvent(body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, got); diff != "" {
			t.Fatalf("(-written +read):\n%s", diff)
		}
	})
}

// A field that is added to Event and forgotten in its canonical form would be lost, and unsealed.
func TestEveryFieldOfAnEventIsInItsBody(t *testing.T) {
	unsealed := map[string]bool{ // by design: events hold ids and names only
		"By.Email": true, "By.Phone": true, "Ticket.PSA": true, "Ticket.Summary": true, "Ticket.URL": true,
	}
	empty, _, err := Event{}.Link(Hash{})
	if err != nil {
		t.Fatal(err)
	}
	var walk func(path string, v, whole reflect.Value)
	walk = func(path string, v, whole reflect.Value) {
		for i := range v.NumField() {
			field, name := v.Field(i), path+v.Type().Field(i).Name
			if field.Kind() == reflect.Struct && field.Type() != reflect.TypeFor[time.Time]() {
				walk(name+".", field, whole)
				continue
			}
			field.Set(someValue(field.Type()))
			body, _, err := whole.Interface().(Event).Link(Hash{})
			if err != nil {
				t.Fatal(err)
			}
			if changed := !bytes.Equal(body, empty); changed == unsealed[name] {
				t.Errorf("%s: in the body %v, want %v", name, changed, !unsealed[name])
			}
			field.SetZero()
		}
	}
	e := reflect.New(reflect.TypeFor[Event]()).Elem()
	walk("", e, e)
}

func someValue(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Struct:
		v.Set(reflect.ValueOf(epoch))
	case reflect.Slice:
		v.Set(reflect.ValueOf([]Change{{Field: "code_length", To: []byte("8")}}))
	default:
		v.SetInt(7)
	}
	return v
}

func TestCanonicalBodyIsFixed(t *testing.T) {
	e := Event{
		Tenant: "acme", Seq: 7, At: epoch.Add(time.Millisecond + 999*time.Microsecond), Kind: EventRequested, Verification: "v_1",
		Contact: "dana", Channel: "mobile", By: Technician{ID: "ana", Name: "Ana Ortiz", Email: "ana@acme.example"}, Method: channel.SMSCode,
		Ticket: Ticket{ID: "t1", Number: "4711", Summary: "Password reset"}, Client: "contoso", Masked: "••• ••• 4821",
		Destination: "ab12", Note: "<Kim & Lee>", Override: true, CodeLength: 6, MaxTries: 3,
		ResendAt: epoch.Add(time.Minute), Until: epoch.Add(5 * time.Minute),
	}
	body, hash, err := e.Link(Hash{1})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"tenant":"acme","seq":7,"at":1772460000001,"kind":"requested","verification":"v_1","contact":"dana","channel":"mobile",` +
		`"by":"ana","by_name":"Ana Ortiz","method":"sms_code","ticket":"t1","ticket_number":"4711","client":"contoso",` +
		`"masked":"••• ••• 4821","destination":"ab12","note":"\u003cKim \u0026 Lee\u003e","override":true,"code_length":6,"max_tries":3,` +
		`"resend_at":1772460060000,"until":1772460300000}`
	if string(body) != want {
		t.Errorf("stored chains no longer check.\ngot:  %s\nwant: %s", body, want)
	}
	if hash != Seal(Hash{1}, body) {
		t.Error("the hash is not the body's seal")
	}
}

func TestThreat_28_AChangedByteBreaksTheSeal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prev := Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "prev"))
		body, hash, err := anyEvent(t).Link(prev)
		if err != nil {
			t.Fatal(err)
		}
		flip := byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		changed := bytes.Clone(body)
		changed[rapid.IntRange(0, len(body)-1).Draw(t, "place")] ^= flip
		if Seal(prev, changed) == hash {
			t.Error("a changed body has the same seal")
		}
		if Seal(prev, body[:len(body)-1]) == hash || Seal(prev, append(bytes.Clone(body), ' ')) == hash {
			t.Error("a shorter or longer body has the same seal")
		}
		before := prev
		before[rapid.IntRange(0, len(prev)-1).Draw(t, "place before")] ^= flip
		if Seal(before, body) == hash {
			t.Error("the same body after another event has the same seal")
		}
	})
}

func TestParseEventRefusesWhatIsNoBody(t *testing.T) {
	for _, body := range []string{
		``, `{`, `[]`, `"x"`, `{"seq":"1"}`, `{"seq":1.5}`, `{"at":1e40}`, `{"override":1}`, `{"tenant":7}`, `{} {}`, `{}x`,
	} {
		if e, err := ParseEvent([]byte(body)); err == nil {
			t.Errorf("%s reads as %+v", body, e)
		}
	}
}

// readsAlike fails if the reader of canonical bodies accepts a body of which the general decoder thinks otherwise.
func readsAlike(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, body []byte) (canonical bool) {
	t.Helper()
	var fast, general record
	if !readCanonical(string(body), &fast) {
		return false
	}
	if err := strictjson.Unmarshal(body, &general); err != nil {
		t.Fatalf("%s is read, and refused with: %v", body, err)
	}
	if diff := cmp.Diff(general, fast); diff != "" {
		t.Fatalf("%s is read otherwise (-general +canonical):\n%s", body, diff)
	}
	return true
}

// fullEvent has a value in every member of its body but the list of changes.
func fullEvent() Event {
	return Event{
		Tenant: "acme", Seq: math.MaxInt64, At: epoch, Kind: EventVerified, Verification: "v_1", Contact: "dana", Channel: "mobile",
		By: Technician{ID: "ana", Name: "Ana Ortíz"}, Method: channel.SMSCode, Ticket: Ticket{ID: "4711", Number: "47"}, Client: "contoso", Masked: "••• 21",
		Destination: "0f", Note: "asked by phone", Override: true, CodeLength: 6, MaxTries: 3, ResendAt: epoch, Until: epoch.Add(time.Hour),
		Reason: CodeExpired, TriesLeft: 2, Carrier: "twilio", Language: "de", Matching: true, Changed: true, Policy: policy.Version{Tenant: 3, Client: 4},
		Failures: 5, Locks: true, Version: 6, Sent: 7, Proven: 8, Late: true, TimeZone: "Europe/Berlin", ActorKind: ActorCLI, Subject: "s",
	}
}

func TestCanonicalBodiesAreReadAsTheGeneralDecoderReadsThem(t *testing.T) {
	full, _, err := fullEvent().Link(Hash{})
	if err != nil {
		t.Fatal(err)
	}
	if !readsAlike(t, full) {
		t.Fatalf("a body as Link writes it is not read: %s", full)
	}
	for at := range full {
		for _, other := range []byte("\x00\x1f\\\"{}[],: 0-1.etn\x80\xff") {
			changed := bytes.Clone(full)
			changed[at] = other
			readsAlike(t, changed)
			readsAlike(t, append(append(bytes.Clone(full[:at]), other), full[at:]...))
		}
		readsAlike(t, full[:at])
		readsAlike(t, append(bytes.Clone(full[:at]), full[at+1:]...))
	}
	for _, odd := range []string{
		`{"tenant":"a"{"seq":1}`, `{"tenant":"a","tenant":"b"}`, `{"seq":01}`, `{"seq":9223372036854775808}`, `{"seq":1,"tenant":"a"}`, `{"tenant":null}`, `{"seq":}`,
		`{"override":false}`, `{"tenant":"a"}}`, `{"tenant":"a",}`, `{"note":"\u0061"}`, `{,"tenant":"a"}`,
	} {
		readsAlike(t, []byte(odd))
	}
	rapid.Check(t, func(t *rapid.T) {
		body, _, err := anyEvent(t).Link(Hash{})
		if err != nil {
			t.Fatal(err)
		}
		readsAlike(t, body)
	})
}

func FuzzParseEvent(f *testing.F) {
	full, _, err := fullEvent().Link(Hash{})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(full), `{}`, `{"at":-9223372036854775808}`, `{"note":"\ud800"}`, `{"SEQ":3,"seq":4}`, `null`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		readsAlike(t, body)
		e, err := ParseEvent(body)
		if err != nil {
			return
		}
		canonical, _, err := e.Link(Hash{})
		if err != nil || !utf8.Valid(canonical) {
			t.Fatalf("%+v has no canonical body: %v", e, err)
		}
		again, err := ParseEvent(canonical)
		if err != nil {
			t.Fatalf("%s: %v", canonical, err)
		}
		if diff := cmp.Diff(e, again); diff != "" {
			t.Fatalf("(-read +read again):\n%s", diff)
		}
		Project(e.Contact, []Event{e, again}, epoch)
	})
}
