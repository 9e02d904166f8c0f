package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/bff/internal/app"
	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/store"
)

// Row 12: the doctor says where a mail robot that presses Validate verifies.
func TestThreat_12_TheDoctorNamesWhoLetsMailRobotsVerify(t *testing.T) {
	const tenants, clients = "acme: e-mail links go without number matching: a mail robot that presses Validate verifies", "acme: the same by the policies of clients of its own: "
	for _, c := range []struct {
		name, tenant string
		clients      map[string]string
		says, not    string
	}{
		{"by default", `{}`, nil, tenants, clients},
		{"with number matching", `{"number_matching":true}`, nil, "", tenants},
		{"without e-mail links", `{"methods":["sms_code"]}`, nil, "", tenants},
		{"a client that takes it back", `{"number_matching":true}`, map[string]string{"contoso": `{"number_matching":false}`, "fabrikam": `{"verified_for_seconds":60}`}, clients + "contoso;", tenants},
		{"a client that is stricter", `{}`, map[string]string{"contoso": `{"number_matching":true}`}, tenants, clients},
		{"more clients than are named", `{"methods":["sms_code"]}`, map[string]string{
			"a": `{"methods":["email_link"]}`, "b": `{"methods":["email_link"]}`, "c": `{"methods":["email_link"]}`,
			"d": `{"methods":["email_link"]}`, "e": `{"methods":["email_link"]}`, "f": `{"methods":["email_link"]}`, "g": `{"methods":["email_link"]}`,
		}, clients + "a, b, c, d, e, 2 more;", tenants},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOperator(t)
			if _, err := o.run("tenant", "put", "acme", "--name", "Acme IT", "--origin", "https://psa.example"); err != "" {
				t.Fatal(err)
			}
			flags := app.Database{DataDir: o.env["SHIELDPOD_DATA_DIR"], MasterKey: o.env["SHIELDPOD_MASTER_KEY"]}
			err := withStore(&env{ctx: t.Context()}, flags, func(ctx context.Context, db *store.Store) error {
				return db.Administer(ctx, "acme", func(tx admin.Tx) error {
					levels := map[string]string{"": c.tenant}
					for client, text := range c.clients {
						levels[client] = text
					}
					for client, text := range levels {
						var values map[string]json.RawMessage
						if err := json.Unmarshal([]byte(text), &values); err != nil {
							return err
						}
						s := policy.Overrides{Tenant: "acme", Client: client, Version: 1, Fields: map[string]policy.FieldOverride{}}
						for name, value := range values {
							s.Fields[name] = policy.FieldOverride{Value: value, Version: 1}
						}
						if _, err := tx.PutOverrides(ctx, s); err != nil {
							return err
						}
					}
					return nil
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			out, _ := o.run("doctor")
			if !strings.Contains(out, c.says) || strings.Contains(out, c.not) {
				t.Errorf("want %q and not %q in:\n%s", c.says, c.not, out)
			}
		})
	}
}
