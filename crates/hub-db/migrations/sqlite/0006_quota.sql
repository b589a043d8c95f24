-- Limits that an administrator set for one organisation: NULL follows the settings, 0 is none.
CREATE TABLE org_quota (
    org_id INTEGER NOT NULL PRIMARY KEY REFERENCES org (id) ON DELETE CASCADE,
    bytes  INTEGER,
    repos  INTEGER,
    tags   INTEGER
) STRICT;

-- What organisations hold: the sum of their rows. Every change appends one, so that no row is
-- written twice by those who push at the same time; a job folds them. `counted_at_ms`: when
-- everything was last counted anew. No reference to `org`, which would lock its row.
CREATE TABLE org_usage (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id        INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    repos         INTEGER NOT NULL,
    tags          INTEGER NOT NULL,
    counted_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX org_usage_by_org ON org_usage (org_id);

INSERT INTO org_usage (org_id, bytes, repos, tags, counted_at_ms)
SELECT o.id,
       COALESCE((SELECT SUM(b.size_bytes)
                 FROM blob b
                 WHERE b.digest IN (SELECT h.digest
                                    FROM repo_blob h
                                    JOIN repo r ON r.id = h.repo_id
                                    WHERE r.org_id = o.id)), 0),
       (SELECT COUNT(*) FROM repo r WHERE r.org_id = o.id),
       COALESCE((SELECT SUM(r.tags) FROM repo r WHERE r.org_id = o.id), 0),
       0
FROM org o;

-- A user has only so many uploads open.
CREATE INDEX upload_by_user ON upload (user_name);
