-- The archive as a storage tier. What was made for it before was never written to.

DROP TABLE archived_events;

-- Blocks of events, compressed with a dictionary; 0 is none.
CREATE TABLE archive_dictionaries (
    dictionary INTEGER PRIMARY KEY CHECK (dictionary > 0),
    data       BLOB NOT NULL
) STRICT;

CREATE TABLE archive_blocks (
    block      INTEGER PRIMARY KEY,
    dictionary INTEGER NOT NULL,
    data       BLOB NOT NULL
) STRICT;

-- What archived events have in common, so that their rows are numbers.
CREATE TABLE archive_streams (
    stream    INTEGER PRIMARY KEY,
    stream_id TEXT NOT NULL UNIQUE REFERENCES streams (stream_id),
    type      TEXT NOT NULL
) STRICT;

CREATE TABLE archive_names (
    name INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- Where an archived event is, and what events are selected by. The event itself is
-- in its block, whole.
CREATE TABLE archived_events (
    position    INTEGER PRIMARY KEY,
    stream      INTEGER NOT NULL REFERENCES archive_streams (stream),
    version     INTEGER NOT NULL,
    type        INTEGER NOT NULL REFERENCES archive_names (name),
    actor       INTEGER NOT NULL REFERENCES archive_names (name),
    recorded_at INTEGER NOT NULL UNIQUE,
    block       INTEGER NOT NULL REFERENCES archive_blocks (block),
    UNIQUE (stream, version)
) STRICT;

CREATE INDEX archived_events_type ON archived_events (type);
CREATE INDEX archived_events_actor ON archived_events (actor);

-- Everything that was ever appended, wherever it is, without the data.
CREATE VIEW all_events (position, stream_id, stream_type, version, type, actor, recorded_at) AS
SELECT position, stream_id, stream_type, version, type, actor, recorded_at FROM events
UNION ALL
SELECT a.position, s.stream_id, s.type, a.version, t.text, u.text, a.recorded_at
FROM archived_events AS a
JOIN archive_streams AS s ON s.stream = a.stream
JOIN archive_names AS t ON t.name = a.type
JOIN archive_names AS u ON u.name = a.actor;

-- An event leaves the log for the archive only, and nothing leaves the archive.
DROP TRIGGER events_are_kept;
CREATE TRIGGER events_are_kept BEFORE DELETE ON events
WHEN NOT EXISTS (SELECT 1 FROM archived_events WHERE position = OLD.position)
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;

CREATE TRIGGER events_are_not_archived BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM archived_events WHERE position = NEW.position)
BEGIN
    SELECT RAISE(ABORT, 'archived events are immutable');
END;

CREATE TRIGGER archived_events_are_immutable BEFORE UPDATE ON archived_events
BEGIN
    SELECT RAISE(ABORT, 'archived events are immutable');
END;

CREATE TRIGGER archived_events_are_kept BEFORE DELETE ON archived_events
BEGIN
    SELECT RAISE(ABORT, 'archived events are never deleted');
END;

CREATE TRIGGER archive_blocks_are_immutable BEFORE UPDATE ON archive_blocks
BEGIN
    SELECT RAISE(ABORT, 'archived events are immutable');
END;

CREATE TRIGGER archive_blocks_are_kept BEFORE DELETE ON archive_blocks
BEGIN
    SELECT RAISE(ABORT, 'archived events are never deleted');
END;

CREATE TRIGGER archive_dictionaries_are_immutable BEFORE UPDATE ON archive_dictionaries
BEGIN
    SELECT RAISE(ABORT, 'archived events are immutable');
END;

CREATE TRIGGER archive_dictionaries_are_kept BEFORE DELETE ON archive_dictionaries
BEGIN
    SELECT RAISE(ABORT, 'archived events are never deleted');
END;

-- How far somebody outside of the commit has followed the log. Nothing after the
-- least of them is archived.
CREATE TABLE checkpoints (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Snapshots know what kind of stream they are of.
DROP TABLE snapshots;
CREATE TABLE snapshots (
    stream_id   TEXT NOT NULL REFERENCES streams (stream_id),
    version     INTEGER NOT NULL,
    stream_type TEXT NOT NULL,
    position    INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    data        BLOB NOT NULL,
    PRIMARY KEY (stream_id, version)
) STRICT;
