//! What was done and what was refused, the newest first.

use hub_model::{AuditEntry, NewAuditEntry, Outcome};
use sqlx::{FromRow, QueryBuilder};

use crate::rows::{all, known};
use crate::{Change, Db, DbError, Doing};

statements! {
    ADD_AUDIT =
        "INSERT INTO audit (at_ms, org_id, actor, credential, address, request_id, action, target,
                            outcome, before, after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    DROP_AUDIT =
        "DELETE FROM audit
         WHERE id IN (SELECT id
                      FROM audit
                      WHERE at_ms < $1
                      ORDER BY at_ms
                      LIMIT $2)";
}

/// The beginning of the statements with conditions.
const SELECT: &str = "SELECT id, at_ms, org_id, actor, credential, address, request_id, action, \
                      target, outcome, before, after FROM audit WHERE 1 = 1";

/// Which acts a list shows: all that fit every field that is set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Of the organisation in this row.
    pub org_id: Option<i64>,
    /// On this repository, or on an image of it.
    pub repo: Option<String>,
    /// By this actor.
    pub actor: Option<String>,
    /// Of this kind, `member.set`; or of all that begin with this noun, `member`.
    pub action: Option<String>,
    /// On this target; of a repository, on its images as well.
    pub target: Option<String>,
    /// That ended so.
    pub outcome: Option<Outcome>,
    /// Not before, in milliseconds.
    pub since_ms: Option<i64>,
    /// Before, in milliseconds.
    pub until_ms: Option<i64>,
    /// Older than the act in this row.
    pub before: Option<i64>,
}

#[derive(FromRow)]
struct AuditRow {
    id: i64,
    at_ms: i64,
    org_id: Option<i64>,
    actor: String,
    credential: String,
    address: String,
    request_id: String,
    action: String,
    target: String,
    outcome: String,
    before: String,
    after: String,
}

impl TryFrom<AuditRow> for AuditEntry {
    type Error = sqlx::Error;

    fn try_from(row: AuditRow) -> Result<Self, sqlx::Error> {
        let entry = NewAuditEntry {
            at_ms: row.at_ms,
            org_id: row.org_id,
            actor: row.actor,
            credential: row.credential,
            address: row.address,
            request_id: row.request_id,
            action: row.action,
            target: row.target,
            outcome: known(&row.outcome, Outcome::parse(&row.outcome))?,
            before: row.before,
            after: row.after,
        };
        Ok(Self { id: row.id, entry })
    }
}

impl Db {
    /// Acts, the newest first.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, DbError> {
        let filter = filter.clone();
        let rows = read!(self, pool => {
            let mut query = QueryBuilder::new(SELECT);
            if let Some(org_id) = filter.org_id {
                query.push(" AND org_id = ").push_bind(org_id);
            }
            if let Some(actor) = filter.actor {
                query.push(" AND actor = ").push_bind(actor);
            }
            for target in [filter.repo, filter.target].into_iter().flatten() {
                // `repo:tag` and `repo@digest`; compared as text, whatever order the engine keeps.
                let length = target.chars().count() + 1;
                query.push(" AND (target = ").push_bind(target.clone());
                query.push(format!(" OR SUBSTR(target, 1, {length}) IN ("));
                query.push_bind(format!("{target}:")).push(", ");
                query.push_bind(format!("{target}@")).push("))");
            }
            if let Some(action) = filter.action {
                // Words hold letters and underscores only, so that all of a noun lie side by side.
                query.push(" AND (action = ").push_bind(action.clone());
                query.push(" OR (action > ").push_bind(format!("{action}."));
                query.push(" AND action < ").push_bind(format!("{action}/")).push("))");
            }
            if let Some(outcome) = filter.outcome {
                query.push(" AND outcome = ").push_bind(outcome.as_str());
            }
            for (condition, value) in [
                (" AND at_ms >= ", filter.since_ms),
                (" AND at_ms < ", filter.until_ms),
                (" AND id < ", filter.before),
            ] {
                if let Some(value) = value {
                    query.push(condition).push_bind(value);
                }
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
            query.build_query_as::<AuditRow>().persistent(false).fetch_all(pool).await
        });
        rows.and_then(all).doing("list what was done")
    }

    /// Writes down acts that stand alone, in one change of their own.
    ///
    /// # Errors
    ///
    /// When a statement fails; then none was written.
    pub async fn add_audit(&self, entries: &[NewAuditEntry]) -> Result<(), DbError> {
        let mut change = self.change().await?;
        for entry in entries {
            change.audit(entry).await?;
        }
        change.commit().await
    }

