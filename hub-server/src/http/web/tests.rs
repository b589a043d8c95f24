//! What pages promise: the same with and without an account, in both languages, and no more than
//! the reader may see.

mod credentials;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use hub_model::{Actor, RepoName, SignedIn, Tag, UserName, Visibility};
use hub_oci::ImageBuilder;
use scraper::{Html, Selector};
use tower::ServiceExt;

use crate::App;
use crate::services::accounts::{self, NewAccount};
use crate::services::publish::{ManifestRef, Publication, publish};
use crate::services::uploads;

const PASSWORD: &str = "correct horse";

/// A hub with a public and a private image of `alice`.
struct Hub {
    app: App,
    _folder: tempfile::TempDir,
}

/// An answer, read.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Hub {
    async fn with_images() -> Self {
        let (app, folder) = App::for_tests().await;
        let account = NewAccount {
            name: UserName::parse("alice").unwrap(),
            password: PASSWORD.into(),
            admin: false,
        };
        let user = accounts::add_user(&app, &Actor::System, account).await.unwrap();
        let alice = Actor::User(SignedIn::by_password(user.into()));
        for (repo, visibility) in
            [("alice/app", Visibility::Public), ("alice/secret", Visibility::Private)]
        {
            push(&app, &alice, repo, visibility).await;
        }
        app.settle().await.unwrap();
        Self { app, _folder: folder }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = super::router(self.app.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path, "").body(Body::empty()).unwrap()).await
    }

    async fn get_as(&self, cookie: &str, path: &str) -> Answer {
        self.send(request("GET", path, cookie).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, cookie: &str, path: &str, fields: &str) -> Answer {
        let request = request("POST", path, cookie)
            .header(header::ORIGIN, "http://hub.test")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(fields.to_owned().into()).unwrap()).await
    }

    /// The cookie of a session of alice.
    async fn sign_in(&self) -> String {
        let fields = format!("name=alice&password={PASSWORD}&next=/settings/tokens");
        let answer = self.post("", "/login", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(answer.header("location"), "/settings/tokens");
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The texts of all elements that match.
    fn texts(&self, selector: &str) -> Vec<String> {
        let page = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        let found = page.select(&selector);
        found.map(|element| element.text().collect::<String>().trim().to_owned()).collect()
    }

    /// The values of an attribute of all elements that have it.
    fn values(&self, attribute: &str) -> Vec<String> {
        let page = Html::parse_document(&self.body);
        let selector = Selector::parse(&format!("[{attribute}]")).unwrap();
        let found = page.select(&selector);
        found.filter_map(|element| element.attr(attribute).map(str::to_owned)).collect()
    }

    fn form_token(&self) -> String {
        let page = Html::parse_document(&self.body);
        let selector = Selector::parse("input[name=form_token]").unwrap();
        let first = page.select(&selector).next().unwrap();
        first.attr("value").unwrap().to_owned()
    }
}

fn request(method: &str, path: &str, cookie: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path).header(header::HOST, "hub.test");
    if cookie.is_empty() { request } else { request.header(header::COOKIE, cookie) }
}

async fn push(app: &App, actor: &Actor, repo: &str, visibility: Visibility) {
    let readme = "# App\n\nSee https://example.com\n\n<script>alert(1)</script>\n\n## 用法\n";
    let image = ImageBuilder::new()
        .layer([("README.md", readme), ("README.zh-CN.md", "# 应用\n")])
        .label("org.opencontainers.image.description", "An app <b>&</b> more")
        .platform("linux", "amd64")
        .build();
    let repo = RepoName::parse(repo).unwrap();
    for (digest, bytes) in image.blobs {
        let body = futures::StreamExt::boxed(futures::stream::iter([Ok(bytes.into())]));
        uploads::whole(app, actor, &repo, &digest, body, None).await.unwrap();
    }
    let publication = Publication {
        repo,
        reference: ManifestRef::Tag(Tag::parse("v1").unwrap()),
        tags: Vec::new(),
        media_type: Some(image.media_type),
        body: image.manifest,
        visibility: Some(visibility),
    };
    publish(app, actor, publication).await.unwrap();
}

#[tokio::test]
async fn every_page_is_whole_in_both_languages_and_loads_nothing_from_elsewhere() {
    let hub = Hub::with_images().await;
    for path in [
        "/",
        "/search?q=app",
        "/search?q=nothing-like-it",
        "/search?org=a%20b",
        "/explore",
        "/o/alice",
        "/r/alice/app",
        "/r/alice/app/-/tags",
        "/r/alice/app/-/tags/v1",
        "/login",
    ] {
        for (lang, tag) in [("zh-CN", "zh-CN"), ("en", "en")] {
            let mut request = request("GET", path, "").body(Body::empty()).unwrap();
            request.headers_mut().insert(header::ACCEPT_LANGUAGE, lang.parse().unwrap());
            let answer = hub.send(request).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}\n{}", answer.body);
            assert_eq!(answer.texts("h1").len(), 1, "{path}");
            assert!(answer.body.contains(&format!("<html lang=\"{tag}\"")), "{path}");
            for attribute in ["style", "onclick", "onload"] {
                assert_eq!(answer.values(attribute), Vec::<String>::new(), "{path}");
            }
            for source in answer.values("src") {
                assert!(source.starts_with('/'), "{path} loads {source}");
            }
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("vary"), "Accept-Language, Cookie");
        }
    }
}

