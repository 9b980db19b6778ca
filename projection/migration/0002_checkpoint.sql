-- The checkpoint of the full-text index lies with the log's, which keeps what was
-- not followed yet out of the archive.

INSERT INTO checkpoints (name, position) SELECT 'search', position FROM search_checkpoint;

DROP TABLE search_checkpoint;
