-- The first tables: people, organisations, repositories, what they hold, and the work to be done.
-- Times are milliseconds since 1970, bound by the program. JSON is text, read by the program.
-- Numbers of rows are never given twice: caches and the index remember them.

CREATE TABLE user_account (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    admin         INTEGER NOT NULL,
    disabled      INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE org (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL UNIQUE,
    display_name  TEXT NOT NULL,
    description   TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE org_member (
    org_id   INTEGER NOT NULL REFERENCES org (id) ON DELETE CASCADE,
    user_id  INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    role     TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (org_id, user_id)
) STRICT;
CREATE INDEX org_member_by_user ON org_member (user_id);

-- `name` is the full name. An organisation goes only after its repositories.
CREATE TABLE repo (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id        INTEGER NOT NULL REFERENCES org (id),
    name          TEXT NOT NULL UNIQUE,
    visibility    TEXT NOT NULL,
    latest_tag    TEXT,
    latest_semver TEXT,
    latest_mode   TEXT NOT NULL,
    keep          INTEGER NOT NULL,
    official      INTEGER NOT NULL,
    tags          INTEGER NOT NULL,
    stars         INTEGER NOT NULL,
    pulls         INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    pushed_at_ms  INTEGER NOT NULL
) STRICT;
CREATE INDEX repo_by_org ON repo (org_id, name);
CREATE INDEX repo_by_push ON repo (pushed_at_ms, name);

CREATE TABLE star (
    repo_id INTEGER NOT NULL REFERENCES repo (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    PRIMARY KEY (repo_id, user_id)
) STRICT;
CREATE INDEX star_by_user ON star (user_id);

-- `unreferenced_since_ms`: no repository holds the blob since then; NULL while one does.
CREATE TABLE blob (
    digest                TEXT NOT NULL PRIMARY KEY,
    size_bytes            INTEGER NOT NULL,
    created_at_ms         INTEGER NOT NULL,
    unreferenced_since_ms INTEGER
) STRICT;
CREATE INDEX blob_unreferenced ON blob (unreferenced_since_ms)
    WHERE unreferenced_since_ms IS NOT NULL;

CREATE TABLE repo_blob (
    repo_id INTEGER NOT NULL REFERENCES repo (id) ON DELETE CASCADE,
    digest  TEXT NOT NULL REFERENCES blob (digest),
    PRIMARY KEY (repo_id, digest)
) STRICT;
CREATE INDEX repo_blob_by_digest ON repo_blob (digest);

CREATE TABLE manifest (
    digest        TEXT NOT NULL PRIMARY KEY,
    media_type    TEXT NOT NULL,
    artifact_type TEXT,
    config_digest TEXT,
    subject       TEXT,
    layer_chain   TEXT,
    annotations   TEXT NOT NULL,
    size_bytes    INTEGER NOT NULL,
    body          BLOB NOT NULL
) STRICT;
CREATE INDEX manifest_by_subject ON manifest (subject) WHERE subject IS NOT NULL;
CREATE INDEX manifest_by_chain ON manifest (layer_chain) WHERE layer_chain IS NOT NULL;

CREATE TABLE repo_manifest (
    repo_id      INTEGER NOT NULL REFERENCES repo (id) ON DELETE CASCADE,
    digest       TEXT NOT NULL REFERENCES manifest (digest),
    media_type   TEXT NOT NULL,
    pushed_at_ms INTEGER NOT NULL,
    pushed_by    TEXT NOT NULL,
    PRIMARY KEY (repo_id, digest)
) STRICT;
CREATE INDEX repo_manifest_by_digest ON repo_manifest (digest);

-- The descriptors of a manifest, in its order.
CREATE TABLE manifest_link (
    parent     TEXT NOT NULL REFERENCES manifest (digest) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    target     TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    elsewhere  INTEGER NOT NULL,
    PRIMARY KEY (parent, position)
) STRICT;
CREATE INDEX manifest_link_by_target ON manifest_link (target);

-- `digest` is NULL while the image is only declared.
CREATE TABLE img (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    repo_id      INTEGER NOT NULL REFERENCES repo (id) ON DELETE CASCADE,
    tag          TEXT NOT NULL,
    digest       TEXT,
    base         TEXT NOT NULL,
    detail       TEXT NOT NULL,
    extraction   TEXT NOT NULL,
    notes        TEXT NOT NULL,
    pushed_at_ms INTEGER NOT NULL,
    pushed_by    TEXT NOT NULL,
    UNIQUE (repo_id, tag)
) STRICT;
CREATE INDEX img_by_push ON img (repo_id, pushed_at_ms, tag);
CREATE INDEX img_by_digest ON img (repo_id, digest);

CREATE TABLE detail (
    repo_id INTEGER NOT NULL REFERENCES repo (id) ON DELETE CASCADE,
    scope   TEXT NOT NULL,
    fields  TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    PRIMARY KEY (repo_id, scope)
) STRICT;

CREATE TABLE document (
    digest     TEXT NOT NULL PRIMARY KEY,
    media_type TEXT NOT NULL,
    body       BLOB NOT NULL
) STRICT;

-- `holder` is empty while nobody appends.
CREATE TABLE upload (
    id            TEXT NOT NULL PRIMARY KEY,
    repo          TEXT NOT NULL,
    user_name     TEXT NOT NULL,
    offset_bytes  INTEGER NOT NULL,
    algorithm     TEXT NOT NULL,
    hash_state    BLOB NOT NULL,
    started_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    holder        TEXT NOT NULL,
    until_ms      INTEGER NOT NULL
) STRICT;
CREATE INDEX upload_by_update ON upload (updated_at_ms);

CREATE TABLE token (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    kind          TEXT NOT NULL,
    name          TEXT NOT NULL,
    secret_hash   TEXT NOT NULL UNIQUE,
    scope         TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    used_at_ms    INTEGER
) STRICT;
CREATE INDEX token_by_user ON token (user_id, kind);

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- Letters, in the order of their commits.
CREATE TABLE outbox (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    at_ms   INTEGER NOT NULL
) STRICT;

-- `again_at_ms`: asked for once more while it ran. `locked_by` is empty while nobody works on it.
CREATE TABLE job (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT NOT NULL,
    key             TEXT NOT NULL UNIQUE,
    payload         TEXT NOT NULL,
    state           TEXT NOT NULL,
    run_at_ms       INTEGER NOT NULL,
    again_at_ms     INTEGER,
    attempts        INTEGER NOT NULL,
    max_attempts    INTEGER NOT NULL,
    locked_by       TEXT NOT NULL,
    locked_until_ms INTEGER NOT NULL,
    last_error      TEXT
) STRICT;
CREATE INDEX job_by_time ON job (state, run_at_ms);

CREATE TABLE lease (
    name     TEXT NOT NULL PRIMARY KEY,
    holder   TEXT NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT;
