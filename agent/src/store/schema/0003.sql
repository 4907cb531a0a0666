-- Applications that the administrator's configuration pairs, and the program that such a token is bound to.
ALTER TABLE applications ADD COLUMN prepared INTEGER NOT NULL DEFAULT 0 CHECK (prepared IN (0, 1));
ALTER TABLE applications ADD COLUMN executable TEXT;
