//! Every credential that signs in a machine, with the programs that machines run.

use hub_tests::{PASSWORD, Person, TestHub, readme_image, write_layout};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::workshop::Workshop;

/// A user and a secret, as clients take them.
struct Pair(String, String);

impl Pair {
    fn creds(&self) -> String {
        format!("{}:{}", self.0, self.1)
    }
}

fn text(json: &Value, field: &str) -> String {
    json[field].as_str().unwrap_or_else(|| panic!("{field} in {json}")).to_owned()
}

async fn made(person: &Person, path: &str, wish: Value) -> Value {
    let (status, made) = person.send(Method::POST, path, &wish).await;
    assert!(status.is_success(), "{path}: {status} {made}");
    made
}

async fn a_token(person: &Person, scope: &str, within: &[&str]) -> (Pair, i64) {
    let wish = json!({"name": "ci", "scope": scope, "within": within});
    let made = made(person, "/api/v1/tokens", wish).await;
    (Pair(person.name.clone(), text(&made, "secret")), made["id"].as_i64().unwrap())
}

async fn a_robot(person: &Person, name: &str, scope: &str, within: &[&str]) -> Pair {
    let wish = json!({"name": name, "scope": scope, "within": within});
    let path = format!("/api/v1/orgs/{}/robots", person.name);
    let made = made(person, &path, wish).await;
    Pair(text(&made, "name"), text(&made, "secret"))
}

async fn a_key(person: &Person) -> (Pair, String) {
    let made = made(person, "/api/v1/keys", json!({"name": "ci"})).await;
    let id = text(&made, "accessKey");
    (Pair(format!("hub@{id}"), text(&made, "registryPassword")), id)
}

