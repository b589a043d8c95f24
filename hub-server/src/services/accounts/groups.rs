//! What groups at a provider of OpenID Connect give: roles in organisations, and the administration
//! of the hub.
//!
//! It is looked at whenever somebody signs in there, and when they no longer can. A role that a
//! group gave goes with the group; what somebody gave by hand stays, whatever groups say.

use std::collections::BTreeSet;

use hub_db::{Change, DbError};
use hub_model::{Actor, LetterKind, Org, OrgName, Role, User};
use serde_json::{Value, json};

use crate::App;
use crate::services::audit::{self, Act};

/// What somebody's groups give.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// One role in each organisation.
    roles: Vec<(Org, Role)>,
    admin: bool,
}

impl Given {
    /// What these groups give. Organisations are looked up here: a change has one connection, and
    /// waits for no other.
    ///
    /// # Errors
    ///
    /// When the metadata store fails.
    #[cfg(feature = "oidc")]
    pub(crate) async fn by(app: &App, groups: &[String]) -> Result<Self, DbError> {
        let settings = &app.config.oidc;
        let mut wanted = std::collections::BTreeMap::<&OrgName, Role>::new();
        for given in settings.roles_of(groups) {
            let role = wanted.entry(&given.org).or_insert(given.role);
            *role = given.role.max(*role);
        }
        let mut roles = Vec::with_capacity(wanted.len());
        for (name, role) in wanted {
            let Some(org) = app.db.org(name).await? else {
                tracing::warn!(
                    org = name.as_str(),
                    "`oidc.groups` names an organisation that is not there"
                );
                continue;
            };
            roles.push((org, role));
        }
        let group = &settings.admin_group;
        // Without a group in the settings none gives it, and what one gave before goes.
        Ok(Self { roles, admin: !group.is_empty() && groups.contains(group) })
    }
}

/// Gives the user what their groups give, and takes back what groups gave before. Administrators
/// and the user are locked already.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn apply(
    app: &App,
    change: &mut Change,
    user: &User,
    given: &Given,
) -> Result<(), DbError> {
    administration(app, change, user, given.admin).await?;
    let before = change.memberships_by_group(user.id).await?;
    let concerned: BTreeSet<i64> = before
        .iter()
        .map(|(row, ..)| *row)
        .chain(given.roles.iter().map(|(org, _)| org.id))
        .collect();
    let mut there = BTreeSet::new();
    for row in concerned {
        // One that went meanwhile gives nothing.
        if change.lock_org(row).await? {
            there.insert(row);
        }
    }
    // From here on nobody else gives or takes a role there.
    let before = change.memberships_by_group(user.id).await?;
    for (org, role) in given.roles.iter().filter(|(org, _)| there.contains(&org.id)) {
        let had = before.iter().find(|(row, ..)| *row == org.id).map(|(.., role)| *role);
        let less = had == Some(Role::Owner) && *role < Role::Owner;
        if less && is_last_owner(change, org.id, &org.name).await? {
            continue;
        }
        let now = app.now_ms();
        if change.set_member_by_group(org.id, user.id, *role, now).await? {
            change.drop_invitation(org.id, user.id).await?;
            let told = (had.map(|role| member(user, role)), member(user, *role));
            let act = Act { action: "member.set", target: org.name.as_str(), org_id: Some(org.id) };
            audit::done(app, change, &Actor::System, act, told).await?;
            change.tell(LetterKind::Access, org.name.as_str(), now).await?;
        }
    }
    for (row, name, role) in before {
        if given.roles.iter().any(|(org, _)| org.id == row)
            || (role == Role::Owner && is_last_owner(change, row, &name).await?)
        {
            continue;
        }
        let Some(role) = change.remove_member_by_group(row, user.id).await? else { continue };
        let told = (member(user, role), ());
        let act = Act { action: "member.remove", target: name.as_str(), org_id: Some(row) };
        audit::done(app, change, &Actor::System, act, told).await?;
        change.tell(LetterKind::Access, name.as_str(), app.now_ms()).await?;
    }
    Ok(())
}

/// Whether nobody would own the organisation any more; the role stays then, for somebody has to
/// decide about it.
async fn is_last_owner(change: &mut Change, org_id: i64, name: &OrgName) -> Result<bool, DbError> {
    let last = change.count_owners(org_id).await? <= 1;
    if last {
        tracing::warn!(org = name.as_str(), "the last owner stays one, although no group says so");
    }
    Ok(last)
}

async fn administration(
    app: &App,
    change: &mut Change,
    user: &User,
    admin: bool,
) -> Result<(), DbError> {
    if !change.set_admin_by_group(user.id, admin).await? {
        return Ok(());
    }
    if !admin && user.is_open() && change.count_open_administrators().await? == 0 {
        // As it was: by a group.
        change.set_admin_by_group(user.id, true).await?;
        tracing::warn!(
            user = user.name.as_str(),
            "the last administrator stays one, although no group says so"
        );
        return Ok(());
    }
    let act = Act { action: "user.admin", target: user.name.as_str(), org_id: None };
    let told = (json!({"admin": !admin}), json!({"admin": admin, "by": "group"}));
    audit::done(app, change, &Actor::System, act, told).await?;
    change.tell(LetterKind::Credentials, user.name.as_str(), app.now_ms()).await
}

/// What is noted of a member.
fn member(user: &User, role: Role) -> Value {
    json!({"user": user.name, "role": role, "by": "group"})
}
