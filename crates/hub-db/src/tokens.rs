//! Stored credentials, by the hash of their secret.

use hub_model::{NewToken, Token, TokenKind, TokenScope, User, Within};
use sqlx::FromRow;

use crate::rows::{all, known, one, parsed};
use crate::users::UserRow;
use crate::{Change, Db, DbError, Doing};

statements! {
    TOKEN_BY_HASH =
        "SELECT t.id, t.user_id, t.kind, t.name, t.scope, t.within, t.agent, t.address,
                t.created_at_ms, t.expires_at_ms, t.used_at_ms, u.name AS user_name, u.admin AS user_admin,
                u.disabled AS user_disabled, u.created_at_ms AS user_created_at_ms,
                u.deleted_at_ms AS user_deleted_at_ms
         FROM token t
         JOIN user_account u ON u.id = t.user_id
         WHERE t.secret_hash = $1";
    TOKENS_OF =
        "SELECT id, user_id, kind, name, scope, within, agent, address, created_at_ms,
                expires_at_ms, used_at_ms
         FROM token
         WHERE user_id = $1 AND kind = $2
         ORDER BY id DESC";
    ADD_TOKEN =
        "INSERT INTO token (user_id, kind, name, secret_hash, scope, within, agent, address,
                            created_at_ms, expires_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         RETURNING id, user_id, kind, name, scope, within, agent, address, created_at_ms,
                   expires_at_ms, used_at_ms";
    COUNT_TOKENS =
        "SELECT COUNT(*)
         FROM token
         WHERE user_id = $1 AND kind = $2";
    DELETE_TOKEN =
        "DELETE FROM token
         WHERE user_id = $1 AND id = $2";
    DELETE_TOKENS =
        "DELETE FROM token
         WHERE user_id = $1 AND kind = $2";
    DELETE_OTHER_TOKENS =
        "DELETE FROM token
         WHERE user_id = $1 AND kind = $2 AND id <> $3";
    KEEP_TOKENS =
        "DELETE FROM token
         WHERE user_id = $1 AND kind = $2
           AND id NOT IN (SELECT id
                          FROM token
                          WHERE user_id = $1 AND kind = $2
                          ORDER BY id DESC
                          LIMIT $3)";
    DROP_ENDED_TOKENS =
        "DELETE FROM token
         WHERE kind <> 'personal' AND expires_at_ms < $1";
    TOKEN =
        "SELECT id, user_id, kind, name, scope, within, agent, address, created_at_ms,
                expires_at_ms, used_at_ms
         FROM token
         WHERE id = $1 AND user_id = $2";
    TOUCH_TOKEN =
        "UPDATE token
         SET used_at_ms = $2
         WHERE id = $1 AND (used_at_ms IS NULL OR used_at_ms < $2)";
}

#[derive(FromRow)]
struct TokenRow {
    id: i64,
    user_id: i64,
    kind: String,
    name: String,
    scope: String,
    within: String,
    agent: String,
    address: String,
    created_at_ms: i64,
    expires_at_ms: Option<i64>,
    used_at_ms: Option<i64>,
}

impl TryFrom<TokenRow> for Token {
    type Error = sqlx::Error;

    fn try_from(row: TokenRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            user_id: row.user_id,
            kind: known(&row.kind, TokenKind::parse(&row.kind))?,
            name: row.name,
            scope: known(&row.scope, TokenScope::parse(&row.scope))?,
            within: parsed(Within::parse(&row.within))?,
            agent: row.agent,
            address: row.address,
            created_at_ms: row.created_at_ms,
            expires_at_ms: row.expires_at_ms,
            used_at_ms: row.used_at_ms,
        })
    }
}

#[derive(FromRow)]
struct CredentialRow {
    #[sqlx(flatten)]
    token: TokenRow,
    user_name: String,
    user_admin: bool,
    user_disabled: bool,
    user_created_at_ms: i64,
    user_deleted_at_ms: Option<i64>,
}

fn credential(row: CredentialRow) -> Result<(Token, User), sqlx::Error> {
    let user = UserRow {
        id: row.token.user_id,
        name: row.user_name,
        admin: row.user_admin,
        disabled: row.user_disabled,
        created_at_ms: row.user_created_at_ms,
        deleted_at_ms: row.user_deleted_at_ms,
    };
    Ok((row.token.try_into()?, user.try_into()?))
}

