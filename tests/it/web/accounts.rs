//! Pages of accounts, as a browser without JavaScript uses them.

use hub_server::app::Clock;
use hub_server::config::Registration;
use hub_tests::{PASSWORD, TestHub};
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use super::forms::{Browser, hidden_fields};

async fn sign_in(browser: &mut Browser, name: &str, password: &str) -> Response {
    browser.submit("/login", "/login", &[("name", name), ("password", password)]).await
}

async fn text(answer: Response) -> String {
    answer.text().await.unwrap()
}

#[tokio::test]
async fn an_administrator_makes_closes_resets_and_deletes_a_user_on_pages() {
    let hub = TestHub::start().await;
    hub.administrator("boss").await;
    let mut boss = Browser::new(&hub);
    sign_in(&mut boss, "boss", PASSWORD).await;
    let index = text(boss.get("/settings").await).await;
    assert!(index.contains("/settings/users"), "{index}");

    let users = "/settings/users";
    let bad = boss.submit(users, users, &[("name", "No Name"), ("password", PASSWORD)]).await;
    assert_eq!(bad.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(bad).await.contains("lowercase letters"));
    let made = boss.submit(users, users, &[("name", "ana"), ("password", PASSWORD)]).await;
    assert_eq!(made.headers()["location"], "/settings/users/ana");
    let taken = boss.submit(users, users, &[("name", "ana"), ("password", PASSWORD)]).await;
    assert_eq!(taken.status(), StatusCode::CONFLICT);
    assert!(text(taken).await.contains("The name ana is taken."));
    let found = text(boss.get("/settings/users?q=an&state=open").await).await;
    assert!(found.contains("/settings/users/ana") && !found.contains("/settings/users/boss"));

    let mut ana = Browser::new(&hub);
    sign_in(&mut ana, "ana", PASSWORD).await;
    assert_eq!(ana.get("/settings").await.status(), StatusCode::OK);
    assert_eq!(ana.get("/settings/users").await.status(), StatusCode::FORBIDDEN);
    let page = "/settings/users/ana";
    let closed = boss.submit(page, page, &[("do", "disable")]).await;
    assert_eq!(closed.status(), StatusCode::SEE_OTHER);
    assert!(ana.get("/settings").await.status().is_redirection(), "signed out at once");
    assert_eq!(sign_in(&mut ana, "ana", PASSWORD).await.status(), StatusCode::UNAUTHORIZED);
    boss.submit(page, page, &[("do", "enable")]).await;
    let reset = format!("{page}/password");
    let done = boss.submit(page, &reset, &[("password", "another password")]).await;
    assert_eq!(done.headers()["location"], "/settings/users/ana?done=password");
    let signed_in = sign_in(&mut ana, "ana", "another password").await;
    assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);

    let own = "/settings/users/boss";
    let last = boss.submit(own, own, &[("do", "user")]).await;
    assert_eq!(last.status(), StatusCode::CONFLICT);
    assert!(text(last).await.contains("last administrator"));

    let delete = format!("{page}/delete");
    let asked = text(boss.get(&delete).await).await;
    assert!(asked.contains("Delete ana?"), "{asked}");
    let gone = boss.submit(&delete, &delete, &[]).await;
    assert_eq!(gone.headers()["location"], users);
    let shown = text(boss.get(page).await).await;
    assert!(shown.contains("deleted") && !shown.contains("/delete\""), "{shown}");
    assert!(ana.get("/settings").await.status().is_redirection());
    hub.stop().await;
}

#[tokio::test]
async fn sessions_are_seen_and_ended_and_a_new_password_ends_the_others() {
    let hub = TestHub::start().await;
    hub.person("ana").await;
    let (mut desk, mut phone, mut library) =
        (Browser::new(&hub), Browser::new(&hub), Browser::new(&hub));
    for browser in [&mut desk, &mut phone, &mut library] {
        sign_in(browser, "ana", PASSWORD).await;
    }
    let page = "/settings/sessions";
    let shown = text(desk.get(page).await).await;
    assert_eq!(shown.matches("/end\"").count(), 2, "two others: {shown}");
    assert_eq!(shown.matches("this one").count(), 1);
    let end = shown.split("action=\"").find(|part| part.starts_with("/settings/sessions/"));
    let end = end.unwrap().split('"').next().unwrap().to_owned();
    desk.submit(page, &end, &[]).await;
    assert!(library.get(page).await.status().is_redirection(), "the newest of the others");
    assert_eq!(phone.get(page).await.status(), StatusCode::OK);

    let password = "/settings/password";
    let fields = [("old", PASSWORD), ("password", "another password"), ("again", "a typo here")];
    let differs = desk.submit(password, password, &fields).await;
    assert!(text(differs).await.contains("The two new passwords differ."));
    let fields = [("old", "guess work"), ("password", "long enough"), ("again", "long enough")];
    let wrong = desk.submit(password, password, &fields).await;
    assert!(text(wrong).await.contains("The password so far is wrong."));
    let fields =
        [("old", PASSWORD), ("password", "another password"), ("again", "another password")];
    let changed = desk.submit(password, password, &fields).await;
    assert_eq!(changed.status(), StatusCode::SEE_OTHER);
    assert_eq!(desk.get(page).await.status(), StatusCode::OK, "this browser stays");
    assert!(phone.get(page).await.status().is_redirection());

    sign_in(&mut phone, "ana", "another password").await;
    let mut form = hidden_fields(&text(desk.get(page).await).await, page);
    form.retain(|(name, _)| name != "what");
    form.push(("what".to_owned(), "all".to_owned()));
    desk.post(page, &form, &hub.url).await;
    for browser in [&mut desk, &mut phone] {
        assert!(browser.get(page).await.status().is_redirection());
    }
    hub.stop().await;
}

