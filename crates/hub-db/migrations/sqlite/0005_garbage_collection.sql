-- What the garbage collector and the checks stand on: every change keeps it, and it survives restarts.
--
-- The marks below say "perhaps": a row that nothing needs always has one, a row with one may still
-- be needed. The collector looks again, with the row locked, and takes the mark back where it was
-- wrong. So no change has to ask who else needs something, and two that end at once forget nothing.
--
-- `blob.unreferenced_since_ms`: perhaps no repository holds the blob since then.
-- `repo_blob.unused_since_ms`: perhaps no manifest of the repository names the blob since then.
-- `repo_manifest.untagged_since_ms`: perhaps nothing holds the manifest since then: no tag, no
-- index, no subject, no referrer.
-- `manifest.unreferenced_since_ms`: perhaps no repository holds the manifest since then.
--
-- `blob.state`: `live`; `deleting` between the decision and the end of its bytes; `damaged` when its
-- bytes are lost or changed: such a blob counts as absent until it is pushed again.
-- `blob.checked_at_ms`: when its bytes were last known to have the digest.

ALTER TABLE blob ADD COLUMN state TEXT NOT NULL DEFAULT 'live';
ALTER TABLE blob ADD COLUMN checked_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repo_blob ADD COLUMN unused_since_ms INTEGER;
ALTER TABLE repo_manifest ADD COLUMN untagged_since_ms INTEGER;
ALTER TABLE manifest ADD COLUMN unreferenced_since_ms INTEGER;

-- What is there already gets its marks now, so that a whole grace time lies before it.
UPDATE blob
SET checked_at_ms = created_at_ms,
    unreferenced_since_ms = CASE
        WHEN EXISTS (SELECT 1 FROM repo_blob r WHERE r.digest = blob.digest) THEN NULL
        ELSE 1000 * unixepoch() END;
UPDATE repo_blob
SET unused_since_ms = 1000 * unixepoch()
WHERE NOT EXISTS (SELECT 1
                  FROM manifest_link l
                  JOIN repo_manifest r ON r.digest = l.parent
                  WHERE l.target = repo_blob.digest AND l.kind <> 'manifest'
                    AND r.repo_id = repo_blob.repo_id);
UPDATE repo_manifest
SET untagged_since_ms = 1000 * unixepoch()
WHERE NOT EXISTS (SELECT 1
                  FROM img i
                  WHERE i.repo_id = repo_manifest.repo_id AND i.digest = repo_manifest.digest);
UPDATE manifest
SET unreferenced_since_ms = 1000 * unixepoch()
WHERE NOT EXISTS (SELECT 1 FROM repo_manifest r WHERE r.digest = manifest.digest);

CREATE INDEX blob_by_state ON blob (state, digest) WHERE state <> 'live';
CREATE INDEX blob_by_check ON blob (checked_at_ms, digest);
CREATE INDEX repo_blob_unused ON repo_blob (unused_since_ms, repo_id, digest)
    WHERE unused_since_ms IS NOT NULL;
CREATE INDEX repo_manifest_untagged ON repo_manifest (untagged_since_ms, repo_id, digest)
    WHERE untagged_since_ms IS NOT NULL;
CREATE INDEX manifest_unreferenced ON manifest (unreferenced_since_ms, digest)
    WHERE unreferenced_since_ms IS NOT NULL;

-- Runs of the collector, asked for, going on and past. `wish` and `report` are JSON.
CREATE TABLE gc_run (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    state         TEXT NOT NULL,
    cause         TEXT NOT NULL,
    wish          TEXT NOT NULL,
    report        TEXT NOT NULL,
    holder        TEXT NOT NULL,
    asked_at_ms   INTEGER NOT NULL,
    started_at_ms INTEGER,
    seen_at_ms    INTEGER,
    ended_at_ms   INTEGER,
    error         TEXT
) STRICT;
CREATE INDEX gc_run_by_state ON gc_run (state, id);
