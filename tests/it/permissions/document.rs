//! `docs/reference/permissions.md` is what the code decides and what the hub answers.

use std::fmt::Write;

use hub_model::{Action, Refusal, Standing, TokenScope, Visibility, decide};

use super::stage::Cast;
use super::{hub_api, pages, registry, table};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/permissions.md");

const BEGINNING: &str = "# Permissions\n\n\
This page is made by a test (`permissions::document`) from the code and from the answers of a hub; \
`INSTA_UPDATE=always tests/run permissions::document` writes it anew.\n\n\
## Words\n\n\
A caller *stands on a ground*: membership of the organisation, a role granted on the repository, \
a share, a robot's scope, or nothing.\n\
The strongest ground that there is decides; the *standing* is what it makes of the caller.\n\
Roles are `owner`, `writer` and `reader`; at SWR they are 7, 3 and 1, on command lines also `admin`, \
`push` and `pull`.\n\
A credential narrows what its owner may do, to a scope and to places; it never widens it.\n\
`hub perm check REPO --action push --why` tells the decision and its ground.\n\n\
- **401** (pages: the sign-in page) tells nothing but that somebody has to sign in.\n\
- **403** stands only where the caller may know that the thing exists.\n\
- **404** is the answer for what is not there and for what the caller may not see, byte for byte the same.\n\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_permissions_is_what_the_hub_answers() {
    let cast = Cast::start().await;
    let mut stages = 0;
    let mut page = BEGINNING.to_owned();
    write!(page, "## Standing and action\n\n{}\n", policy()).unwrap();
    write!(page, "## Scope of a credential and action\n\n{}\n", scopes()).unwrap();
    for (title, rows) in [
        ("The registry, a private repository", &registry::PRIVATE[..]),
        ("The registry, a public repository", &registry::PUBLIC),
        ("Beside the registry", &registry::BESIDE),
        ("The hub API", hub_api::ROWS),
        ("Pages", pages::ROWS),
    ] {
        let table = table::run(&cast, rows, &mut stages).await;
        write!(page, "## {title}\n\n{table}\n").unwrap();
    }
    let page = format!("{}\n", page.trim_end());
    cast.hub.stop().await;
    compare(&page);
}

/// Compares, or writes the page when that is wanted.
#[expect(clippy::disallowed_methods, reason = "the variable that snapshots listen to")]
fn compare(page: &str) {
    if std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
        std::fs::write(FILE, page).unwrap();
    }
    let kept = std::fs::read_to_string(FILE).unwrap_or_default();
    let differing: Vec<_> =
        page.lines().filter(|line| !kept.lines().any(|own| own == *line)).collect();
    assert!(
        kept == page,
        "the hub answers otherwise than the page says:\n{}",
        differing.join("\n")
    );
}

/// The whole policy.
fn policy() -> String {
    let mut table = "| standing | repository | pull | push | delete | administer |\n".to_owned();
    table.push_str("|---|---|---|---|---|---|\n");
    for standing in Standing::ALL {
        for visibility in [Visibility::Private, Visibility::Public] {
            write!(table, "| {standing:?} | {} |", visibility.as_str()).unwrap();
            for action in Action::ALL {
                let answer = match decide(standing, visibility, action) {
                    Ok(()) => "yes",
                    Err(Refusal::Unauthenticated) => "401",
                    Err(Refusal::Forbidden | Refusal::Narrow) => "403",
                    Err(Refusal::Hidden) => "404",
                };
                write!(table, " {answer} |").unwrap();
            }
            table.push('\n');
        }
    }
    table
}

/// What a credential is good for.
fn scopes() -> String {
    let mut table =
        "| scope | pull | push | delete | administer |\n|---|---|---|---|---|\n".to_owned();
    for scope in TokenScope::ALL {
        let covers = |action| if scope.covers(action) { "yes" } else { "403" };
        let cells = Action::ALL.map(covers).join(" | ");
        writeln!(table, "| {} | {cells} |", scope.as_str()).unwrap();
    }
    table
}
