package demo

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/message"
	"github.com/shieldpod/shieldpod/bff/internal/sandbox/demopsa"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
)

// The demo's second tenant: another company, in another language, that looks altogether different.
const (
	northTenant = "nordlicht"
	northKeyID  = "demo-2"
)

// northURL is the second company's ticket system: the same program under another host name, which browsers treat as
// another site.
func (d *demo) northURL() string {
	return fmt.Sprintf("http://nordlicht.localhost:%d", d.flags.DeskPort)
}

func (d *demo) northKey() ed25519.PrivateKey {
	seed := d.credentials.DeskKey
	other := make([]byte, len(seed))
	for i, b := range seed {
		other[i] = b ^ 0x5a
	}
	return ed25519.NewKeyFromSeed(other)
}

// makeNordlicht stores the tenant, its carriers' accounts and its brand.
func (d *demo) makeNordlicht(ctx context.Context, srv *app.Server, accounts []admin.CarrierAccount) error {
	public, err := x509.MarshalPKIXPublicKey(d.northKey().Public())
	if err != nil {
		return err
	}
	err = seed(ctx, srv, admin.Tenant{
		Tenant: verify.Tenant{
			ID: northTenant, Name: "Nordlicht IT", Region: "DE", Origins: []string{d.northURL()}, ProcedureURL: d.northURL() + "/procedure",
		},
		Keys: []admin.SigningKey{{Issuer: d.northURL(), ID: northKeyID, Algorithm: "EdDSA", Material: public}},
	}, d.credentials.NorthAdminKey)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		if err := srv.Admin.PutCarrier(ctx, demoActor, account, false); err != nil {
			return err
		}
	}
	return d.brandNordlicht(ctx, srv)
}

// brandNordlicht sets the brand and the policy, unless an earlier run in the same folder has.
func (d *demo) brandNordlicht(ctx context.Context, srv *app.Server) error {
	kept, err := srv.Store.Branding(ctx, northTenant)
	if err != nil || kept.Version > 0 {
		return err
	}
	set, err := message.BrandSettings{}.WithFields(json.RawMessage(northFields))
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := png.Encode(&file, northLogo()); err != nil {
		return err
	}
	logo, picture, err := message.ReadLogo(file.Bytes())
	if err != nil {
		return err
	}
	set = set.WithLogo(message.MailLogo, logo)
	if _, err := srv.Admin.PutBranding(ctx, demoActor, northTenant,
		set.Branding(0, logo.Hash, picture), message.Changes(message.BrandSettings{}, set)); err != nil {
		return err
	}
	_, err = srv.Admin.EditPolicies(ctx, demoActor, northTenant,
		[]admin.PolicyEdit{{Fields: map[string]json.RawMessage{"language": json.RawMessage(`"de"`)}}})
	return err
}

// northFields are what the second tenant has set, in the API's shape.
const northFields = `{
	"sender": {"name": "Nordlicht IT Support", "address": "` + northAddress + `"},
	"theme": {
		"from": "#2a0b45", "to": "#d1495b", "angle": 35, "card": "#fff9f2", "text": "#2b1a36",
		"action": "#7b2d8e", "action_text": "#ffffff"
	},
	"texts": {
		"de": {
			"mail_subject": "Kurze Rückfrage zu Ticket {ticket}: Sind Sie das?",
			"mail_text": "gerade ist jemand in Ihrem Namen bei uns am Telefon. {technician} hilft gern, möchte aber sicher sein, dass wirklich Sie es sind.\n\n{link}\n\nBitte bestätigen Sie nur, wenn Sie uns selbst angerufen haben.",
			"mail_signature": "Viele Grüße von der Küste\nIhr Team von {tenant}",
			"mail_footer": "Nordlicht IT GmbH · Am Hafen 7 · 25813 Husum\nSie erhalten diese Nachricht, weil zu Ticket {ticket} eine Prüfung angefordert wurde.",
			"sms_code": "Moin! {code} ist Ihr Code für {technician} von {tenant}. Er gilt {minutes}.",
			"sms_link": "Moin! {technician} von {tenant} fragt: Sind Sie das am Telefon? Antwort bitte in {minutes}: {link}",
			"script_sms_code": "„Ich habe Ihnen gerade einen Code aufs Handy geschickt. Lesen Sie ihn mir bitte vor.“",
			"script_sms_link": "„Sie haben gerade eine SMS mit einem Link bekommen. Öffnen Sie ihn bitte und drücken Sie auf Bestätigen.“",
			"script_email_link": "„In Ihrem Postfach liegt eine E-Mail von uns. Öffnen Sie bitte den Link darin und drücken Sie auf Bestätigen.“",
			"script_number": "„Wählen Sie auf der Seite bitte die {number}.“"
		},
		"fr": {"mail_signature": "Bien cordialement,\nl'équipe de {tenant}"}
	}
}`

