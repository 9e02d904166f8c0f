-- Whom a message reaches, whatever alias of an address it goes to: cooldown and daily limit are a person's.

-- +goose Up
ALTER TABLE verifications ADD COLUMN person TEXT NOT NULL DEFAULT ''; -- keyed hash
UPDATE verifications SET person = destination;
DROP INDEX verifications_by_destination;
CREATE INDEX verifications_by_person ON verifications (tenant, person, requested_at);

-- +goose Down
DROP INDEX verifications_by_person;
CREATE INDEX verifications_by_destination ON verifications (tenant, destination, requested_at);
ALTER TABLE verifications DROP COLUMN person;
