package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// route is a route with a JSON body.
type route struct {
	method, path string
	field        string // of the body, with a hostile value
	limit        int
	admin        bool
}

var jsonRoutes = []route{
	{http.MethodPost, "/api/v1/launch", "context", 16 << 10, false},
	{http.MethodPost, "/api/v1/launch/connectwise", "member", 16 << 10, false},
	{http.MethodPost, "/api/v1/launch/signin", "code", 16 << 10, false},
	{http.MethodPut, "/api/v1/policies", "policies", 1 << 20, true},
	{http.MethodPut, "/api/v1/policies/default", "fields", 16 << 10, true},
	{http.MethodPut, "/api/v1/branding", "fields", 1 << 20, true},
	{http.MethodPost, "/api/v1/branding/preview", "fields", 1 << 20, true},
	{http.MethodPut, "/api/v1/directory/desk/clients/contoso/contacts", "contacts", 1 << 20, true},
}

// repeatTo repeats an item up to the size of the body.
func repeatTo(size int, begin, item, end string) string {
	return begin + strings.Repeat(item, (size-len(begin)-len(end))/len(item)) + end
}

// numberedTo writes members with different names up to the size of the body.
func numberedTo(size int, begin, member, end string) string {
	var b strings.Builder
	b.WriteString(begin)
	for i := 0; b.Len() < size-len(end)-20; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, member, i)
	}
	b.WriteString(end)
	return b.String()
}

// hostileBodies returns bodies up to the limit of the route. Each is refused with 400.
func hostileBodies(r route) map[string]string {
	at := `{"` + r.field + `":`
	return map[string]string{
		"lists in lists":                 repeatTo(r.limit, at, `[`, ``),
		"lists in lists, closed":         at + strings.Repeat(`[`, 8000) + strings.Repeat(`]`, 8000) + `}`,
		"objects in objects":             repeatTo(r.limit, at, `{"a":`, ``),
		"objects in objects in lists":    repeatTo(r.limit, at, `[{"a":`, ``),
		"the field in itself":            repeatTo(r.limit, ``, at, ``),
		"33 levels":                      at + strings.Repeat(`[`, 32) + strings.Repeat(`]`, 32) + `}`,
		"many names":                     numberedTo(r.limit, `{`, `"n%d":1`, `}`),
		"many names within":              numberedTo(r.limit, at+`{`, `"n%d":1`, `}}`),
		"many objects":                   repeatTo(r.limit, at+`[{}`, `,{}`, `]}`),
		"many objects of a name":         repeatTo(r.limit, at+`[{}`, `,{"a":1}`, `]}`),
		"one name repeated":              repeatTo(r.limit, `{"x":1`, `,"x":1`, `}`),
		"the field repeated":             repeatTo(r.limit, `{"`+r.field+`":{}`, `,"`+r.field+`":{}`, `}`),
		"the field in another case":      `{"` + strings.ToUpper(r.field) + `":"x"}`,
		"a number of the body's size":    repeatTo(r.limit, at, `9`, `}`),
		"a fraction of the body's size":  repeatTo(r.limit, at+`0.`, `9`, `}`),
		"a huge exponent":                at + `1e999999999}`,
		"an exponent of the body's size": repeatTo(r.limit, at+`1e`, `9`, `}`),
		"a name of escapes":              repeatTo(r.limit, `{"`, `\u0000`, `":1}`),
		"a text that is cut":             repeatTo(r.limit, at+`"`, `\u0000`, ``),
		"an escape that is cut":          at + `"\u00`,
		"an object that is cut":          at + `{`,
		"data after the value":           at + `"x"}{}`,
		"white space only":               repeatTo(r.limit, ``, ` `, ``),
		"a byte order mark":              "\ufeff" + at + `"x"}`,
		"UTF-16":                         "\xff\xfe{\x00\"\x00}\x00",
		"UTF-16 without a mark":          "{\x00\"\x00}\x00",
		"Latin-1":                        at + "\"M\xfcller\"}",
		"a surrogate in UTF-8":           at + "\"\xed\xa0\x80\"}",
		"commas":                         repeatTo(r.limit, `[`, `,`, `]`),
		"quotes":                         repeatTo(r.limit, ``, `"`, ``),
		"null bytes":                     repeatTo(r.limit, ``, "\x00", ``),
		"null":                           at + `null}`,
		"a list":                         `[` + at + `"x"}]`,
		"nothing":                        ` `,
	}
}