/// A token of the token endpoint, asked for with a pair.
async fn jwt(hub: &TestHub, pair: &Pair, scope: &str) -> String {
    let asked = hub
        .nobody()
        .request(Method::GET, &format!("/api/v1/registry/token?service=hub&scope={scope}"));
    let answer = asked.basic_auth(&pair.0, Some(&pair.1)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    text(&answer.json().await.unwrap(), "token")
}

async fn with_jwt(hub: &TestHub, jwt: &str, path: &str) -> StatusCode {
    let request = hub.nobody().request(Method::GET, path).bearer_auth(jwt);
    request.send().await.unwrap().status()
}

async fn with_pair(hub: &TestHub, pair: &Pair, path: &str) -> StatusCode {
    let request = hub.nobody().request(Method::GET, path).basic_auth(&pair.0, Some(&pair.1));
    request.send().await.unwrap().status()
}

impl Workshop {
    async fn copies_in(&self, pair: &Pair, to: &str) -> bool {
        let (creds, to) = (pair.creds(), self.at(to));
        let args = ["copy", "-q", "--dest-tls-verify=false", "--dest-creds", &creds];
        self.skopeo_may(&[&args[..], &["oci:layout:v1", &to]].concat()).await
    }

    async fn copies_out(&self, pair: &Pair, from: &str) -> bool {
        let (creds, from) = (pair.creds(), self.at(from));
        let args = ["copy", "-q", "--src-tls-verify=false", "--src-creds", &creds];
        self.skopeo_may(&[&args[..], &[&from, "oci:out:v1"]].concat()).await
    }
}

async fn a_private_vault(alice: &Person) {
    let repo = json!({"name": "alice/vault", "visibility": "private"});
    let (status, said) = alice.send(Method::POST, "/api/v1/repos", &repo).await;
    assert_eq!(status, StatusCode::CREATED, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_and_podman_push_and_pull_with_every_credential() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo", "podman"]) else { return };
    write_layout(&shop.path("layout"), "v1", &readme_image("# Vault\n\nFor machines.\n"));
    a_private_vault(&alice).await;

    let (key, _) = a_key(&alice).await;
    let pairs = [
        ("password", Pair("alice".to_owned(), PASSWORD.to_owned())),
        ("token", a_token(&alice, "push", &[]).await.0),
        ("robot", a_robot(&alice, "ci", "push", &["alice/vault"]).await),
        ("key", key),
    ];
    for (what, pair) in &pairs {
        let image = format!("alice/vault:{what}");
        assert!(shop.copies_in(pair, &image).await, "{what} pushes");
        assert!(shop.copies_out(pair, &image).await, "{what} pulls");
        let (name, again) = (shop.name(&image), shop.name(&format!("alice/vault:{what}-podman")));
        let creds = pair.creds();
        shop.podman(&["pull", "-q", "--tls-verify=false", "--creds", &creds, &name]).await;
        shop.podman(&["tag", &name, &again]).await;
        shop.podman(&["push", "-q", "--tls-verify=false", "--creds", &creds, &again]).await;
        // As `docker login` does it: once, and by no argument.
        let login = ["login", "--tls-verify=false", "-u", &pair.0, "--password-stdin", hub.host()];
        shop.skopeo_fed(&login, &pair.1).await;
    }
    let tags = alice.json("/v2/alice/vault/tags/list").await;
    assert_eq!(tags["tags"].as_array().unwrap().len(), 2 * pairs.len(), "{tags}");
    hub.settle().await;
    let by = alice.json("/api/v1/repos/alice/vault/-/tags/robot").await;
    assert_eq!(by["pushedBy"], "alice+ci", "{by}");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_for_pulling_pushes_nothing() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo"]) else { return };
    write_layout(&shop.path("layout"), "v1", &readme_image("# v"));
    a_private_vault(&alice).await;
    let owner = Pair("alice".to_owned(), PASSWORD.to_owned());
    assert!(shop.copies_in(&owner, "alice/vault:v1").await);
    for pair in [a_token(&alice, "pull", &[]).await.0, a_robot(&alice, "r", "pull", &[]).await] {
        assert!(shop.copies_out(&pair, "alice/vault:v1").await, "{}", pair.0);
        assert!(!shop.copies_in(&pair, "alice/vault:v2").await, "{}", pair.0);
        assert!(!shop.copies_in(&pair, "alice/new:v1").await, "{}", pair.0);
    }
    let tags = alice.json("/v2/alice/vault/tags/list").await;
    assert_eq!(tags["tags"], json!(["v1"]));
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrow_credential_gets_nowhere_else_and_learns_nothing_there() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo"]) else { return };
    write_layout(&shop.path("layout"), "v1", &readme_image("# v"));
    a_private_vault(&alice).await;
    let owner = Pair("alice".to_owned(), PASSWORD.to_owned());
    assert!(shop.copies_in(&owner, "alice/vault:v1").await);
    assert!(shop.copies_in(&owner, "alice/app:v1").await);
    let robot = a_robot(&alice, "app", "push", &["alice/app"]).await;
    let (token, _) = a_token(&alice, "push", &["alice/app"]).await;
    for pair in [&robot, &token] {
        assert!(shop.copies_in(pair, "alice/app:v2").await, "{}", pair.0);
        assert!(!shop.copies_out(pair, "alice/vault:v1").await, "{}", pair.0);
        assert!(!shop.copies_in(pair, "alice/vault:v2").await, "{}", pair.0);
        let hidden = with_pair(&hub, pair, "/api/v1/repos/alice/vault").await;
        let absent = with_pair(&hub, pair, "/api/v1/repos/alice/nothing").await;
        assert_eq!((hidden, absent), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        let manifest = with_pair(&hub, pair, "/v2/alice/vault/manifests/v1").await;
        let none = with_pair(&hub, pair, "/v2/alice/nothing/manifests/v1").await;
        assert_eq!(manifest, none);
        assert!(manifest.is_client_error());
    }
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rotated_disabled_or_revoked_ends_at_once_with_its_registry_tokens() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let Some(shop) = Workshop::open(&hub, &alice, &["skopeo"]) else { return };
    write_layout(&shop.path("layout"), "v1", &readme_image("# v"));
    a_private_vault(&alice).await;
    let owner = Pair("alice".to_owned(), PASSWORD.to_owned());
    assert!(shop.copies_in(&owner, "alice/vault:v1").await);
    let (scope, manifest) = ("repository:alice/vault:pull", "/v2/alice/vault/manifests/v1");

    let robot = a_robot(&alice, "ci", "pull", &[]).await;
    let (token, id) = a_token(&alice, "pull", &[]).await;
    let (key, ak) = a_key(&alice).await;
    let close = json!({"disabled": true});
    for (pair, method, path, body) in [
        (&robot, Method::POST, "/api/v1/orgs/alice/robots/ci/rotate".to_owned(), &Value::Null),
        (&token, Method::POST, format!("/api/v1/tokens/{id}/rotate"), &Value::Null),
        (&key, Method::PATCH, format!("/api/v1/keys/{ak}"), &close),
    ] {
        let issued = jwt(&hub, pair, scope).await;
        assert!(shop.copies_out(pair, "alice/vault:v1").await, "{path}");
        assert_eq!(with_jwt(&hub, &issued, manifest).await, StatusCode::OK, "{path}");
        let request = alice.request(method, &path).json(body).send().await.unwrap();
        assert!(request.status().is_success(), "{path}");
        let answer: Value = request.json().await.unwrap();
        let refused = StatusCode::UNAUTHORIZED;
        assert_eq!(with_jwt(&hub, &issued, manifest).await, refused, "{path}");
        assert_eq!(with_pair(&hub, pair, manifest).await, refused, "{path}");
        assert!(!shop.copies_out(pair, "alice/vault:v1").await, "{path}");
        if let Some(secret) = answer["secret"].as_str() {
            let fresh = Pair(pair.0.clone(), secret.to_owned());
            assert!(shop.copies_out(&fresh, "alice/vault:v1").await, "{path}");
        }
    }
    // Robots that are disabled, as well.
    let other = a_robot(&alice, "cd", "pull", &[]).await;
    let issued = jwt(&hub, &other, scope).await;
    let (status, _) = alice.send(Method::PATCH, "/api/v1/orgs/alice/robots/cd", &close).await;
    assert!(status.is_success());
    assert_eq!(with_jwt(&hub, &issued, manifest).await, StatusCode::UNAUTHORIZED);
    hub.settle().await;
    hub.stop().await;
}
