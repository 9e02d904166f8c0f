package main

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// bare is the slice: sessions, verifications, chained events and an outbox, without a rule between them.
type bare struct {
	public ed25519.PublicKey
	secret []byte // of sessions and codes
	store  *bareStore
	engine *server.Server
	bus    *nats.Conn

	upgrader websocket.Upgrader
	mu       sync.Mutex
	pods     map[string]*websocket.Conn // by contact
	sent     []message
}

func newBare(ctx context.Context, path string, public ed25519.PublicKey) (*bare, error) {
	b := &bare{
		public: public, secret: []byte(rand.Text() + rand.Text()), pods: map[string]*websocket.Conn{},
		upgrader: websocket.Upgrader{
			ReadBufferSize: 256, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
			CheckOrigin: func(*http.Request) bool { return true },
		},
	}
	var err error
	if b.store, err = openBareStore(ctx, path); err != nil {
		return nil, err
	}
	if b.engine, err = server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true}); err != nil {
		return nil, err
	}
	b.engine.Start()
	if !b.engine.ReadyForConnections(5 * time.Second) {
		return nil, errors.New("NATS does not start")
	}
	if b.bus, err = nats.Connect("", nats.InProcessServer(b.engine)); err != nil {
		return nil, err
	}
	_, err = b.bus.Subscribe("pod.bare.*", func(m *nats.Msg) { b.tell(ctx, string(m.Data)) })
	return b, err
}

func (b *bare) close() {
	b.bus.Close()
	b.engine.Shutdown()
	b.store.close()
}

// desk is what a session remembers.
type bareDesk struct {
	Contact string `json:"contact"`
	Number  string `json:"number"`
}

func (b *bare) launch(c echo.Context) error {
	var ask struct{ Context string }
	if err := c.Bind(&ask); err != nil {
		return err
	}
	var claims struct {
		jwt.RegisteredClaims
		Ctx struct {
			Contacts []struct {
				ID       string
				Channels []struct{ Value string }
			}
		}
	}
	_, err := jwt.ParseWithClaims(ask.Context, &claims,
		func(*jwt.Token) (any, error) { return b.public, nil }, jwt.WithValidMethods([]string{"EdDSA"}))
	if err != nil {
		return echo.ErrUnauthorized
	}
	who := claims.Ctx.Contacts[0]
	desk, err := json.Marshal(bareDesk{Contact: who.ID, Number: who.Channels[0].Value})
	if err != nil {
		return err
	}
	id := "s_" + rand.Text()
	if err := b.store.write(c.Request().Context(), func(tx *bareTx) error { return tx.session(id, claims.ID, desk) }); err != nil {
		return err
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256,
		jwt.MapClaims{"sid": id, "exp": time.Now().Add(time.Hour).Unix()}).SignedString(b.secret)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"token": token, "pod": map[string]any{"contact": who.ID}})
}

// session is the desk of the bearer.
func (b *bare) session(ctx context.Context, token string) (d bareDesk, err error) {
	var claims struct {
		jwt.RegisteredClaims
		Session string `json:"sid"`
	}
	if _, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return b.secret, nil },
		jwt.WithValidMethods([]string{"HS256"})); err != nil {
		return d, echo.ErrUnauthorized
	}
	var desk []byte
	if err := b.store.reads.QueryRowContext(ctx, `SELECT desk FROM sessions WHERE id = $1`, claims.Session).Scan(&desk); err != nil {
		return d, echo.ErrUnauthorized
	}
	return d, json.Unmarshal(desk, &d)
}

func (b *bare) bearer(c echo.Context) (bareDesk, error) {
	return b.session(c.Request().Context(), strings.TrimPrefix(c.Request().Header.Get("Authorization"), "Bearer "))
}

// frame is a contact's events, as the pod gets them.
func (b *bare) frame(ctx context.Context, contact string) (map[string]any, error) {
	rows, err := b.store.reads.QueryContext(ctx, `SELECT body FROM events WHERE contact = $1 ORDER BY seq`, contact)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	state, history := "unverified", []json.RawMessage{}
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		var e struct{ Kind string }
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, err
		}
		state, history = e.Kind, append(history, body)
	}
	return map[string]any{
		"type": "event", "contact_id": contact, "now": time.Now(), "history": history,
		"shields": map[string]any{"mobile": map[string]any{"state": state}},
	}, rows.Err()
}

func (b *bare) pod(c echo.Context) error {
	d, err := b.bearer(c)
	if err != nil {
		return err
	}
	f, err := b.frame(c.Request().Context(), d.Contact)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, f)
}

