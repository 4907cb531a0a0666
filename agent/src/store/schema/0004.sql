-- What arrived in a service's message queues, as it came. An event is acknowledged to the broker after its row is committed.
CREATE TABLE queue_events (
    seq         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    service     TEXT NOT NULL,
    profile     TEXT NOT NULL,
    queue       TEXT NOT NULL,
    -- The publisher's name for it.
    message_id  TEXT,
    -- SHA-256 of queue and body: knows a redelivered event that has no name.
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    received_at TEXT NOT NULL,
    -- Whether the broker said that it may have come before.
    redelivered INTEGER NOT NULL CHECK (redelivered IN (0, 1)),
    -- NULL when it was too long to be kept.
    body        BLOB,
    -- Why it cannot be read, when it cannot; it is kept aside and holds nothing up.
    set_aside   TEXT,
    CHECK (body IS NOT NULL OR set_aside IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX queue_events_named ON queue_events (service, profile, queue, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX queue_events_by_digest ON queue_events (service, profile, digest);
CREATE INDEX queue_events_of_profile ON queue_events (service, profile, seq);

CREATE TRIGGER queue_events_are_what_came BEFORE UPDATE ON queue_events
BEGIN SELECT RAISE (ABORT, 'an event is kept as it came'); END;
