package connectwise

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/psa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

const (
	callTimeout       = 5 * time.Second // the technician waits for the pod
	maxBodyBytes      = 8 << 20         // of an answer: a page of contacts
	maxRetryAfter     = 10 * time.Minute
	defaultRetryAfter = 10 * time.Second // without a Retry-After header
)

// request is one call of the API.
type request struct {
	method string
	path   string // below …/apis/3.0
	query  url.Values
	body   any // as JSON; nil: none
	as     credentials
}

// credentials authenticate a request.
type credentials func(http.Header)

// asKeys uses the tenant's API member.
func (conn *connection) asKeys() credentials {
	basicAuth := base64.StdEncoding.EncodeToString([]byte(conn.Company + "+" + conn.keys.Public + ":" + conn.keys.Private))
	return func(h http.Header) { h.Set("Authorization", "Basic "+basicAuth) }
}

// asMember uses a member's live session. The company is the tenant's, not the browser's.
func (conn *connection) asMember(m psa.Member) credentials {
	cookie := "companyName=" + conn.Company + "; memberId=" + m.ID + "; memberHash=" + m.Hash + "; memberContext=" + m.Context
	return func(h http.Header) { h.Set("Cookie", cookie) }
}

// apiError is a refusal by the API. Its meaning depends on the request.
type apiError struct {
	request string
	status  int
	code    string // ConnectWise's own code
}

func (r *apiError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("connectwise: %s: %d %s", r.request, r.status, r.code))
}

// apiStatus gives the status of an apiError; 0 for other errors, and for those that are translated already.
func apiStatus(err error) int {
	var r *apiError
	if verify.CodeOf(err) == "" && errors.As(err, &r) {
		return r.status
	}
	return 0
}

// call makes a request and decodes the answer. When the API has moved, it discovers the new path and repeats the
// request. CodePSADown, CodePSABusy; or *apiError, which callers translate.
func (c *Client) call(ctx context.Context, conn *connection, r request, into any) (http.Header, error) {
	codebase, err := c.codebase(ctx, conn)
	if err != nil {
		return nil, err
	}
	header, err := c.try(ctx, conn, codebase, r, into)
	if !errors.Is(err, errNoAPI) {
		return header, err
	}
	newBase, err := c.discoverCodebase(ctx, conn)
	if err != nil {
		return nil, err
	}
	if newBase == codebase {
		return nil, misconfigured(errNoAPI)
	}
	if header, err = c.try(ctx, conn, newBase, r, into); errors.Is(err, errNoAPI) {
		return nil, misconfigured(err)
	}
	return header, err
}

// errNoAPI is a 404 that does not come from the API.
var errNoAPI = errors.New("connectwise: there is no API at this address")

func (c *Client) try(ctx context.Context, conn *connection, base string, r request, into any) (http.Header, error) {
	at := conn.api()
	at.Path = "/" + base + "/apis/3.0" + r.path
	at.RawQuery = r.query.Encode()
	var body io.Reader = http.NoBody
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, psaDown(err)
		}
		body = bytes.NewReader(text)
	}
	name := r.method + " " + idsInPath.ReplaceAllString(r.path, "/{id}")
	answer, err := c.send(ctx, conn, r.method, at, body, r.as)
	if err != nil {
		return nil, psaDown(fmt.Errorf("connectwise: %s: %w", name, err))
	}
	return answer.header, answer.decode(name, into)
}

// idsInPath finds ids in a path: they are left out of errors.
var idsInPath = regexp.MustCompile(`/[0-9]+`)

// response is a complete answer.
type response struct {
	status int
	header http.Header
	body   []byte
}

func (c *Client) send(ctx context.Context, conn *connection, method string, at url.URL, body io.Reader, as credentials) (response, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return response{}, errors.New("the address can't be used")
	}
	h := req.Header
	if as != nil {
		as(h)
	}
	h.Set("clientId", conn.ClientID)
	h.Set("Accept", "application/vnd.connectwise.com+json; version="+conn.version())
	h.Set("User-Agent", "Shieldpod")
	if body != http.NoBody {
		h.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the address, which the caller adds in short form
		}
		return response{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := strictjson.Read(ctx, resp.Body, maxBodyBytes)
	switch {
	case strictjson.KindOf(err) == strictjson.TooLarge:
		return response{}, errors.New("the answer is too long")
	case err != nil:
		return response{}, err
	}
	return response{status: resp.StatusCode, header: resp.Header, body: text}, nil
}

func (s Settings) version() string {
	if s.Version != "" {
		return s.Version
	}
	return defaultVersion
}

// decode decodes a successful answer, and translates any other one.
func (a response) decode(name string, into any) error {
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	isJSON := kind == "application/json" || strings.HasSuffix(kind, "+json")
	why := fmt.Errorf("connectwise: %s: %d", name, a.status)
	switch {
	case a.status == http.StatusTooManyRequests:
		return psaBusy(a.header.Get("Retry-After"), why)
	case a.status >= 500:
		return psaDown(why)
	case a.status >= 300 && a.status < 400:
		return misconfigured(fmt.Errorf("%w, a redirect: is this the host where the API answers?", why))
	case a.status == http.StatusNotFound && !isJSON:
		return errNoAPI
	case a.status >= 400:
		return &apiError{request: name, status: a.status, code: a.errorCode()}
	case !isJSON:
		return psaDown(fmt.Errorf("%w with a page that is not the API's", why))
	case a.status >= 200 && a.status < 300:
		if err := strictjson.Unmarshal(a.body, into); err != nil {
			return psaDown(fmt.Errorf("%w with JSON that can't be read", why))
		}
		return nil
	}
	return psaDown(why)
}

var codeShape = regexp.MustCompile(`^[A-Za-z]{1,40}$`)

// errorCode is ConnectWise's own error code, if it is a single word: longer texts may contain submitted data.
func (a response) errorCode() string {
	var fault struct {
		Code string `json:"code"`
	}
	if strictjson.Unmarshal(a.body, &fault) != nil || !codeShape.MatchString(fault.Code) {
		return ""
	}
	return fault.Code
}

func psaDown(err error) error {
	var known *verify.Error
	if errors.As(err, &known) {
		return err
	}
	return &verify.Error{Code: verify.CodePSADown, Public: "ConnectWise does not answer as it should. Try again in a moment.", Err: err}
}

func misconfigured(err error) error {
	return &verify.Error{
		Code: verify.CodePSAMisconfigured, Err: err,
		Public: "ConnectWise refuses Shieldpod's keys or settings. Ask your administrator to run 'shieldpod doctor'.",
	}
}

func psaBusy(after string, err error) error {
	wait := defaultRetryAfter
	if seconds, bad := strconv.Atoi(strings.TrimSpace(after)); bad == nil && seconds > 0 {
		wait = min(maxRetryAfter, time.Duration(seconds)*time.Second)
	}
	return &verify.Error{Code: verify.CodePSABusy, RetryAfter: wait, Public: "ConnectWise takes no more requests right now. Try again in a moment.", Err: err}
}

// keysRefusal translates a refusal of the tenant's own keys.
func keysRefusal(err error) error {
	if apiStatus(err) != 0 {
		return misconfigured(err)
	}
	return err
}