    /// Forgets acts from before `before_ms`, the oldest first; answers how many.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn drop_audit(&self, before_ms: i64, most: i64) -> Result<u64, DbError> {
        alone!(self, pool => {
            let done = sqlx::query(DROP_AUDIT).bind(before_ms).bind(most).execute(pool).await;
            done.map(|done| done.rows_affected())
        })
        .doing("forget what was done long ago")
    }
}

impl Change {
    /// Writes down an act, together with the act itself.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn audit(&mut self, entry: &NewAuditEntry) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(ADD_AUDIT)
                .bind(entry.at_ms)
                .bind(entry.org_id)
                .bind(&entry.actor)
                .bind(&entry.credential)
                .bind(&entry.address)
                .bind(&entry.request_id)
                .bind(&entry.action)
                .bind(&entry.target)
                .bind(entry.outcome.as_str())
                .bind(&entry.before)
                .bind(&entry.after)
                .execute(on)
                .await
                .map(drop)
        })
        .doing("note what was done")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::engines;

    fn act(at_ms: i64, action: &str, actor: &str) -> NewAuditEntry {
        NewAuditEntry {
            at_ms,
            org_id: (at_ms % 2 == 0).then_some(7),
            actor: actor.to_owned(),
            credential: "password".to_owned(),
            address: "192.0.2.1".to_owned(),
            request_id: "r".to_owned(),
            action: action.to_owned(),
            target: "labring".to_owned(),
            outcome: if at_ms == 3 { Outcome::Denied } else { Outcome::Done },
            before: String::new(),
            after: "{}".to_owned(),
        }
    }

    #[tokio::test]
    async fn what_was_done_to_an_image_was_done_to_its_repository() {
        for (db, _fresh) in engines().await {
            let targets = ["a/b", "a/b:v1", "a/b@sha256:0", "a/b-c", "a/b-c:v1", "a/b/c", "a"];
            let acts = targets.map(|target| NewAuditEntry {
                target: target.to_owned(),
                ..act(1, "image.push", "ana")
            });
            db.add_audit(&acts).await.unwrap();
            let filter = AuditFilter { repo: Some("a/b".to_owned()), ..AuditFilter::default() };
            let found = db.audit(&filter, 9).await.unwrap();
            let found: Vec<_> = found.iter().map(|act| act.entry.target.as_str()).collect();
            assert_eq!(found, ["a/b@sha256:0", "a/b:v1", "a/b"]);
            let tag = AuditFilter { target: Some("a/b:v1".to_owned()), ..AuditFilter::default() };
            assert_eq!(db.audit(&tag, 9).await.unwrap().len(), 1);
        }
    }

    #[tokio::test]
    async fn acts_are_listed_by_whatever_is_asked_the_newest_first() {
        for (db, _fresh) in engines().await {
            let acts = [
                act(1, "org.create", "ana"),
                act(2, "member.set", "ana"),
                act(3, "member.remove", "bob"),
                act(4, "membership", "bob"),
            ];
            db.add_audit(&acts).await.unwrap();
            let all = AuditFilter::default();
            let ana = AuditFilter { actor: Some("ana".to_owned()), ..all.clone() };
            let member = AuditFilter { action: Some("member".to_owned()), ..all.clone() };
            let set = AuditFilter { action: Some("member.set".to_owned()), ..all.clone() };
            let denied = AuditFilter { outcome: Some(Outcome::Denied), ..all.clone() };
            let times = AuditFilter { since_ms: Some(2), until_ms: Some(4), ..all.clone() };
            for (filter, want) in [
                (all.clone(), &[4, 3, 2, 1][..]),
                (AuditFilter { org_id: Some(7), ..all.clone() }, &[4, 2]),
                (ana, &[2, 1]),
                (member, &[3, 2]),
                (set, &[2]),
                (denied, &[3]),
                (times, &[3, 2]),
                (AuditFilter { target: Some("other".to_owned()), ..all.clone() }, &[]),
                (AuditFilter { target: Some("labring".to_owned()), ..all.clone() }, &[4, 3, 2, 1]),
                (AuditFilter { repo: Some("labring/a".to_owned()), ..all.clone() }, &[]),
            ] {
                let found = db.audit(&filter, 9).await.unwrap();
                let found: Vec<_> = found.iter().map(|act| act.entry.at_ms).collect();
                assert_eq!(found, want, "{filter:?}");
            }
            let newest = db.audit(&all, 1).await.unwrap().remove(0);
            assert_eq!(newest.entry, acts[3]);
            let older = AuditFilter { before: Some(newest.id), ..all.clone() };
            assert_eq!(db.audit(&older, 9).await.unwrap().len(), 3);

            assert_eq!(db.drop_audit(4, 2).await.unwrap(), 2);
            assert_eq!(db.drop_audit(4, 2).await.unwrap(), 1);
            assert_eq!(db.audit(&all, 9).await.unwrap(), [newest]);
        }
    }
}