impl Db {
    /// The credential whose secret has that hash, with its owner. Whether it has ended, and
    /// whether its owner may sign in, is for the caller to see.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn token_by_hash(&self, secret_hash: &str) -> Result<Option<(Token, User)>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, CredentialRow>(TOKEN_BY_HASH)
                .bind(secret_hash)
                .fetch_optional(pool)
                .await
        });
        row.and_then(|row| row.map(credential).transpose()).doing("look the credential up")
    }

    /// The credentials of a user, the newest first.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn tokens_of(&self, user_id: i64, kind: TokenKind) -> Result<Vec<Token>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, TokenRow>(TOKENS_OF)
                .bind(user_id)
                .bind(kind.as_str())
                .fetch_all(pool)
                .await
        });
        rows.and_then(all).doing("list the credentials of the user")
    }

    /// The credential of a user in that row.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn token(&self, user_id: i64, id: i64) -> Result<Option<Token>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, TokenRow>(TOKEN)
                .bind(id)
                .bind(user_id)
                .fetch_optional(pool)
                .await
        });
        row.and_then(one).doing("read the credential")
    }

    /// Deletes sessions and refresh tokens that ended before `before_ms`. Personal tokens stay:
    /// their owners see that they ended.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn drop_ended_tokens(&self, before_ms: i64) -> Result<(), DbError> {
        let mut change = self.change().await?;
        within!(&mut change, on => {
            sqlx::query(DROP_ENDED_TOKENS).bind(before_ms).execute(on).await.map(drop)
        })
        .doing("delete credentials that ended")?;
        change.commit().await
    }

    /// Writes down when credentials were last used, in one change of its own.
    ///
    /// # Errors
    ///
    /// When a statement fails; then none was written.
    pub async fn touch_tokens(&self, used: &[(i64, i64)]) -> Result<(), DbError> {
        let mut used = used.to_vec();
        // Replicas that lock the same rows in different orders would wait for each other.
        used.sort_unstable();
        let mut change = self.change().await?;
        for (id, at_ms) in used {
            within!(&mut change, on => {
                sqlx::query(TOUCH_TOKEN).bind(id).bind(at_ms).execute(on).await.map(drop)
            })
            .doing("note the use of the credential")?;
        }
        change.commit().await
    }
}

