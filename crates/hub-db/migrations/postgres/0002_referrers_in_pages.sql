-- Referrers are listed in pages, in the order of their digests.

DROP INDEX manifest_by_subject;
CREATE INDEX manifest_by_subject ON manifest (subject, digest) WHERE subject IS NOT NULL;
