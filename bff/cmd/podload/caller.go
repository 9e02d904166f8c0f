package main

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// signer makes launch contexts as a PSA does.
type signer struct {
	key      launchcontext.SigningKey
	issuer   string
	tenants  []string
	audience string
}

func (c *runCmd) signer() (signer, error) {
	s := signer{issuer: c.Issuer, tenants: []string{c.Tenant}, audience: c.Target}
	for n := 2; n <= c.Tenants; n++ {
		s.tenants = append(s.tenants, fmt.Sprintf("%s-%d", c.Tenant, n))
	}
	var err error
	switch {
	case c.DemoData != "":
		s.key, err = demoKey(c.DemoData, c.KID)
	case c.Key != "":
		var data []byte
		if data, err = os.ReadFile(c.Key); err == nil {
			s.key, err = launchcontext.ParsePrivateKey(data, c.KID)
		}
	default:
		err = errors.New("set --demo-data to the demo's --data-dir, or --key to a key that the tenant trusts")
	}
	return s, err
}

// demoKey is the one that a demo keeps for its PSA.
func demoKey(dir, id string) (launchcontext.SigningKey, error) {
	data, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err != nil {
		return launchcontext.SigningKey{}, fmt.Errorf("--demo-data: %w", err)
	}
	var credentials struct {
		DeskKey []byte `json:"desk_key"`
	}
	if err := json.Unmarshal(data, &credentials); err != nil || len(credentials.DeskKey) != ed25519.SeedSize {
		return launchcontext.SigningKey{}, errors.New("--demo-data is not the data folder of a demo")
	}
	return launchcontext.NewSigningKey(id, ed25519.NewKeyFromSeed(credentials.DeskKey))
}

// caller is one who rings the help desk, and the pod that is opened for the ticket.
type caller struct {
	contact      string
	number       string
	context      string // until it is spent
	token        string // of the session
	sends        int
	verification string
	code         string
	link         string // path of the landing page
}

// callers makes n of them, whom no other run has had.
func callers(n int) []*caller {
	all := make([]*caller, n)
	run := strconv.FormatInt(time.Now().UnixMicro(), 36)
	from := rand.IntN(7_000_000)
	for i := range all {
		at := (from + i) % 8_000_000
		all[i] = &caller{
			contact: fmt.Sprintf("c-%s-%d", run, i),
			number:  fmt.Sprintf("+1415%03d%04d", 200+at/10_000, at%10_000),
		}
	}
	return all
}

// sign gives each caller a launch context. It is not measured: a PSA does it.
func (s signer) sign(all []*caller) error {
	var group sync.WaitGroup
	failed := make(chan error, 1)
	const hands = 4
	for hand := range hands {
		group.Go(func() {
			for i := hand; i < len(all); i += hands {
				var err error
				if all[i].context, err = launchcontext.Sign(s.claims(all[i], s.tenants[i%len(s.tenants)]), s.key); err != nil {
					select {
					case failed <- err:
					default:
					}
					return
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// claims are those of an ordinary ticket: its contact, and a colleague.
func (s signer) claims(c *caller, tenant string) launchcontext.Claims {
	yes, no := true, false
	return launchcontext.Claims{
		Issuer: s.issuer, Audience: s.audience, Tenant: tenant, Subject: "load",
		ExpiresAt: time.Now().Add(launchcontext.MaxLifetime - time.Second),
		Actor:     launchcontext.Actor{Name: "Load Tester", Email: "load@psa.example"},
		Context: launchcontext.Context{
			PSA:     "podload",
			Ticket:  launchcontext.Ticket{ID: "t-" + c.contact, Number: "4711", Summary: "Sign-in prompts still go to the old phone"},
			Client:  launchcontext.Client{ID: "contoso", Name: "Contoso"},
			Contact: launchcontext.Default{ID: c.contact, Name: "Dana Reyes"},
			Contacts: []launchcontext.Contact{
				{ID: c.contact, Name: "Dana Reyes", Title: "Finance Lead", Channels: []launchcontext.Channel{
					{ID: "mobile", Kind: launchcontext.KindPhone, Value: c.number, Label: "Mobile", Mobile: &yes},
					{ID: "mail", Kind: launchcontext.KindEmail, Value: c.contact + "@contoso.example", Label: "Work"},
				}},
				{ID: c.contact + "-m", Name: "Marcus Lee", Title: "Office Manager", Channels: []launchcontext.Channel{
					{ID: "desk", Kind: launchcontext.KindPhone, Value: "+14155550199", Label: "Desk", Mobile: &no},
				}},
			},
		},
	}
}
