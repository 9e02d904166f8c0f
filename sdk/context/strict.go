package launchcontext

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxSeconds is the last second of the year 9999, beyond which times have no common spelling.
const maxSeconds = 253402300799

// decodeHeader reads a JOSE header: alg, typ and kid, each a string, and nothing else.
func decodeHeader(data []byte) (alg, typ, kid string, err error) {
	r := &reader{code: CodeHeader}
	o := r.read(data)
	alg, typ, kid = o.text("alg"), o.text("typ"), o.text("kid")
	o.end()
	return alg, typ, kid, r.failure()
}

// decodeClaims reads claims; any of them may be absent.
func decodeClaims(data []byte) (Claims, error) {
	r := &reader{code: CodeClaims}
	o := r.read(data)
	c := Claims{
		Issuer: o.text("iss"), Audience: o.text("aud"), Subject: o.text("sub"), Tenant: o.text("tid"),
		IssuedAt: o.time("iat"), NotBefore: o.time("nbf"), ExpiresAt: o.time("exp"),
		ID: o.text("jti"), Nonce: o.text("nonce"), Origin: o.text("origin"),
	}
	act := o.object("act")
	c.Actor = Actor{Name: act.text("name"), Email: act.text("email"), Phone: act.text("phone")}
	act.end()
	c.Context = o.object("ctx").context()
	o.dropPrivate()
	o.end()
	return c, r.failure()
}

func (o object) context() Context {
	c := Context{PSA: o.text("psa")}
	ticket, client, contact := o.object("ticket"), o.object("client"), o.object("contact")
	c.Ticket = Ticket{ID: ticket.text("id"), Number: ticket.text("number"), Summary: ticket.text("summary"), URL: ticket.text("url")}
	c.Client = Client{ID: client.text("id"), Name: client.text("name")}
	c.Contact = Default{ID: contact.text("id"), Name: contact.text("name")}
	ticket.end()
	client.end()
	contact.end()
	if list, given := o.list("contacts"); given {
		c.Contacts = make([]Contact, len(list))
		for i, item := range list {
			c.Contacts[i] = item.contact()
		}
	}
	o.end()
	return c
}

func (o object) contact() Contact {
	c := Contact{ID: o.text("id"), Name: o.text("name"), Title: o.text("title"), Language: o.text("language")}
	if list, given := o.list("channels"); given {
		c.Channels = make([]Channel, len(list))
		for i, item := range list {
			c.Channels[i] = Channel{
				ID: item.text("id"), Kind: item.text("kind"), Value: item.text("value"),
				Label: item.text("label"), Mobile: item.flag("mobile"), ChangedAt: item.time("changed_at"),
			}
			item.end()
		}
	}
	o.end()
	return c
}

// reader reads one JSON object once, strictly, and keeps the first fault that it meets.
type reader struct {
	code  Code // of a fault in a member; a fault in the JSON itself is CodeMalformed
	fault *Error
}

func (r *reader) failure() error {
	if r.fault == nil {
		return nil
	}
	return r.fault
}

func (r *reader) refuse(code Code, field, why string) {
	if r.fault == nil {
		r.fault = &Error{Code: code, Field: field, Err: errors.New(why)}
	}
}

func (r *reader) read(data []byte) object {
	root := object{r: r}
	if !utf8.Valid(data) || !json.Valid(data) {
		r.refuse(CodeMalformed, "", "not one JSON value in UTF-8")
		return root
	}
	t := scanner{r: r, rest: data}
	members, ok := t.value("", 0).(map[string]any)
	if !ok {
		r.refuse(CodeMalformed, "", "not a JSON object")
	}
	root.left = members
	return root
}

// object is what is left to read of a JSON object. One that was absent reads as empty.
type object struct {
	r    *reader
	path string
	left map[string]any
}

func (o object) take(name string) (any, bool) {
	v, given := o.left[name]
	delete(o.left, name)
	return v, given
}

func (o object) wrong(name, why string) { o.r.refuse(o.r.code, join(o.path, name), why) }

func (o object) text(name string) string {
	v, given := o.take(name)
	s, ok := v.(string)
	if given && !ok {
		o.wrong(name, "must be a string")
	}
	return s
}

func (o object) flag(name string) *bool {
	v, given := o.take(name)
	b, ok := v.(bool)
	switch {
	case !given:
		return nil
	case !ok:
		o.wrong(name, "must be true or false")
	}
	return &b
}

func (o object) time(name string) time.Time {
	v, given := o.take(name)
	if !given {
		return time.Time{}
	}
	number, _ := v.(json.Number)
	n, err := number.Int64()
	if err != nil || n < 1 || n > maxSeconds {
		o.wrong(name, "must be a whole number of seconds since 1970, not a string or a fraction")
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

func (o object) object(name string) object {
	v, given := o.take(name)
	members, ok := v.(map[string]any)
	if given && !ok {
		o.wrong(name, "must be an object")
	}
	return object{r: o.r, path: join(o.path, name), left: members}
}

func (o object) list(name string) ([]object, bool) {
	v, given := o.take(name)
	items, ok := v.([]any)
	if given && !ok {
		o.wrong(name, "must be a list")
	}
	list := make([]object, len(items))
	for i, item := range items {
		at := join(o.path, name) + "[" + strconv.Itoa(i) + "]"
		members, ok := item.(map[string]any)
		if !ok {
			o.r.refuse(o.r.code, at, "must be an object")
		}
		list[i] = object{r: o.r, path: at, left: members}
	}
	return list, given
}

// dropPrivate lets go of the vendor's own members: those whose names can't be mistaken for registered ones.
func (o object) dropPrivate() {
	for name := range o.left {
		if strings.ContainsAny(name, ".:") {
			delete(o.left, name)
		}
	}
}

// end refuses what nobody took: unknown names, and known ones in another case.
func (o object) end() {
	if len(o.left) == 0 {
		return
	}
	least := ""
	for name := range o.left {
		if least == "" || name < least {
			least = name
		}
	}
	o.wrong(least, "is none of the documented names")
}

// join names a member for people. A name that could deceive whoever reads a log is not repeated.
func join(path, name string) string {
	strange := func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }
	if name == "" || len(name) > 40 || strings.ContainsFunc(name, strange) {
		name = "?"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}
