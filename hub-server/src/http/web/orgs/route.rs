//! Addresses below `/o/`, as a pure function of their text.

use hub_model::OrgName;
use percent_encoding::percent_decode_str;

/// Stands between an organisation's name and one of its pages, as at repositories.
const DOOR: &str = "/-/";

/// What an address below `/o/` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// A part of an organisation.
    Part(OrgName, Part),
    /// A slash too many: the address without it.
    Slash(String),
    /// Nothing that could exist.
    Unknown,
}

/// A page of an organisation, or where one of its forms is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Its repositories.
    Home,
    /// Who belongs to it, and who is invited.
    Members,
    /// Its accounts for machines.
    Robots,
    /// What it shares with others.
    Shares,
    /// Where the form that ends a share is sent to.
    EndShare,
    /// Who did what in it.
    Activity,
    /// Gives a member a role (POST).
    SetMember,
    /// Ends a membership (POST).
    RemoveMember,
    /// Asks a user to become a member (POST).
    Invite,
    /// Takes an invitation back (POST).
    Withdraw,
    /// Hands the organisation over (POST).
    Transfer,
    /// Ends the caller's own membership (POST).
    Leave,
    /// What it is called, and how its repositories begin.
    Settings,
}

/// The parts by what stands behind `/-/`.
const PARTS: &[(&str, Part)] = &[
    ("members", Part::Members),
    ("robots", Part::Robots),
    ("shares", Part::Shares),
    ("shares/end", Part::EndShare),
    ("activity", Part::Activity),
    ("members/set", Part::SetMember),
    ("members/remove", Part::RemoveMember),
    ("invitations", Part::Invite),
    ("invitations/withdraw", Part::Withdraw),
    ("transfer", Part::Transfer),
    ("leave", Part::Leave),
    ("settings", Part::Settings),
];

/// Every route below `/o/`: method and pattern.
pub(in crate::http::web) const ROUTES: &[(&str, &str)] = &[
    ("GET", "/o/{org}"),
    ("GET", "/o/{org}/-/members"),
    ("POST", "/o/{org}/-/members/set"),
    ("POST", "/o/{org}/-/members/remove"),
    ("POST", "/o/{org}/-/invitations"),
    ("POST", "/o/{org}/-/invitations/withdraw"),
    ("POST", "/o/{org}/-/transfer"),
    ("POST", "/o/{org}/-/leave"),
    ("GET", "/o/{org}/-/robots"),
    ("POST", "/o/{org}/-/robots"),
    ("GET", "/o/{org}/-/shares"),
    ("POST", "/o/{org}/-/shares"),
    ("POST", "/o/{org}/-/shares/end"),
    ("GET", "/o/{org}/-/activity"),
    ("GET", "/o/{org}/-/settings"),
    ("POST", "/o/{org}/-/settings"),
];

/// Reads the part of an address behind `/o/`.
pub(super) fn parse(rest: &str) -> Route {
    if rest.len() > 1 && rest.ends_with('/') {
        return Route::Slash(format!("/o/{}", rest.trim_end_matches('/')));
    }
    let Ok(decoded) = percent_decode_str(rest).decode_utf8() else { return Route::Unknown };
    parse_decoded(&decoded).unwrap_or(Route::Unknown)
}

fn parse_decoded(rest: &str) -> Option<Route> {
    let (name, part) = match rest.split_once(DOOR) {
        Some((name, page)) => (name, PARTS.iter().find(|(word, _)| *word == page)?.1),
        None => (rest, Part::Home),
    };
    Some(Route::Part(OrgName::parse(name).ok()?, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_meaning() {
        let org = |name: &str| OrgName::parse(name).unwrap();
        for (rest, want) in [
            ("labring", Route::Part(org("labring"), Part::Home)),
            ("labring/-/members", Route::Part(org("labring"), Part::Members)),
            ("labring/-/robots", Route::Part(org("labring"), Part::Robots)),
            ("labring/-/shares", Route::Part(org("labring"), Part::Shares)),
            ("labring/-/shares/end", Route::Part(org("labring"), Part::EndShare)),
            ("labring/-/activity", Route::Part(org("labring"), Part::Activity)),
            ("labring/-/invitations/withdraw", Route::Part(org("labring"), Part::Withdraw)),
            ("labring%2F-%2Fmembers", Route::Part(org("labring"), Part::Members)),
            ("labring/", Route::Slash("/o/labring".to_owned())),
            ("labring/-/members//", Route::Slash("/o/labring/-/members".to_owned())),
            ("", Route::Unknown),
            ("/", Route::Unknown),
            ("Labring", Route::Unknown),
            ("labring/app", Route::Unknown),
            ("labring/-", Route::Unknown),
            ("labring/-/nothing", Route::Unknown),
            ("labring/-/members/x/y", Route::Unknown),
            ("a/b/-/members", Route::Unknown),
            ("a%ff", Route::Unknown),
        ] {
            assert_eq!(parse(rest), want, "{rest}");
        }
    }

    #[test]
    fn every_part_is_found_by_its_own_word() {
        for (word, part) in PARTS {
            let want = Route::Part(OrgName::parse("a").unwrap(), *part);
            assert_eq!(parse(&format!("a/-/{word}")), want, "{word}");
            let pattern = format!("/o/{{org}}/-/{word}");
            assert!(ROUTES.iter().any(|(_, route)| *route == pattern), "{word} has no route");
        }
    }
}
