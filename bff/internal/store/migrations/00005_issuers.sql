-- Issuers whose keys are fetched or whose claims are mapped, and the provider at which technicians sign in.

-- +goose Up
CREATE TABLE issuers (
    tenant     TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    place      BIGINT NOT NULL,
    name       TEXT   NOT NULL, -- the tokens' iss
    keys_url   TEXT   NOT NULL,
    algorithms TEXT   NOT NULL, -- with a space between
    mapping    TEXT   NOT NULL, -- JSON; empty: none
    PRIMARY KEY (tenant, place),
    UNIQUE (tenant, name)
);
ALTER TABLE tenants ADD COLUMN signin TEXT NOT NULL DEFAULT ''; -- JSON; empty: nobody signs in
ALTER TABLE tenants ADD COLUMN signin_secret BYTEA; -- sealed

-- +goose Down
ALTER TABLE tenants DROP COLUMN signin_secret;
ALTER TABLE tenants DROP COLUMN signin;
DROP TABLE issuers;
