package demo

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

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	psaconnectwise "github.com/shieldpod/shieldpod/bff/internal/psa/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/connectwise"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/demopsa"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/idp"
)

func (d *demo) podURL() string   { return fmt.Sprintf("http://localhost:%d", d.flags.Port) }
func (d *demo) deskURL() string  { return fmt.Sprintf("http://127.0.0.1:%d", d.flags.DeskPort) }
func (d *demo) phoneURL() string { return fmt.Sprintf("http://127.0.0.1:%d", d.flags.PhonePort) }

// manageURL is where browsers find ConnectWise. They treat each name under localhost as a site of its own.
func (d *demo) manageURL() string {
	return fmt.Sprintf("http://manage.localhost:%d", d.flags.ConnectWisePort)
}

// sites are the listeners of each of the demo's sites.
type sites struct {
	pod, desk, phone, manage []net.Listener
	mail                     net.Listener // the mail server, on any free port
}

// listen opens each site. Browsers may try names such as localhost over IPv6 first; a machine may lack it.
func (d *demo) listen(ctx context.Context) (sites, error) {
	ports := []int{d.flags.Port, d.flags.DeskPort, d.flags.PhonePort, d.flags.ConnectWisePort, 0}
	var addresses []string
	for _, port := range ports {
		addresses = append(addresses, "127.0.0.1:"+strconv.Itoa(port))
	}
	open, err := app.Listen(ctx, addresses)
	if err != nil {
		return sites{}, err
	}
	sites := sites{open[:1:1], open[1:2:2], open[2:3:3], open[3:4:4], open[4]}
	for port, site := range map[int]*[]net.Listener{
		d.flags.Port: &sites.pod, d.flags.DeskPort: &sites.desk, d.flags.ConnectWisePort: &sites.manage,
	} {
		if six, err := app.Listen(ctx, []string{"[::1]:" + strconv.Itoa(port)}); err == nil {
			*site = append(*site, six...)
		}
	}
	return sites, nil
}

// manage is the stand-in for ConnectWise.
func (d *demo) manage() (*connectwise.Manage, error) {
	return connectwise.New(connectwise.Config{
		Origin: d.manageURL(), Company: acmeTenant, ClientID: clientID, PublicKey: manageKey, PrivateKey: d.manageSecret,
		Pod: d.podURL() + "/pod/" + acmeTenant + "?id=[cw_id]&screen=[cw_screen]", PhoneURL: d.phoneURL(), Now: d.clock.Now, Log: d.log,
	})
}

// connect stores the server's connection to the stand-in, at 127.0.0.1: only browsers resolve its name.
func (d *demo) connect(ctx context.Context, srv *app.Server) error {
	settings, err := json.Marshal(psaconnectwise.Settings{
		Host: fmt.Sprintf("http://127.0.0.1:%d", d.flags.ConnectWisePort), Company: acmeTenant, ClientID: clientID,
		Types: map[string]psaconnectwise.Type{
			"Cell Phone 2": psaconnectwise.TypeMobile, "Private Mobile": psaconnectwise.TypeMobile, "Mobile (dock)": psaconnectwise.TypeMobile,
			"Direct": psaconnectwise.TypeLandline, "Office": psaconnectwise.TypeLandline, "Bay 2": psaconnectwise.TypeLandline,
		},
	})
	if err != nil {
		return err
	}
	secret, err := psaconnectwise.Keys{Public: manageKey, Private: d.manageSecret}.Seal()
	if err != nil {
		return err
	}
	return srv.Admin.PutConnection(ctx, demoActor,
		admin.Connection{Tenant: acmeTenant, System: psaconnectwise.Product.Name, Settings: settings, Secret: secret})
}

// providerURL is the sign-in provider of the demo's technicians, on the ticket system's site.
func (d *demo) providerURL() string { return d.deskURL() + "/id" }

// signIn is the demo's sign-in, for tickets of ConnectWise.
func (d *demo) signIn() admin.SignIn {
	return admin.SignIn{
		Issuer: d.providerURL(), ClientID: signInClient, Secret: []byte(d.signInSecret), System: psaconnectwise.Product.Name, Claim: "sub",
		Domains: []string{"acme-it.example"},
	}
}

// withProvider adds the sign-in provider, and the screen of a product that signs nothing, to the ticket system's site.
func (d *demo) withProvider(desk http.Handler) (http.Handler, error) {
	provider, err := idp.New(idp.Config{
		URL: d.providerURL(), ClientID: signInClient, ClientSecret: d.signInSecret, RedirectURI: d.podURL() + launch.SignInCallback,
		People: []idp.Person{
			{ID: "AOrtiz", Name: "Ana Ortiz", Email: "ana.ortiz@acme-it.example"},
			{ID: "LPark", Name: "Lee Park", Email: "lee.park@acme-it.example"},
			{ID: "guest", Name: "Gil Marsh", Email: "gil@elsewhere.example"},
		},
		PodURL: d.podURL() + "/pod/" + acmeTenant, Now: d.clock.Now, Log: d.log,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/id/", http.StripPrefix("/id", provider))
	mux.Handle("/", desk)
	return mux, nil
}

// people are the names of both ticket systems' contacts, by e-mail address and number.
func people() map[string]string {
	names := demopsa.Names()
	maps.Copy(names, connectwise.Names())
	return names
}

// site is one of the demo's other sites.
type site struct {
	listeners []net.Listener
	handler   http.Handler
}

// serve serves it until ctx is done.
func (s site) serve(ctx context.Context) error {
	web := &http.Server{Handler: s.handler, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if web.Shutdown(closing) != nil {
			_ = web.Close() // an open event stream does not delay the end
		}
	})
	defer stop()
	group, _ := errgroup.WithContext(ctx)
	for _, l := range s.listeners {
		group.Go(func() error {
			if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	return group.Wait()
}
