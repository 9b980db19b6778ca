-- The log and what belongs to it.

CREATE TABLE log (
    lineage    TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE streams (
    stream_id  TEXT PRIMARY KEY,
    type       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Instants are microseconds since 1970 in UTC. hash chains each row to the one
-- before it. Positions are given by the writer and never reused: nothing is ever
-- deleted from the log but by moving it to archived_events.
CREATE TABLE events (
    position       INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    stream_id      TEXT NOT NULL REFERENCES streams (stream_id),
    stream_type    TEXT NOT NULL,
    version        INTEGER NOT NULL,
    type           TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    actor          TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    causation_id   TEXT NOT NULL,
    trace_id       TEXT NOT NULL,
    recorded_at    INTEGER NOT NULL UNIQUE,
    hash           BLOB NOT NULL,
    data           TEXT NOT NULL,
    UNIQUE (stream_id, version)
) STRICT;

CREATE INDEX events_type ON events (type);
CREATE INDEX events_actor ON events (actor) WHERE actor <> '';

CREATE TRIGGER events_are_immutable BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are immutable');
END;

CREATE TRIGGER events_are_kept BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;

CREATE TABLE archived_events (
    position       INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    stream_id      TEXT NOT NULL REFERENCES streams (stream_id),
    stream_type    TEXT NOT NULL,
    version        INTEGER NOT NULL,
    type           TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    actor          TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    causation_id   TEXT NOT NULL,
    trace_id       TEXT NOT NULL,
    recorded_at    INTEGER NOT NULL UNIQUE,
    hash           BLOB NOT NULL,
    data           TEXT NOT NULL,
    archived_at    INTEGER NOT NULL,
    UNIQUE (stream_id, version)
) STRICT;

CREATE TRIGGER archived_events_are_immutable BEFORE UPDATE ON archived_events
BEGIN
    SELECT RAISE(ABORT, 'archived events are immutable');
END;

CREATE TRIGGER archived_events_are_kept BEFORE DELETE ON archived_events
BEGIN
    SELECT RAISE(ABORT, 'archived events are never deleted');
END;

CREATE TABLE snapshots (
    stream_id   TEXT NOT NULL REFERENCES streams (stream_id),
    version     INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    data        BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (stream_id, version)
) STRICT, WITHOUT ROWID;

-- What a command with an idempotency key led to. first_position is after
-- last_position when it led to nothing.
CREATE TABLE idempotency_keys (
    actor          TEXT NOT NULL,
    value          TEXT NOT NULL,
    input          BLOB NOT NULL,
    first_position INTEGER NOT NULL,
    last_position  INTEGER NOT NULL,
    PRIMARY KEY (actor, value)
) STRICT, WITHOUT ROWID;
