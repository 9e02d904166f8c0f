package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/egress"
	"github.com/shieldpod/shieldpod/bff/internal/launch"
	"github.com/shieldpod/shieldpod/bff/internal/store"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/launchcontext"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// contextCheckCmd explains a context. It opens no session, and the context stays unused.
type contextCheckCmd struct {
	app.Database
	Token     string `arg:"" help:"The token, or - to read it from the standard input."`
	Key       string `help:"Check the signature by this key (PEM or JWK), instead of by the keys of the tenant in the database." type:"existingfile"`
	PublicURL string `help:"The server's public URL, which aud must be."`
}

// tokenLimit is how much of the standard input is read, in bytes.
const tokenLimit = 64 << 10

// finding is a reason for a refusal.
type finding struct{ field, reason, code string }

// Run prints what the token says and what is wrong with it. With something wrong it gives an error.
func (c *contextCheckCmd) Run(e *env) error {
	token, err := c.token(e)
	if err != nil {
		return err
	}
	r := launchcontext.Inspect(token)
	var found []finding
	for _, fault := range r.Faults {
		found = append(found, finding{fault.Field, fault.Reason(), string(fault.Code)})
	}
	if c.PublicURL != "" && r.Claims.Audience != "" && r.Claims.Audience != c.PublicURL {
		found = append(found, finding{"aud", "must be " + c.PublicURL + " exactly", string(launchcontext.CodeAudience)})
	}
	signature, more, err := c.signature(e, token, r)
	if err != nil {
		return err
	}
	for _, f := range more {
		if !slices.ContainsFunc(found, func(known finding) bool { return known.field == f.field && known.code == f.code }) {
			found = append(found, f)
		}
	}
	if _, err := io.WriteString(e.stdout, explain(r, signature, found)); err != nil {
		return err
	}
	switch len(found) {
	case 0:
		return nil
	case 1:
		return errors.New("the server would refuse this context, for the reason above")
	}
	return fmt.Errorf("the server would refuse this context, for the %d reasons above", len(found))
}