#[tokio::test]
async fn signing_in_begins_a_new_session_and_ends_the_one_before() {
    let hub = TestHub::start().await;
    hub.person("ana").await;
    hub.person("bob").await;
    let mut browser = Browser::new(&hub);
    // What somebody else put there is not taken over.
    browser.plant("hub_session", "hub_ses_0000");
    let answer = sign_in(&mut browser, "ana", PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let of_ana = browser.session();
    assert!(!of_ana.ends_with("hub_ses_0000"));
    // Who is signed in sees no form to sign in with; a page of ours could post one all the same.
    let page = text(browser.get("/settings/tokens").await).await;
    let mut form = hidden_fields(&page, "/logout");
    let fields = [("name", "bob"), ("password", PASSWORD)];
    form.extend(fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let answer = browser.post("/login", &form, &hub.url).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let of_bob = browser.session();
    assert_ne!(of_ana, of_bob);
    let mut thief = Browser::new(&hub);
    let (name, secret) = of_ana.split_once('=').unwrap();
    thief.plant(name, secret);
    assert!(thief.get("/settings/tokens").await.status().is_redirection(), "it has ended");
    hub.stop().await;
}

#[tokio::test]
async fn strangers_register_only_where_the_hub_lets_them() {
    let closed = TestHub::start().await;
    let mut browser = Browser::new(&closed);
    assert_eq!(browser.get("/register").await.status(), StatusCode::NOT_FOUND);
    let login = text(browser.get("/login").await).await;
    assert!(!login.contains("/register"));
    closed.stop().await;

    let hub = TestHub::with(|config| {
        config.auth.registration = Registration::Open;
        config.limits.registrations_per_hour = 3;
    });
    let hub = hub.await;
    hub.person("bob").await;
    let mut browser = Browser::new(&hub);
    assert!(text(browser.get("/login").await).await.contains("/register"));
    let page = "/register";
    let wish = |name| [("name", name), ("password", PASSWORD), ("again", PASSWORD)];
    for (name, status, says) in [
        ("bob", StatusCode::CONFLICT, "The name bob is taken."),
        ("settings", StatusCode::UNPROCESSABLE_ENTITY, "The name settings is reserved."),
        ("B", StatusCode::UNPROCESSABLE_ENTITY, "lowercase letters"),
    ] {
        let refused = browser.submit(page, page, &wish(name)).await;
        assert_eq!(refused.status(), status);
        let said = text(refused).await;
        assert!(said.contains(says), "{said}");
    }
    let made = browser.submit(page, page, &wish("ana")).await;
    assert_eq!(made.headers()["location"], "/o/ana");
    assert_eq!(browser.get("/settings/tokens").await.status(), StatusCode::OK, "signed in");
    assert_eq!(browser.get("/settings/users").await.status(), StatusCode::FORBIDDEN);

    let mut other = Browser::new(&hub);
    other.submit(page, page, &wish("carl")).await;
    let last = Browser::new(&hub).submit(page, page, &wish("dora")).await;
    assert_eq!(last.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = last.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((600..=1200).contains(&wait), "three an hour: {wait} seconds");
    assert!(text(last).await.contains("minutes"));
    hub.stop().await;
}

#[tokio::test]
async fn who_guesses_is_told_to_wait_and_nobody_else_is() {
    let clock = Clock::standing_at(1_800_000_000_000);
    let hub = TestHub::by(clock.clone(), |config| {
        config.limits.wrong_passwords = 3;
        // A password that was checked a moment ago passes; here none is remembered.
        config.auth.verified_seconds = 0;
    });
    let hub = hub.await;
    let ana = hub.person("ana").await;
    let made = ana.send(Method::POST, "/api/v1/tokens", &json!({"name": "ci"})).await.1;
    let mut browser = Browser::new(&hub);
    for _ in 0..3 {
        let wrong = sign_in(&mut browser, "ana", "guess work").await;
        assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    }
    let refused = sign_in(&mut browser, "ana", "guess work").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(text(refused).await.contains("Try again in a second."));
    let right = sign_in(&mut browser, "ana", PASSWORD).await;
    assert_eq!(right.status(), StatusCode::TOO_MANY_REQUESTS, "whatever is tried");
    let token = made["secret"].as_str().unwrap();
    let who = hub.nobody().request(Method::GET, "/api/v1/whoami").bearer_auth(token);
    assert_eq!(who.send().await.unwrap().status(), StatusCode::OK, "a token is not concerned");
    let api = ana.get("/api/v1/whoami").await;
    assert_eq!(api.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(api.headers()["retry-after"], "1");
    let unknown = sign_in(&mut browser, "nobody", "guess work").await;
    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED, "another name");
    clock.advance_ms(1000);
    let right = sign_in(&mut browser, "ana", PASSWORD).await;
    assert_eq!(right.status(), StatusCode::SEE_OTHER);

    hub.stop().await;
}
