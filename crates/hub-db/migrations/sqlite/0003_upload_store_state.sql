-- What the store of blobs has to remember of an upload between two requests.
ALTER TABLE upload ADD COLUMN store_state BLOB NOT NULL DEFAULT x'';
