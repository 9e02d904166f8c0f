package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/shieldpod/shieldpod/bff/internal/verify"
)

const selectBranding = `SELECT version, edited_by, edited_at, body FROM brands WHERE tenant = $1`

func branding(b *verify.Branding) func(scan) error {
	return func(row scan) error {
		var at int64
		var body []byte
		err := row(&b.Version, &b.By, &at, &body)
		b.At, b.Body = fromMillis(at), body
		return err
	}
}

// Branding is [verify.Brandings]'.
func (s *Store) Branding(ctx context.Context, tenant string) (verify.Branding, error) {
	b := verify.Branding{Tenant: tenant}
	err := s.list(ctx, "read branding", selectBranding, []any{tenant}, branding(&b))
	return b, err
}

// BrandImage is [verify.Brandings]'.
func (s *Store) BrandImage(ctx context.Context, hash string) (png []byte, err error) {
	err = s.get(ctx, "read image", `SELECT png FROM brand_images WHERE hash = $1 LIMIT 1`, []any{hash}, &png)
	if errors.Is(err, sql.ErrNoRows) {
		err = errNoImage
	}
	return png, err
}

// Branding is [admin.BrandingRecords]'s.
func (t *tx) Branding(ctx context.Context, tenant string) (verify.Branding, error) {
	b := verify.Branding{Tenant: tenant}
	if err := t.lockTenant(ctx, tenant); err != nil {
		return b, err
	}
	err := t.list(ctx, "read branding", selectBranding, []any{tenant}, branding(&b))
	return b, err
}

// PutBranding is [admin.BrandingRecords]'s.
func (t *tx) PutBranding(ctx context.Context, b verify.Branding) (bool, error) {
	if err := t.lockTenant(ctx, b.Tenant); err != nil {
		return false, err
	}
	text := `UPDATE brands SET version = $2, edited_by = $3, edited_at = $4, body = $5 WHERE tenant = $1 AND version = $2 - 1`
	if b.Version == 1 {
		text = `INSERT INTO brands (tenant, version, edited_by, edited_at, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	}
	n, err := t.exec(ctx, "put branding", text, b.Tenant, b.Version, b.By, millis(b.At), string(b.Body))
	if err != nil || n == 0 {
		return false, err
	}
	return true, t.putImages(ctx, b)
}

// putImages stores those that came with the branding, and drops those that it no longer names.
func (t *tx) putImages(ctx context.Context, b verify.Branding) error {
	kept := map[string]bool{}
	for _, image := range b.Images {
		kept[image.Hash] = true
		if image.PNG == nil {
			continue
		}
		_, err := t.exec(ctx, "put image", `
			INSERT INTO brand_images (tenant, hash, png) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, b.Tenant, image.Hash, image.PNG)
		if err != nil {
			return err
		}
	}
	var gone []string
	err := t.list(ctx, "list images", `SELECT hash FROM brand_images WHERE tenant = $1`, []any{b.Tenant}, func(row scan) error {
		var hash string
		err := row(&hash)
		if !kept[hash] {
			gone = append(gone, hash)
		}
		return err
	})
	for _, hash := range gone {
		if err == nil {
			_, err = t.exec(ctx, "drop image", `DELETE FROM brand_images WHERE tenant = $1 AND hash = $2`, b.Tenant, hash)
		}
	}
	return err
}
