//! Journeys over forms, as a browser without JavaScript makes them.

use std::collections::BTreeMap;

use hub_tests::{PASSWORD, TestHub};
use reqwest::{Client, Response, StatusCode};
use scraper::{Html, Selector};

/// A browser's memory: one cookie jar, redirects not followed.
pub struct Browser {
    client: Client,
    url: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(hub: &TestHub) -> Self {
        let redirects = reqwest::redirect::Policy::none();
        let client = hub.client().redirect(redirects).build().unwrap();
        Self { client, url: hub.url.clone(), cookies: BTreeMap::new() }
    }

    /// Puts a cookie there, as somebody else might.
    pub fn plant(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Name and value of the session's cookie.
    pub fn session(&self) -> String {
        let session = self.cookies.iter().find(|(name, _)| name.ends_with("hub_session"));
        session.map(|(name, value)| format!("{name}={value}")).unwrap()
    }

    /// Somebody who signed in.
    pub async fn of(hub: &TestHub, name: &str) -> Self {
        let mut browser = Self::new(hub);
        let fields = [("name", name), ("password", PASSWORD)];
        let answer = browser.submit("/login", "/login", &fields).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{name} signs in");
        browser
    }

    fn jar(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn remember(&mut self, answer: &Response) {
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    pub async fn get(&mut self, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.url)).header("cookie", self.jar());
        let answer = request.send().await.unwrap();
        self.remember(&answer);
        answer
    }

    /// Fills in the form of a page that posts to `action`, and sends it.
    pub async fn submit(&mut self, path: &str, action: &str, fields: &[(&str, &str)]) -> Response {
        let text = self.get(path).await.text().await.unwrap();
        let mut form = hidden_fields(&text, action);
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(action, &form, &self.url.clone()).await
    }

    /// Sends one of several forms of a page that post to `action`: these fields, and the token that
    /// ties the form to its session.
    pub async fn choose(&mut self, path: &str, action: &str, fields: &[(&str, &str)]) -> Response {
        let text = self.get(path).await.text().await.unwrap();
        let mut form = hidden_fields(&text, action);
        form.retain(|(name, _)| name == "form_token");
        form.truncate(1);
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(action, &form, &self.url.clone()).await
    }

    pub async fn post(
        &mut self,
        action: &str,
        form: &[(String, String)],
        origin: &str,
    ) -> Response {
        let request = self.client.post(format!("{}{action}", self.url));
        let request = request.header("cookie", self.jar()).header("origin", origin).form(form);
        let answer = request.send().await.unwrap();
        self.remember(&answer);
        answer
    }
}

pub fn hidden_fields(text: &str, action: &str) -> Vec<(String, String)> {
    let html = Html::parse_document(text);
    let selector = format!("form[action=\"{action}\"] input[type=hidden]");
    let selector = Selector::parse(&selector).unwrap();
    let fields = html.select(&selector).map(|input| {
        let part = |name| input.value().attr(name).unwrap_or("").to_owned();
        (part("name"), part("value"))
    });
    fields.collect()
}

#[tokio::test]
async fn signing_in_making_a_token_and_signing_out_need_no_javascript() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    let mut browser = Browser::new(&hub);

    let wrong = browser.submit("/login", "/login", &[("name", "alice"), ("password", "no")]).await;
    let unknown = browser.submit("/login", "/login", &[("name", "eve"), ("password", "no")]).await;
    assert_eq!(wrong.status(), unknown.status());
    let (wrong, unknown) = (wrong.text().await.unwrap(), unknown.text().await.unwrap());
    assert_eq!(wrong.replace("alice", "eve").len(), unknown.len(), "both are told the same");

    let fields = [("name", "alice"), ("password", PASSWORD)];
    let answer = browser.submit("/login", "/login", &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let cookie = answer.headers().get_all("set-cookie").iter();
    let cookie = cookie.map(|c| c.to_str().unwrap()).find(|c| c.contains("session")).unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }

    let page = browser.get("/settings/tokens").await;
    assert_eq!(page.status(), StatusCode::OK);
    let made = browser
        .submit("/settings/tokens", "/settings/tokens", &[("name", "ci"), ("scope", "push")])
        .await;
    assert_eq!(made.headers()["cache-control"], "no-store");
    let text = made.text().await.unwrap();
    assert!(text.contains("hub_pat_"), "{text}");
    let again = browser.get("/settings/tokens").await.text().await.unwrap();
    assert!(again.contains("ci") && !again.contains("hub_pat_"), "shown once");

    let answer = browser.submit("/settings/tokens", "/logout", &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let page = browser.get("/settings/tokens").await;
    assert!(page.status().is_redirection(), "{}", page.status());
    assert!(page.headers()["location"].to_str().unwrap().starts_with("/login"));
    hub.stop().await;
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    let mut browser = Browser::new(&hub);
    let fields = [("name", "alice"), ("password", PASSWORD)];
    browser.submit("/login", "/login", &fields).await;
    let text = browser.get("/settings/tokens").await.text().await.unwrap();
    let mut form = hidden_fields(&text, "/settings/tokens");
    assert!(!form.is_empty(), "the form carries a token of the session");
    form.extend([("name".to_owned(), "evil".to_owned()), ("scope".to_owned(), "admin".to_owned())]);

    let foreign = browser.post("/settings/tokens", &form, "https://evil.example").await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let without: Vec<_> =
        form.iter().filter(|(name, _)| name == "name" || name == "scope").cloned().collect();
    let own = browser.url.clone();
    let bare = browser.post("/settings/tokens", &without, &own).await;
    assert!(bare.status().is_client_error(), "{}", bare.status());
    let list = browser.get("/settings/tokens").await.text().await.unwrap();
    assert!(!list.contains("evil"), "{list}");
    hub.stop().await;
}

#[tokio::test]
async fn a_login_leads_back_to_local_pages_only() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    for (next, to) in [
        ("/o/alice", "/o/alice"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
    ] {
        let mut browser = Browser::new(&hub);
        let fields = [("name", "alice"), ("password", PASSWORD), ("next", next)];
        let text = browser.get("/login").await.text().await.unwrap();
        let mut form = hidden_fields(&text, "/login");
        form.retain(|(name, _)| name != "next");
        form.extend(fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let own = browser.url.clone();
        let answer = browser.post("/login", &form, &own).await;
        assert_eq!(answer.headers()["location"], *to, "{next}");
    }
    hub.stop().await;
}
