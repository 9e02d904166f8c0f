package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/psa"
	psaconnectwise "github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/desk"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/idp"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

func (d *demo) podURL() string   { return fmt.Sprintf("http://localhost:%d", d.cmd.Port) }
func (d *demo) deskURL() string  { return fmt.Sprintf("http://127.0.0.1:%d", d.cmd.DeskPort) }
func (d *demo) phoneURL() string { return fmt.Sprintf("http://127.0.0.1:%d", d.cmd.PhonePort) }

// manageURL is where browsers find ConnectWise: they take each name under localhost for a site of its own.
func (d *demo) manageURL() string {
	return fmt.Sprintf("http://manage.localhost:%d", d.cmd.ConnectWisePort)
}

// demoSites are the listeners of each of the demo's sites.
type demoSites struct {
	pod, desk, phone, manage []net.Listener
	mail                     net.Listener // the mail server, on any port: only the server asks for it
}

// listen opens each site. Browsers may try names such as localhost over IPv6 first; a machine without it is fine too.
func (d *demo) listen(ctx context.Context) (demoSites, error) {
	ports := []int{d.cmd.Port, d.cmd.DeskPort, d.cmd.PhonePort, d.cmd.ConnectWisePort, 0}
	var addresses []string
	for _, port := range ports {
		addresses = append(addresses, "127.0.0.1:"+strconv.Itoa(port))
	}
	open, err := listen(ctx, addresses)
	if err != nil {
		return demoSites{}, err
	}
	sites := demoSites{open[:1:1], open[1:2:2], open[2:3:3], open[3:4:4], open[4]}
	for port, site := range map[int]*[]net.Listener{d.cmd.Port: &sites.pod, d.cmd.DeskPort: &sites.desk, d.cmd.ConnectWisePort: &sites.manage} {
		if six, err := listen(ctx, []string{"[::1]:" + strconv.Itoa(port)}); err == nil {
			*site = append(*site, six...)
		}
	}
	return sites, nil
}

// manage is the stand-in for ConnectWise.
func (d *demo) manage() (*connectwise.Manage, error) {
	return connectwise.New(connectwise.Config{
		Origin: d.manageURL(), Company: demoTenant, ClientID: demoClientID, PublicKey: demoManageKey, PrivateKey: d.manageKey,
		Pod: d.podURL() + "/pod/" + demoTenant + "?id=[cw_id]&screen=[cw_screen]", PhoneURL: d.phoneURL(), Now: d.clock.Now, Log: d.out.log,
	})
}

// connect tells the server how the stand-in is reached: at 127.0.0.1, since only browsers know its name.
func (d *demo) connect(ctx context.Context, srv *server) error {
	settings, err := json.Marshal(psaconnectwise.Settings{
		Host: fmt.Sprintf("http://127.0.0.1:%d", d.cmd.ConnectWisePort), Company: demoTenant, ClientID: demoClientID,
		Types: map[string]psaconnectwise.Type{
			"Cell Phone 2": psaconnectwise.TypeMobile, "Private Mobile": psaconnectwise.TypeMobile, "Mobile (dock)": psaconnectwise.TypeMobile,
			"Direct": psaconnectwise.TypeLandline, "Office": psaconnectwise.TypeLandline, "Bay 2": psaconnectwise.TypeLandline,
		},
	})
	if err != nil {
		return err
	}
	secret, err := psaconnectwise.Keys{Public: demoManageKey, Private: d.manageKey}.Seal()
	if err != nil {
		return err
	}
	return srv.store.PutConnection(ctx, verify.Connection{Tenant: demoTenant, System: psa.ConnectWise, Settings: settings, Secret: secret})
}

// providerURL is where the demo's technicians sign in: at a provider that the desk's machine runs, too.
func (d *demo) providerURL() string { return d.deskURL() + "/id" }

// signIn is the demo's sign-in, for tickets of ConnectWise.
func (d *demo) signIn() verify.SignIn {
	return verify.SignIn{
		Issuer: d.providerURL(), ClientID: demoSignInClient, Secret: []byte(d.signInSecret), System: psa.ConnectWise, Claim: "sub",
		Domains: []string{"acme-it.example"},
	}
}

// beside puts the provider, and the screen of a product that signs nothing, beside the desk.
func (d *demo) beside(desk http.Handler) (http.Handler, error) {
	provider, err := idp.New(idp.Config{
		URL: d.providerURL(), ClientID: demoSignInClient, ClientSecret: d.signInSecret, RedirectURI: d.podURL() + launch.SignInCallback,
		People: []idp.Person{
			{ID: "AOrtiz", Name: "Ana Ortiz", Email: "ana.ortiz@acme-it.example"},
			{ID: "LPark", Name: "Lee Park", Email: "lee.park@acme-it.example"},
			{ID: "guest", Name: "Gil Marsh", Email: "gil@elsewhere.example"},
		},
		PodURL: d.podURL() + "/pod/" + demoTenant, Now: d.clock.Now, Log: d.out.log,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", provider))
	mux.Handle("/", desk)
	return mux, nil
}

// readers are the people of both ticket systems: many are the same.
func readers() map[string]string {
	names := desk.Names()
	maps.Copy(names, connectwise.Names())
	return names
}

// demoSite is one of the demo's other sites.
type demoSite struct {
	listeners []net.Listener
	handler   http.Handler
}

// serve serves it until ctx is done.
func (s demoSite) serve(ctx context.Context) error {
	site := &http.Server{Handler: s.handler, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if site.Shutdown(closing) != nil {
			_ = site.Close() // a page that keeps its event stream open does not hold the demo up
		}
	})
	defer stop()
	group, _ := errgroup.WithContext(ctx)
	for _, l := range s.listeners {
		group.Go(func() error {
			if err := site.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	return group.Wait()
}
