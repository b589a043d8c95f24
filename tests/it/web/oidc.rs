//! Signing in at a real provider of OpenID Connect, by its own forms.

use std::collections::BTreeMap;

use hub_server::Config;
use hub_server::config::GroupRole;
use hub_tests::{CLIENT_ID, CLIENT_SECRET, OidcProvider, PASSWORD, ProviderSite, TestHub};
use reqwest::{Client, Method, Response, StatusCode};
use scraper::{Html, Selector};
use serde_json::json;
use url::Url;

/// A browser: cookies of each site, redirects followed by hand.
struct Browser {
    client: Client,
    cookies: BTreeMap<(u16, String), String>,
    hub: String,
}

impl Browser {
    fn new(hub: &TestHub) -> Self {
        let client = hub.client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { client, cookies: BTreeMap::new(), hub: hub.url.clone() }
    }

    async fn send(&mut self, method: Method, url: &Url, form: &[(String, String)]) -> Response {
        let port = url.port().unwrap();
        let pairs = self.cookies.iter().filter(|((at, _), _)| *at == port);
        let jar: Vec<_> = pairs.map(|((_, name), value)| format!("{name}={value}")).collect();
        let mut request = self.client.request(method.clone(), url.clone());
        request = request.header("cookie", jar.join("; "));
        if method == Method::POST {
            request = request.header("origin", url.origin().ascii_serialization()).form(form);
        }
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(&(port, name.to_owned()));
            } else {
                self.cookies.insert((port, name.to_owned()), value);
            }
        }
        answer
    }

    async fn get(&mut self, address: &str) -> Response {
        let url = Url::parse(&self.hub).unwrap().join(address).unwrap();
        self.send(Method::GET, &url, &[]).await
    }

    /// Fills in the first form that posts, on a page of either site.
    async fn submit(&mut self, at: &Url, fields: &[(&str, &str)]) -> Response {
        let page = self.send(Method::GET, at, &[]).await.text().await.unwrap();
        let mut form = hidden(&page);
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.send(Method::POST, at, &form).await
    }

    /// Signs in at the provider, where the hub sent us; answers the way back to the hub.
    async fn at_provider(&mut self, entrance: &Url, name: &str) -> Url {
        // Of two access tokens that one user gets in one second, canaille refuses the second: they
        // are the same text.
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        let mut at = entrance.clone();
        for _ in 0..8 {
            let answer = match at.path() {
                "/login" => self.submit(&at, &[("login", name), ("answer", "")]).await,
                "/auth/password" => self.submit(&at, &[("password", PASSWORD)]).await,
                _ => self.send(Method::GET, &at, &[]).await,
            };
            let status = answer.status();
            let Some(to) = location(&answer) else {
                panic!("{at} answered {status}: {}", answer.text().await.unwrap());
            };
            at = at.join(&to).unwrap();
            if at.path() == "/login/oidc/callback" {
                return at;
            }
        }
        panic!("the provider does not send us back, we are at {at}")
    }

    /// Sets out from the hub; answers the provider's address.
    async fn depart(&mut self, next: &str) -> Url {
        let answer = self.get(&format!("/login/oidc?next={next}")).await;
        let status = answer.status();
        let Some(to) = location(&answer) else {
            panic!("{status}: {}", answer.text().await.unwrap());
        };
        Url::parse(&to).unwrap()
    }

    /// The whole way there and back.
    async fn sign_in(&mut self, name: &str, next: &str) -> Response {
        let entrance = self.depart(next).await;
        let back = self.at_provider(&entrance, name).await;
        self.get(back.as_str()).await
    }

    async fn is_signed_in(&mut self) -> bool {
        self.get("/settings/tokens").await.status() == StatusCode::OK
    }
}

fn location(answer: &Response) -> Option<String> {
    Some(answer.headers().get("location")?.to_str().unwrap().to_owned())
}

fn hidden(page: &str) -> Vec<(String, String)> {
    let html = Html::parse_document(page);
    let inputs = Selector::parse("form[method=post i] input[type=hidden]").unwrap();
    let part = |input: scraper::ElementRef<'_>, name| {
        input.value().attr(name).unwrap_or_default().to_owned()
    };
    html.select(&inputs).map(|input| (part(input, "name"), part(input, "value"))).collect()
}

/// The text of the page's notice.
async fn notice(answer: Response) -> String {
    let text = answer.text().await.unwrap();
    let html = Html::parse_document(&text);
    let notice = Selector::parse(".notice").unwrap();
    html.select(&notice).map(|notice| notice.text().collect::<String>()).collect()
}

