//! Organisations and their members.

use hub_model::{Member, NewOrg, Org, OrgName, Role, Since, UserName, Visibility};
use sqlx::FromRow;

use crate::repos::visibility;
use crate::rows::{all, known, mark, one, parsed};
use crate::{Change, Db, DbError, Doing};

statements! {
    ORG =
        "SELECT id, name, display_name, description, default_visibility, created_by, created_at_ms
         FROM org
         WHERE name = $1";
    ORGS =
        "SELECT id, name, display_name, description, default_visibility, created_by, created_at_ms
         FROM org
         WHERE name > $1
         ORDER BY name
         LIMIT $2";
    COUNT_ORGS =
        "SELECT COUNT(*)
         FROM org";
    ORGS_OF =
        "SELECT o.id, o.name, o.display_name, o.description, o.default_visibility, o.created_by,
                o.created_at_ms, m.role
         FROM org_member m
         JOIN org o ON o.id = m.org_id
         WHERE m.user_id = $1
         ORDER BY o.name";
    ROLE =
        "SELECT m.role, m.since_ms
         FROM org_member m
         JOIN org o ON o.id = m.org_id
         WHERE o.name = $1 AND m.user_id = $2";
    ROLE_OF =
        "SELECT role, since_ms
         FROM org_member
         WHERE org_id = $1 AND user_id = $2";
    MEMBERS =
        "SELECT u.name, m.role, m.since_ms
         FROM org_member m
         JOIN user_account u ON u.id = m.user_id
         WHERE m.org_id = $1
         ORDER BY u.name";
    ADD_ORG =
        "INSERT INTO org (name, display_name, description, created_by, created_at_ms)
         VALUES ($1, $2, $3, $4, $5)
         RETURNING id, name, display_name, description, default_visibility, created_by,
                   created_at_ms";
    EDIT_ORG =
        "UPDATE org
         SET display_name = $2, description = $3, default_visibility = $4
         WHERE id = $1";
    DELETE_ORG =
        "DELETE FROM org
         WHERE id = $1";
    SET_MEMBER =
        "INSERT INTO org_member (org_id, user_id, role, since_ms, origin)
         VALUES ($1, $2, $3, $4, 'hand')
         ON CONFLICT (org_id, user_id) DO UPDATE
         SET role = excluded.role, origin = excluded.origin,
             since_ms = CASE WHEN org_member.role = excluded.role THEN org_member.since_ms
                             ELSE excluded.since_ms END";
    REMOVE_MEMBER =
        "DELETE FROM org_member
         WHERE org_id = $1 AND user_id = $2";
    DEFAULT_VISIBILITY =
        "SELECT default_visibility
         FROM org
         WHERE id = $1";
    LOCK_ORG =
        "UPDATE org
         SET description = description
         WHERE id = $1";
    COUNT_MADE =
        "SELECT COUNT(*)
         FROM org
         WHERE created_by = $1 AND name <> $1";
    COUNT_OWNERS =
        "SELECT COUNT(*)
         FROM org_member
         WHERE org_id = $1 AND role = 'owner'";
    COUNT_OPEN_OWNERS =
        "SELECT COUNT(*)
         FROM org_member m
         JOIN user_account u ON u.id = m.user_id
         WHERE m.org_id = $1 AND m.role = 'owner' AND NOT u.disabled";
}

#[derive(FromRow)]
struct OrgRow {
    id: i64,
    name: String,
    display_name: String,
    description: String,
    default_visibility: String,
    created_by: String,
    created_at_ms: i64,
}

impl TryFrom<OrgRow> for Org {
    type Error = sqlx::Error;

    fn try_from(row: OrgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            name: parsed(OrgName::stored(&row.name))?,
            display_name: row.display_name,
            description: row.description,
            default_visibility: visibility(&row.default_visibility)?,
            created_by: row.created_by,
            created_at_ms: row.created_at_ms,
        })
    }
}

#[derive(FromRow)]
struct OrgOfRow {
    #[sqlx(flatten)]
    org: OrgRow,
    role: String,
}

fn org_of(row: OrgOfRow) -> Result<(Org, Role), sqlx::Error> {
    Ok((Org::try_from(row.org)?, role(&row.role)?))
}

#[derive(FromRow)]
struct MemberRow {
    name: String,
    role: String,
    since_ms: i64,
}

impl TryFrom<MemberRow> for Member {
    type Error = sqlx::Error;

    fn try_from(row: MemberRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            user: parsed(UserName::stored(&row.name))?,
            role: role(&row.role)?,
            since_ms: row.since_ms,
        })
    }
}

