-- Numbers of which a carrier has said that they get no texts.

-- +goose Up
CREATE TABLE marks (
    tenant      TEXT   NOT NULL,
    destination TEXT   NOT NULL, -- keyed hash
    contact     TEXT   NOT NULL, -- on whom it was found out
    reason      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (tenant, destination)
);
CREATE INDEX marks_by_contact ON marks (tenant, contact);

-- +goose Down
DROP TABLE marks;
