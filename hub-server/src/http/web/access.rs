//! Who may what at a repository, by which rule, and why.

mod reason;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::{Action, Place, RepoName, Role, SharedWith, UserName, Visibility};

use self::reason::Reason;
use super::Web;
use super::failure::Failure;
use super::frame::redirect;
use super::lang::Words;
use super::orgs::{Trouble, grant_trouble, named, role_word, roles};
use super::params::Params;
use super::repos::Head;
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use crate::services;
use crate::services::access::{AccessError, Subject};
use crate::services::grants::RepoAccess;
use crate::services::repos::RepoPage;

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/access.html")]
struct AccessView {
    shell: Shell,
    t: &'static Words,
    head: Head,
    /// The tag of the page, which has none.
    tag: String,
    latest: bool,
    href: String,
    error: String,
    lead: &'static str,
    administer: bool,
    rows: Vec<Row>,
    roles: Vec<Link>,
    /// Choices of the question: value in `href`, words in `text`.
    actions: Vec<Link>,
    asked_user: String,
    reason: Option<Reason>,
}

/// One rule.
#[derive(Debug)]
struct Row {
    who: Link,
    role: &'static str,
    rule: String,
    since: String,
    until: String,
    /// The user whose role can be taken.
    revoke: String,
    revoke_label: String,
}

impl AccessView {
    fn new(
        visitor: &Visitor,
        page: &RepoPage,
        access: &RepoAccess,
        (reason, error): (Option<Reason>, String),
    ) -> Self {
        let t = visitor.words();
        let name = &access.repo.name;
        let mut head = Head::new(visitor, page, None, false);
        head.in_access = true;
        let asked = visitor.query().get("action").and_then(Action::parse).unwrap_or(Action::Push);
        let action = |(action, words): (Action, &'static str)| Link {
            current: action == asked,
            ..Link::new(action.as_str(), words)
        };
        Self {
            shell: Shell::new(visitor, &format!("{} · {name}", t.people.access)).hidden(),
            t,
            head,
            tag: String::new(),
            latest: false,
            href: format!("/r/{name}/-/access"),
            error,
            lead: match access.repo.visibility {
                Visibility::Public => t.people.access_public,
                Visibility::Private => t.people.access_private,
            },
            administer: access.administer,
            rows: rows(visitor, access),
            roles: roles(t, Role::Reader),
            actions: Action::ALL.into_iter().zip(t.people.verbs).map(action).collect(),
            asked_user: visitor.query().get("user").unwrap_or_default().to_owned(),
            reason,
        }
    }
}

fn rows(visitor: &Visitor, access: &RepoAccess) -> Vec<Row> {
    let (t, now) = (visitor.words(), visitor.now_ms());
    let ago = |at_ms| visitor.lang().moment(at_ms, now).ago;
    let org = access.repo.name.org();
    let row = |who: Link, role: Role, rule: String, since_ms: i64| Row {
        who,
        role: role_word(t, role),
        rule,
        since: ago(since_ms),
        until: String::new(),
        revoke: String::new(),
        revoke_label: String::new(),
    };
    let plain = |name: &str| Link::new("", name);
    let members = access.members.iter().map(|one| {
        row(plain(one.user.as_str()), one.role, (t.people.rule_member)(org.as_str()), one.since_ms)
    });
    let grants = access.grants.iter().map(|one| {
        let rule = (t.people.rule_grant)(&one.granted_by);
        Row {
            revoke: one.user.to_string(),
            revoke_label: (t.people.revoke_named)(one.user.as_str()),
            ..row(plain(one.user.as_str()), one.role, rule, one.since_ms)
        }
    });
    let shares = access.shares.iter().filter(|one| one.is_good(now)).map(|one| {
        let who = match &one.with {
            SharedWith::User(user) => plain(user.as_str()),
            SharedWith::Org(org) => Link::new(format!("/o/{org}"), org.as_str()),
        };
        let rule = (t.people.rule_share)(&one.created_by);
        let until = one.until.until_ms.map(|at| visitor.lang().moment(at, now).day());
        Row {
            until: until.unwrap_or_else(|| t.people.for_ever.to_owned()),
            ..row(who, Role::Reader, rule, one.created_at_ms)
        }
    });
    members.chain(grants).chain(shares).collect()
}

/// `GET /r/…/-/access`, with `?user=&action=` for a question.
pub(super) async fn page(
    web: &Web,
    visitor: &Visitor,
    name: &RepoName,
) -> Result<Response, Failure> {
    shown(web, visitor, name, (StatusCode::OK, String::new())).await
}

async fn shown(
    web: &Web,
    visitor: &Visitor,
    name: &RepoName,
    (status, error): (StatusCode, String),
) -> Result<Response, Failure> {
    let (app, actor) = (&web.app, visitor.actor());
    if actor.user().is_none() {
        // To nobody in particular no rule applies, and the page looks like one that is not there.
        return Err(Failure::Missing);
    }
    let page = services::repos::get(app, actor, name).await?;
    let access = services::grants::access(app, actor, name).await?;
    let (reason, error) = match reason(web, visitor, name).await {
        Ok(reason) => (reason, error),
        Err(Trouble::Said(said)) => (None, said),
        Err(Trouble::Failed(failure)) => return Err(failure),
    };
    html(status, &AccessView::new(visitor, &page, &access, (reason, error)))
}

/// The answer to the question in the address, when there is one.
async fn reason(web: &Web, visitor: &Visitor, name: &RepoName) -> Result<Option<Reason>, Trouble> {
    let t = visitor.words();
    let Some(action) = visitor.query().get("action").and_then(Action::parse) else {
        return Ok(None);
    };
    let about = match visitor.query().get("user") {
        Some(user) => Subject::User(named(t, user)?),
        None => Subject::Oneself,
    };
    let unknown = |user: &UserName| Trouble::Said((t.people.error_user)(user.as_str()));
    let place = Place::Repo(name.clone());
    match services::access::why(&web.app, visitor.actor(), &place, action, &about).await {
        Ok(why) => Ok(Some(Reason::new(visitor, &why))),
        Err(AccessError::Hidden { name: hidden }) => match &about {
            Subject::User(user) if user.as_str() == hidden => Err(unknown(user)),
            _ => Err(Failure::Missing.into()),
        },
        Err(error) => Err(Failure::from(error).into()),
    }
}

/// `POST /r/…/-/access` and `POST /r/…/-/access/revoke`.
pub(super) async fn change(
    web: &Web,
    visitor: &Visitor,
    (name, revoke): (&RepoName, bool),
    fields: &Params,
) -> Result<Response, Failure> {
    match act(web, visitor, (name, revoke), fields).await {
        Ok(()) => Ok(redirect(StatusCode::SEE_OTHER, &format!("/r/{name}/-/access"))),
        Err(Trouble::Said(error)) => {
            shown(web, visitor, name, (StatusCode::UNPROCESSABLE_ENTITY, error)).await
        }
        Err(Trouble::Failed(failure)) => Err(failure),
    }
}

async fn act(
    web: &Web,
    visitor: &Visitor,
    (name, revoke): (&RepoName, bool),
    fields: &Params,
) -> Result<(), Trouble> {
    let (app, actor, t) = (&web.app, visitor.actor(), visitor.words());
    let user = named(t, fields.get("user").unwrap_or_default())?;
    let done = if revoke {
        services::grants::remove(app, actor, name, &user).await
    } else {
        let role = fields.get("role").and_then(Role::parse).ok_or(Failure::Bad)?;
        services::grants::set(app, actor, name, &user, role).await.map(drop)
    };
    done.map_err(|error| grant_trouble(t, error))
}
