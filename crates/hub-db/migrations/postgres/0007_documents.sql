-- Which documents the details of a repository, and of its images, name: a document that neither
-- table knows is needed by nobody. The rows go with what names them.
--
-- `document.unreferenced_since_ms`: perhaps nothing names the document since then. The collector
-- sets it when it first finds a document so, looks again when the grace is over, and takes it
-- back where something names it.

CREATE TABLE detail_document (
    repo_id BIGINT NOT NULL,
    scope   TEXT NOT NULL,
    digest  TEXT NOT NULL,
    PRIMARY KEY (repo_id, scope, digest),
    FOREIGN KEY (repo_id, scope) REFERENCES detail (repo_id, scope) ON DELETE CASCADE
);
CREATE INDEX detail_document_by_digest ON detail_document (digest);

CREATE TABLE img_document (
    img_id BIGINT NOT NULL REFERENCES img (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    PRIMARY KEY (img_id, digest)
);
CREATE INDEX img_document_by_digest ON img_document (digest);

-- What is there already: every text of the details that is the digest of a document.
INSERT INTO detail_document (repo_id, scope, digest)
SELECT DISTINCT d.repo_id, d.scope, o.digest
FROM detail d
CROSS JOIN LATERAL regexp_matches(d.fields, '"(sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128}))"', 'g') AS v
JOIN document o ON o.digest = v[1];
INSERT INTO img_document (img_id, digest)
SELECT DISTINCT i.id, o.digest
FROM img i
CROSS JOIN LATERAL regexp_matches(i.detail, '"(sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128}))"', 'g') AS v
JOIN document o ON o.digest = v[1];

ALTER TABLE document ADD COLUMN unreferenced_since_ms BIGINT;
CREATE INDEX document_unreferenced ON document (unreferenced_since_ms, digest)
    WHERE unreferenced_since_ms IS NOT NULL;
