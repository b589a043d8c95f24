-- Signing in at a provider of OpenID Connect.

-- `origin`: 'hand', or 'group' for a role that a group at the provider gives; what was given by
-- hand no group touches.
ALTER TABLE org_member ADD COLUMN origin TEXT NOT NULL DEFAULT 'hand';

-- Whether it is a group that makes the user an administrator.
ALTER TABLE user_account ADD COLUMN admin_by_group BOOLEAN NOT NULL DEFAULT FALSE;

-- Returns from the provider that were good, so that none is good twice.
CREATE TABLE oidc_return (
    state_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at_ms      BIGINT NOT NULL
);
CREATE INDEX oidc_return_by_time ON oidc_return (at_ms);
