-- The program makes the tokens of the full-text index: package token. SQLite splits
-- them at spaces. The index follows the log from its beginning again.
DROP TABLE content_search;
DROP TABLE presentation_search;
DROP TABLE slide_search;

CREATE VIRTUAL TABLE content_search USING fts5 (
    title, description, tags, content, content = '', tokenize = 'ascii'
);

CREATE VIRTUAL TABLE presentation_search USING fts5 (
    title, description, content = '', tokenize = 'ascii'
);

CREATE VIRTUAL TABLE slide_search USING fts5 (
    title, content, content = '', tokenize = 'ascii'
);

UPDATE checkpoints SET position = 0 WHERE name = 'search';
