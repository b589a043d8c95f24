//! What groups at the provider give: roles in organisations, and the administration of the hub.
//!
//! It is looked at whenever somebody signs in. A role that a group gave goes with the group; what
//! somebody gave by hand stays, whatever groups say.

use std::collections::BTreeMap;

use hub_db::Change;
use hub_model::{Actor, LetterKind, OrgName, Role, User};
use serde_json::{Value, json};

use super::OidcError;
use crate::App;
use crate::app::Vouched;
use crate::services::audit::{self, Act};

/// Gives the user what their groups give, and takes back what they gave before.
pub(super) async fn apply(
    app: &App,
    change: &mut Change,
    user: &User,
    vouched: &Vouched,
) -> Result<(), OidcError> {
    let settings = &app.config.oidc;
    let groups = vouched.texts(&settings.groups_claim);
    let mut wanted: BTreeMap<&OrgName, Role> = BTreeMap::new();
    for given in settings.roles_of(&groups) {
        let role = wanted.entry(&given.org).or_insert(given.role);
        *role = given.role.max(*role);
    }
    let before = change.memberships_by_group(user.id).await?;
    for (name, role) in &wanted {
        let Some(org) = app.db.org(name).await? else {
            tracing::warn!(
                org = name.as_str(),
                "`oidc.groups` names an organisation that is not there"
            );
            continue;
        };
        let had = before.iter().find(|(row, ..)| *row == org.id).map(|(.., role)| *role);
        let less = had == Some(Role::Owner) && *role < Role::Owner;
        if less && is_last_owner(change, org.id, name).await? {
            continue;
        }
        let now = app.now_ms();
        if change.set_member_by_group(org.id, user.id, *role, now).await? {
            let told = (had.map(|role| member(user, role)), member(user, *role));
            let act = Act { action: "member.set", target: name.as_str(), org_id: Some(org.id) };
            audit::done(app, change, &Actor::System, act, told).await?;
            change.tell(LetterKind::Access, name.as_str(), now).await?;
        }
    }
    for (row, name, role) in before {
        if wanted.contains_key(&name)
            || (role == Role::Owner && is_last_owner(change, row, &name).await?)
        {
            continue;
        }
        change.remove_member(row, user.id).await?;
        let told = (member(user, role), ());
        let act = Act { action: "member.remove", target: name.as_str(), org_id: Some(row) };
        audit::done(app, change, &Actor::System, act, told).await?;
        change.tell(LetterKind::Access, name.as_str(), app.now_ms()).await?;
    }
    administration(app, change, user, &groups).await
}

/// Whether nobody would own the organisation any more; the role stays then, for somebody has to
/// decide about it.
async fn is_last_owner(
    change: &mut Change,
    org_id: i64,
    name: &OrgName,
) -> Result<bool, OidcError> {
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
    groups: &[String],
) -> Result<(), OidcError> {
    let group = &app.config.oidc.admin_group;
    // Without a group in the settings none gives it, and what one gave before goes.
    let admin = !group.is_empty() && groups.contains(group);
    if change.set_admin_by_group(user.id, admin).await? {
        let act = Act { action: "user.admin", target: user.name.as_str(), org_id: None };
        let told = (json!({"admin": !admin}), json!({"admin": admin, "by": "group"}));
        audit::done(app, change, &Actor::System, act, told).await?;
        change.tell(LetterKind::Credentials, user.name.as_str(), app.now_ms()).await?;
    }
    Ok(())
}

/// What is noted of a member.
fn member(user: &User, role: Role) -> Value {
    json!({"user": user.name, "role": role, "by": "group"})
}
