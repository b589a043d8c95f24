//! Tests of search.

use hub_model::{RepoName, SignedIn, Visibility};

use super::*;
use crate::services::accounts::{self, NewAccount};
use crate::services::repos;

async fn hub() -> (App, tempfile::TempDir, Actor) {
    let (app, dir) = App::for_tests().await;
    let name = "ana".parse().unwrap();
    let new = NewAccount { name, password: "correct horse".into(), admin: false };
    let user = accounts::add_user(&app, &Actor::System, new).await.unwrap();
    let ana = Actor::User(SignedIn::by_password(user.into()));
    for (name, visibility) in
        [("ana/queue", Visibility::Public), ("ana/queue-secret", Visibility::Private)]
    {
        repos::create(&app, &ana, &name.parse().unwrap(), visibility).await.unwrap();
    }
    app.settle().await.unwrap();
    (app, dir, ana)
}

async fn names(app: &App, actor: &Actor, text: &str) -> (Vec<String>, u64) {
    let request = SearchRequest { text: text.to_owned(), limit: 10, ..SearchRequest::default() };
    let page = search(app, actor, request).await.unwrap();
    let mut names: Vec<String> = page.items.iter().map(|card| card.repo.name.to_string()).collect();
    names.sort();
    (names, page.total)
}

#[tokio::test]
async fn what_is_private_is_found_by_its_members_only() {
    let (app, _dir, ana) = hub().await;
    assert_eq!(names(&app, &Actor::Anonymous, "queue").await, (vec!["ana/queue".to_owned()], 1));
    assert_eq!(names(&app, &ana, "queue").await.1, 2);
    assert_eq!(names(&app, &Actor::Anonymous, "secret").await, (Vec::new(), 0));
}

#[tokio::test]
async fn what_vanished_a_moment_ago_is_not_shown() {
    let (app, _dir, ana) = hub().await;
    let name: RepoName = "ana/queue".parse().unwrap();
    repos::delete(&app, &ana, &name).await.unwrap();
    // The index does not know yet.
    assert_eq!(names(&app, &Actor::Anonymous, "queue").await, (Vec::new(), 0));
    app.settle().await.unwrap();
    assert_eq!(names(&app, &Actor::Anonymous, "queue").await, (Vec::new(), 0));
}
