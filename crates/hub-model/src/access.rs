//! Who may do what: standings, actions, and the one table of the policy.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a member of an organisation is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Pulls, and sees what is private.
    #[serde(alias = "pull")]
    Reader,
    /// Pushes and describes as well.
    #[serde(alias = "push")]
    Writer,
    /// Decides about members, visibility and deletion as well.
    #[serde(alias = "admin")]
    Owner,
}

impl Role {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Owner => "owner",
        }
    }

    /// Reads a role, in either of its two spellings (`writer`, or `push` as command lines say).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "reader" | "pull" => Some(Self::Reader),
            "writer" | "push" => Some(Self::Writer),
            "owner" | "admin" => Some(Self::Owner),
            _ => None,
        }
    }
}

/// What a caller is to a repository or an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Administrator of the hub, or the hub itself.
    Administrator,
    /// Owner of the organisation, or of the repository.
    Owner,
    /// Writer of the organisation, or on the repository.
    Writer,
    /// Reader of the organisation, on the repository, or by a share.
    Reader,
    /// Signed in, without a role here.
    Stranger,
    /// Not signed in.
    Anonymous,
}

impl Standing {
    /// Every standing, strongest first.
    pub const ALL: [Self; 6] = [
        Self::Administrator,
        Self::Owner,
        Self::Writer,
        Self::Reader,
        Self::Stranger,
        Self::Anonymous,
    ];
}

impl Standing {
    /// Whether it is one of the organisation's own, or above: who sees its members and limits.
    #[must_use]
    pub const fn is_inside(self) -> bool {
        match self {
            Self::Administrator | Self::Owner | Self::Writer | Self::Reader => true,
            Self::Stranger | Self::Anonymous => false,
        }
    }
}

impl From<Role> for Standing {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Writer => Self::Writer,
            Role::Reader => Self::Reader,
        }
    }
}

/// Who may see a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody.
    #[default]
    Public,
    /// Members of its organisation.
    Private,
}

impl Visibility {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// Reads a visibility.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "public" => Some(Self::Public),
            "private" => Some(Self::Private),
            _ => None,
        }
    }
}

/// What somebody wants to do with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// See it, and pull from it.
    Pull,
    /// Push to it, and describe it.
    Push,
    /// Delete a tag, a manifest or a blob of it.
    Delete,
    /// Change its visibility, delete it whole, manage the members of its organisation.
    Administer,
}

impl Action {
    /// Every action, the least first.
    pub const ALL: [Self; 4] = [Self::Pull, Self::Push, Self::Delete, Self::Administer];

    /// Reads the word that [`Action`] is displayed as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
            Self::Administer => "administer",
        }
    }

    /// The verb for people: "you may not … here".
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Pull => "pull from",
            Self::Push => "push to",
            Self::Delete => "delete from",
            Self::Administer => "administer",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a caller may act on a repository. The whole policy.
#[must_use]
pub const fn allows(standing: Standing, visibility: Visibility, action: Action) -> bool {
    match (standing, action) {
        (Standing::Administrator | Standing::Owner, _)
        | (Standing::Writer, Action::Pull | Action::Push | Action::Delete)
        | (Standing::Reader, Action::Pull) => true,
        (Standing::Stranger | Standing::Anonymous, Action::Pull) => {
            matches!(visibility, Visibility::Public)
        }
        (
            Standing::Writer | Standing::Reader | Standing::Stranger | Standing::Anonymous,
            Action::Push | Action::Delete | Action::Administer,
        ) => false,
    }
}

/// How a refusal is told: what the caller may know decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Nobody signed in: say who you are first.
    Unauthenticated,
    /// The thing is known to the caller, the act is not allowed.
    Forbidden,
    /// The caller may not even know that the thing exists.
    Hidden,
    /// The caller may, but not with this credential.
    Narrow,
}

/// Decides about one act.
///
/// # Errors
///
/// The [`Refusal`] that tells no more than the caller may know: who may not pull learns nothing.
pub const fn decide(
    standing: Standing,
    visibility: Visibility,
    action: Action,
) -> Result<(), Refusal> {
    if allows(standing, visibility, action) {
        return Ok(());
    }
    match (standing, action) {
        (Standing::Anonymous, Action::Push | Action::Delete | Action::Administer) => {
            Err(Refusal::Unauthenticated)
        }
        _ if allows(standing, visibility, Action::Pull) => Err(Refusal::Forbidden),
        _ => Err(Refusal::Hidden),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn the_policy_is_this_table() {
        let mut table =
            String::from("standing       repo     pull    push    delete  administer\n");
        for standing in Standing::ALL {
            for visibility in [Visibility::Private, Visibility::Public] {
                write!(table, "{:<15}{:<9}", format!("{standing:?}"), visibility.as_str()).unwrap();
                for action in Action::ALL {
                    let answer = match decide(standing, visibility, action) {
                        Ok(()) => "yes",
                        Err(Refusal::Unauthenticated) => "401",
                        Err(Refusal::Forbidden) => "403",
                        Err(Refusal::Hidden) => "404",
                        Err(Refusal::Narrow) => unreachable!("no credential was asked"),
                    };
                    write!(table, "{answer:<8}").unwrap();
                }
                table.truncate(table.trim_end().len());
                table.push('\n');
            }
        }
        insta::assert_snapshot!(table, @r"
        standing       repo     pull    push    delete  administer
        Administrator  private  yes     yes     yes     yes
        Administrator  public   yes     yes     yes     yes
        Owner          private  yes     yes     yes     yes
        Owner          public   yes     yes     yes     yes
        Writer         private  yes     yes     yes     403
        Writer         public   yes     yes     yes     403
        Reader         private  yes     403     403     403
        Reader         public   yes     403     403     403
        Stranger       private  404     404     404     404
        Stranger       public   yes     403     403     403
        Anonymous      private  404     401     401     401
        Anonymous      public   yes     401     401     401
        ");
    }
}