// serve calls the handler without the network, so that allocations are the server's only.
func (h *harness) serve(r route, key, body string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(h.t.Context(), r.method, r.path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	if r.admin {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	h.server.Config.Handler.ServeHTTP(answer, request)
	return answer
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestThreat_29_HostileBodiesAreRefusedAndCostLittle(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	const allowance = 192 << 10 // of a request, the check of its key and its answer, for any body
	for _, r := range jsonRoutes {
		h.serve(r, key, `{}`) // initializes caches
		for name, body := range hostileBodies(r) {
			var answer *httptest.ResponseRecorder
			used := allocated(func() { answer = h.serve(r, key, body) })
			brandRefuses := strings.HasPrefix(r.path, "/api/v1/branding") && strings.HasPrefix(name, "many objects") // refused by the brand, not by the decoder
			refused := answer.Code == http.StatusBadRequest && responseOf(answer).problem(t).Code == "malformed"
			if !refused && (!brandRefuses || answer.Code != http.StatusUnprocessableEntity) {
				t.Errorf("%s: %s: %d %s", r.path, name, answer.Code, answer.Body)
			}
			if used > uint64(20*len(body)+allowance) {
				t.Errorf("%s: %s: %d bytes took %d, %d times as much", r.path, name, len(body), used, used/uint64(len(body)))
			}
		}
	}
	if n := h.countEvents("acme"); n != 0 {
		t.Errorf("%d events were written", n)
	}
}

func responseOf(r *httptest.ResponseRecorder) response {
	return response{status: r.Code, header: r.Header(), body: r.Body.Bytes()}
}

func TestThreat_29_TheNamesOfTheFieldsAreGivenAtAnyDepth(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	push, policies := jsonRoutes[7], jsonRoutes[3]
	for _, c := range []struct {
		name  string
		route route
		body  string
		field string
	}{
		{"a name twice in the body", jsonRoutes[0], `{"context":"a","context":"b"}`, "context"},
		{"a name twice by an escape", jsonRoutes[0], `{"context":"a","conte\u0078t":"b"}`, "context"},
		{"a name twice in an object", jsonRoutes[1], `{"ticket":{"id":"1","id":"2"}}`, "ticket.id"},
		{"a name twice in a list", push, `{"contacts":[{},{"id":"1","id":"2"}]}`, "contacts[1].id"},
		{"a name twice in a list in a list", push, `{"contacts":[{"channels":[{"kind":"email","kind":"phone"}]}]}`, "contacts[0].channels[0].kind"},
		{"a name twice in a policy's field", policies, `{"policies":[{"fields":{"banner":{"text":"a","text":"b"}}}]}`, "policies[0].fields.banner.text"},
		{"a name in another case", jsonRoutes[0], `{"Context":"a"}`, "Context"},
		{"a name in another case in an object", jsonRoutes[1], `{"member":{"ID":"1"}}`, "member.ID"},
		{"a name in another case in a list", push, `{"contacts":[{"Name":"A"}]}`, "contacts[0].Name"},
		{"a name in another case in a policy's field", policies, `{"policies":[{"fields":{"banner":{"Text":"a"}}}]}`, "policies[0].fields.banner.Text"},
		{"a name in two cases", jsonRoutes[0], `{"context":"a","CONTEXT":"b"}`, "CONTEXT"},
		{"a name with a long s", push, `{"contactſ":[]}`, ""},
		{"null in a list", push, `{"contacts":[null]}`, "contacts[0]"},
		{"null in a policy's field", policies, `{"policies":[{"fields":{"banner":{"text":null}}}]}`, "policies[0].fields.banner.text"},
		{"a text for a flag in a list", push, `{"contacts":[{"channels":[{"mobile":"yes"}]}]}`, "contacts[0].channels[0].mobile"},
		{"a huge number in a policy's field", policies, `{"policies":[{"fields":{"code_length":1e999999999}}]}`, "policies[0].fields.code_length"},
	} {
		answer := responseOf(h.serve(c.route, key, c.body))
		if p := answer.problem(t); answer.status != http.StatusBadRequest || p.Code != "malformed" || p.Field != c.field {
			t.Errorf("%s: %d %s, want the field %q", c.name, answer.status, answer.body, c.field)
		}
	}
}

func TestThreat_29_ACompressedBodyIsRefusedByItsEncoding(t *testing.T) {
	h := newHarness(t)
	key := h.apiKey("acme")
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	_, _ = w.Write([]byte(repeatTo(8<<20, `{"context":"`, ` `, `"}`)))
	_ = w.Close()
	for _, r := range jsonRoutes {
		for _, c := range []struct{ encoding, says string }{
			{"gzip", "gzip is not accepted"}, {"GZIP", "gzip is not accepted"}, {"x-gzip", "x-gzip is not accepted"},
			{"br", "br is not accepted"}, {"deflate", "deflate is not accepted"}, {"zstd", "zstd is not accepted"},
			{"compress", "compress is not accepted"}, {"identity, gzip", "gzip is not accepted"}, {"gzip, gzip", "gzip is not accepted"},
			{"<script>", "this encoding is not accepted"},
		} {
			answer := responseOf(h.serve(r, key, bomb.String(), "Content-Encoding", c.encoding))
			if p := answer.problem(t); answer.status != http.StatusUnsupportedMediaType || p.Code != "unsupported_media_type" || !strings.Contains(p.Detail, c.says) ||
				answer.header.Get("Accept-Encoding") != "identity" {
				t.Errorf("%s of %s: %d %s", c.encoding, r.path, answer.status, answer.body)
			}
		}
		for _, plain := range []string{"identity", "", "Identity"} {
			if answer := h.serve(r, key, `{}`, "Content-Encoding", plain); answer.Code == http.StatusUnsupportedMediaType {
				t.Errorf("%q of %s: %d %s", plain, r.path, answer.Code, answer.Body)
			}
		}
	}
	for path, kind := range map[string]string{"/pod/acme": "application/x-www-form-urlencoded", "/api/v1/branding/logo?version=0": "image/png"} {
		method := http.MethodPut
		if path == "/pod/acme" {
			method = http.MethodPost
		}
		answer := h.serve(route{method: method, path: path, admin: true}, key, bomb.String(), "Content-Type", kind, "Content-Encoding", "gzip")
		if answer.Code != http.StatusUnsupportedMediaType || !strings.Contains(answer.Body.String(), "gzip is not accepted") {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}

// unreadable is a body that fails the test when it is read.
type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.ErrUnexpectedEOF
}

func TestThreat_29_ABodyThatIsAnnouncedTooLargeIsNotRead(t *testing.T) {
	h := newHarness(t)
	for _, r := range jsonRoutes {
		request := httptest.NewRequestWithContext(t.Context(), r.method, r.path, unreadable{t})
		request.ContentLength = int64(r.limit) + 1
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		h.server.Config.Handler.ServeHTTP(answer, request)
		if p := responseOf(answer).problem(t); answer.Code != http.StatusRequestEntityTooLarge || p.Detail != fmt.Sprintf("The body is over %d bytes.", r.limit) {
			t.Errorf("%s: %d %s", r.path, answer.Code, answer.Body)
		}
	}
}

func TestThreat_29_TheBodyOfACancelledRequestIsNotReadToItsEnd(t *testing.T) {
	h := newHarness(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	body := strings.NewReader(repeatTo(16<<10, `{"context":"`, `x`, `"}`))
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/v1/launch", body)
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	h.server.Config.Handler.ServeHTTP(answer, request)
	if answer.Code != http.StatusBadRequest || body.Len() == 0 {
		t.Errorf("%d with %d bytes left: %s", answer.Code, body.Len(), answer.Body)
	}
}

func TestThreat_29_SixteenBombsInParallelTakeLessThan8MiB(t *testing.T) {
	h := newHarness(t)
	token := h.context("acme", "4711")
	header, rest, _ := strings.Cut(token, ".")
	bombs := []string{
		repeatTo(16<<10, `{"context":`, `[`, ``), repeatTo(16<<10, ``, `{"context":`, ``), numberedTo(16<<10, `{`, `"n%d":1`, `}`),
		`{"context":"` + header + "." + base64Of(repeatTo(5<<10, `{"ctx":{"contacts":[{}`, `,{}`, `]}}`)) + "." + rest[strings.IndexByte(rest, '.')+1:] + `"}`,
		`{"context":"` + header + "." + base64Of(repeatTo(5<<10, `{"a:b":`, `[`, ``)) + `.c2ln"}`,
		`{"tenant":"acme","context":"` + base64Of(`{"alg":"EdDSA","typ":"JWT"}`) + "." + base64Of(repeatTo(5<<10, `{"iss":"x","a":[{}`, `,{"a":1}`, `]}`)) + `.c2ln"}`,
	}
	for _, bomb := range bombs {
		post := func() {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.server.URL+"/api/v1/launch", strings.NewReader(bomb))
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Content-Type", "application/json")
			if answer := h.do(request); answer.status != http.StatusBadRequest && answer.status != http.StatusUnauthorized {
				t.Errorf("%d: %s", answer.status, answer.body)
			}
		}
		post()
		used := allocated(func() { // an upper bound of the memory in use at once
			var all sync.WaitGroup
			for range 16 {
				all.Go(post)
			}
			all.Wait()
		})
		if used > 8<<20 {
			t.Errorf("%.60s…: 16 in parallel took %d bytes", bomb, used)
		}
		t.Logf("%.60s…: 16 in parallel took %d KiB in all", bomb, used>>10)
	}
}

// base64Of encodes a part of a token.
func base64Of(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
