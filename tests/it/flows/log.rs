//! What the real program writes to its log, told to write all that it can: never a secret.

use hub_tests::{PASSWORD, Person, Server, init, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Everything that our own crates and the driver of the database say.
const SETTINGS: &str = r#"
[log]
level = "info,hub_server=trace,hub_db=trace,hub_blobs=trace,hub_search=trace,hub_oci=trace,sqlx=debug,tower_http=trace"

[auth]
registration = "open"
"#;

fn text(json: &Value, field: &str) -> String {
    json[field].as_str().unwrap_or_else(|| panic!("{field} in {json}")).to_owned()
}

fn basic(name: &str, secret: &str) -> String {
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("{name}:{secret}"))
}

async fn made(who: &Person, path: &str, wish: Value) -> Value {
    let (status, made) = who.send(Method::POST, path, &wish).await;
    assert!(status.is_success(), "{path}: {status} {made}");
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_the_log_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(init(&data).status.success());
    let server = Server::serve_with(&data, SETTINGS).await;
    let admin = Person::known("admin", &server.url);
    let nobody = Person::known("", &server.url);
    // Each with a name that says what it is when it is found.
    let mut secrets = vec![("password", PASSWORD.to_owned()), ("basic", basic("admin", PASSWORD))];

    admin.push_image("admin/app:v1", &readme_image("# App")).await;
    let (first, next) = ("the first secret of ana", "the next secret of ana");
    let (wrong, as_name) = ("a guess at a secret", "a-secret-in-place-of-a-name");
    secrets.extend(
        [("first", first), ("next", next), ("wrong", wrong), ("as a name", as_name)]
            .map(|(what, secret)| (what, secret.to_owned())),
    );
    made(&nobody, "/api/v1/register", json!({"name": "ana", "password": first})).await;
    let change = nobody.request(Method::PUT, "/api/v1/password").basic_auth("ana", Some(first));
    let change = change.json(&json!({"old": first, "password": next})).send().await.unwrap();
    assert!(change.status().is_success(), "{}", change.status());

    let token = made(&admin, "/api/v1/tokens", json!({"name": "ci", "scope": "push"})).await;
    let login = json!({"username": "ana", "password": next});
    let login = made(&nobody, "/api/v1/login", login).await;
    let robot = made(&admin, "/api/v1/orgs/admin/robots", json!({"name": "ci"})).await;
    let robot = made(&admin, "/api/v1/orgs/admin/robots/ci/rotate", robot).await;
    let key = made(&admin, "/api/v1/keys", json!({"name": "ci"})).await;
    secrets.push(("token", text(&token, "secret")));
    secrets.push(("login", text(&login, "secret")));
    secrets.push(("robot", text(&robot, "secret")));
    secrets.push(("secret key", text(&key, "secretKey")));
    secrets.push(("signature", text(&key, "registryPassword")));
    let user_of_key = format!("hub@{}", text(&key, "accessKey"));

    let scope = "/api/v1/registry/token?service=hub&offline_token=true&\
                 scope=repository:admin/app:pull,push";
    for (name, secret) in [
        ("admin", PASSWORD),
        ("ana", next),
        ("admin", &text(&token, "secret")),
        ("admin+ci", &text(&robot, "secret")),
        (&user_of_key, &text(&key, "registryPassword")),
        ("ana", wrong),
        (as_name, wrong),
    ] {
        secrets.push(("pair", basic(name, secret)));
        for path in [scope, "/v2/", "/v2/admin/app/manifests/v1", "/api/v1/whoami", "/settings"] {
            let request = nobody.request(Method::GET, path).basic_auth(name, Some(secret));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status() == StatusCode::UNAUTHORIZED, secret == wrong, "{path}");
            if path != scope || secret == wrong {
                continue;
            }
            let issued: Value = answer.json().await.unwrap();
            let jwt = text(&issued, "token");
            let manifest = nobody.request(Method::GET, "/v2/admin/app/manifests/v1");
            let pull = manifest.bearer_auth(&jwt).send().await.unwrap();
            assert_eq!(pull.status(), StatusCode::OK, "{name}");
            secrets.push(("registry token", jwt));
            secrets.extend(issued["refresh_token"].as_str().map(|one| ("refresh", one.to_owned())));
        }
        let form = [("name", name), ("password", secret)];
        let page = nobody.request(Method::POST, "/login").header("origin", &server.url);
        let answer = page.form(&form).send().await.unwrap();
        let cookies = answer.headers().get_all("set-cookie").iter();
        let sessions = cookies.filter_map(|cookie| cookie.to_str().unwrap().split(';').next());
        for session in sessions.filter(|cookie| cookie.contains("hub_session=")) {
            let settings = nobody.request(Method::GET, "/settings").header("cookie", session);
            assert_eq!(settings.send().await.unwrap().status(), StatusCode::OK, "{name}");
            secrets.push(("session", session.split_once('=').unwrap().1.to_owned()));
        }
    }
    for what in ["refresh", "session", "registry token"] {
        assert!(secrets.iter().any(|(known, _)| *known == what), "no {what} was had");
    }
    // What a client should not do: a secret where no header is.
    let (_, secret) = &secrets[6];
    assert!(secret.starts_with("hub_"), "{secret}");
    let stray = format!("/api/v1/search?q=x&token={secret}");
    nobody.get(&stray).await;

    let mut server = server;
    assert_eq!(server.terminate(), Some(0));
    let log = server.log();
    for said in ["POST /api/v1/register 201", "GET /v2/ 401", "sqlx::query"] {
        assert!(log.contains(said), "{said} is in the log: {log}");
    }
    for (what, secret) in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "the {what} is in the log");
    }
}
