//! What the registry's door tells, and to whom.

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use hub_model::{Actor, LetterKind, RepoName, Role, Scope, Visibility};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::http::Door;
use crate::services::publish::fixtures::{Hub, image, repo};
use crate::services::registry_tokens::issue;
use crate::services::repos::{self, RepoChanges};

const ALL: &str = "repository:labring/mysql-op:* repository:labring/none:*";

async fn token(hub: &Hub, actor: &Actor, scope: &str) -> String {
    let issued = issue(&hub.app, actor, &Scope::parse_all(scope)).await.unwrap();
    format!("Bearer {}", issued.jwt.expose_secret())
}

async fn ask(hub: &Hub, line: &str, authorization: Option<&str>) -> Response<Body> {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "hub.test");
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    let request = request.body(Body::empty()).unwrap();
    Door::new(&hub.app).answer(None, request).await
}

async fn body(response: Response<Body>) -> Value {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn text(response: &Response<Body>, name: header::HeaderName) -> &str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn hide(hub: &Hub) {
    let changes = RepoChanges { visibility: Some(Visibility::Private), ..RepoChanges::default() };
    repos::edit(&hub.app, &hub.owner, &repo(), changes).await.unwrap();
}

#[tokio::test]
async fn the_greeting_asks_everybody_for_credentials() {
    let hub = Hub::new().await;
    for path in ["GET /v2/", "GET /v2"] {
        let answer = ask(&hub, path, None).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(
            text(&answer, header::WWW_AUTHENTICATE),
            r#"Bearer realm="http://hub.test/api/v1/registry/token",service="hub""#
        );
    }
    let token = token(&hub, &hub.reader, "").await;
    let answer = ask(&hub, "GET /v2/", Some(&token)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["docker-distribution-api-version"], "registry/2.0");
}

#[tokio::test]
async fn a_private_repository_looks_like_none_at_all() {
    let hub = Hub::new().await;
    hub.push("v1", &image("secret")).await;
    hide(&hub).await;
    let stranger = token(&hub, &hub.stranger, ALL).await;
    for what in ["GET {}/manifests/v1", "GET {}/tags/list", "POST {}/blobs/uploads/"] {
        for (credential, status) in
            [(None, StatusCode::UNAUTHORIZED), (Some(&*stranger), StatusCode::NOT_FOUND)]
        {
            let mut seen = Vec::new();
            for name in ["labring/mysql-op", "labring/none"] {
                let line = what.replace("{}", &format!("/v2/{name}"));
                let answer = ask(&hub, &line, credential).await;
                assert_eq!(answer.status(), status, "{line}");
                let challenge = text(&answer, header::WWW_AUTHENTICATE).replace(name, "X");
                seen.push((challenge, body(answer).await.to_string().replace(name, "X")));
            }
            assert_eq!(seen[0], seen[1], "{what}");
        }
    }
    let digest = image("secret").digest;
    for name in ["labring/mysql-op", "labring/none"] {
        let line = format!("GET /v2/{name}/referrers/{digest}");
        let answer = ask(&hub, &line, Some(&stranger)).await;
        assert_eq!(body(answer).await["manifests"], serde_json::json!([]));
    }
    let narrow = ask(&hub, "GET /v2/_catalog", Some(&stranger)).await;
    assert_eq!(narrow.status(), StatusCode::UNAUTHORIZED, "it is for single repositories");
    let all = token(&hub, &hub.stranger, "registry:catalog:*").await;
    let catalog = body(ask(&hub, "GET /v2/_catalog", Some(&all)).await).await;
    assert_eq!(catalog["repositories"], serde_json::json!([]));
}

#[tokio::test]
async fn who_may_see_but_not_act_is_told_so() {
    let hub = Hub::new().await;
    hub.push("v1", &image("one")).await;
    let reader = token(&hub, &hub.reader, ALL).await;
    let answer = ask(&hub, "DELETE /v2/labring/mysql-op/manifests/v1", Some(&reader)).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(body(answer).await["errors"][0]["code"], "DENIED");
}

#[tokio::test]
async fn a_token_for_less_is_answered_with_what_to_ask_for() {
    let hub = Hub::new().await;
    hub.push("v1", &image("one")).await;
    let pull = token(&hub, &hub.writer, "repository:labring/mysql-op:pull").await;
    let answer = ask(&hub, "POST /v2/labring/mysql-op/blobs/uploads/", Some(&pull)).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let challenge = text(&answer, header::WWW_AUTHENTICATE);
    assert!(
        challenge.ends_with(
            r#"scope="repository:labring/mysql-op:pull,push",error="insufficient_scope""#
        )
    );
    let answer = ask(&hub, "GET /v2/labring/mysql-op/tags/list", Some("Bearer a.b.c")).await;
    assert!(text(&answer, header::WWW_AUTHENTICATE).ends_with(r#"error="invalid_token""#));
}

#[tokio::test]
async fn a_right_taken_back_is_gone_inside_the_life_of_a_token() {
    let hub = Hub::new().await;
    hub.push("v1", &image("one")).await;
    let token = token(&hub, &hub.writer, ALL).await;
    let upload = "POST /v2/labring/mysql-op/blobs/uploads/";
    assert_eq!(ask(&hub, upload, Some(&token)).await.status(), StatusCode::ACCEPTED);
    let org = hub.app.db.org(&repo().org()).await.unwrap().unwrap();
    let mut change = hub.app.db.change().await.unwrap();
    let user = hub.writer.user().unwrap().id;
    change.set_member(org.id, user, Role::Reader, 2).await.unwrap();
    change.tell(LetterKind::Access, org.name.as_str(), 2).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(ask(&hub, upload, Some(&token)).await.status(), StatusCode::FORBIDDEN);
    hide(&hub).await;
    let mut change = hub.app.db.change().await.unwrap();
    change.remove_member(org.id, user).await.unwrap();
    change.tell(LetterKind::Access, org.name.as_str(), 2).await.unwrap();
    change.commit().await.unwrap();
    let pull = "GET /v2/labring/mysql-op/manifests/v1";
    assert_eq!(ask(&hub, pull, Some(&token)).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn everybody_pulls_what_is_public_and_latest_is_the_tag_pushed_last() {
    let hub = Hub::new().await;
    let image = image("one");
    hub.push("v1", &image).await;
    for reference in ["v1", "latest", image.digest.as_str()] {
        for method in ["GET", "HEAD"] {
            let line = format!("{method} /v2/labring/mysql-op/manifests/{reference}");
            let answer = ask(&hub, &line, None).await;
            assert_eq!(answer.status(), StatusCode::OK, "{line}");
            assert_eq!(answer.headers()["docker-content-digest"], image.digest.as_str());
            let length = image.manifest.len().to_string();
            assert_eq!(text(&answer, header::CONTENT_LENGTH), length);
            let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
            let want = if method == "GET" { &image.manifest[..] } else { &[] };
            assert_eq!(bytes, want, "{line}");
        }
    }
    let name = RepoName::parse("labring/mysql-op").unwrap();
    let tags = body(ask(&hub, &format!("GET /v2/{name}/tags/list"), None).await).await;
    assert_eq!(tags["tags"], serde_json::json!(["v1"]));
    let (blob, _) = &image.blobs[0];
    let answer = ask(&hub, &format!("GET /v2/{name}/blobs/{blob}"), None).await;
    assert_eq!(text(&answer, header::CONTENT_TYPE), "application/octet-stream");
    assert_eq!(text(&answer, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
}

#[tokio::test]
async fn a_request_that_reads_writes_nothing() {
    let hub = Hub::new().await;
    let digest = hub.push("v1", &image("one")).await;
    let blob = image("one").blobs[0].0.clone();
    let token = token(&hub, &hub.reader, ALL).await;
    let log = hub.app.config.data.join("hub.db-wal");
    let before = std::fs::read(&log).unwrap();
    for what in [
        "/v2/".to_owned(),
        "/v2/_catalog".to_owned(),
        "/v2/labring/mysql-op/tags/list".to_owned(),
        "/v2/labring/mysql-op/manifests/v1".to_owned(),
        "/v2/labring/mysql-op/manifests/latest".to_owned(),
        format!("/v2/labring/mysql-op/manifests/{digest}"),
        format!("/v2/labring/mysql-op/blobs/{blob}"),
        format!("/v2/labring/mysql-op/referrers/{digest}"),
        "/api/v1/registry/token?service=hub&scope=repository:labring/mysql-op:pull".to_owned(),
    ] {
        for method in ["GET", "HEAD"] {
            for credential in [None, Some(&*token)] {
                ask(&hub, &format!("{method} {what}"), credential).await;
            }
        }
    }
    assert!(std::fs::read(&log).unwrap() == before, "something was committed");
    assert_ne!(hub.app.pulls.take(), [], "and yet pulls are counted");
    hub.push("v2", &image("two")).await;
    assert!(std::fs::read(&log).unwrap() != before, "a push is seen here");
}

#[tokio::test]
async fn what_stands_beside_is_read_leniently_and_answers_in_the_registrys_shape() {
    let hub = Hub::new().await;
    let answer = ask(&hub, "GET /v1/search?q=a+b&q=c&n=7&n=x&page=no", None).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let found = body(answer).await;
    assert_eq!((&found["query"], &found["page_size"]), (&"a b".into(), &7.into()));
    for (line, allow) in [
        ("POST /v1/search", "GET, HEAD"),
        ("PUT /v1/_ping", "GET, HEAD"),
        ("DELETE /api/v1/registry/token", "GET, HEAD, POST"),
        ("POST /api/v1/registry/keys", "GET, HEAD"),
    ] {
        let answer = ask(&hub, line, None).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{line}");
        assert_eq!(answer.headers().get_all(header::ALLOW).iter().count(), 1, "{line}");
        assert_eq!(text(&answer, header::ALLOW), allow, "{line}");
        assert_eq!(body(answer).await["errors"][0]["code"], "UNSUPPORTED", "{line}");
    }
    let answer = ask(&hub, "GET /v1/images", None).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(body(answer).await["errors"][0]["code"], "NAME_UNKNOWN");
}