// northDesk is the second company's site of the ticket system.
func (d *demo) northDesk() (http.Handler, error) {
	key, err := launchcontext.NewSigningKey(northKeyID, d.northKey())
	if err != nil {
		return nil, err
	}
	return demopsa.New(demopsa.Config{
		MSP: demopsa.Nordlicht, PodURL: d.podURL(), PhoneURL: d.phoneURL(), Audience: d.podURL(), Tenant: northTenant, Issuer: d.northURL(),
		Key: key, Origin: d.northURL(), Now: d.clock.Now, Log: d.log,
	}), nil
}

// byHost serves the second site under its own name, and the first one under all others.
func byHost(first, second http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Host, "nordlicht.localhost") {
			second.ServeHTTP(w, r)
			return
		}
		first.ServeHTTP(w, r)
	})
}

// northLogo draws the second tenant's logo: northern lights in a ring, and its name in strokes.
func northLogo() image.Image {
	const width, height = 480, 112
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	violet, rose, amber := color.NRGBA{0x7b, 0x2d, 0x8e, 255}, color.NRGBA{0xd1, 0x49, 0x5b, 255}, color.NRGBA{0xe8, 0x92, 0x2f, 255}
	letters := northLetters()
	for y := range height {
		for x := range width {
			px, py := float64(x)+0.5, float64(y)+0.5
			ink, cover := violet, 0.0
			paint := func(c color.NRGBA, distance float64) {
				if share := math.Min(1, math.Max(0, 0.5-distance)); share > cover {
					ink, cover = c, share
				}
			}
			fromMiddle := math.Hypot(px-56, py-56)
			for i, c := range []color.NRGBA{violet, rose, amber} { // three curtains of light
				wave := 56 + float64(i-1)*20 + 9*math.Sin((px-16)/14+float64(i))
				if fromMiddle < 42 {
					paint(c, math.Abs(py-wave)-5)
				}
			}
			paint(violet, math.Abs(fromMiddle-48)-3)
			for _, s := range letters {
				paint(color.NRGBA{0x2b, 0x1a, 0x36, 255}, s.distance(px, py)-3.4)
			}
			ink.A = uint8(255 * cover)
			out.SetNRGBA(x, y, ink)
		}
	}
	return out
}

// stroke is a straight line.
type stroke struct{ ax, ay, bx, by float64 }

func (s stroke) distance(x, y float64) float64 {
	dx, dy := s.bx-s.ax, s.by-s.ay
	along := ((x-s.ax)*dx + (y-s.ay)*dy) / (dx*dx + dy*dy)
	along = math.Min(1, math.Max(0, along))
	return math.Hypot(x-s.ax-along*dx, y-s.ay-along*dy)
}

// northLetters are the strokes of NORDLICHT, each letter in a box of 2 by 3.
func northLetters() (all []stroke) {
	shapes := map[rune][]float64{
		'N': {0, 3, 0, 0, 0, 0, 2, 3, 2, 3, 2, 0},
		'O': {0.6, 0, 1.4, 0, 1.4, 0, 2, 0.7, 2, 0.7, 2, 2.3, 2, 2.3, 1.4, 3, 1.4, 3, 0.6, 3, 0.6, 3, 0, 2.3, 0, 2.3, 0, 0.7, 0, 0.7, 0.6, 0},
		'R': {0, 3, 0, 0, 0, 0, 1.5, 0, 1.5, 0, 2, 0.5, 2, 0.5, 2, 1, 2, 1, 1.5, 1.5, 1.5, 1.5, 0, 1.5, 1, 1.5, 2, 3},
		'D': {0, 0, 0, 3, 0, 3, 1.2, 3, 1.2, 3, 2, 2.2, 2, 2.2, 2, 0.8, 2, 0.8, 1.2, 0, 1.2, 0, 0, 0},
		'L': {0, 0, 0, 3, 0, 3, 1.8, 3},
		'I': {0.2, 0, 0.2, 3},
		'C': {2, 0.6, 1.4, 0, 1.4, 0, 0.6, 0, 0.6, 0, 0, 0.7, 0, 0.7, 0, 2.3, 0, 2.3, 0.6, 3, 0.6, 3, 1.4, 3, 1.4, 3, 2, 2.4},
		'H': {0, 0, 0, 3, 2, 0, 2, 3, 0, 1.5, 2, 1.5},
		'T': {0, 0, 2, 0, 1, 0, 1, 3},
	}
	const size, top = 14.0, 35.0
	left := 128.0
	for _, letter := range "NORDLICHT" {
		points := shapes[letter]
		for i := 0; i+3 < len(points); i += 4 {
			all = append(all, stroke{left + size*points[i], top + size*points[i+1], left + size*points[i+2], top + size*points[i+3]})
		}
		switch left += size * 2.85; letter {
		case 'I':
			left -= size * 1.6
		case 'L':
			left -= size * 0.4
		}
	}
	return all
}