func (c *contextCheckCmd) token(e *env) (string, error) {
	if c.Token != "-" {
		return strings.TrimSpace(c.Token), nil
	}
	text, err := strictjson.Read(e.ctx, e.stdin, tokenLimit)
	if err != nil {
		return "", fmt.Errorf("the standard input: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// signature checks the signature by --key, or by the tenant's keys if the master key of the database is given.
func (c *contextCheckCmd) signature(e *env, token string, r launchcontext.Report) (text string, found []finding, err error) {
	switch {
	case c.Key != "":
		return c.byKey(token, r)
	case c.MasterKey != "" || c.MasterKeyFile != "":
		err = withStore(e, c.Database, func(ctx context.Context, db *store.Store) error {
			text, found, err = c.byDatabase(ctx, db, token, r)
			return err
		})
		return text, found, err
	}
	return "Not checked. Give --key with the public key, or --data-dir and --master-key-file of the server.", nil, nil
}

func (c *contextCheckCmd) byKey(token string, r launchcontext.Report) (string, []finding, error) {
	content, err := os.ReadFile(c.Key)
	if err != nil {
		return "", nil, err
	}
	key, err := launchcontext.ParsePublicKey(content, "")
	if err != nil {
		private, privateErr := launchcontext.ParsePrivateKey(content, "")
		if privateErr != nil {
			return "", nil, fmt.Errorf("--key: %w", err)
		}
		key = private.Public()
	}
	if renamed, err := launchcontext.ParsePublicKey(content, r.KeyID); err == nil { // a PEM has no id of its own
		key = renamed
	}
	audience := c.PublicURL
	if audience == "" {
		audience = r.Claims.Audience
	}
	_, err = launchcontext.Verify(token, launchcontext.Expect{
		Audience: audience, Now: app.SystemClock,
		Keys: func(launchcontext.Unverified) (launchcontext.VerificationKey, error) { return key, nil },
	})
	var refusal *launchcontext.Error
	switch {
	case err == nil:
		return "Good: made by the key of --key.", nil, nil
	case !errors.As(err, &refusal):
		return "", nil, err
	case refusal.Proven:
		return "Good: made by the key of --key.", []finding{{refusal.Field, refusal.Reason(), string(refusal.Code)}}, nil
	}
	return "Not made by the key of --key.", []finding{{refusal.Field, refusal.Reason(), string(refusal.Code)}}, nil
}

// byDatabase checks the context as the server does before it opens a session.
func (c *contextCheckCmd) byDatabase(
	ctx context.Context, db *store.Store, token string, r launchcontext.Report,
) (string, []finding, error) {
	tickets, err := app.NewTicketSystems(db, false, app.SystemClock)
	if err != nil {
		return "", nil, err
	}
	launches := &launch.Service{
		Tenants: db, Audience: r.Claims.Audience, Now: app.SystemClock, Secret: make([]byte, 32), Products: tickets.Adapters.Products(),
		Client: egress.Client(egress.Config{Timeout: app.FetchTime, BodyLimit: app.FetchLimit}),
	}
	if c.PublicURL != "" {
		launches.Audience = c.PublicURL
	}
	if launches.Audience == "" {
		launches.Audience = "https://pod.example" // the missing claim is reported already
	}
	hidden, err := launches.Check(ctx, token)
	var refusal *launch.Refusal
	switch {
	case err == nil && len(hidden) > 0:
		return "Good. These channels are shown as not usable: " + strings.Join(hidden, ", ") + ".", nil, nil
	case err == nil:
		return "Good: made by a key that the tenant trusts.", nil, nil
	case !errors.As(err, &refusal):
		return "", nil, err
	case refusal.Proven:
		return "Good: made by a key that the tenant trusts.", []finding{{refusal.Field, refusal.Reason, refusal.Code}}, nil
	}
	return "Not proven. " + trusted(ctx, db, r), []finding{{refusal.Field, refusal.Reason, refusal.Code}}, nil
}

// trusted names the keys that the token's tenant trusts.
func trusted(ctx context.Context, db *store.Store, r launchcontext.Report) string {
	t, err := db.TenantSettings(ctx, r.Claims.Tenant)
	switch {
	case verify.CodeOf(err) == verify.CodeNotFound:
		return fmt.Sprintf("There is no tenant %q: see 'shieldpod tenant list'.", plain(r.Claims.Tenant))
	case err != nil:
		return "The tenant can't be read."
	}
	var keys []string
	for _, k := range t.Keys {
		keys = append(keys, fmt.Sprintf("issuer %s with kid %s", plain(k.Issuer), plain(k.ID)))
	}
	for _, i := range t.Issuers {
		if i.KeysURL != "" {
			keys = append(keys, fmt.Sprintf("issuer %s with the keys of %s", plain(i.Name), plain(i.KeysURL)))
		}
	}
	if len(keys) == 0 {
		return fmt.Sprintf("The tenant %s trusts no key: see 'shieldpod key add'.", t.ID)
	}
	return fmt.Sprintf("The tenant %s trusts: %s.", t.ID, strings.Join(keys, "; "))
}

// explain writes the report. Contacts are counted and not shown: they are personal data.
func explain(r launchcontext.Report, signature string, found []finding) string {
	var b strings.Builder
	c, x := r.Claims, r.Claims.Context
	fmt.Fprintf(&b, "Header:    alg %s, typ %s, kid %s\n", orAbsent(r.Algorithm), orAbsent(r.Type), orAbsent(r.KeyID))
	fmt.Fprintf(&b, "Issuer:    %s (iss)\n", orAbsent(c.Issuer))
	fmt.Fprintf(&b, "Audience:  %s (aud)\n", orAbsent(c.Audience))
	fmt.Fprintf(&b, "Tenant:    %s (tid)\n", orAbsent(c.Tenant))
	fmt.Fprintf(&b, "Technician: %s (sub)\n", orAbsent(c.Subject))
	fmt.Fprintf(&b, "Page:      %s (origin)\n", orAbsent(c.Origin))
	fmt.Fprintf(&b, "Times:     issued %s (iat), valid from %s (nbf) until %s (exp)\n", orAbsentTime(c.IssuedAt), orAbsentTime(c.NotBefore), orAbsentTime(c.ExpiresAt))
	fmt.Fprintf(&b, "Id:        %s (jti)\n", orAbsent(c.ID))
	fmt.Fprintf(&b, "Ticket:    %s of %s (ctx.ticket.id, ctx.psa)\n", orAbsent(x.Ticket.ID), orAbsent(x.PSA))
	fmt.Fprintf(&b, "Client:    %s (ctx.client.id)\n", orAbsent(x.Client.ID))
	fmt.Fprintf(&b, "Contact:   %s (ctx.contact.id)\n", orAbsent(x.Contact.ID))
	channels := 0
	for _, contact := range x.Contacts {
		channels += len(contact.Channels)
	}
	if x.Contacts == nil {
		b.WriteString("Contacts:  absent: the server reads them from the ticket system (ctx.contacts)\n")
	} else {
		fmt.Fprintf(&b, "Contacts:  %d, with %d channels (ctx.contacts)\n", len(x.Contacts), channels)
	}
	fmt.Fprintf(&b, "Signature: %s\n", signature)
	if len(found) == 0 {
		b.WriteString("Nothing is wrong with what was checked.\n")
		return b.String()
	}
	b.WriteString("The server would refuse it:\n")
	for _, f := range found {
		fmt.Fprintf(&b, "  %s (%s)\n", strings.TrimSpace(f.field+" "+f.reason), f.code)
	}
	return b.String()
}

func orAbsent(text string) string {
	if text == "" {
		return "absent"
	}
	return plain(text)
}

func orAbsentTime(t time.Time) string {
	if t.IsZero() {
		return "absent"
	}
	return t.UTC().Format(time.RFC3339)
}