impl Change {
    /// Number of credentials of one kind that a user has, as this change sees them; those that ended
    /// are among them while they are kept.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_tokens(&mut self, user_id: i64, kind: TokenKind) -> Result<i64, DbError> {
        within!(self, on => {
            let count = sqlx::query_scalar(COUNT_TOKENS).bind(user_id).bind(kind.as_str());
            count.fetch_one(on).await
        })
        .doing("count the credentials of the user")
    }

    /// Adds a credential.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn add_token(&mut self, token: &NewToken) -> Result<Token, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, TokenRow>(ADD_TOKEN)
                .bind(token.user_id)
                .bind(token.kind.as_str())
                .bind(&token.name)
                .bind(&token.secret_hash)
                .bind(token.scope.as_str())
                .bind(token.within.to_string())
                .bind(&token.agent)
                .bind(&token.address)
                .bind(token.created_at_ms)
                .bind(token.expires_at_ms)
                .fetch_one(on)
                .await
        });
        row.and_then(Token::try_from).doing("add the credential")
    }

    /// Deletes a credential of a user; tells whether there was one.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn delete_token(&mut self, user_id: i64, id: i64) -> Result<bool, DbError> {
        within!(self, on => {
            let done = sqlx::query(DELETE_TOKEN).bind(user_id).bind(id).execute(on).await;
            done.map(|done| done.rows_affected() > 0)
        })
        .doing("delete the credential")
    }

    /// Deletes the credentials of one kind that a user has, but for the one in row `keep`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn delete_other_tokens(
        &mut self,
        user_id: i64,
        kind: TokenKind,
        keep: i64,
    ) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(DELETE_OTHER_TOKENS)
                .bind(user_id)
                .bind(kind.as_str())
                .bind(keep)
                .execute(on)
                .await
                .map(drop)
        })
        .doing("delete the other credentials of the user")
    }

    /// Deletes the credentials of one kind that a user has, but for the newest `most`; tells
    /// whether there was one.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn keep_tokens(
        &mut self,
        user_id: i64,
        kind: TokenKind,
        most: i64,
    ) -> Result<bool, DbError> {
        within!(self, on => {
            let done = sqlx::query(KEEP_TOKENS)
                .bind(user_id)
                .bind(kind.as_str())
                .bind(most)
                .execute(on)
                .await;
            done.map(|done| done.rows_affected() > 0)
        })
        .doing("delete the oldest credentials of the user")
    }

    /// Deletes every credential of one kind that a user has.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn delete_tokens(&mut self, user_id: i64, kind: TokenKind) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(DELETE_TOKENS)
                .bind(user_id)
                .bind(kind.as_str())
                .execute(on)
                .await
                .map(drop)
        })
        .doing("delete the credentials of the user")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::engines;

    fn token(user: &User, kind: TokenKind, hash: &str) -> NewToken {
        NewToken {
            user_id: user.id,
            kind,
            name: "ci".to_owned(),
            secret_hash: hash.to_owned(),
            scope: TokenScope::Push,
            within: Within::parse("labring team/app").unwrap(),
            agent: "podman/4.3".to_owned(),
            address: "192.0.2.1".to_owned(),
            created_at_ms: 1,
            expires_at_ms: Some(9),
        }
    }

    #[tokio::test]
    async fn a_credential_is_found_by_its_hash_with_its_owner() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            change.a_user("bob").await;
            let alice = change.a_user("alice").await;
            let made = token(&alice, TokenKind::Personal, "aa");
            let made = change.add_token(&made).await.unwrap();
            change.commit().await.unwrap();

            assert_eq!((made.scope, made.expires_at_ms), (TokenScope::Push, Some(9)));
            let found = db.token_by_hash("aa").await.unwrap();
            assert_eq!(found, Some((made.clone(), alice.clone())));
            assert_eq!(db.token_by_hash("").await.unwrap(), None);

            db.touch_tokens(&[(made.id, 7), (made.id, 5), (made.id + 1, 5)]).await.unwrap();
            let listed = db.tokens_of(alice.id, TokenKind::Personal).await.unwrap();
            assert_eq!(listed, [Token { used_at_ms: Some(7), ..made }]);
        }
    }

    #[tokio::test]
    async fn credentials_go_one_by_one_or_by_kind_and_only_their_owners() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let alice = change.a_user("alice").await;
            let bob = change.a_user("bob").await;
            let mut ids = Vec::new();
            for (hash, kind) in
                [("a", TokenKind::Personal), ("b", TokenKind::Session), ("c", TokenKind::Session)]
            {
                ids.push(change.add_token(&token(&alice, kind, hash)).await.unwrap().id);
            }
            assert!(!change.delete_token(bob.id, ids[0]).await.unwrap());
            assert!(change.delete_token(alice.id, ids[0]).await.unwrap());
            change.delete_tokens(bob.id, TokenKind::Session).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.tokens_of(alice.id, TokenKind::Session).await.unwrap().len(), 2);
            let mut counting = db.change().await.unwrap();
            assert_eq!(counting.count_tokens(alice.id, TokenKind::Session).await.unwrap(), 2);
            drop(counting);

            let mut change = db.change().await.unwrap();
            change.delete_other_tokens(alice.id, TokenKind::Session, ids[1]).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.token_by_hash("c").await.unwrap(), None);
            assert!(db.token_by_hash("b").await.unwrap().is_some(), "the one that is kept");

            let mut change = db.change().await.unwrap();
            change.delete_tokens(alice.id, TokenKind::Session).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.token_by_hash("b").await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn the_oldest_of_too_many_go_and_so_does_what_ended() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let alice = change.a_user("alice").await;
            let bob = change.a_user("bob").await;
            let mut ids = Vec::new();
            for (user, kind, hash) in [
                (&alice, TokenKind::Refresh, "a"),
                (&alice, TokenKind::Refresh, "b"),
                (&alice, TokenKind::Refresh, "c"),
                (&alice, TokenKind::Personal, "d"),
                (&bob, TokenKind::Refresh, "e"),
            ] {
                ids.push(change.add_token(&token(user, kind, hash)).await.unwrap().id);
            }
            assert!(change.keep_tokens(alice.id, TokenKind::Refresh, 2).await.unwrap());
            assert!(!change.keep_tokens(alice.id, TokenKind::Refresh, 2).await.unwrap());
            change.commit().await.unwrap();
            let left = db.tokens_of(alice.id, TokenKind::Refresh).await.unwrap();
            assert_eq!(left.iter().map(|token| token.id).collect::<Vec<_>>(), [ids[2], ids[1]]);

            assert_eq!(db.token(alice.id, ids[2]).await.unwrap().as_ref(), left.first());
            assert_eq!(db.token(bob.id, ids[2]).await.unwrap(), None, "it is not his");
            db.drop_ended_tokens(9).await.unwrap();
            assert!(db.token_by_hash("c").await.unwrap().is_some(), "not before its end");
            db.drop_ended_tokens(10).await.unwrap();
            for (hash, left) in [("b", false), ("c", false), ("d", true), ("e", false)] {
                assert_eq!(db.token_by_hash(hash).await.unwrap().is_some(), left, "{hash}");
            }
        }
    }

    #[tokio::test]
    async fn the_same_secret_is_not_stored_twice() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let alice = change.a_user("alice").await;
            let new = token(&alice, TokenKind::Personal, "aa");
            change.add_token(&new).await.unwrap();
            assert!(change.add_token(&new).await.unwrap_err().is_conflict());
        }
    }
}
