-- How tenants look and speak, and contacts that are locked by their own word.

-- +goose Up
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

ALTER TABLE failures ADD COLUMN denied BIGINT NOT NULL DEFAULT 0; -- 1: the contact said "I did not ask for this"

-- +goose Down
ALTER TABLE failures DROP COLUMN denied;
DROP TABLE brand_images;
DROP TABLE brands;
