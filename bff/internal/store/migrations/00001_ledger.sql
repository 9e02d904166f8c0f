-- One text for SQLite and PostgreSQL. Times are Unix milliseconds, UTC.

-- +goose Up
CREATE TABLE key_proof (
    id     BIGINT PRIMARY KEY,
    sealed BYTEA NOT NULL -- opens under the master key that all else is sealed under
);

CREATE TABLE tenants (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    region        TEXT NOT NULL,
    procedure_url TEXT NOT NULL,
    policy        TEXT -- JSON; NULL: the default policy, whatever it comes to be
);

CREATE TABLE tenant_origins (
    tenant TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    place  BIGINT NOT NULL,
    origin TEXT   NOT NULL,
    PRIMARY KEY (tenant, place)
);

CREATE TABLE signing_keys (
    tenant    TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    place     BIGINT NOT NULL,
    issuer    TEXT   NOT NULL,
    id        TEXT   NOT NULL,
    algorithm TEXT   NOT NULL,
    material  BYTEA  NOT NULL, -- of HS256: sealed
    PRIMARY KEY (tenant, place),
    UNIQUE (tenant, issuer, id)
);

CREATE TABLE sessions (
    id        TEXT PRIMARY KEY,
    tenant    TEXT   NOT NULL,
    origin    TEXT   NOT NULL,
    opened_at BIGINT NOT NULL,
    ends_at   BIGINT NOT NULL,
    desk      BYTEA  NOT NULL -- sealed: it holds plain addresses and numbers
);
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE spent_contexts (
    tenant TEXT   NOT NULL,
    jti    BYTEA  NOT NULL, -- SHA-256 of it
    until  BIGINT NOT NULL,
    PRIMARY KEY (tenant, jti)
);
CREATE INDEX spent_contexts_by_end ON spent_contexts (until);

CREATE TABLE verifications (
    id              TEXT PRIMARY KEY,
    tenant          TEXT   NOT NULL,
    contact         TEXT   NOT NULL,
    channel         TEXT   NOT NULL,
    ticket          TEXT   NOT NULL,
    technician      TEXT   NOT NULL,
    method          TEXT   NOT NULL,
    code_mac        BYTEA,
    token_hash      BYTEA,
    tries           BIGINT NOT NULL,
    max_tries       BIGINT NOT NULL,
    requested_at    BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    green_for       BIGINT NOT NULL,
    idempotency_key TEXT   NOT NULL,
    fingerprint     BYTEA,
    outcome         TEXT   NOT NULL, -- empty while open
    ended_at        BIGINT,
    stage           BIGINT NOT NULL, -- rank of how far the message has come
    place           BIGINT NOT NULL  -- how many events the tenant had before it: orders a channel's verifications
);
CREATE UNIQUE INDEX verifications_by_key ON verifications (tenant, technician, idempotency_key);
CREATE INDEX verifications_by_channel ON verifications (tenant, contact, channel, place);
CREATE UNIQUE INDEX verifications_by_token ON verifications (token_hash) WHERE token_hash IS NOT NULL;

CREATE TABLE failures (
    tenant  TEXT   NOT NULL,
    contact TEXT   NOT NULL,
    n       BIGINT NOT NULL, -- consecutive ones
    PRIMARY KEY (tenant, contact)
);

CREATE TABLE events (
    tenant       TEXT   NOT NULL,
    seq          BIGINT NOT NULL, -- from 1, without gaps
    at           BIGINT NOT NULL,
    kind         TEXT   NOT NULL,
    verification TEXT   NOT NULL,
    contact      TEXT   NOT NULL,
    body         TEXT   NOT NULL, -- canonical, exactly as hashed
    hash         BYTEA  NOT NULL, -- SHA-256 of the hash before it and the body
    PRIMARY KEY (tenant, seq)
);
CREATE INDEX events_by_contact ON events (tenant, contact, seq);
CREATE INDEX events_requested ON events (tenant, contact, seq) WHERE kind = 'requested';

CREATE TABLE outbox (
    id          TEXT PRIMARY KEY REFERENCES verifications (id),
    tenant      TEXT   NOT NULL,
    method      TEXT   NOT NULL,
    kind        TEXT   NOT NULL, -- of the channel: each goes its own way
    state       TEXT   NOT NULL,
    due_at      BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    attempts    BIGINT NOT NULL, -- sends begun
    sealed      BYTEA,           -- the message's data, until it is done
    carrier_ref TEXT   NOT NULL,
    cause       TEXT   NOT NULL  -- of the last failure
);
CREATE INDEX outbox_queued ON outbox (kind, due_at, id) WHERE state = 'queued';
CREATE INDEX outbox_sending ON outbox (lease_until, id) WHERE state = 'sending';
CREATE INDEX outbox_settled ON outbox (lease_until) WHERE state NOT IN ('queued', 'sending');

-- +goose Down
DROP TABLE outbox;
DROP TABLE events;
DROP TABLE failures;
DROP TABLE verifications;
DROP TABLE spent_contexts;
DROP TABLE sessions;
DROP TABLE signing_keys;
DROP TABLE tenant_origins;
DROP TABLE tenants;
DROP TABLE key_proof;