func (b *bare) send(c echo.Context) error {
	d, err := b.bearer(c)
	if err != nil {
		return err
	}
	var ask struct{ Method string }
	if err := c.Bind(&ask); err != nil {
		return err
	}
	id, secret := "v_"+strings.ToLower(rand.Text()), rand.Text()+rand.Text()[:17]
	m := message{To: d.Number, Link: "http://bare/v/" + secret}
	if ask.Method == "sms_code" {
		secret = fmt.Sprintf("%06d", time.Now().UnixNano()%1_000_000)
		m = message{To: d.Number, Code: secret}
	}
	err = b.store.write(c.Request().Context(), func(tx *bareTx) error {
		return errors.Join(
			tx.verification(id, d.Contact, b.mac(id, secret, m.Link != "")),
			tx.event(d.Contact, map[string]string{"kind": "pending", "verification": id, "contact": d.Contact}),
			tx.outbox(id, []byte(secret+d.Number)),
		)
	})
	if err != nil {
		return err
	}
	b.mu.Lock()
	m.ID = strconv.Itoa(len(b.sent) + 1)
	b.sent = append(b.sent, m)
	b.mu.Unlock()
	b.notify(d.Contact)
	return c.JSON(http.StatusCreated, map[string]string{"id": id, "contact_id": d.Contact})
}

// mac is what is stored of a code or a link's token.
func (b *bare) mac(id, secret string, link bool) []byte {
	if link {
		sum := sha256.Sum256([]byte(secret))
		return sum[:]
	}
	h := hmac.New(sha256.New, b.secret)
	h.Write([]byte(id + secret))
	return h.Sum(nil)
}

func (b *bare) check(c echo.Context) error {
	d, err := b.bearer(c)
	if err != nil {
		return err
	}
	var ask struct{ Code string }
	if err := c.Bind(&ask); err != nil {
		return err
	}
	id := c.Param("id")
	mac := b.mac(id, ask.Code, false)
	err = b.store.write(c.Request().Context(), func(tx *bareTx) error { return tx.verify(d.Contact, id, mac) })
	if err != nil {
		return err
	}
	b.notify(d.Contact)
	return c.JSON(http.StatusOK, map[string]string{"id": id, "contact_id": d.Contact})
}

func (b *bare) validate(c echo.Context) error {
	if c.FormValue("action") != "validate" {
		return echo.ErrBadRequest
	}
	mac := b.mac("", c.Param("token"), true)
	var id, contact string
	err := b.store.reads.QueryRowContext(c.Request().Context(), `SELECT id, contact FROM verifications WHERE secret = $1`, mac).Scan(&id, &contact)
	if errors.Is(err, sql.ErrNoRows) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	if err := b.store.write(c.Request().Context(), func(tx *bareTx) error { return tx.verify(contact, id, mac) }); err != nil {
		return err
	}
	b.notify(contact)
	return c.Redirect(http.StatusSeeOther, "?done")
}

func (b *bare) notify(contact string) {
	_ = b.bus.Publish("pod.bare."+base64.RawURLEncoding.EncodeToString([]byte(contact)), []byte(contact)) // a change notification
}

func (b *bare) live(c echo.Context) error {
	ws, err := b.upgrader.Upgrade(c.Response().Writer, c.Request(), nil)
	if err != nil {
		return nil // refused, and said so
	}
	go b.read(ws)
	return nil
}

// read takes the first frame, greets, and leaves the waiting to a goroutine with a small stack.
func (b *bare) read(ws *websocket.Conn) {
	var hello struct{ Token string }
	err := ws.ReadJSON(&hello)
	if err != nil {
		_ = ws.Close()
		return
	}
	ctx := context.Background()
	d, err := b.session(ctx, hello.Token)
	if err == nil {
		var f map[string]any
		if f, err = b.frame(ctx, d.Contact); err == nil {
			err = ws.WriteJSON(f)
		}
	}
	if err != nil {
		_ = ws.Close()
		return
	}
	b.mu.Lock()
	b.pods[d.Contact] = ws
	b.mu.Unlock()
	go func() {
		for err == nil {
			_, _, err = ws.NextReader()
		}
		b.mu.Lock()
		delete(b.pods, d.Contact)
		b.mu.Unlock()
		_ = ws.Close()
	}()
}

// tell pushes what a contact's events say to the pod that shows it; whispers come one at a time.
func (b *bare) tell(ctx context.Context, contact string) {
	b.mu.Lock()
	ws := b.pods[contact]
	b.mu.Unlock()
	if ws == nil {
		return
	}
	if f, err := b.frame(ctx, contact); err == nil {
		_ = ws.WriteJSON(f) // its reader sees to a pod that is gone
	}
}

// messages are the phone's.
func (b *bare) messages(c echo.Context) error {
	limit, err := strconv.Atoi(c.QueryParam("limit"))
	if err != nil {
		return echo.ErrBadRequest
	}
	to := c.QueryParam("to")
	newest := []message{}
	b.mu.Lock()
	for i := len(b.sent) - 1; i >= 0 && len(newest) < limit; i-- {
		if to == "" || b.sent[i].To == to {
			newest = append(newest, b.sent[i])
		}
	}
	b.mu.Unlock()
	return c.JSON(http.StatusOK, newest)
}
