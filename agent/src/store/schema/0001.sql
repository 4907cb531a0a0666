-- Times are RFC 3339 in UTC with six digits of a second, so that they sort as text. Ids are UUIDs as text. JSON is text.

CREATE TABLE applications (
    id           TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    origin       TEXT,
    permissions  TEXT NOT NULL CHECK (json_type(permissions) = 'array'),
    token_hash   BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at   TEXT NOT NULL,
    expires_at   TEXT,
    last_used_at TEXT,
    revoked_at   TEXT
) STRICT;

CREATE TABLE jobs (
    seq         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    kind        TEXT NOT NULL,
    profile     TEXT,
    application TEXT REFERENCES applications (id),
    title       TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('running', 'finished', 'failed', 'refused', 'cancelled', 'stopped')),
    created_at  TEXT NOT NULL,
    closed_at   TEXT,
    input       TEXT NOT NULL CHECK (json_valid(input)),
    outcome     TEXT CHECK (json_valid(outcome)),
    fault       TEXT CHECK (json_valid(fault)),
    -- The process that runs it: boot id, process number, start time.
    lease       TEXT,
    CHECK ((state IN ('running', 'stopped')) = (closed_at IS NULL)),
    CHECK ((state = 'running') = (lease IS NOT NULL)),
    CHECK ((state = 'finished') = (outcome IS NOT NULL)),
    CHECK (state IN ('running', 'finished') OR fault IS NOT NULL)
) STRICT;

CREATE INDEX jobs_open ON jobs (seq) WHERE state IN ('running', 'stopped');
CREATE INDEX jobs_of_application ON jobs (application, seq);

CREATE TRIGGER jobs_closed_for_good BEFORE UPDATE OF state, outcome, fault ON jobs
WHEN OLD.state NOT IN ('running', 'stopped')
BEGIN SELECT RAISE (ABORT, 'a closed job does not change'); END;

CREATE TABLE steps (
    job       TEXT NOT NULL REFERENCES jobs (id),
    n         INTEGER NOT NULL,
    name      TEXT NOT NULL,
    guarded   INTEGER NOT NULL CHECK (guarded IN (0, 1)),
    state     TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed', 'uncertain')),
    -- How often the effect was begun.
    attempts  INTEGER NOT NULL,
    -- Failures in a row since the step began or a person said retry; decides the back-off.
    failures  INTEGER NOT NULL DEFAULT 0,
    -- How often the effect was repeated because the probe said that it had not happened.
    repeats   INTEGER NOT NULL DEFAULT 0,
    opened_at TEXT NOT NULL,
    -- While open: the effect certainly did not happen, and is begun again then. While uncertain: the next probe.
    next_at   TEXT,
    closed_at TEXT,
    result    TEXT CHECK (json_valid(result)),
    fault     TEXT CHECK (json_valid(fault)),
    PRIMARY KEY (job, name),
    UNIQUE (job, n),
    CHECK ((state IN ('done', 'failed')) = (closed_at IS NOT NULL)),
    CHECK ((state = 'done') = (result IS NOT NULL)),
    CHECK (state <> 'failed' OR fault IS NOT NULL)
) STRICT;

CREATE TRIGGER steps_closed_for_good BEFORE UPDATE ON steps
WHEN OLD.state IN ('done', 'failed')
BEGIN SELECT RAISE (ABORT, 'a closed step does not change'); END;

