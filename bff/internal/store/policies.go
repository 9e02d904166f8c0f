package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/shieldpod/shieldpod/bff/internal/policy"
	"github.com/shieldpod/shieldpod/bff/internal/verify"
	"github.com/shieldpod/shieldpod/sdk/strictjson"
)

// levelColumns of a policy, in the order in which level reads them.
const levelColumns = `client, name, version, edited_by, edited_at, fields`

func level(tenant string, row scan) (policy.Overrides, error) {
	s := policy.Overrides{Tenant: tenant}
	var at int64
	var fields []byte
	if err := row(&s.Client, &s.Name, &s.Version, &s.By, &at, &fields); err != nil {
		return s, err
	}
	s.At = fromMillis(at)
	return s, strictjson.Unmarshal(fields, &s.Fields)
}

// PolicyLevel is [verify.Policies]'.
func (s *Store) PolicyLevel(ctx context.Context, tenant, client string) (policy.Overrides, error) {
	return settings(ctx, s, tenant, client)
}

// PolicyEdits is [verify.Policies]': the tenant's own events are those of its edits, and of little else.
func (s *Store) PolicyEdits(ctx context.Context, tenant string) (seq int64, err error) {
	err = s.get(ctx, "last edit", `SELECT seq FROM events WHERE tenant = $1 AND contact = '' ORDER BY seq DESC LIMIT 1`, []any{tenant}, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, err
}

// PolicyPage is [verify.Policies]'.
func (s *Store) PolicyPage(ctx context.Context, tenant, after string, n int) ([]policy.Overrides, error) {
	var page []policy.Overrides
	err := s.list(ctx, "list policies", `
		SELECT `+levelColumns+` FROM policies WHERE tenant = $1 AND client > $2 ORDER BY client LIMIT $3 + 0`,
		[]any{tenant, after, n}, func(row scan) error {
			set, err := level(tenant, row)
			page = append(page, set)
			return err
		})
	return page, err
}

// Overrides is [admin.PolicyRecords]'s.
func (t *tx) Overrides(ctx context.Context, tenant, client string) (policy.Overrides, error) {
	if err := t.lockTenant(ctx, tenant); err != nil {
		return policy.Overrides{}, err
	}
	return settings(ctx, t, tenant, client)
}

// reader reads rows: a store, or a transaction.
type reader interface {
	get(ctx context.Context, doing, text string, args []any, into ...any) error
	list(ctx context.Context, doing, text string, args []any, each func(scan) error) error
}

func settings(ctx context.Context, from reader, tenant, client string) (policy.Overrides, error) {
	set := policy.Overrides{Tenant: tenant, Client: client}
	err := from.list(ctx, "read policy", `
		SELECT `+levelColumns+` FROM policies WHERE tenant = $1 AND client = $2`, []any{tenant, client},
		func(row scan) (err error) {
			set, err = level(tenant, row)
			return err
		})
	return set, err
}

// PutOverrides is [admin.PolicyRecords]'s.
func (t *tx) PutOverrides(ctx context.Context, s policy.Overrides) (bool, error) {
	if err := t.lockTenant(ctx, s.Tenant); err != nil {
		return false, err
	}
	fields, err := json.Marshal(s.Fields)
	if err != nil {
		return false, t.fail("put policy", err)
	}
	text := `
		UPDATE policies SET name = $3, version = $4, edited_by = $5, edited_at = $6, fields = $7
		WHERE tenant = $1 AND client = $2 AND version = $4 - 1`
	if s.Version == 1 {
		text = `
		INSERT INTO policies (tenant, client, name, version, edited_by, edited_at, fields)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
	}
	n, err := t.exec(ctx, "put policy", text, s.Tenant, s.Client, s.Name, s.Version, s.By, millis(s.At), string(fields))
	return n > 0, err
}

// KnownChannels is [verify.KnownChannels]'.
func (s *Store) KnownChannels(ctx context.Context, tenant string, contacts []string) (map[string][]verify.KnownChannel, error) {
	known := map[string][]verify.KnownChannel{}
	if len(contacts) == 0 {
		return known, nil
	}
	marks, args := among(contacts, tenant)
	err := s.list(ctx, "read known channels", `SELECT contact, seen FROM known_channels WHERE tenant = $1 AND contact IN (`+marks+`)`, args,
		func(row scan) error {
			var contact string
			var text []byte
			if err := row(&contact, &text); err != nil {
				return err
			}
			var seen []verify.KnownChannel
			err := strictjson.Unmarshal(text, &seen)
			known[contact] = seen
			return err
		})
	return known, err
}

// among gives the placeholders of a list that comes after the other arguments, and all arguments together.
func among(list []string, others ...any) (marks string, args []any) {
	var b strings.Builder
	for i, value := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(len(others) + 1 + i))
		args = append(args, value)
	}
	return b.String(), append(slices.Clone(others), args...)
}

// putKnownChannels replaces the known channels of the contacts.
func (t *tx) putKnownChannels(ctx context.Context, tenant string, seen map[string][]verify.KnownChannel) error {
	for contact, list := range seen {
		text, err := json.Marshal(list)
		if err != nil {
			return t.fail("put known channels", err)
		}
		err = t.put(ctx, "put known channels", `
			INSERT INTO known_channels (tenant, contact, seen) VALUES ($1, $2, $3)
			ON CONFLICT (tenant, contact) DO UPDATE SET seen = $3`, tenant, contact, string(text))
		if err != nil {
			return err
		}
	}
	return nil
}
