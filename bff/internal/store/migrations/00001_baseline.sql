-- The schema of version 0.1.0. One text for SQLite and PostgreSQL. Times are Unix milliseconds, UTC.

-- +goose Up

-- The installation.

CREATE TABLE key_proof (
    id     BIGINT PRIMARY KEY,
    sealed BYTEA NOT NULL -- opens under the master key that all else is sealed under
);

CREATE TABLE write_probes (
    id      TEXT  PRIMARY KEY, -- rows that are written to see whether rows can be
    padding BYTEA NOT NULL
);

-- Tenants, and whom they trust.

CREATE TABLE tenants (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    region         TEXT NOT NULL,
    procedure_url  TEXT NOT NULL,
    webhook_url    TEXT NOT NULL DEFAULT '',
    webhook_secret BYTEA, -- sealed
    signin         TEXT NOT NULL DEFAULT '', -- JSON; empty: technicians can't sign in
    signin_secret  BYTEA -- sealed
);

CREATE TABLE tenant_origins (
    tenant   TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    origin   TEXT   NOT NULL,
    PRIMARY KEY (tenant, position)
);

CREATE TABLE signing_keys (
    tenant    TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    position  BIGINT NOT NULL,
    issuer    TEXT   NOT NULL,
    id        TEXT   NOT NULL,
    algorithm TEXT   NOT NULL,
    material  BYTEA  NOT NULL, -- of HS256: sealed
    PRIMARY KEY (tenant, position),
    UNIQUE (tenant, issuer, id)
);

CREATE TABLE issuers (
    tenant     TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    position   BIGINT NOT NULL,
    name       TEXT   NOT NULL, -- the tokens' iss
    keys_url   TEXT   NOT NULL,
    algorithms TEXT   NOT NULL, -- with a space between
    mapping    TEXT   NOT NULL, -- JSON; empty: none
    PRIMARY KEY (tenant, position),
    UNIQUE (tenant, name)
);

CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    tenant     TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT   NOT NULL,
    hash       BYTEA  NOT NULL, -- SHA-256 of the key
    scopes     TEXT   NOT NULL, -- with a space between
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL DEFAULT 0, -- 0: never
    used_at    BIGINT NOT NULL DEFAULT 0  -- 0: never
);
CREATE INDEX api_keys_by_tenant ON api_keys (tenant, id);

-- What a tenant connects and sets.

CREATE TABLE carriers (
    tenant   TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    carrier  TEXT   NOT NULL,
    kind     TEXT   NOT NULL, -- of channels that it reaches
    priority BIGINT NOT NULL, -- the lowest of a kind is tried first
    settings TEXT   NOT NULL, -- JSON, in the shape of the carrier's adapter
    secret   BYTEA  NOT NULL, -- sealed
    PRIMARY KEY (tenant, carrier)
);

CREATE TABLE connections (
    tenant   TEXT  NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    system   TEXT  NOT NULL,
    settings TEXT  NOT NULL, -- JSON, in the shape of the ticket system's adapter
    secret   BYTEA NOT NULL, -- sealed
    PRIMARY KEY (tenant, system)
);

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

CREATE TABLE brands (
    tenant    TEXT PRIMARY KEY,
    version   BIGINT NOT NULL, -- from 1
    edited_by TEXT   NOT NULL,
    edited_at BIGINT NOT NULL,
    body      TEXT   NOT NULL  -- JSON
);

CREATE TABLE brand_images (
    tenant TEXT  NOT NULL,
    hash   TEXT  NOT NULL, -- SHA-256 of the image
    png    BYTEA NOT NULL,
    PRIMARY KEY (tenant, hash)
);
CREATE INDEX brand_images_by_hash ON brand_images (hash);

-- Contacts that vendors push.

CREATE TABLE directory_clients (
    tenant TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    system TEXT   NOT NULL,
    client TEXT   NOT NULL,
    pushes BIGINT NOT NULL, -- so far; a count, because the clocks of two nodes differ
    PRIMARY KEY (tenant, system, client)
);

CREATE TABLE directory_contacts (
    tenant TEXT   NOT NULL,
    system TEXT   NOT NULL,
    client TEXT   NOT NULL,
    id     TEXT   NOT NULL,
    push   BIGINT NOT NULL, -- that stored it last
    at     BIGINT NOT NULL,
    body   BYTEA  NOT NULL, -- sealed: names, addresses and numbers
    PRIMARY KEY (tenant, system, client, id),
    FOREIGN KEY (tenant, system, client) REFERENCES directory_clients (tenant, system, client) ON DELETE CASCADE
);

CREATE TABLE directory_syncs (
    tenant   TEXT   NOT NULL,
    system   TEXT   NOT NULL,
    client   TEXT   NOT NULL,
    token    TEXT   NOT NULL,
    began    BIGINT NOT NULL, -- with this push
    at       BIGINT NOT NULL,
    finished BIGINT NOT NULL, -- 0: not yet
    PRIMARY KEY (tenant, system, client, token),
    FOREIGN KEY (tenant, system, client) REFERENCES directory_clients (tenant, system, client) ON DELETE CASCADE
);
CREATE INDEX directory_syncs_by_time ON directory_syncs (at);

