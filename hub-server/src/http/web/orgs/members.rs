//! Who belongs to an organisation, who is invited, and what its owners do about it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::{Invitation, Member, OrgName, RepoGrant, Role, UserName};

use super::super::Web;
use super::super::failure::Failure;
use super::super::frame::redirect;
use super::super::icons;
use super::super::lang::Words;
use super::super::params::{Params, address};
use super::super::view::{Link, Shell, html};
use super::super::visitor::Visitor;
use super::head::{Head, owns, role_word, roles};
use super::route::Part;
use super::trouble::{Trouble, trouble};
use crate::services;
use crate::services::orgs::OrgPage;

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/org_members.html")]
struct MembersView {
    shell: Shell,
    t: &'static Words,
    head: Head,
    href: String,
    error: String,
    notice: String,
    owner: bool,
    rows: Vec<Row>,
    invitations: Vec<InvitationRow>,
    grants: Vec<GrantRow>,
    /// Choices of the form that invites.
    roles: Vec<Link>,
    /// To whom the reader may hand the organisation over.
    heirs: Vec<String>,
    confirm: String,
    can_leave: bool,
}

/// A member in the list.
#[derive(Debug)]
struct Row {
    name: String,
    icon: String,
    role: &'static str,
    since: String,
    roles: Vec<Link>,
    role_label: String,
    save_label: String,
    remove_label: String,
    /// Whether nobody can take the role: it is the member's own organisation.
    fixed: bool,
}

/// An invitation in the list.
#[derive(Debug)]
struct InvitationRow {
    name: String,
    role: &'static str,
    by: String,
    until: String,
    ended: bool,
    withdraw_label: String,
}

/// A role on a single repository.
#[derive(Debug)]
struct GrantRow {
    name: String,
    repo: Link,
    role: &'static str,
}

/// What the page is made of.
struct Shown<'a> {
    page: &'a OrgPage,
    members: &'a [Member],
    invitations: &'a [Invitation],
    grants: &'a [RepoGrant],
    error: String,
}

impl MembersView {
    fn new(visitor: &Visitor, shown: &Shown<'_>) -> Self {
        let t = visitor.words();
        let name = shown.page.org.name.as_str();
        let caller = visitor.actor().user().map(|user| user.name.as_str()).unwrap_or_default();
        let owner = owns(shown.page.standing);
        let head = Head::new(visitor, shown.page, Part::Members);
        let title = format!("{} · {}", t.members, head.heading);
        let others = shown.members.iter().map(|member| member.user.to_string());
        let heirs = if owner && name != caller {
            others.filter(|user| user != caller).collect()
        } else {
            Vec::new()
        };
        Self {
            shell: Shell::new(visitor, &title).hidden(),
            t,
            href: format!("/o/{name}/-"),
            error: shown.error.clone(),
            notice: notice(visitor, shown.grants),
            owner,
            rows: shown.members.iter().map(|member| row(visitor, name, member)).collect(),
            invitations: shown.invitations.iter().map(|one| invitation(visitor, one)).collect(),
            grants: shown.grants.iter().map(|one| grant(t, one)).collect(),
            roles: roles(t, Role::Reader),
            heirs,
            confirm: (t.people.confirm_name)(name),
            can_leave: shown.page.role.is_some() && name != caller,
            head,
        }
    }
}

/// What came of taking somebody out.
fn notice(visitor: &Visitor, grants: &[RepoGrant]) -> String {
    let t = visitor.words();
    let Some(user) = visitor.query().get("removed").filter(|name| UserName::parse(name).is_ok())
    else {
        return String::new();
    };
    match grants.iter().filter(|grant| grant.user.as_str() == user).count() {
        0 => (t.people.removed)(user),
        left => (t.people.still_granted)(user, left as u64),
    }
}

fn row(visitor: &Visitor, org: &str, member: &Member) -> Row {
    let t = visitor.words();
    let name = member.user.to_string();
    Row {
        icon: icons::inline(&name),
        role: role_word(t, member.role),
        since: visitor.lang().moment(member.since_ms, visitor.now_ms()).ago,
        roles: roles(t, member.role),
        role_label: (t.people.role_of)(&name),
        save_label: (t.people.save_role_of)(&name),
        remove_label: (t.people.remove_named)(&name),
        fixed: name == org,
        name,
    }
}

fn invitation(visitor: &Visitor, one: &Invitation) -> InvitationRow {
    let t = visitor.words();
    InvitationRow {
        name: one.user.to_string(),
        role: role_word(t, one.role),
        by: (t.people.invited_by)(&one.invited_by),
        until: visitor.lang().moment(one.expires_at_ms, visitor.now_ms()).day(),
        ended: !one.is_good(visitor.now_ms()),
        withdraw_label: (t.people.withdraw_named)(one.user.as_str()),
    }
}