pub(crate) fn role(word: &str) -> Result<Role, sqlx::Error> {
    known(word, Role::parse(word))
}

/// A role and since when somebody has it, out of two columns.
pub(crate) fn since((word, since_ms): (String, i64)) -> Result<Since, sqlx::Error> {
    Ok(Since { role: role(&word)?, since_ms })
}

impl Db {
    /// The organisation of that name.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn org(&self, name: &OrgName) -> Result<Option<Org>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, OrgRow>(ORG).bind(name.as_str()).fetch_optional(pool).await
        });
        row.and_then(one).doing("read the organisation")
    }

    /// Organisations by name, those behind `after`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn orgs(&self, after: Option<&str>, limit: i64) -> Result<Vec<Org>, DbError> {
        let after = mark(after.unwrap_or_default());
        let rows = read!(self, pool => {
            sqlx::query_as::<_, OrgRow>(ORGS).bind(after).bind(limit).fetch_all(pool).await
        });
        rows.and_then(all).doing("list the organisations")
    }

    /// Number of organisations.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_orgs(&self) -> Result<i64, DbError> {
        read!(self, pool => sqlx::query_scalar(COUNT_ORGS).fetch_one(pool).await)
            .doing("count the organisations")
    }

    /// The organisations that a user is a member of, by name.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn orgs_of(&self, user_id: i64) -> Result<Vec<(Org, Role)>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, OrgOfRow>(ORGS_OF).bind(user_id).fetch_all(pool).await
        });
        rows.and_then(|rows| rows.into_iter().map(org_of).collect())
            .doing("list the organisations of the user")
    }

    /// What a user is in an organisation.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn role(&self, org: &OrgName, user_id: i64) -> Result<Option<Since>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, (String, i64)>(ROLE)
                .bind(org.as_str())
                .bind(user_id)
                .fetch_optional(pool)
                .await
        });
        row.and_then(|row| row.map(since).transpose()).doing("read the role in the organisation")
    }

    /// The members of an organisation, by name.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn members(&self, org_id: i64) -> Result<Vec<Member>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, MemberRow>(MEMBERS).bind(org_id).fetch_all(pool).await
        });
        rows.and_then(all).doing("list the members of the organisation")
    }
}

