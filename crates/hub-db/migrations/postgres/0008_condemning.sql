-- Blobs that nobody holds are condemned in the order of their marks: with the digest in it, the
-- index answers that order, and without those that are being deleted it stays small.

DROP INDEX blob_unreferenced;
CREATE INDEX blob_unreferenced ON blob (unreferenced_since_ms, digest)
    WHERE unreferenced_since_ms IS NOT NULL AND state <> 'deleting';