/// A hub, and the provider that it sends people to.
async fn both(
    users: &[&str],
    groups: &[(&str, &[&str])],
    change: impl FnOnce(&mut Config),
) -> Option<(TestHub, OidcProvider)> {
    let site = ProviderSite::prepare()?;
    let hub = TestHub::with(|config| {
        let oidc = &mut config.oidc;
        oidc.issuer = Some(site.issuer.clone());
        CLIENT_ID.clone_into(&mut oidc.client_id);
        oidc.client_secret = Some(CLIENT_SECRET.into());
        oidc.scopes = ["openid", "profile", "groups"].map(str::to_owned).into();
        "Example".clone_into(&mut oidc.name);
        let given = |group: &str, role| GroupRole {
            group: group.to_owned(),
            org: "labring".parse().unwrap(),
            role,
        };
        oidc.groups = vec![
            given("builders", hub_model::Role::Writer),
            given("bosses", hub_model::Role::Owner),
        ];
        change(config);
    })
    .await;
    let provider = site.serve(&hub.url, users, groups).await;
    Some((hub, provider))
}

async fn role(hub: &TestHub, name: &str) -> Option<hub_model::Role> {
    let user = hub.app().db.user(&name.parse().unwrap()).await.unwrap().unwrap();
    let role = hub.app().db.role(&"labring".parse().unwrap(), user.id).await.unwrap();
    role.map(|since| since.role)
}

#[tokio::test]
async fn somebody_signs_in_at_the_provider_and_groups_give_and_take_their_role() {
    let Some((hub, provider)) = both(&["dana"], &[("builders", &["dana"])], |_| ()).await else {
        return;
    };
    let keeper = hub.person("keeper").await;
    let labring = json!({"name": "labring"});
    let (status, answer) = keeper.send(Method::POST, "/api/v1/orgs", &labring).await;
    assert!(status.is_success(), "{status} {answer}");

    let mut browser = Browser::new(&hub);
    let page = browser.get("/login?next=/o/labring").await.text().await.unwrap();
    assert!(page.contains("href=\"/login/oidc?next=%2Fo%2Flabring\""), "{page}");
    assert!(page.contains("Sign in with Example"));
    // Somebody else's session in this browser does not live on.
    let entrance = browser.depart("/o/labring").await;
    let back = browser.at_provider(&entrance, "dana").await;
    let arrived = browser.get(back.as_str()).await;
    assert_eq!(arrived.status(), StatusCode::SEE_OTHER, "{}", notice(arrived).await);
    assert_eq!(location(&arrived).unwrap(), "/o/labring");
    let cookies: Vec<_> = arrived.headers().get_all("set-cookie").iter().collect();
    let session =
        cookies.iter().find(|c| c.to_str().unwrap().contains("session=hub_ses_")).unwrap();
    let session = session.to_str().unwrap();
    assert!(session.contains("HttpOnly") && session.contains("SameSite=Lax"), "{session}");
    assert!(browser.is_signed_in().await);
    assert_eq!(role(&hub, "dana").await, Some(hub_model::Role::Writer));

    // The way back is good once: nor by the same browser, nor by one that has the ticket too.
    let again = browser.get(back.as_str()).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);

    provider.delete_group("builders");
    let mut other = Browser::new(&hub);
    assert_eq!(other.sign_in("dana", "/").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(role(&hub, "dana").await, None, "the group is gone, and the role with it");
    provider.add_group("bosses", &["dana"]);
    let mut third = Browser::new(&hub);
    third.sign_in("dana", "/").await;
    assert_eq!(role(&hub, "dana").await, Some(hub_model::Role::Owner));

    // docker needs a personal token; a password there is none, and nobody is told so.
    let basic = |name: &str| {
        let request = hub.client().build().unwrap().get(format!("{}/v2/", hub.url));
        request.basic_auth(name.to_owned(), Some(PASSWORD)).send()
    };
    let (dana, nobody) = (basic("dana").await.unwrap(), basic("nobody").await.unwrap());
    assert_eq!(
        (dana.status(), nobody.status()),
        (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED)
    );
    assert_eq!(dana.text().await.unwrap(), nobody.text().await.unwrap());
    drop(provider);
    hub.stop().await;
}