impl Change {
    /// Adds an organisation, without members yet.
    ///
    /// # Errors
    ///
    /// When the name is taken ([`DbError::is_conflict`]), or the statement fails.
    pub async fn add_org(&mut self, org: &NewOrg) -> Result<Org, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, OrgRow>(ADD_ORG)
                .bind(org.name.as_str())
                .bind(&org.display_name)
                .bind(&org.description)
                .bind(&org.created_by)
                .bind(org.created_at_ms)
                .fetch_one(on)
                .await
        });
        row.and_then(Org::try_from).doing("add the organisation")
    }

    /// Replaces what an organisation says about itself, and how its repositories begin.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn edit_org(
        &mut self,
        org_id: i64,
        (display_name, description): (&str, &str),
        default_visibility: Visibility,
    ) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(EDIT_ORG)
                .bind(org_id)
                .bind(display_name)
                .bind(description)
                .bind(default_visibility.as_str())
                .execute(on)
                .await
                .map(drop)
        })
        .doing("edit the organisation")
    }

    /// Deletes an organisation that owns no repository.
    ///
    /// # Errors
    ///
    /// When it owns one ([`DbError::is_in_use`]), or the statement fails.
    pub async fn delete_org(&mut self, org_id: i64) -> Result<(), DbError> {
        within!(self, on => sqlx::query(DELETE_ORG).bind(org_id).execute(on).await.map(drop))
            .doing("delete the organisation")
    }

    /// Makes a user a member, or gives a member another role.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn set_member(
        &mut self,
        org_id: i64,
        user_id: i64,
        role: Role,
        at_ms: i64,
    ) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(SET_MEMBER)
                .bind(org_id)
                .bind(user_id)
                .bind(role.as_str())
                .bind(at_ms)
                .execute(on)
                .await
                .map(drop)
        })
        .doing("set the member of the organisation")
    }

    /// The organisation of that name, as this change sees it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn org(&mut self, name: &OrgName) -> Result<Option<Org>, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, OrgRow>(ORG).bind(name.as_str()).fetch_optional(on).await
        });
        row.and_then(one).doing("read the organisation")
    }

    /// The role of a user in an organisation, as this change sees it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn role(&mut self, org_id: i64, user_id: i64) -> Result<Option<Role>, DbError> {
        Ok(self.membership(org_id, user_id).await?.map(|since| since.role))
    }

    /// The role of a user in an organisation, and since when, as this change sees it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn membership(
        &mut self,
        org_id: i64,
        user_id: i64,
    ) -> Result<Option<Since>, DbError> {
        let row = within!(self, on => {
            sqlx::query_as::<_, (String, i64)>(ROLE_OF)
                .bind(org_id)
                .bind(user_id)
                .fetch_optional(on)
                .await
        });
        row.and_then(|row| row.map(since).transpose()).doing("read the role in the organisation")
    }

    /// Takes a member out; tells whether there was one.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn remove_member(&mut self, org_id: i64, user_id: i64) -> Result<bool, DbError> {
        within!(self, on => {
            let done = sqlx::query(REMOVE_MEMBER).bind(org_id).bind(user_id).execute(on).await;
            done.map(|done| done.rows_affected() > 0)
        })
        .doing("remove the member of the organisation")
    }

    /// What repositories of the organisation are when nobody says what they are to be.
    ///
    /// # Errors
    ///
    /// When there is no such organisation, or the statement fails.
    pub async fn default_visibility(&mut self, org_id: i64) -> Result<Visibility, DbError> {
        let word = within!(self, on => {
            sqlx::query_scalar::<_, String>(DEFAULT_VISIBILITY).bind(org_id).fetch_one(on).await
        });
        word.and_then(|word| visibility(&word)).doing("read how repositories begin")
    }

    /// Locks an organisation until this change ends, so that its members, its robots and the shares
    /// with it stay as they are read; tells whether it is there.
    ///
    /// A change that locks several things does so in this order, or two of them wait for each other
    /// for ever: administrators, users, organisations, repository; several of a kind by their rows.
    /// What comes behind them stands in `dialect/locks.rs`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn lock_org(&mut self, org_id: i64) -> Result<bool, DbError> {
        within!(self, on => {
            let done = sqlx::query(LOCK_ORG).bind(org_id).execute(on).await;
            done.map(|done| done.rows_affected() > 0)
        })
        .doing("lock the organisation")
    }

    /// Number of organisations that a user made and that are still there, without the personal one.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_made_orgs(&mut self, user: &UserName) -> Result<i64, DbError> {
        within!(self, on => {
            sqlx::query_scalar(COUNT_MADE).bind(user.as_str()).fetch_one(on).await
        })
        .doing("count the organisations that the user made")
    }

    /// Number of owners, as this change leaves them.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn count_owners(&mut self, org_id: i64) -> Result<i64, DbError> {
        // Two owners who remove each other at the same time must not both count the other one:
        // the second waits here until the first is done.
        self.lock_org(org_id).await?;
        within!(self, on => {
            sqlx::query_scalar(COUNT_OWNERS).bind(org_id).fetch_one(on).await
        })
        .doing("count the owners of the organisation")
    }

    /// Number of owners who may sign in, as this change leaves them. The organisation is locked.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_open_owners(&mut self, org_id: i64) -> Result<i64, DbError> {
        within!(self, on => {
            sqlx::query_scalar(COUNT_OPEN_OWNERS).bind(org_id).fetch_one(on).await
        })
        .doing("count the owners of the organisation who may sign in")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{engines, org_name, with_repo};

    #[tokio::test]
    async fn organisations_are_listed_in_the_order_of_their_bytes() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            for name in ["b", "a-b", "a", "ab", "a.b", "a_b"] {
                change.an_org(name).await;
            }
            let alice = UserName::parse("alice").unwrap();
            assert_eq!(change.count_made_orgs(&alice).await.unwrap(), 6);
            change.an_org("alice").await;
            assert_eq!(change.count_made_orgs(&alice).await.unwrap(), 6, "the personal one");
            change.commit().await.unwrap();
            let mut change = db.change().await.unwrap();
            let own = db.org(&org_name("alice")).await.unwrap().unwrap();
            change.delete_org(own.id).await.unwrap();
            change.commit().await.unwrap();

            let names = async |after, limit| -> Vec<String> {
                let orgs = db.orgs(after, limit).await.unwrap();
                orgs.into_iter().map(|org| org.name.into()).collect()
            };
            assert_eq!(names(None, 10).await, ["a", "a-b", "a.b", "a_b", "ab", "b"]);
            assert_eq!(names(Some("a.b"), 2).await, ["a_b", "ab"]);
            assert_eq!(db.count_orgs().await.unwrap(), 6);
        }
    }

    #[tokio::test]
    async fn names_that_were_given_before_they_were_reserved_make_no_list_unreadable() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let name = OrgName::stored("register").unwrap();
            let new = NewOrg {
                name: name.clone(),
                display_name: String::new(),
                description: String::new(),
                created_by: "register".to_owned(),
                created_at_ms: 1,
            };
            let org = change.add_org(&new).await.unwrap();
            let user = crate::NewUser {
                name: UserName::stored("register").unwrap(),
                password_hash: None,
                admin: false,
                created_at_ms: 1,
            };
            let user = change.add_user(&user).await.unwrap();
            change.set_member(org.id, user.id, Role::Owner, 1).await.unwrap();
            change.a_repo(&org, "app", Visibility::Public).await;
            change.commit().await.unwrap();
            assert_eq!(db.orgs(None, 9).await.unwrap().len(), 1);
            assert_eq!(db.members(org.id).await.unwrap()[0].user, user.name);
            assert_eq!(db.orgs_of(user.id).await.unwrap()[0].0.name, name);
        }
    }

    #[tokio::test]
    async fn a_member_has_one_role_since_the_day_it_was_given() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let org = change.an_org("labring").await;
            let alice = change.a_user("alice").await;
            change.set_member(org.id, alice.id, Role::Reader, 5).await.unwrap();
            change.set_member(org.id, alice.id, Role::Owner, 9).await.unwrap();
            change.set_member(org.id, alice.id, Role::Owner, 12).await.unwrap();
            assert_eq!(change.count_owners(org.id).await.unwrap(), 1);
            assert_eq!(change.count_open_owners(org.id).await.unwrap(), 1);
            change.set_disabled(alice.id, true).await.unwrap();
            assert_eq!(change.count_open_owners(org.id).await.unwrap(), 0);
            change.set_disabled(alice.id, false).await.unwrap();
            assert_eq!(change.org(&org.name).await.unwrap().as_ref(), Some(&org));
            change.commit().await.unwrap();

            let member = Member { user: alice.name.clone(), role: Role::Owner, since_ms: 9 };
            assert_eq!(db.members(org.id).await.unwrap(), [member]);
            let owner = db.role(&org.name, alice.id).await.unwrap().unwrap();
            assert_eq!(owner.role, Role::Owner);
            assert_eq!(db.role(&org_name("other"), alice.id).await.unwrap(), None);
            assert_eq!(db.orgs_of(alice.id).await.unwrap(), [(org.clone(), Role::Owner)]);

            let mut change = db.change().await.unwrap();
            assert!(change.remove_member(org.id, alice.id).await.unwrap());
            assert!(!change.remove_member(org.id, alice.id).await.unwrap());
            assert_eq!(change.count_owners(org.id).await.unwrap(), 0);
        }
    }

    #[tokio::test]
    async fn an_organisation_with_repositories_stays() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let mut change = db.change().await.unwrap();
            let error = change.delete_org(repo.org_id).await.unwrap_err();
            assert!(error.is_in_use());
            drop(change);

            let mut change = db.change().await.unwrap();
            change.delete_repo(repo.id, 5).await.unwrap();
            change.delete_org(repo.org_id).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.org(&repo.name.org()).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn two_owners_cannot_remove_each_other_at_the_same_time() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let org = change.an_org("labring").await;
            let alice = change.a_user("alice").await;
            let bob = change.a_user("bob").await;
            change.set_member(org.id, alice.id, Role::Owner, 1).await.unwrap();
            change.set_member(org.id, bob.id, Role::Owner, 1).await.unwrap();
            change.commit().await.unwrap();

            let leave = async |user_id| {
                let mut change = db.change().await.unwrap();
                change.remove_member(org.id, user_id).await.unwrap();
                if change.count_owners(org.id).await.unwrap() > 0 {
                    change.commit().await.unwrap();
                }
            };
            futures::join!(leave(alice.id), leave(bob.id));
            assert_eq!(db.members(org.id).await.unwrap().len(), 1);
        }
    }

    #[tokio::test]
    async fn an_organisation_says_what_it_was_last_told() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let org = change.an_org("labring").await;
            let texts = ("Labring 环", "Clusters");
            change.edit_org(org.id, texts, Visibility::Private).await.unwrap();
            let begins = change.default_visibility(org.id).await.unwrap();
            assert_eq!(begins, Visibility::Private);
            change.commit().await.unwrap();
            let org = db.org(&org.name).await.unwrap().unwrap();
            assert_eq!(
                (org.display_name.as_str(), org.description.as_str()),
                ("Labring 环", "Clusters")
            );
        }
    }
}
