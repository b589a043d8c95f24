//! The pages of tokens, access keys and robots.

use axum::http::StatusCode;

use super::Hub;

/// What stands in the first `<code>` of a page that shows a secret.
fn secret(page: &str, begin: &str) -> String {
    let at = page.find(begin).unwrap_or_else(|| panic!("no {begin} in {page}"));
    let is_secret = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    page[at..].chars().take_while(is_secret).collect()
}

#[tokio::test]
async fn a_token_is_made_for_places_and_rotated() {
    let hub = Hub::with_images().await;
    let cookie = hub.sign_in().await;
    let path = "/settings/tokens";
    let token = hub.get_as(&cookie, path).await.form_token();
    let form =
        |within: &str| format!("form_token={token}&name=ci&scope=push&days=30&within={within}");
    let bad = hub.post(&cookie, path, &form("Alice")).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    let made = hub.post(&cookie, path, &form("alice%2Fapp%2C+labring")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert!(made.body.contains("alice/app labring"), "{}", made.body);
    let first = secret(&made.body, "hub_pat_");

    let list = hub.get_as(&cookie, path).await.body;
    let rotate = list.split('"').find(|text| text.ends_with("/rotate")).unwrap();
    let rotated = hub.post(&cookie, rotate, &format!("form_token={token}")).await;
    assert_eq!(rotated.status, StatusCode::CREATED);
    assert_eq!(rotated.header("cache-control"), "no-store");
    assert_ne!(secret(&rotated.body, "hub_pat_"), first);
    let again = hub.post(&cookie, rotate, &format!("form_token={token}")).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let stale = hub.post(&cookie, rotate, "").await;
    assert_eq!(stale.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_access_key_is_made_disabled_enabled_and_deleted() {
    let hub = Hub::with_images().await;
    let cookie = hub.sign_in().await;
    let path = "/settings/keys";
    let away = hub.get(path).await;
    assert_eq!(away.header("location"), "/login?next=%2Fsettings%2Fkeys");
    let token = hub.get_as(&cookie, path).await.form_token();
    let made = hub.post(&cookie, path, &format!("form_token={token}&name=swr&days=0")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.header("cache-control"), "no-store");
    let id = secret(&made.body, "HUB");
    assert_eq!(id.len(), 20, "{id}");
    let login = format!(" | docker login --username hub@{id} --password-stdin ");
    let (before, _) = made.body.split_once(&login).unwrap();
    let (_, signature) = before.rsplit_once("printf %s ").unwrap();
    assert_eq!(signature.len(), 64, "no secret is an argument: {signature}");
    for (act, shown) in [("disable", "enable"), ("enable", "disable")] {
        let done = hub.post(&cookie, path, &format!("form_token={token}&key={id}&do={act}")).await;
        assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, path));
        let page = hub.get_as(&cookie, path).await.body;
        assert!(page.contains(&format!("value=\"{shown}\"")), "{page}");
    }
    hub.post(&cookie, path, &format!("form_token={token}&key={id}&do=delete")).await;
    assert!(!hub.get_as(&cookie, path).await.body.contains(&id));
    let unnamed = hub.post(&cookie, path, &format!("form_token={token}&name=&days=0")).await;
    assert_eq!(unnamed.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn owners_make_robots_and_nobody_else_sees_the_page() {
    let hub = Hub::with_images().await;
    let cookie = hub.sign_in().await;
    let path = "/o/alice/-/robots";
    assert_eq!(hub.get(path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(hub.post("", path, "do=create&name=ci").await.status, StatusCode::NOT_FOUND);
    let page = hub.get_as(&cookie, path).await;
    assert_eq!(page.status, StatusCode::OK);
    let token = page.form_token();
    let form = |name: &str, within: &str| {
        format!("form_token={token}&do=create&name={name}&scope=push&days=90&within={within}")
    };
    for (name, within) in [("A", ""), ("ci", "bob%2Fx"), ("ci", "NO")] {
        let bad = hub.post(&cookie, path, &form(name, within)).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {within}");
    }
    let made = hub.post(&cookie, path, &form("ci", "alice%2Fapp")).await;
    assert_eq!((made.status, made.header("cache-control")), (StatusCode::CREATED, "no-store"));
    let first = secret(&made.body, "hub_bot_");
    let twice = hub.post(&cookie, path, &form("ci", "")).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);

    let act = |act: &str| format!("form_token={token}&robot=ci&do={act}");
    let rotated = hub.post(&cookie, path, &act("rotate")).await;
    assert_ne!(secret(&rotated.body, "hub_bot_"), first);
    assert_eq!(rotated.header("cache-control"), "no-store");
    hub.post(&cookie, path, &act("disable")).await;
    assert!(hub.get_as(&cookie, path).await.body.contains("value=\"enable\""));
    hub.post(&cookie, path, &act("delete")).await;
    assert!(!hub.get_as(&cookie, path).await.body.contains("alice+ci"));
    assert_eq!(hub.post(&cookie, path, &act("delete")).await.status, StatusCode::NOT_FOUND);
}
