-- Who may what: grants on single repositories, shares, invitations, robots, access keys, and the
-- record of what was done and refused.

-- The name of a deleted account stays taken. `subject`: who the user is at the provider of OpenID
-- Connect, issuer and subject with a blank between them; NULL for who signs in here.
ALTER TABLE user_account ADD COLUMN deleted_at_ms INTEGER;
ALTER TABLE user_account ADD COLUMN subject TEXT;
CREATE UNIQUE INDEX user_by_subject ON user_account (subject) WHERE subject IS NOT NULL;

-- `created_by`: name of the user, empty for the hub itself.
ALTER TABLE org ADD COLUMN default_visibility TEXT NOT NULL DEFAULT 'public';
ALTER TABLE org ADD COLUMN created_by TEXT NOT NULL DEFAULT '';

-- `within`: places with blanks between them, where the credential is good; empty for everywhere.
-- `agent`, `address`: who asked for it, and from where.
ALTER TABLE token ADD COLUMN within TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- What could push could delete so far, and is to go on as it was.
UPDATE token SET scope = 'delete' WHERE scope = 'push';

CREATE TABLE invitation (
    org_id        INTEGER NOT NULL REFERENCES org (id) ON DELETE CASCADE,
    user_id       INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    role          TEXT NOT NULL,
    invited_by    TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (org_id, user_id)
) STRICT;
CREATE INDEX invitation_by_user ON invitation (user_id);

CREATE TABLE repo_grant (
    repo_id    INTEGER NOT NULL REFERENCES repo (id) ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    role       TEXT NOT NULL,
    since_ms   INTEGER NOT NULL,
    granted_by TEXT NOT NULL,
    PRIMARY KEY (repo_id, user_id)
) STRICT;
CREATE INDEX repo_grant_by_user ON repo_grant (user_id);

-- With a user or with an organisation, never with both.
CREATE TABLE share (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    repo_id       INTEGER NOT NULL REFERENCES repo (id) ON DELETE CASCADE,
    user_id       INTEGER REFERENCES user_account (id) ON DELETE CASCADE,
    org_id        INTEGER REFERENCES org (id) ON DELETE CASCADE,
    until_ms      INTEGER,
    description   TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    created_by    TEXT NOT NULL,
    UNIQUE (repo_id, user_id),
    UNIQUE (repo_id, org_id),
    CHECK ((user_id IS NULL) <> (org_id IS NULL))
) STRICT;
CREATE INDEX share_by_user ON share (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX share_by_org ON share (org_id) WHERE org_id IS NOT NULL;

-- `name` is the full name, ORG+NAME.
CREATE TABLE robot (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id        INTEGER NOT NULL REFERENCES org (id) ON DELETE CASCADE,
    name          TEXT NOT NULL UNIQUE,
    description   TEXT NOT NULL,
    secret_hash   TEXT NOT NULL UNIQUE,
    secret_at_ms  INTEGER NOT NULL,
    scope         TEXT NOT NULL,
    within        TEXT NOT NULL,
    disabled      INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    created_by    TEXT NOT NULL,
    expires_at_ms INTEGER,
    used_at_ms    INTEGER
) STRICT;
CREATE INDEX robot_by_org ON robot (org_id, name);

-- `secret` is encrypted with the key of the hub: signatures need the secret itself.
CREATE TABLE access_key (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    key_id        TEXT NOT NULL UNIQUE,
    secret        BLOB NOT NULL,
    name          TEXT NOT NULL,
    disabled      INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    used_at_ms    INTEGER
) STRICT;
CREATE INDEX access_key_by_user ON access_key (user_id);

-- `org_id` is no reference: what was done outlives the organisation, and no row is given twice.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms      INTEGER NOT NULL,
    org_id     INTEGER,
    actor      TEXT NOT NULL,
    credential TEXT NOT NULL,
    address    TEXT NOT NULL,
    request_id TEXT NOT NULL,
    action     TEXT NOT NULL,
    target     TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    before     TEXT NOT NULL,
    after      TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_org ON audit (org_id, id);
CREATE INDEX audit_by_actor ON audit (actor, id);
CREATE INDEX audit_by_time ON audit (at_ms);