-- Sessions of pods.

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    tenant     TEXT   NOT NULL,
    origin     TEXT   NOT NULL,
    opened_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    context    BYTEA  NOT NULL, -- the ticket context, sealed: it holds plain addresses and numbers
    first_open BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE session_ends (
    tenant TEXT   PRIMARY KEY,
    n      BIGINT NOT NULL -- of the last time that sessions were ended, counted over all tenants
);
CREATE INDEX session_ends_by_n ON session_ends (n);

CREATE TABLE used_contexts (
    tenant TEXT   NOT NULL,
    jti    BYTEA  NOT NULL, -- SHA-256 of it
    until  BIGINT NOT NULL,
    PRIMARY KEY (tenant, jti)
);
CREATE INDEX used_contexts_by_end ON used_contexts (until);

CREATE TABLE known_channels (
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

-- Verifications, and what limits them.

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
    verified_for    BIGINT NOT NULL,
    idempotency_key TEXT   NOT NULL,
    fingerprint     BYTEA,
    outcome         TEXT   NOT NULL, -- empty while open
    ended_at        BIGINT,
    stage           BIGINT NOT NULL, -- rank of the message's last stage
    after_seq       BIGINT NOT NULL, -- the tenant's last event before it: orders the verifications of a channel
    destination     TEXT   NOT NULL, -- keyed hash
    person          TEXT   NOT NULL, -- keyed hash of whom the destination reaches, without aliases of the address
    prefix          TEXT   NOT NULL  -- keyed hash of the number's block; empty: an address
);
CREATE UNIQUE INDEX verifications_by_key ON verifications (tenant, technician, idempotency_key);
CREATE INDEX verifications_by_channel ON verifications (tenant, contact, channel, after_seq);
CREATE UNIQUE INDEX verifications_by_token ON verifications (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX verifications_by_person ON verifications (tenant, person, requested_at);

CREATE TABLE failures (
    tenant  TEXT   NOT NULL,
    contact TEXT   NOT NULL,
    n       BIGINT NOT NULL, -- consecutive ones
    denied  BIGINT NOT NULL DEFAULT 0, -- 1: the contact said "I did not ask for this"
    PRIMARY KEY (tenant, contact)
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

CREATE TABLE suppressions (
    tenant      TEXT   NOT NULL,
    destination TEXT   NOT NULL, -- keyed hash of a number that gets no texts
    contact     TEXT   NOT NULL, -- whose message the carrier reported it for
    reason      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (tenant, destination)
);
CREATE INDEX suppressions_by_contact ON suppressions (tenant, contact);

-- The event log, and the work that leaves after a commit.

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
CREATE INDEX events_of_acts ON events (tenant, seq) WHERE contact = '' OR kind = 'unlocked';

CREATE TABLE jobs (
    kind         TEXT   NOT NULL, -- of a message: its channel's, email or phone; note or webhook
    id           TEXT   NOT NULL, -- of a message and a note: the verification's; of a webhook: the event's
    tenant       TEXT   NOT NULL,
    verification TEXT   REFERENCES verifications (id), -- NULL: a webhook
    state        TEXT   NOT NULL, -- queued, sending (messages only), sent, failed, dead or indeterminate
    due_at       BIGINT NOT NULL, -- when it is due; under a lease, and after it: when the lease ends
    attempts     BIGINT NOT NULL, -- begun
    body         BYTEA  NOT NULL, -- of a message: its method; of a note: JSON; of a webhook: what is posted
    sealed       BYTEA,           -- the message, or the contact's name, until it is done
    ref          TEXT   NOT NULL, -- the carrier's own id
    cause        TEXT   NOT NULL, -- of the last failure
    PRIMARY KEY (id, kind)
);
CREATE INDEX jobs_queued ON jobs (kind, due_at, id) WHERE state = 'queued';
CREATE INDEX jobs_sending ON jobs (kind, due_at, id) WHERE state = 'sending';
CREATE INDEX jobs_settled ON jobs (kind, due_at) WHERE state NOT IN ('queued', 'sending');

-- +goose Down
DROP TABLE jobs;
DROP TABLE events;
DROP TABLE suppressions;
DROP TABLE quotas;
DROP TABLE failures;
DROP TABLE verifications;
DROP TABLE opened_tickets;
DROP TABLE known_channels;
DROP TABLE used_contexts;
DROP TABLE session_ends;
DROP TABLE sessions;
DROP TABLE directory_syncs;
DROP TABLE directory_contacts;
DROP TABLE directory_clients;
DROP TABLE brand_images;
DROP TABLE brands;
DROP TABLE policies;
DROP TABLE connections;
DROP TABLE carriers;
DROP TABLE api_keys;
DROP TABLE issuers;
DROP TABLE signing_keys;
DROP TABLE tenant_origins;
DROP TABLE tenants;
DROP TABLE write_probes;
DROP TABLE key_proof;
