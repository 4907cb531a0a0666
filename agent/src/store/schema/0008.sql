-- Where PINs came from that a token refused. Nothing of a PIN itself: a digest of so few digits would give it away.
CREATE TABLE refused_pin_sources (
    token_key  TEXT NOT NULL,
    source     TEXT NOT NULL,
    refused_at TEXT NOT NULL,
    PRIMARY KEY (token_key, source)
) STRICT, WITHOUT ROWID;
