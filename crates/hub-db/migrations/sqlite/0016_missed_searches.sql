-- What was searched for and not found, where an administrator switched that on; never by whom.
CREATE TABLE missed_search (
    text     TEXT NOT NULL PRIMARY KEY,
    times    INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms  INTEGER NOT NULL
) STRICT;
CREATE INDEX missed_search_by_times ON missed_search (times, text);
CREATE INDEX missed_search_by_last ON missed_search (last_ms);