#[tokio::test]
async fn a_way_back_that_does_not_belong_to_a_way_there_signs_nobody_in() {
    let Some((hub, provider)) = both(&["dana", "eve"], &[], |_| ()).await else { return };
    let mut eve = Browser::new(&hub);
    let entrance = eve.depart("/").await;
    let back = eve.at_provider(&entrance, "eve").await;

    // Eve hands her way back to Dana, whose browser never set out, or set out for itself.
    let mut dana = Browser::new(&hub);
    assert_eq!(dana.get(back.as_str()).await.status(), StatusCode::BAD_REQUEST);
    dana.depart("/").await;
    assert_eq!(dana.get(back.as_str()).await.status(), StatusCode::BAD_REQUEST);
    assert!(!dana.is_signed_in().await);

    let with = |name: &str, value: Option<&str>| {
        let mut url = back.clone();
        let kept: Vec<_> = back.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(name, value);
        }
        url.to_string()
    };
    let ticket = eve.cookies.clone();
    for (name, value, status) in [
        ("state", None, StatusCode::BAD_REQUEST),
        ("state", Some("00"), StatusCode::BAD_REQUEST),
        ("code", None, StatusCode::BAD_REQUEST),
        ("code", Some("made-up"), StatusCode::FORBIDDEN),
        ("iss", None, StatusCode::UNAUTHORIZED),
        ("iss", Some("https://evil.example"), StatusCode::UNAUTHORIZED),
    ] {
        eve.cookies.clone_from(&ticket);
        let answer = eve.get(&with(name, value)).await;
        assert_eq!(answer.status(), status, "{name} {value:?}");
        assert!(!eve.is_signed_in().await, "{name} {value:?}");
    }
    // An altered ticket is none.
    eve.cookies.clone_from(&ticket);
    for value in eve.cookies.iter_mut().filter(|((_, name), _)| name.contains("oidc")) {
        value.1.pop();
    }
    assert_eq!(eve.get(back.as_str()).await.status(), StatusCode::BAD_REQUEST);

    // The code was good all the time, and is good once, even with its ticket.
    eve.cookies.clone_from(&ticket);
    assert_eq!(eve.get(back.as_str()).await.status(), StatusCode::SEE_OTHER);
    eve.cookies.clone_from(&ticket);
    let replayed = eve.get(back.as_str()).await;
    assert!(replayed.status().is_client_error(), "{}", replayed.status());
    eve.cookies.clone_from(&ticket);
    assert!(!eve.is_signed_in().await);
    drop(provider);
    hub.stop().await;
}

#[tokio::test]
async fn who_may_not_come_in_is_told_why() {
    let users = ["dana", "keeper", "frank"];
    let Some((hub, provider)) = both(&users, &[], |_| ()).await else { return };
    hub.person("keeper").await;

    // A name that is somebody's here does not become theirs who has it at the provider.
    let mut keeper = Browser::new(&hub);
    let taken = keeper.sign_in("keeper", "/").await;
    assert_eq!(taken.status(), StatusCode::CONFLICT);
    assert!(notice(taken).await.contains("`keeper` is somebody's here already"));
    assert!(!keeper.is_signed_in().await);

    // Unless the one who has it here says so.
    let login = Url::parse(&format!("{}/login", hub.url)).unwrap();
    keeper.submit(&login, &[("name", "keeper"), ("password", PASSWORD)]).await;
    let settings = Url::parse(&format!("{}/settings/oidc", hub.url)).unwrap();
    let page = {
        let text = keeper.send(Method::GET, &settings, &[]).await.text().await.unwrap();
        let mut form = hidden_of(&text, "/settings/oidc");
        let unproved = keeper.send(Method::POST, &settings, &form).await;
        assert_eq!(unproved.status(), StatusCode::UNPROCESSABLE_ENTITY, "the password once more");
        form.push(("password".to_owned(), PASSWORD.to_owned()));
        keeper.send(Method::POST, &settings, &form).await.text().await.unwrap()
    };
    let to = {
        let html = Html::parse_document(&page);
        let link = Selector::parse("main a.button").unwrap();
        let link = html.select(&link).next().unwrap().value().attr("href").unwrap();
        Url::parse(link).unwrap()
    };
    let back = keeper.at_provider(&to, "keeper").await;
    let linked = keeper.get(back.as_str()).await;
    let arrived = location(&linked);
    let said = linked.text().await.unwrap();
    assert_eq!(arrived.as_deref(), Some("/settings/oidc?linked=yes"), "{said}");
    let mut again = Browser::new(&hub);
    assert_eq!(again.sign_in("keeper", "/").await.status(), StatusCode::SEE_OTHER);

    // And until they say otherwise; not by a script with a token of theirs, but in the browser.
    let unlink = [("do".to_owned(), "unlink".to_owned())];
    let script = hub.client().build().unwrap().post(settings.clone()).form(&unlink);
    let script = script.basic_auth("keeper", Some(PASSWORD)).send().await.unwrap();
    assert_eq!(script.status(), StatusCode::FORBIDDEN);
    let text = keeper.send(Method::GET, &settings, &[]).await.text().await.unwrap();
    let form = hidden_of(&text, "/settings/oidc");
    assert!(form.contains(&unlink[0]), "{text}");
    let unlinked = keeper.send(Method::POST, &settings, &form).await;
    assert_eq!(location(&unlinked).as_deref(), Some("/settings/oidc?unlinked=yes"));
    let mut again = Browser::new(&hub);
    assert_eq!(again.sign_in("keeper", "/").await.status(), StatusCode::CONFLICT);
    let index = keeper.get("/settings").await.text().await.unwrap();
    assert!(index.contains("href=\"/settings/oidc\""), "{index}");

    // Redirects stay on this host.
    for next in ["https://evil.example/", "//evil.example", "%2F%5Cevil.example"] {
        let mut dana = Browser::new(&hub);
        let arrived = dana.sign_in("dana", next).await;
        assert_eq!(location(&arrived).as_deref(), Some("/"), "{next}");
    }

    let dana = hub.app().db.user(&"dana".parse().unwrap()).await.unwrap().unwrap();
    let mut change = hub.app().db.change().await.unwrap();
    change.set_disabled(dana.id, true).await.unwrap();
    change.commit().await.unwrap();
    let mut browser = Browser::new(&hub);
    let refused = browser.sign_in("dana", "/").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(notice(refused).await.contains("disabled"));
    assert!(!browser.is_signed_in().await);

    // What the provider says is text.
    let mut browser = Browser::new(&hub);
    let entrance = browser.depart("/").await;
    let state = entrance.query_pairs().find(|(name, _)| name == "state").unwrap().1;
    let said = format!(
        "/login/oidc/callback?error=access_denied&error_description=%3Cscript%3E1&state={state}"
    );
    let answer = browser.get(&said).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let text = answer.text().await.unwrap();
    assert!(!text.contains("<script>1") && text.contains("script&#62;1"), "{text}");
    let stray = Browser::new(&hub).get(&said).await.text().await.unwrap();
    assert!(!stray.contains("script&#62;1"), "only who set out reads it");
    drop(provider);
    hub.stop().await;
}

