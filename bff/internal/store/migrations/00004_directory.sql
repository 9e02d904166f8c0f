-- Contacts that vendors push.

-- +goose Up
CREATE TABLE directory_clients (
    tenant TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    system TEXT   NOT NULL,
    client TEXT   NOT NULL,
    pushes BIGINT NOT NULL, -- so far: what is older is told by count, for no two clocks agree
    PRIMARY KEY (tenant, system, client)
);

CREATE TABLE directory_contacts (
    tenant TEXT   NOT NULL,
    system TEXT   NOT NULL,
    client TEXT   NOT NULL,
    id     TEXT   NOT NULL,
    push   BIGINT NOT NULL, -- that brought it last
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

-- +goose Down
DROP TABLE directory_syncs;
DROP TABLE directory_contacts;
DROP TABLE directory_clients;
