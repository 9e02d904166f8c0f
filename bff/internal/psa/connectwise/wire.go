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
	callTime  = 5 * time.Second // somebody waits for the pod
	bodyLimit = 8 << 20         // of an answer: a page of people
	busyMost  = 10 * time.Minute
	busyUsual = 10 * time.Second // when it does not say how long
)

// request is one call.
type request struct {
	method string
	path   string // below …/apis/3.0
	query  url.Values
	body   any // as JSON; nil: none
	as     identity
}

// identity signs a request.
type identity func(http.Header)

// as is the tenant's API member.
func (l *link) asKeys() identity {
	word := base64.StdEncoding.EncodeToString([]byte(l.Company + "+" + l.keys.Public + ":" + l.keys.Private))
	return func(h http.Header) { h.Set("Authorization", "Basic "+word) }
}

// asMember is a member by a live session. The company is the tenant's, whatever the browser says.
func (l *link) asMember(m psa.Member) identity {
	cookie := "companyName=" + l.Company + "; memberId=" + m.ID + "; memberHash=" + m.Hash + "; memberContext=" + m.Context
	return func(h http.Header) { h.Set("Cookie", cookie) }
}

// refused is an answer of the API that says no; what that means depends on what was asked.
type refused struct {
	request string
	status  int
	code    string // ConnectWise's own
}

func (r *refused) Error() string {
	return strings.TrimSpace(fmt.Sprintf("connectwise: %s: %d %s", r.request, r.status, r.code))
}

// refusedWith gives the status with which the API said no; 0 if it did not, or what that means is told already.
func refusedWith(err error) int {
	var r *refused
	if verify.CodeOf(err) == "" && errors.As(err, &r) {
		return r.status
	}
	return 0
}

// call asks and decodes the answer into what is given. When ConnectWise has moved its API, it finds it and asks again.
// CodePSADown, CodePSABusy; or *refused, which callers translate.
func (c *Client) call(ctx context.Context, l *link, r request, into any) (http.Header, error) {
	base, err := c.base(ctx, l)
	if err != nil {
		return nil, err
	}
	header, err := c.try(ctx, l, base, r, into)
	if !errors.Is(err, errNoAPI) {
		return header, err
	}
	moved, err := c.rebase(ctx, l)
	if err != nil {
		return nil, err
	}
	if moved == base {
		return nil, setup(errNoAPI)
	}
	if header, err = c.try(ctx, l, moved, r, into); errors.Is(err, errNoAPI) {
		return nil, setup(err)
	}
	return header, err
}

// errNoAPI is a 404 that is not the API's own.
var errNoAPI = errors.New("connectwise: there is no API at this address")

func (c *Client) try(ctx context.Context, l *link, base string, r request, into any) (http.Header, error) {
	at := l.api()
	at.Path = "/" + base + "/apis/3.0" + r.path
	at.RawQuery = r.query.Encode()
	var body io.Reader = http.NoBody
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, down(err)
		}
		body = bytes.NewReader(text)
	}
	name := r.method + " " + unnumbered.ReplaceAllString(r.path, "/{id}")
	answer, err := c.send(ctx, l, r.method, at, body, r.as)
	if err != nil {
		return nil, down(fmt.Errorf("connectwise: %s: %w", name, err))
	}
	return answer.header, answer.read(name, into)
}

// unnumbered finds ids in a path: logs do without.
var unnumbered = regexp.MustCompile(`/[0-9]+`)

// answer is what came back, whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (c *Client) send(ctx context.Context, l *link, method string, at url.URL, body io.Reader, as identity) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return answer{}, errors.New("the address can't be used")
	}
	h := request.Header
	if as != nil {
		as(h)
	}
	h.Set("clientId", l.ClientID)
	h.Set("Accept", "application/vnd.connectwise.com+json; version="+l.version())
	h.Set("User-Agent", "Shieldpod")
	if body != http.NoBody {
		h.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the address: it is long, and told already
		}
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := strictjson.Read(ctx, response.Body, bodyLimit)
	switch {
	case strictjson.KindOf(err) == strictjson.TooLarge:
		return answer{}, errors.New("the answer is too long")
	case err != nil:
		return answer{}, err
	}
	return answer{status: response.StatusCode, header: response.Header, body: text}, nil
}

func (s Settings) version() string {
	if s.Version != "" {
		return s.Version
	}
	return defaultVersion
}

// read decodes a good answer, and says what any other one means.
func (a answer) read(name string, into any) error {
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	isJSON := kind == "application/json" || strings.HasSuffix(kind, "+json")
	why := fmt.Errorf("connectwise: %s: %d", name, a.status)
	switch {
	case a.status == http.StatusTooManyRequests:
		return busy(a.header.Get("Retry-After"), why)
	case a.status >= 500:
		return down(why)
	case a.status >= 300 && a.status < 400:
		return setup(fmt.Errorf("%w, a redirect: is this the host where the API answers?", why))
	case a.status == http.StatusNotFound && !isJSON:
		return errNoAPI
	case a.status >= 400:
		return &refused{request: name, status: a.status, code: a.code()}
	case !isJSON:
		return down(fmt.Errorf("%w with a page that is not the API's", why))
	case a.status >= 200 && a.status < 300:
		if err := strictjson.Unmarshal(a.body, into); err != nil {
			return down(fmt.Errorf("%w with JSON that can't be read", why))
		}
		return nil
	}
	return down(why)
}

var codeShape = regexp.MustCompile(`^[A-Za-z]{1,40}$`)

// code is ConnectWise's own word for a refusal, if it is one word: all else may hold what was sent.
func (a answer) code() string {
	var fault struct {
		Code string `json:"code"`
	}
	if strictjson.Unmarshal(a.body, &fault) != nil || !codeShape.MatchString(fault.Code) {
		return ""
	}
	return fault.Code
}

func down(err error) error {
	var known *verify.Error
	if errors.As(err, &known) {
		return err
	}
	return &verify.Error{Code: verify.CodePSADown, Public: "ConnectWise does not answer as it should. Try again in a moment.", Err: err}
}

func setup(err error) error {
	return &verify.Error{
		Code: verify.CodePSAMisconfigured, Err: err,
		Public: "ConnectWise refuses Shieldpod's keys or settings. Ask your administrator to run 'shieldpod doctor'.",
	}
}

func busy(after string, err error) error {
	wait := busyUsual
	if seconds, bad := strconv.Atoi(strings.TrimSpace(after)); bad == nil && seconds > 0 {
		wait = min(busyMost, time.Duration(seconds)*time.Second)
	}
	return &verify.Error{Code: verify.CodePSABusy, RetryAfter: wait, Public: "ConnectWise takes no more requests right now. Try again in a moment.", Err: err}
}

// byKeys says what a refusal of the tenant's own keys means.
func byKeys(err error) error {
	if refusedWith(err) != 0 {
		return setup(err)
	}
	return err
}