fn hidden_of(page: &str, action: &str) -> Vec<(String, String)> {
    let html = Html::parse_document(page);
    let inputs = format!("form[action='{action}'] input[type=hidden]");
    let inputs = Selector::parse(&inputs).unwrap();
    let part = |input: scraper::ElementRef<'_>, name| {
        input.value().attr(name).unwrap_or_default().to_owned()
    };
    html.select(&inputs).map(|input| (part(input, "name"), part(input, "value"))).collect()
}

#[tokio::test]
async fn a_hub_that_makes_no_accounts_and_takes_no_passwords() {
    let Some((hub, provider)) = both(&["dana"], &[], |config| {
        config.oidc.register = false;
        config.oidc.only = true;
    })
    .await
    else {
        return;
    };
    hub.person("keeper").await;
    let mut browser = Browser::new(&hub);
    let page = browser.get("/login").await.text().await.unwrap();
    assert!(!page.contains("type=\"password\"") && page.contains("/login/oidc"), "{page}");
    let form = [("name", "keeper"), ("password", PASSWORD)];
    let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let login = Url::parse(&format!("{}/login", hub.url)).unwrap();
    let refused = browser.send(Method::POST, &login, &form).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(!browser.is_signed_in().await);

    let unknown = browser.sign_in("dana", "/").await;
    assert_eq!(unknown.status(), StatusCode::FORBIDDEN);
    assert!(notice(unknown).await.contains("makes no accounts"));
    assert!(hub.app().db.user(&"dana".parse().unwrap()).await.unwrap().is_none());
    drop(provider);
    hub.stop().await;
}

#[tokio::test]
async fn a_hub_starts_without_its_provider_and_says_that_it_is_away() {
    let hub = TestHub::with(|config| {
        let port = hub_tests::free_port();
        config.oidc.issuer = Some(format!("http://127.0.0.1:{port}"));
        CLIENT_ID.clone_into(&mut config.oidc.client_id);
        "Example".clone_into(&mut config.oidc.name);
    })
    .await;
    let mut browser = Browser::new(&hub);
    assert_eq!(browser.get("/login").await.status(), StatusCode::OK);
    let away = browser.get("/login/oidc").await;
    assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(notice(away).await.contains("Example cannot be reached at the moment"));
    hub.stop().await;
}
