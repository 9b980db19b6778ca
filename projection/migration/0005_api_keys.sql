-- Keys of machines, each with a user of its own. They are no part of the log: only
-- that the user exists is. A revoked key stays, so that it is known who revoked it.

CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    digest     BLOB NOT NULL UNIQUE,
    user_id    TEXT NOT NULL,
    name       TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_by TEXT,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
