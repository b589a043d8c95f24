-- What the store of blobs has to remember of an upload between two requests.
ALTER TABLE upload ADD COLUMN store_state BYTEA NOT NULL DEFAULT '';