#[tokio::test]
async fn every_link_of_a_page_of_ours_is_answered() {
    let hub = Hub::with_images().await;
    for page in ["/", "/r/alice/app", "/r/alice/app/-/tags", "/r/alice/app/-/tags/v1", "/o/alice"] {
        let answer = hub.get(page).await;
        for href in answer.values("href").iter().chain(&answer.values("src")) {
            if !href.starts_with('/') {
                continue;
            }
            let found = hub.get(href).await;
            assert_eq!(found.status, StatusCode::OK, "{page} leads to {href}");
        }
    }
}

#[tokio::test]
async fn a_repository_shows_its_readme_where_it_comes_from_and_how_to_get_it() {
    let hub = Hub::with_images().await;
    let page = hub.get("/r/alice/app").await;
    assert_eq!(page.texts(".readme h2"), ["App"]);
    assert!(page.texts(".origin")[0].contains("from /README.md in layer sha256:"));
    assert_eq!(page.texts(".for-docker code"), ["docker pull hub.test/alice/app:v1"]);
    assert_eq!(page.texts(".head .lead"), ["An app <b>&</b> more"]);
    assert_eq!(page.texts(".readme script"), Vec::<String>::new());

    let chinese = hub.get("/r/alice/app?lang=zh-CN").await;
    assert_eq!(chinese.texts(".readme h2"), ["应用"]);
    assert!(chinese.header("set-cookie").starts_with("hub_lang=zh-CN;"));

    let raw = hub.get("/r/alice/app/-/readme/v1.md").await;
    assert_eq!(raw.header("content-type"), "text/markdown; charset=utf-8");
    assert!(raw.body.starts_with("# App"));
}

#[tokio::test]
async fn a_hidden_repository_looks_like_a_missing_one() {
    let hub = Hub::with_images().await;
    for page in ["", "/-/tags", "/-/tags/v1", "/-/readme/v1.md", "/-/icon"] {
        let hidden = hub.get(&format!("/r/alice/secret{page}")).await;
        let missing = hub.get(&format!("/r/alice/absent{page}")).await;
        assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{page}");
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{page}");
        assert_eq!(hidden.body.replace("secret", "absent"), missing.body, "{page}");
    }
    assert_eq!(hub.get("/alice/secret:v1").await.status, StatusCode::NOT_FOUND);
    assert!(!hub.get("/o/alice").await.body.contains("secret"));
    assert!(!hub.get("/search?q=secret").await.body.contains("alice/secret"));
    let cookie = hub.sign_in().await;
    assert_eq!(hub.get_as(&cookie, "/r/alice/secret").await.status, StatusCode::OK);
}

#[tokio::test]
async fn pasted_pull_paths_and_stray_slashes_lead_to_the_page() {
    let hub = Hub::with_images().await;
    for (path, status, target) in [
        ("/alice/app", 302, "/r/alice/app"),
        ("/alice/app:v1", 302, "/r/alice/app/-/tags/v1"),
        ("/r/alice", 302, "/o/alice"),
        ("/r/alice/app/", 308, "/r/alice/app"),
        ("/search/?q=x", 308, "/search?q=x"),
        ("//evil.example/", 308, "/evil.example"),
    ] {
        let answer = hub.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (status, target), "{path}");
    }
    assert_eq!(hub.get("/nothing/here").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let hub = Hub::with_images().await;
    let wrong = hub.post("", "/login", "name=alice&password=guess").await;
    let unknown = hub.post("", "/login", "name=alicf&password=guess").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.body, unknown.body.replace("alicf", "alice"));
    assert_eq!(wrong.header("set-cookie"), "");
    let away = format!("name=alice&password={PASSWORD}&next=//evil.example");
    assert_eq!(hub.post("", "/login", &away).await.header("location"), "/");
}

