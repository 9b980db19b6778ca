-- Rows are true from valid_from up to, not including, valid_to; the open end is
-- 9223372036854775807. Where one event makes one row, valid_from is its key.
-- public says whether a visitor may see the row.

CREATE TABLE contents (
    valid_from   INTEGER PRIMARY KEY,
    valid_to     INTEGER NOT NULL,
    id           TEXT NOT NULL,
    version      INTEGER NOT NULL,
    title        TEXT NOT NULL,
    slug         TEXT NOT NULL,
    description  TEXT,
    format       TEXT NOT NULL,
    status       TEXT NOT NULL,
    author_id    TEXT NOT NULL,
    tags         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    published_at INTEGER,
    deleted      INTEGER NOT NULL,
    public       INTEGER NOT NULL,
    content      TEXT NOT NULL
) STRICT;

CREATE INDEX contents_id ON contents (id, valid_from, public);
CREATE UNIQUE INDEX contents_slug_now ON contents (slug) WHERE valid_to = 9223372036854775807 AND deleted = 0;
CREATE INDEX contents_slug ON contents (slug);
CREATE INDEX contents_created ON contents (created_at, valid_from, valid_to);
CREATE INDEX contents_updated ON contents (updated_at, valid_from, valid_to);
CREATE INDEX contents_title ON contents (title, id, valid_from, valid_to);
CREATE INDEX contents_published ON contents (coalesce(published_at, 0), id, valid_from, valid_to);
CREATE INDEX contents_author ON contents (author_id, created_at, valid_from, valid_to);

-- A tag of a content, as long as the content has it and is not deleted.
CREATE TABLE content_tags (
    tag        TEXT NOT NULL,
    content_id TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to   INTEGER NOT NULL,
    PRIMARY KEY (tag, content_id, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE presentations (
    valid_from   INTEGER PRIMARY KEY,
    valid_to     INTEGER NOT NULL,
    id           TEXT NOT NULL,
    version      INTEGER NOT NULL,
    title        TEXT NOT NULL,
    description  TEXT,
    author_id    TEXT NOT NULL,
    theme        TEXT NOT NULL,
    is_public    INTEGER NOT NULL,
    front_matter TEXT NOT NULL,
    slide_ids    TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    deleted      INTEGER NOT NULL,
    public       INTEGER NOT NULL
) STRICT;

CREATE INDEX presentations_id ON presentations (id, valid_from, public);
CREATE INDEX presentations_created ON presentations (created_at, valid_from, valid_to);
CREATE INDEX presentations_updated ON presentations (updated_at, valid_from, valid_to);
CREATE INDEX presentations_title ON presentations (title, id, valid_from, valid_to);
CREATE INDEX presentations_author ON presentations (author_id, created_at, valid_from, valid_to);

-- The running order is presentations.slide_ids, so that moving a slide writes no
-- row of another.
CREATE TABLE slides (
    document        INTEGER PRIMARY KEY,
    id              TEXT NOT NULL,
    valid_from      INTEGER NOT NULL,
    valid_to        INTEGER NOT NULL,
    presentation_id TEXT NOT NULL,
    title           TEXT,
    notes           TEXT,
    content         TEXT NOT NULL,
    UNIQUE (id, valid_from)
) STRICT;

CREATE INDEX slides_presentation ON slides (presentation_id, valid_from, valid_to);
CREATE INDEX slides_begun ON slides (valid_from);

CREATE TABLE users (
    valid_from    INTEGER PRIMARY KEY,
    valid_to      INTEGER NOT NULL,
    id            TEXT NOT NULL,
    version       INTEGER NOT NULL,
    email         TEXT NOT NULL,
    display_name  TEXT NOT NULL,
    role          TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    last_login_at INTEGER
) STRICT;

CREATE UNIQUE INDEX users_id ON users (id, valid_from);
CREATE UNIQUE INDEX users_now ON users (id) WHERE valid_to = 9223372036854775807;
CREATE UNIQUE INDEX users_email_now ON users (email) WHERE valid_to = 9223372036854775807;
CREATE INDEX users_created ON users (created_at, valid_from, valid_to);

-- Secrets are not in the log: they change and are forgotten.
CREATE TABLE credentials (
    user_id  TEXT PRIMARY KEY,
    password TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    token      BLOB PRIMARY KEY,
    user_id    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_user ON sessions (user_id);

-- Full-text search is a projection of its own, outside of the commit: it has a
-- document for each row of contents, presentations and slides, under the same key,
-- up to the position in search_checkpoint.
CREATE VIRTUAL TABLE content_search USING fts5 (
    title, description, tags, content, content = '', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE VIRTUAL TABLE presentation_search USING fts5 (
    title, description, content = '', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE VIRTUAL TABLE slide_search USING fts5 (
    title, content, content = '', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE search_checkpoint (
    position INTEGER NOT NULL
) STRICT;

INSERT INTO search_checkpoint (position) VALUES (0);
