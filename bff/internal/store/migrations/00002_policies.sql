-- Policies by level, quotas, what was seen of channels, API keys and alerts.

-- +goose Up
ALTER TABLE tenants DROP COLUMN policy; -- nothing could set it
ALTER TABLE tenants ADD COLUMN webhook_url TEXT NOT NULL DEFAULT '';
ALTER TABLE tenants ADD COLUMN webhook_secret BYTEA; -- sealed

ALTER TABLE verifications ADD COLUMN destination TEXT NOT NULL DEFAULT ''; -- keyed hash
ALTER TABLE verifications ADD COLUMN prefix TEXT NOT NULL DEFAULT ''; -- keyed hash of the number's block
CREATE INDEX verifications_by_destination ON verifications (tenant, destination, requested_at);
ALTER TABLE sessions ADD COLUMN first_open BIGINT NOT NULL DEFAULT 0;

CREATE TABLE policies (
    tenant    TEXT   NOT NULL,
    client    TEXT   NOT NULL, -- empty: the tenant's own
    name      TEXT   NOT NULL,
    version   BIGINT NOT NULL, -- from 1
    edited_by TEXT   NOT NULL,
    edited_at BIGINT NOT NULL,
    fields    TEXT   NOT NULL, -- JSON: each with the edit that set it
    PRIMARY KEY (tenant, client)
);

CREATE TABLE quotas (
    tenant       TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    began        BIGINT NOT NULL, -- of the window
    used         BIGINT NOT NULL,
    paused_until BIGINT NOT NULL,
    PRIMARY KEY (tenant, name, key)
);
CREATE INDEX quotas_by_window ON quotas (began);

CREATE TABLE sightings (
    tenant  TEXT NOT NULL,
    contact TEXT NOT NULL,
    seen    TEXT NOT NULL, -- JSON: hashes of destinations, and since when
    PRIMARY KEY (tenant, contact)
);

CREATE TABLE opened_tickets (
    tenant     TEXT   NOT NULL,
    technician TEXT   NOT NULL,
    ticket     TEXT   NOT NULL,
    at         BIGINT NOT NULL, -- for the first time
    PRIMARY KEY (tenant, technician, ticket)
);
CREATE INDEX opened_tickets_by_time ON opened_tickets (at);

CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    tenant     TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT   NOT NULL,
    hash       BYTEA  NOT NULL, -- SHA-256 of the key
    created_at BIGINT NOT NULL
);
CREATE INDEX api_keys_by_tenant ON api_keys (tenant, id);

CREATE TABLE alerts (
    id          TEXT PRIMARY KEY, -- the event's own
    tenant      TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    seq         BIGINT NOT NULL,
    body        BYTEA  NOT NULL,
    state       TEXT   NOT NULL, -- waiting, posted or dropped
    due_at      BIGINT NOT NULL, -- while it is being posted: when somebody else may try
    attempts    BIGINT NOT NULL,
    cause       TEXT   NOT NULL -- of the last failure
);
CREATE INDEX alerts_waiting ON alerts (due_at, id) WHERE state = 'waiting';
CREATE INDEX alerts_settled ON alerts (due_at) WHERE state <> 'waiting';

-- +goose Down
DROP TABLE alerts;
DROP TABLE api_keys;
DROP TABLE opened_tickets;
DROP TABLE sightings;
DROP TABLE quotas;
DROP TABLE policies;
ALTER TABLE sessions DROP COLUMN first_open;
DROP INDEX verifications_by_destination;
ALTER TABLE verifications DROP COLUMN prefix;
ALTER TABLE verifications DROP COLUMN destination;
ALTER TABLE tenants DROP COLUMN webhook_secret;
ALTER TABLE tenants DROP COLUMN webhook_url;
ALTER TABLE tenants ADD COLUMN policy TEXT;
