-- The keys with which the personal fields of events are sealed, wrapped by the master
-- key that has this id.
CREATE TABLE person_keys (
    user_id TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE master_key (
    id TEXT NOT NULL
) STRICT;
