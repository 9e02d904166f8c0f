-- Carriers' accounts of tenants.

-- +goose Up
CREATE TABLE carriers (
    tenant   TEXT   NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    carrier  TEXT   NOT NULL,
    kind     TEXT   NOT NULL, -- of channels that it reaches
    place    BIGINT NOT NULL, -- the lower one of a kind is asked first
    settings TEXT   NOT NULL, -- JSON, in the shape of the carrier's adapter
    secret   BYTEA  NOT NULL, -- sealed
    PRIMARY KEY (tenant, carrier)
);

-- +goose Down
DROP TABLE carriers;
