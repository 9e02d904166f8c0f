-- One table of jobs in place of outbox, notes and alerts. Jobs that are queued are not carried over.

-- +goose Up
DROP TABLE outbox;
DROP TABLE notes;
DROP TABLE alerts;

CREATE TABLE jobs (
    kind         TEXT   NOT NULL, -- of a message: its channel's, email or phone; note or webhook
    id           TEXT   NOT NULL, -- of a message and a note: the verification's; of a webhook: the event's
    tenant       TEXT   NOT NULL,
    verification TEXT   REFERENCES verifications (id), -- NULL: a webhook
    state        TEXT   NOT NULL, -- queued, sending (messages only), sent, failed, dead or unknown
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
CREATE TABLE alerts (
    id       TEXT PRIMARY KEY,
    tenant   TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    seq      BIGINT NOT NULL,
    body     BYTEA  NOT NULL,
    state    TEXT   NOT NULL,
    due_at   BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    cause    TEXT   NOT NULL
);
CREATE INDEX alerts_waiting ON alerts (due_at, id) WHERE state = 'waiting';
CREATE INDEX alerts_settled ON alerts (due_at) WHERE state <> 'waiting';
CREATE TABLE notes (
    id       TEXT PRIMARY KEY REFERENCES verifications (id),
    tenant   TEXT   NOT NULL,
    system   TEXT   NOT NULL,
    ticket   TEXT   NOT NULL,
    contact  TEXT   NOT NULL,
    seq      BIGINT NOT NULL,
    sealed   BYTEA,
    state    TEXT   NOT NULL,
    due_at   BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    cause    TEXT   NOT NULL
);
CREATE INDEX notes_waiting ON notes (due_at, id) WHERE state = 'waiting';
CREATE INDEX notes_settled ON notes (due_at) WHERE state <> 'waiting';
CREATE TABLE outbox (
    id          TEXT PRIMARY KEY REFERENCES verifications (id),
    tenant      TEXT   NOT NULL,
    method      TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    due_at      BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    sealed      BYTEA,
    carrier_ref TEXT   NOT NULL,
    cause       TEXT   NOT NULL
);
CREATE INDEX outbox_queued ON outbox (kind, due_at, id) WHERE state = 'queued';
CREATE INDEX outbox_sending ON outbox (lease_until, id) WHERE state = 'sending';
CREATE INDEX outbox_settled ON outbox (lease_until) WHERE state NOT IN ('queued', 'sending');
