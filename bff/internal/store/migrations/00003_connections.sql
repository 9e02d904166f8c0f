-- How ticket systems are reached, and results on their way to tickets.

-- +goose Up
CREATE TABLE connections (
    tenant   TEXT  NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    system   TEXT  NOT NULL,
    settings TEXT  NOT NULL, -- JSON, in the shape of the system's adapter
    secret   BYTEA NOT NULL, -- sealed
    PRIMARY KEY (tenant, system)
);

CREATE TABLE notes (
    id       TEXT PRIMARY KEY REFERENCES verifications (id),
    tenant   TEXT   NOT NULL,
    system   TEXT   NOT NULL,
    ticket   TEXT   NOT NULL,
    contact  TEXT   NOT NULL,
    seq      BIGINT NOT NULL, -- of the request
    sealed   BYTEA,           -- the contact's name, until it is done
    state    TEXT   NOT NULL, -- waiting, written, void (there was no result) or dropped
    due_at   BIGINT NOT NULL, -- while it is being written: when somebody else may try
    attempts BIGINT NOT NULL,
    cause    TEXT   NOT NULL  -- of the last failure
);
CREATE INDEX notes_waiting ON notes (due_at, id) WHERE state = 'waiting';
CREATE INDEX notes_settled ON notes (due_at) WHERE state <> 'waiting';

-- +goose Down
DROP TABLE notes;
DROP TABLE connections;