fn grant(t: &Words, one: &RepoGrant) -> GrantRow {
    GrantRow {
        name: one.user.to_string(),
        repo: Link::new(format!("/r/{}/-/access", one.repo), one.repo.as_str()),
        role: role_word(t, one.role),
    }
}

/// `GET /o/{org}/-/members`.
pub(super) async fn page(web: &Web, visitor: &Visitor, org: &OrgName) -> Result<Response, Failure> {
    shown(web, visitor, org, (StatusCode::OK, String::new())).await
}

async fn shown(
    web: &Web,
    visitor: &Visitor,
    org: &OrgName,
    (status, error): (StatusCode, String),
) -> Result<Response, Failure> {
    let (app, actor) = (&web.app, visitor.actor());
    let page = services::orgs::get(app, actor, org).await?;
    let members = services::orgs::members(app, actor, org).await?;
    let (invitations, grants) = if owns(page.standing) {
        let invitations = services::invitations::list(app, actor, org).await?;
        (invitations, services::grants::in_org(app, actor, org).await?)
    } else {
        (Vec::new(), Vec::new())
    };
    let shown =
        Shown { page: &page, members: &members, invitations: &invitations, grants: &grants, error };
    html(status, &MembersView::new(visitor, &shown))
}

/// The forms of the page.
pub(super) async fn change(
    web: &Web,
    visitor: &Visitor,
    (org, part): (&OrgName, Part),
    fields: &Params,
) -> Result<Response, Failure> {
    match act(web, visitor, (org, part), fields).await {
        Ok(target) => Ok(redirect(StatusCode::SEE_OTHER, &target)),
        Err(Trouble::Said(error)) => {
            shown(web, visitor, org, (StatusCode::UNPROCESSABLE_ENTITY, error)).await
        }
        Err(Trouble::Failed(failure)) => Err(failure),
    }
}

/// Does what a form asks for; answers where to go on.
async fn act(
    web: &Web,
    visitor: &Visitor,
    (org, part): (&OrgName, Part),
    fields: &Params,
) -> Result<String, Trouble> {
    let (app, actor, t) = (&web.app, visitor.actor(), visitor.words());
    let here = format!("/o/{org}/-/members");
    let said = |error| trouble(t, error);
    let role = || fields.get("role").and_then(Role::parse).ok_or(Failure::Bad);
    let user = || named(t, fields.get("user").unwrap_or_default());
    match part {
        Part::SetMember => {
            let role = role()?;
            services::orgs::set_member(app, actor, org, &user()?, role).await.map_err(said)?;
        }
        Part::RemoveMember => {
            let user = user()?;
            services::orgs::remove_member(app, actor, org, &user).await.map_err(said)?;
            return Ok(address(&here, &[("removed", user.as_str())]));
        }
        Part::Invite => {
            let role = role()?;
            services::invitations::invite(app, actor, org, &user()?, role).await.map_err(said)?;
        }
        Part::Withdraw => {
            services::invitations::withdraw(app, actor, org, &user()?).await.map_err(said)?;
        }
        Part::Transfer => {
            let user = user()?;
            confirmed(t, org, fields)?;
            services::orgs::transfer(app, actor, org, &user).await.map_err(said)?;
        }
        Part::Leave => {
            confirmed(t, org, fields)?;
            let caller = actor.user().ok_or(Failure::SignIn)?;
            let left = services::orgs::remove_member(app, actor, org, &caller.name).await;
            left.map_err(said)?;
            return Ok(format!("/o/{org}"));
        }
        Part::Home
        | Part::Members
        | Part::Settings
        | Part::Robots
        | Part::Shares
        | Part::EndShare
        | Part::Activity => return Err(Failure::Method.into()),
    }
    Ok(here)
}

/// A user's name out of a form. One that breaks a rule is nobody's.
pub(in super::super) fn named(t: &Words, text: &str) -> Result<UserName, Trouble> {
    UserName::parse(text).map_err(|_| Trouble::Said((t.people.error_user)(text)))
}

/// Whether the name of the organisation was typed again.
fn confirmed(t: &Words, org: &OrgName, fields: &Params) -> Result<(), Trouble> {
    if fields.get("confirm") == Some(org.as_str()) {
        return Ok(());
    }
    Err(Trouble::Said((t.people.error_confirm)(org.as_str())))
}
