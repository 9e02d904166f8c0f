-- Which tenants' sessions were ended, for nodes that show them; and rows that are written to see whether rows can be.

-- +goose Up
CREATE TABLE session_ends (
    tenant TEXT   PRIMARY KEY,
    n      BIGINT NOT NULL -- of the last time, counted over all tenants
);
CREATE INDEX session_ends_by_n ON session_ends (n);

CREATE TABLE write_probes (
    id      TEXT  PRIMARY KEY,
    padding BYTEA NOT NULL
);

-- +goose Down
DROP TABLE write_probes;
DROP TABLE session_ends;