#[tokio::test]
async fn a_token_is_made_shown_once_and_revoked_without_scripts() {
    let hub = Hub::with_images().await;
    let away = hub.get("/settings/tokens").await;
    assert_eq!(away.header("location"), "/login?next=%2Fsettings%2Ftokens");

    let cookie = hub.sign_in().await;
    let token = hub.get_as(&cookie, "/settings/tokens").await.form_token();
    let fields = format!("form_token={token}&name=laptop&scope=push&days=30");
    let made = hub.post(&cookie, "/settings/tokens", &fields).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.header("cache-control"), "no-store");
    let secret = made.texts(".notice code")[0].clone();
    assert!(secret.starts_with("hub_pat_"), "{secret}");

    let list = hub.get_as(&cookie, "/settings/tokens").await;
    assert_eq!(list.texts(".list tbody th"), ["laptop"]);
    assert!(!list.body.contains(&secret));
    let actions = list.values("action");
    let revoke = actions.iter().find(|action| action.ends_with("/revoke")).unwrap();
    let fields = format!("form_token={token}");
    assert_eq!(hub.post(&cookie, revoke, &fields).await.status, StatusCode::SEE_OTHER);
    let list = hub.get_as(&cookie, "/settings/tokens").await;
    assert_eq!(list.texts(".list tbody th"), Vec::<String>::new());
}

#[tokio::test]
async fn forms_of_other_sites_and_without_the_token_change_nothing() {
    let hub = Hub::with_images().await;
    let cookie = hub.sign_in().await;
    let fields = "name=x&scope=pull&days=30";
    let without = hub.post(&cookie, "/settings/tokens", fields).await;
    assert_eq!(without.status, StatusCode::FORBIDDEN);

    let token = hub.get_as(&cookie, "/settings/tokens").await.form_token();
    for (name, value) in [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")] {
        let request = request("POST", "/settings/tokens", &cookie)
            .header(name, value)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let fields = format!("{fields}&form_token={token}");
        let answer = hub.send(request.body(fields.into()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
    }
    let list = hub.get_as(&cookie, "/settings/tokens").await;
    assert_eq!(list.texts(".list tbody th"), Vec::<String>::new());
}

#[tokio::test]
async fn a_star_is_given_and_taken_back_and_signing_out_ends_the_session() {
    let hub = Hub::with_images().await;
    let cookie = hub.sign_in().await;
    let page = hub.get_as(&cookie, "/r/alice/app").await;
    let fields = format!("form_token={}", page.form_token());
    assert_eq!(hub.post(&cookie, "/r/alice/app/-/star", &fields).await.status.as_u16(), 303);
    let starred = hub.get_as(&cookie, "/r/alice/app").await;
    assert!(starred.body.contains("aria-pressed=\"true\""));
    let back = format!("{fields}&starred=yes");
    hub.post(&cookie, "/r/alice/app/-/star", &back).await;
    let page = hub.get_as(&cookie, "/r/alice/app").await;
    assert!(page.body.contains("aria-pressed=\"false\""));

    assert_eq!(hub.post(&cookie, "/logout", &fields).await.status, StatusCode::SEE_OTHER);
    assert!(hub.get_as(&cookie, "/").await.texts("details.user").is_empty());
}

#[tokio::test]
async fn a_page_that_is_known_already_is_not_sent_again() {
    let hub = Hub::with_images().await;
    let first = hub.get("/login").await;
    let tag = first.header("etag").to_owned();
    let again = request("GET", "/login", "").header(header::IF_NONE_MATCH, &tag);
    let answer = hub.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
    assert_eq!(answer.body, "");
    assert_ne!(hub.get("/login?lang=zh").await.header("etag"), tag);
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_their_hash() {
    let hub = Hub::with_images().await;
    let style = super::assets::path("hub.css");
    let answer = hub.get(style).await;
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(hub.get("/static/hub.000000000000.css").await.status, StatusCode::NOT_FOUND);
    let icon = hub.get("/r/alice/app/-/icon").await;
    assert_eq!(icon.header("content-type"), "image/svg+xml");
    assert!(icon.header("content-security-policy").ends_with("sandbox"));
}

#[tokio::test]
async fn the_routes_behind_one_mount_take_the_methods_that_are_listed() {
    let hub = Hub::with_images().await;
    let cookie = hub.sign_in().await;
    let digest = format!("sha256:{}", "0".repeat(64));
    for routes in super::ROUTES {
        for (_, pattern) in routes {
            let path = pattern.replace("{org}", "alice").replace("{repo}", "app");
            let path = path.replace("{tag}", "v1").replace("{file}", "v1.md");
            let path = path.replace("{digest}", &digest);
            let token = hub.get_as(&cookie, "/settings/tokens").await.form_token();
            let form = format!("form_token={token}");
            let both = [
                ("GET", hub.get_as(&cookie, &path).await),
                ("POST", hub.post(&cookie, &path, &form).await),
            ];
            for (method, answer) in both {
                let listed = routes.contains(&(method, *pattern));
                let allowed = answer.status != StatusCode::METHOD_NOT_ALLOWED;
                assert_eq!(allowed, listed, "{method} {path}: {}", answer.status);
            }
        }
    }
}
