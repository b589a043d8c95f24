-- Pulls of the last 30 days, for lists of what is in use.

-- Pulls of each repository on each day: `day` counts days of UTC since 1970. Days that have passed
-- out are deleted, so that `recent_pulls` is the sum of what is left.
CREATE TABLE repo_pulls (
    day     BIGINT NOT NULL,
    repo_id BIGINT NOT NULL REFERENCES repo (id) ON DELETE CASCADE,
    pulls   BIGINT NOT NULL,
    PRIMARY KEY (day, repo_id)
);
CREATE INDEX repo_pulls_by_repo ON repo_pulls (repo_id);

ALTER TABLE repo ADD COLUMN recent_pulls BIGINT NOT NULL DEFAULT 0;
