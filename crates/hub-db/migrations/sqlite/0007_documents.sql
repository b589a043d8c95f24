-- Which documents the details of a repository, and of its images, name: a document that neither
-- table knows is needed by nobody. The rows go with what names them.
--
-- `document.unreferenced_since_ms`: perhaps nothing names the document since then. The collector
-- sets it when it first finds a document so, looks again when the grace is over, and takes it
-- back where something names it.

CREATE TABLE detail_document (
    repo_id INTEGER NOT NULL,
    scope   TEXT NOT NULL,
    digest  TEXT NOT NULL,
    PRIMARY KEY (repo_id, scope, digest),
    FOREIGN KEY (repo_id, scope) REFERENCES detail (repo_id, scope) ON DELETE CASCADE
) STRICT;
CREATE INDEX detail_document_by_digest ON detail_document (digest);

CREATE TABLE img_document (
    img_id INTEGER NOT NULL REFERENCES img (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    PRIMARY KEY (img_id, digest)
) STRICT;
CREATE INDEX img_document_by_digest ON img_document (digest);

-- What is there already: every text of the details that is the digest of a document.
INSERT OR IGNORE INTO detail_document (repo_id, scope, digest)
SELECT d.repo_id, d.scope, v.atom
FROM detail d
JOIN json_tree(d.fields) v
JOIN document o ON o.digest = v.atom
WHERE v.type = 'text';
INSERT OR IGNORE INTO img_document (img_id, digest)
SELECT i.id, v.atom
FROM img i
JOIN json_tree(i.detail) v
JOIN document o ON o.digest = v.atom
WHERE v.type = 'text';

ALTER TABLE document ADD COLUMN unreferenced_since_ms INTEGER;
CREATE INDEX document_unreferenced ON document (unreferenced_since_ms, digest)
    WHERE unreferenced_since_ms IS NOT NULL;
