-- How far a rebuild is: see rebuild.go. There is one row. generation counts the
-- rebuilds that were begun; while one is under way it has a checkpoint, and tables
-- beside the live ones whose names end with _next. Those that were live before the
-- last rebuild end with _old. The names of indexes end with the generation that made
-- them, _g1 and so on: whoever drops one asks sqlite_schema for its name.

CREATE TABLE rebuild (
    generation INTEGER NOT NULL,
    program    TEXT NOT NULL,
    bulk       INTEGER NOT NULL,
    started_at INTEGER NOT NULL
) STRICT;

INSERT INTO rebuild (generation, program, bulk, started_at) VALUES (0, '', 0, 0);
