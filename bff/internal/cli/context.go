package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
	"github.com/shieldpod/shieldpod/sdk/secretfile"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

type contextCmd struct {
	Sign  contextSignCmd  `cmd:"" help:"Print a launch context, and nothing else."`
	Check contextCheckCmd `cmd:"" help:"Explain a finished launch context: what it says, and why the server would refuse it."`
}

// contextSignCmd asks a running demo's PSA for a context, or signs claims with the key of --key.
type contextSignCmd struct {
	Ticket string `default:"4711" help:"Ticket of the demo's PSA."`
	PSA    string `default:"http://127.0.0.1:8081" help:"Where the demo's PSA runs."`
	Nonce  string `help:"Answer this challenge."`
	Key    string `help:"Sign with this private key (PEM or JWK) instead of asking the demo." type:"path"`
	KID    string `name:"kid" help:"With --key: its registered id."`
	Claims string `help:"With --key: file with the claims, JSON; times and jti are filled in." type:"path"`
}

// Run prints the context.
func (c *contextSignCmd) Run(e *env) error {
	sign := c.ask
	if c.Key != "" {
		sign = c.sign
	}
	token, err := sign(e.ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, token)
	return err
}

// ask has the demo's PSA sign, as its pages do.
func (c *contextSignCmd) ask(ctx context.Context) (string, error) {
	body, err := json.Marshal(map[string]string{"ticket": c.Ticket, "nonce": c.Nonce})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.PSA+"/context", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("--psa: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("no demo answers (start one by 'make demo', or sign with --key): %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusNotFound {
		return "", fmt.Errorf("the demo has no ticket %q", c.Ticket)
	}
	var signed struct {
		Context string `json:"context"`
	}
	text, err := strictjson.Read(ctx, answer.Body, 64<<10)
	if err == nil {
		err = strictjson.Unmarshal(text, &signed)
	}
	if answer.StatusCode != http.StatusOK || err != nil || signed.Context == "" {
		return "", fmt.Errorf("%s is not a demo PSA (it answered %s)", c.PSA, answer.Status)
	}
	return signed.Context, nil
}

// sign signs the claims with the key of --key.
func (c *contextSignCmd) sign(context.Context) (string, error) {
	if c.KID == "" || c.Claims == "" {
		return "", errors.New("--key needs --kid and --claims")
	}
	pem, err := secretfile.ReadPEM(c.Key)
	if err != nil {
		return "", fmt.Errorf("--key: %w", err)
	}
	key, err := launchcontext.ParsePrivateKey(pem, c.KID)
	if err != nil {
		return "", fmt.Errorf("--key: %s can't be used: %w", c.Key, withoutCode(err))
	}
	content, err := readFile("--claims", c.Claims)
	if err != nil {
		return "", err
	}
	var claims launchcontext.Claims
	if err := claims.UnmarshalJSON(content); err != nil {
		return "", fmt.Errorf("--claims: %s can't be used: %w", c.Claims, withField(err))
	}
	if c.Nonce != "" {
		claims.Nonce = c.Nonce
	}
	return launchcontext.Sign(claims, key)
}
