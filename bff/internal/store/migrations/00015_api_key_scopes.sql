-- What API keys may do, until when, and when they were used last.

-- +goose Up
ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL
    DEFAULT 'policies:read policies:write branding:read branding:write directory:read directory:write contacts:unlock'; -- with a space between
ALTER TABLE api_keys ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0; -- 0: never
ALTER TABLE api_keys ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0; -- 0: never

-- +goose Down
ALTER TABLE api_keys DROP COLUMN used_at;
ALTER TABLE api_keys DROP COLUMN expires_at;
ALTER TABLE api_keys DROP COLUMN scopes;
