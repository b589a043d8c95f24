-- The last day or moment of a share as it was given: clients compare it with what they sent. Empty
-- for ever.
ALTER TABLE share ADD COLUMN until_given TEXT NOT NULL DEFAULT '';
