-- When something was last pulled (0 for never), and the names in the order of the catalogue: those
-- of what is public, and those of what is private in one organisation.
ALTER TABLE repo ADD COLUMN pulled_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE img ADD COLUMN pulled_at_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX repo_by_visibility ON repo (visibility, name);
CREATE INDEX repo_by_org_visibility ON repo (org_id, visibility, name);
