-- The contents of a tag lie in the order of their creation, so that a page of them is
-- read along it.
CREATE TABLE content_tags_in_order (
    tag        TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to   INTEGER NOT NULL,
    content_id TEXT NOT NULL,
    PRIMARY KEY (tag, created_at, valid_from)
) STRICT, WITHOUT ROWID;

INSERT INTO content_tags_in_order (tag, created_at, valid_from, valid_to, content_id)
SELECT t.tag, c.created_at, t.valid_from, t.valid_to, t.content_id
FROM content_tags AS t JOIN contents AS c ON c.valid_from = t.valid_from;

DROP TABLE content_tags;

ALTER TABLE content_tags_in_order RENAME TO content_tags;
