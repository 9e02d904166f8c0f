package store

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/admin"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

func readIssuers(ctx context.Context, from reader, tenant string) ([]admin.Issuer, error) {
	var issuers []admin.Issuer
	err := from.list(ctx, "read issuers", `
		SELECT name, keys_url, algorithms, mapping FROM issuers WHERE tenant = $1 ORDER BY position`, []any{tenant},
		func(row scan) error {
			var i admin.Issuer
			var algorithms, mapping string
			err := row(&i.Name, &i.KeysURL, &algorithms, &mapping)
			if algorithms != "" {
				i.Algorithms = strings.Fields(algorithms)
			}
			if mapping != "" {
				i.Mapping = json.RawMessage(mapping)
			}
			issuers = append(issuers, i)
			return err
		})
	return issuers, err
}

func (t *tx) putIssuers(ctx context.Context, v admin.Tenant) error {
	for position, i := range v.Issuers {
		_, err := t.exec(ctx, "put issuer", `
			INSERT INTO issuers (tenant, position, name, keys_url, algorithms, mapping) VALUES ($1, $2, $3, $4, $5, $6)`,
			v.ID, position, i.Name, i.KeysURL, strings.Join(i.Algorithms, " "), string(i.Mapping))
		if err != nil {
			return err
		}
	}
	return nil
}

// readSignIn reads what writeSignIn wrote; the secret stands sealed in s and is opened there.
func (s *Store) readSignIn(tenant, text string, in *admin.SignIn) (err error) {
	if text == "" {
		return nil
	}
	if err := strictjson.Unmarshal([]byte(text), in); err != nil {
		return err
	}
	if len(in.Secret) > 0 {
		in.Secret, err = s.vault.open(in.Secret, "sign-in", tenant)
	}
	return err
}

func (s *Store) writeSignIn(tenant string, in admin.SignIn) (text string, sealed []byte, err error) {
	if in.Issuer == "" {
		return "", nil, nil
	}
	if len(in.Secret) > 0 {
		if sealed, err = s.vault.seal(in.Secret, "sign-in", tenant); err != nil {
			return "", nil, err
		}
	}
	plain, err := json.Marshal(in)
	return string(plain), sealed, err
}