-- One job at most may bring a thing about (submit a document, finish a group): the key names the thing.
CREATE TABLE claims (
    key TEXT NOT NULL PRIMARY KEY,
    job TEXT NOT NULL REFERENCES jobs (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX claims_of_job ON claims (job);

-- The spooled documents of jobs that are not closed.
CREATE TABLE job_blobs (
    job  TEXT NOT NULL REFERENCES jobs (id),
    blob TEXT NOT NULL CHECK (length(blob) = 64),
    PRIMARY KEY (job, blob)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_blobs_of_blob ON job_blobs (blob);

CREATE TABLE grants (
    id            TEXT NOT NULL PRIMARY KEY,
    application   TEXT REFERENCES applications (id),
    certificate   TEXT NOT NULL,
    service       TEXT,
    profile       TEXT,
    document_kind TEXT,
    max_uses      INTEGER NOT NULL CHECK (max_uses > 0),
    used          INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND max_uses),
    deadline      TEXT NOT NULL CHECK (json_valid(deadline)),
    created_at    TEXT NOT NULL,
    ended_at      TEXT,
    end_reason    TEXT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT;

CREATE INDEX grants_live ON grants (certificate) WHERE ended_at IS NULL;

CREATE TRIGGER grants_ended_for_good BEFORE UPDATE ON grants
WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE (ABORT, 'an ended grant does not change'); END;

-- `application` and `caller` tell who asked, as it was then; the application may be gone since.
CREATE TABLE approvals (
    id          TEXT NOT NULL PRIMARY KEY,
    request_key TEXT NOT NULL,
    kind        TEXT NOT NULL,
    caller      TEXT NOT NULL CHECK (json_valid(caller)),
    application TEXT,
    purpose     TEXT NOT NULL,
    certificate TEXT NOT NULL,
    deadline    TEXT NOT NULL CHECK (json_valid(deadline)),
    created_at  TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('live', 'closed', 'withdrawn')),
    job         TEXT REFERENCES jobs (id),
    from_grant  TEXT REFERENCES grants (id)
) STRICT;

CREATE UNIQUE INDEX approvals_live ON approvals (request_key) WHERE state = 'live';
CREATE INDEX approvals_of_job ON approvals (job);

CREATE TRIGGER approvals_are_what_was_shown
BEFORE UPDATE OF id, request_key, kind, caller, application, purpose, certificate, deadline ON approvals
BEGIN SELECT RAISE (ABORT, 'what was approved does not change'); END;

CREATE TRIGGER approvals_closed_for_good BEFORE UPDATE OF state ON approvals
WHEN OLD.state <> 'live'
BEGIN SELECT RAISE (ABORT, 'a closed approval does not change'); END;

CREATE TABLE approval_items (
    approval  TEXT NOT NULL REFERENCES approvals (id),
    n         INTEGER NOT NULL CHECK (n >= 0),
    kind      TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    digest    BLOB NOT NULL,
    name      TEXT,
    state     TEXT NOT NULL DEFAULT 'approved' CHECK (state IN ('approved', 'signing', 'signed')),
    -- How often the value was sent to the token.
    attempts  INTEGER NOT NULL DEFAULT 0,
    tbs       BLOB,
    value     BLOB,
    signed_at TEXT,
    PRIMARY KEY (approval, n),
    CHECK ((state = 'approved') = (tbs IS NULL)),
    CHECK ((state = 'signed') = (value IS NOT NULL)),
    CHECK ((value IS NULL) = (signed_at IS NULL))
) STRICT;

CREATE INDEX approval_items_of_digest ON approval_items (digest);

CREATE TRIGGER approval_items_are_what_was_shown
BEFORE UPDATE OF approval, n, kind, algorithm, digest, name ON approval_items
BEGIN SELECT RAISE (ABORT, 'what was approved does not change'); END;

CREATE TRIGGER approval_items_signed_once BEFORE UPDATE ON approval_items
WHEN OLD.state = 'signed' OR (NEW.state = 'signed' AND OLD.state <> 'signing')
BEGIN SELECT RAISE (ABORT, 'an approved digest is signed once'); END;

CREATE TABLE idempotency (
    -- The application's id; empty for the owner.
    application TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    job         TEXT REFERENCES jobs (id),
    response    TEXT CHECK (json_valid(response)),
    created_at  TEXT NOT NULL,
    PRIMARY KEY (application, key)
) STRICT;

CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE audit (
    seq   INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at    TEXT NOT NULL,
    kind  TEXT NOT NULL,
    actor TEXT NOT NULL,
    job   TEXT,
    body  TEXT NOT NULL CHECK (json_valid(body)),
    prev  BLOB NOT NULL CHECK (length(prev) = 32),
    hash  BLOB NOT NULL UNIQUE CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX audit_of_job ON audit (job) WHERE job IS NOT NULL;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;

-- How a token's signature values are laid out, learned once by a check with the public key.
CREATE TABLE calibrations (
    token_key  TEXT NOT NULL PRIMARY KEY,
    layout     TEXT NOT NULL,
    learned_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
