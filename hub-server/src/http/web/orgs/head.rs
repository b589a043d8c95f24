//! The head that all pages of an organisation share, with the links between them.

use hub_model::{Role, Standing};

use super::super::icons;
use super::super::lang::Words;
use super::super::view::Link;
use super::super::visitor::Visitor;
use super::route::Part;
use crate::services::orgs::OrgPage;

/// The head of a page.
#[derive(Debug)]
pub(in super::super) struct Head {
    pub name: String,
    pub heading: String,
    pub icon: String,
    pub description: String,
    pub count: String,
    pub role: String,
    /// The pages that the reader may see.
    pub tabs: Vec<Link>,
}

/// Who may see a page.
#[derive(Debug, Clone, Copy)]
enum For {
    Everybody,
    Members,
    Owners,
}

/// A page, and the link to it.
struct Tab {
    part: Part,
    /// What stands behind the name of the organisation.
    path: &'static str,
    whom: For,
    words: fn(&Words) -> &'static str,
}

/// The pages in the order of their links.
const TABS: &[Tab] = &[
    Tab { part: Part::Home, path: "", whom: For::Everybody, words: |t| t.repos },
    Tab { part: Part::Members, path: "/-/members", whom: For::Members, words: |t| t.members },
    Tab {
        part: Part::Robots,
        path: "/-/robots",
        whom: For::Owners,
        words: |t| t.credentials.robots,
    },
    Tab { part: Part::Shares, path: "/-/shares", whom: For::Owners, words: |t| t.shares.shares },
    Tab {
        part: Part::Activity,
        path: "/-/activity",
        whom: For::Owners,
        words: |t| t.shares.activity,
    },
    Tab {
        part: Part::Settings,
        path: "/-/settings",
        whom: For::Owners,
        words: |t| t.people.settings,
    },
];

impl Head {
    /// The head of one of the organisation's pages.
    pub(super) fn new(visitor: &Visitor, page: &OrgPage, current: Part) -> Self {
        let t = visitor.words();
        let name = page.org.name.to_string();
        let display_name = &page.org.display_name;
        let tabs = TABS.iter().filter(|tab| is_for(tab.whom, page.standing));
        Self {
            heading: if display_name.is_empty() { name.clone() } else { display_name.clone() },
            icon: icons::inline(&name),
            description: page.org.description.clone(),
            count: (t.repo_count)(page.repos),
            role: page.role.map(|role| (t.your_role)(role_word(t, role))).unwrap_or_default(),
            tabs: tabs
                .map(|tab| Link {
                    current: tab.part == current,
                    ..Link::new(format!("/o/{name}{}", tab.path), (tab.words)(t))
                })
                .collect(),
            name,
        }
    }
}

const fn is_for(whom: For, standing: Standing) -> bool {
    match whom {
        For::Everybody => true,
        For::Members => standing.is_inside(),
        For::Owners => owns(standing),
    }
}

/// Whether somebody decides about the organisation.
pub(super) const fn owns(standing: Standing) -> bool {
    matches!(standing, Standing::Administrator | Standing::Owner)
}

/// The roles as choices of a form, the least first.
pub(in super::super) fn roles(t: &Words, chosen: Role) -> Vec<Link> {
    let choice = |role: Role| Link {
        current: role == chosen,
        ..Link::new(role.as_str(), role_word(t, role))
    };
    [Role::Reader, Role::Writer, Role::Owner].map(choice).into()
}

/// What a role is called.
pub(in super::super) const fn role_word(t: &Words, role: Role) -> &'static str {
    match role {
        Role::Owner => t.role_owner,
        Role::Writer => t.role_writer,
        Role::Reader => t.role_reader,
    }
}
