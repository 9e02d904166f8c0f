-- The events of administrative acts, which are read newest first.

-- +goose Up
CREATE INDEX events_of_acts ON events (tenant, seq) WHERE contact = '' OR kind = 'unlocked';

-- +goose Down
DROP INDEX events_of_acts;
