-- What a person said of a step whose outcome could not be known: when, and the step's result if it needs one.
ALTER TABLE steps ADD COLUMN settled TEXT CHECK (settled IS NULL OR json_valid(settled));

-- Until when the document of a closed job stays; absent while the job is open.
ALTER TABLE job_blobs ADD COLUMN kept_until TEXT;

CREATE INDEX job_blobs_kept ON job_blobs (kept_until) WHERE kept_until IS NOT NULL;

-- What a job is found by. `folded` is the value in lower case, because SQLite folds Latin letters only.
CREATE TABLE job_facts (
    job    TEXT NOT NULL REFERENCES jobs (id),
    kind   TEXT NOT NULL CHECK (kind IN ('name', 'counterparty', 'service_id', 'digest')),
    value  TEXT NOT NULL,
    folded TEXT NOT NULL,
    PRIMARY KEY (job, kind, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX jobs_by_time ON jobs (created_at);
