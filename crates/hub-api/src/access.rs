//! Who may what, and why.

use hub_model::{Ground, Invitation, Member, RepoGrant, Share, SharedWith, Since};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time;

/// An invitation into an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitationView {
    /// The organisation.
    pub org: String,
    /// Who is invited.
    pub user: String,
    /// What they would be: `reader`, `writer`, `owner`.
    pub role: String,
    /// Who invited them.
    pub invited_by: String,
    /// When.
    pub created_at: String,
    /// Until when it can be accepted.
    pub expires_at: String,
    /// Whether it is too late.
    pub ended: bool,
}

/// Invites somebody: `POST /orgs/{org}/invitations`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Invite {
    /// Name of the user.
    pub user: String,
    /// `reader`, `writer`, `owner`; `pull`, `push` and `admin` are the same roles.
    pub role: String,
}

/// Hands an organisation over: `POST /orgs/{org}/transfer`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransferOrg {
    /// Name of the member who is to own it.
    pub to: String,
}

/// Who may what at a repository: `GET /repos/{org}/{repo}/-/access`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepoAccessView {
    /// The repository.
    pub repo: String,
    /// `public`: everybody pulls; `private`: those below only.
    pub visibility: String,
    /// Whether the caller decides about it, and sees every line; else only their own.
    pub administer: bool,
    /// One line for every rule.
    pub entries: Vec<AccessEntryView>,
}

/// One rule by which somebody may use a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessEntryView {
    /// `member` of the organisation, `grant` on this repository, `share`.
    pub kind: String,
    /// The user; absent for a share with an organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The organisation that it is shared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// `reader`, `writer`, `owner`.
    pub role: String,
    /// Since when.
    pub since: String,
    /// Until when; absent for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Who granted or shared it; absent for members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Grants a role on one repository: `PUT /repos/{org}/{repo}/-/access/{user}`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetGrant {
    /// `reader`, `writer`, `owner`; `pull`, `push` and `admin` are the same roles.
    pub role: String,
}

/// Whether somebody may do something, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    /// Whether they may.
    pub allowed: bool,
    /// `pull`, `push`, `delete`, `administer`.
    pub action: String,
    /// The organisation or repository.
    pub resource: String,
    /// Who; empty for whoever does not sign in.
    pub user: String,
    /// The decision in one line: `denied: reader of labring since 2026-11-22 may not push`.
    pub decision: String,
    /// The ground that counted.
    pub ground: GroundView,
    /// Every ground that was looked at, in the order of looking.
    pub considered: Vec<GroundView>,
    /// `public` or `private`.
    pub visibility: String,
    /// Owners of the organisation, who can grant what is missing; only for those inside of it.
    pub ask: Vec<String>,
}

/// A fact from which somebody's rights follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroundView {
    /// `hub`, `administrator`, `member`, `grant`, `share`, `robot`, `elsewhere` (the credential is
    /// for other places), `stranger`, `anonymous`.
    pub kind: String,
    /// `reader`, `writer`, `owner`, when it is a role; the scope of a robot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The organisation that it is shared with; absent when it is the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// The same for people: `reader of labring since 2026-11-22`.
    pub text: String,
}

impl InvitationView {
    /// An invitation, as it stands at `now_ms`.
    #[must_use]
    pub fn new(invitation: Invitation, now_ms: i64) -> Self {
        Self {
            ended: !invitation.is_good(now_ms),
            org: invitation.org.into(),
            user: invitation.user.into(),
            role: invitation.role.as_str().to_owned(),
            invited_by: invitation.invited_by,
            created_at: time(invitation.created_at_ms),
            expires_at: time(invitation.expires_at_ms),
        }
    }
}

impl From<Member> for AccessEntryView {
    fn from(member: Member) -> Self {
        Self {
            kind: "member".to_owned(),
            user: Some(member.user.into()),
            org: None,
            role: member.role.as_str().to_owned(),
            since: time(member.since_ms),
            until: None,
            by: None,
        }
    }
}

impl From<RepoGrant> for AccessEntryView {
    fn from(grant: RepoGrant) -> Self {
        Self {
            kind: "grant".to_owned(),
            user: Some(grant.user.into()),
            org: None,
            role: grant.role.as_str().to_owned(),
            since: time(grant.since_ms),
            until: None,
            by: Some(grant.granted_by),
        }
    }
}

impl From<Share> for AccessEntryView {
    fn from(share: Share) -> Self {
        let (user, org) = match share.with {
            SharedWith::User(user) => (Some(user.into()), None),
            SharedWith::Org(org) => (None, Some(org.into())),
        };
        Self {
            kind: "share".to_owned(),
            user,
            org,
            role: "reader".to_owned(),
            since: time(share.created_at_ms),
            until: share.until.until_ms.map(time),
            by: Some(share.created_by),
        }
    }
}

impl GroundView {
    /// A ground, with its words for people.
    #[must_use]
    pub fn new(ground: &Ground, text: String) -> Self {
        let bare = |kind: &str| Self {
            kind: kind.to_owned(),
            role: None,
            since: None,
            until: None,
            with: None,
            text,
        };
        let of_role = |view: Self, since: Since| Self {
            role: Some(since.role.as_str().to_owned()),
            since: Some(time(since.since_ms)),
            ..view
        };
        match ground {
            Ground::Hub => bare("hub"),
            Ground::Administrator => bare("administrator"),
            Ground::Member(since) => of_role(bare("member"), *since),
            Ground::Grant(since) => of_role(bare("grant"), *since),
            Ground::Share { with, until_ms } => Self {
                role: Some("reader".to_owned()),
                with: with.as_ref().map(ToString::to_string),
                until: until_ms.map(time),
                ..bare("share")
            },
            Ground::Robot(scope) => Self { role: Some(scope.as_str().to_owned()), ..bare("robot") },
            Ground::Elsewhere => bare("elsewhere"),
            Ground::Stranger => bare("stranger"),
            Ground::Anonymous => bare("anonymous"),
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_model::Role;

    use super::*;

    #[test]
    fn a_decision_shows_the_ground_that_counted() {
        let since = Since { role: Role::Reader, since_ms: 1_763_712_000_000 };
        let view = CheckView {
            allowed: false,
            action: "push".to_owned(),
            resource: "labring/app".to_owned(),
            user: "bob".to_owned(),
            decision: "denied: reader of labring since 2025-11-21 may not push".to_owned(),
            ground: GroundView::new(
                &Ground::Member(since),
                "reader of labring since 2025-11-21".to_owned(),
            ),
            considered: Vec::new(),
            visibility: "private".to_owned(),
            ask: vec!["alice".to_owned()],
        };
        insta::assert_json_snapshot!(view, @r#"
        {
          "allowed": false,
          "action": "push",
          "resource": "labring/app",
          "user": "bob",
          "decision": "denied: reader of labring since 2025-11-21 may not push",
          "ground": {
            "kind": "member",
            "role": "reader",
            "since": "2025-11-21T08:00:00.000Z",
            "text": "reader of labring since 2025-11-21"
          },
          "considered": [],
          "visibility": "private",
          "ask": [
            "alice"
          ]
        }
        "#);
    }
}
