-- The person gave a prepared application another name: the configuration's does not come back with the next start.
ALTER TABLE applications ADD COLUMN renamed INTEGER NOT NULL DEFAULT 0 CHECK (renamed IN (0, 1));
