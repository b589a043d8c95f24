//! The surface as its callers see it.

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use super::*;
use crate::services::accounts::{self, NewAccount};
use crate::services::tokens;
use futures::StreamExt;
use hub_model::{Actor, NewAuditEntry, Outcome, SignedIn};

/// Asks as `user`, whose password is known; answers status and JSON.
async fn ask(app: &App, user: &str, line: &str, body: Option<Value>) -> (StatusCode, Value) {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap());
    if !user.is_empty() {
        let pair = base64::Engine::encode(
            &base64::prelude::BASE64_STANDARD,
            format!("{user}:correct horse"),
        );
        request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
    }
    let body = match body {
        Some(json) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(json.to_string())
        }
        None => Body::empty(),
    };
    let request = request.uri(path).body(body).unwrap();
    // As callers meet it: the mount leaves parameters of its own.
    let response = crate::http::Door::new(app).answer(None, request).await;
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn user(app: &App, name: &str) {
    let new =
        NewAccount { name: name.parse().unwrap(), password: "correct horse".into(), admin: false };
    accounts::add_user(app, &Actor::System, new).await.unwrap();
}

#[tokio::test]
async fn every_failure_is_a_problem() {
    let (app, _dir) = App::for_tests().await;
    user(&app, "ana").await;
    for (who, line, status, code) in [
        ("", "GET /api/v1/nothing", 404, "not_found"),
        ("", "GET /api/v2", 404, "not_found"),
        ("", "DELETE /api/v1/version", 405, "method_not_allowed"),
        ("", "POST /api/v1/repos/ana/app", 405, "method_not_allowed"),
        ("", "GET /api/v1/repos/ana/app/-/nothing", 404, "not_found"),
        ("", "GET /api/v1/repos/ANA/app", 400, "invalid"),
        ("", "GET /api/v1/repos/ana/app", 404, "not_found"),
        ("", "GET /api/v1/whoami", 401, "unauthenticated"),
        ("bob", "GET /api/v1/orgs", 401, "unauthenticated"),
        ("", "GET /api/v1/orgs?limit=x", 400, "invalid"),
        ("ana", "GET /api/v1/orgs/none", 404, "not_found"),
        ("ana", "DELETE /api/v1/tokens/99", 404, "not_found"),
    ] {
        let (found, body) = ask(&app, who, line, None).await;
        assert_eq!((found.as_u16(), body["code"].as_str()), (status, Some(code)), "{line}: {body}");
        assert_eq!(body["status"], status, "{line}");
        let path = line.split([' ', '?']).nth(1).unwrap();
        assert_eq!(body["instance"], path, "{line}");
    }
}

#[tokio::test]
async fn a_password_becomes_a_token_that_is_shown_once() {
    let (app, _dir) = App::for_tests().await;
    user(&app, "ana").await;
    let login = json!({"username": "ana", "password": "correct horse", "name": "laptop"});
    let (status, made) = ask(&app, "", "POST /api/v1/login", Some(login)).await;
    assert_eq!(status, StatusCode::CREATED);
    assert!(made["secret"].as_str().unwrap().starts_with("hub_pat_"), "{made}");
    assert_eq!(made["user"], "ana");
    let (_, list) = ask(&app, "ana", "GET /api/v1/tokens", None).await;
    assert_eq!(list[0]["name"], "laptop");
    assert!(list[0]["secret"].is_null());

    let wrong = json!({"username": "ana", "password": "wrong"});
    let (status, _) = ask(&app, "", "POST /api/v1/login", Some(wrong)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_image_is_declared_described_and_deleted() {
    let (app, _dir) = App::for_tests().await;
    user(&app, "ana").await;
    let tag = "/api/v1/repos/ana/team/app/-/tags/v1";
    let declared = json!({"detail": {"title": "An app"}});
    let (status, img) = ask(&app, "ana", &format!("PUT {tag}"), Some(declared)).await;
    assert_eq!(status, StatusCode::OK, "{img}");
    assert_eq!((&img["state"], &img["latest"]), (&json!("declared"), &json!(false)));

    let edit = json!({"set": {"keywords": ["a", "b"]}, "docs": "# Hello", "source": "cli"});
    let (status, said) = ask(&app, "ana", &format!("PATCH {tag}/detail"), Some(edit)).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    assert_eq!(said["sources"]["keywords"], "cli");

    let (_, img) = ask(&app, "", &format!("GET {tag}"), None).await;
    assert_eq!(img["detailInfo"]["title"], "An app");
    assert_eq!(img["detailInfo"]["keywords"], json!(["a", "b"]));
    let (_, page) = ask(&app, "", "GET /api/v1/repos/ana/team/app/-/tags", None).await;
    assert_eq!((&page["total"], &page["items"][0]["tag"]), (&json!(1), &json!("v1")));

    for (bad, field) in [
        (json!({"set": {"colour": "red"}}), "colour"),
        (json!({"set": {"url": "nowhere"}}), "url"),
        (json!({"icon": {"mediaType": "image/png", "data": "?"}}), "icon"),
    ] {
        let (status, body) = ask(&app, "ana", &format!("PATCH {tag}/detail"), Some(bad)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(body["errors"][0]["field"], field);
    }
    let (status, _) = ask(&app, "", &format!("DELETE {tag}"), None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = ask(&app, "ana", &format!("DELETE {tag}"), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_private_repository_is_shown_to_its_members_only() {
    let (app, _dir) = App::for_tests().await;
    user(&app, "ana").await;
    user(&app, "bob").await;
    let new = json!({"name": "ana/app", "visibility": "private"});
    let (status, repo) = ask(&app, "ana", "POST /api/v1/repos", Some(new)).await;
    assert_eq!((status, &repo["visibility"]), (StatusCode::CREATED, &json!("private")));
    let line = "GET /api/v1/repos/ana/app";
    assert_eq!(ask(&app, "bob", line, None).await.0, StatusCode::NOT_FOUND);
    let (_, repo) = ask(&app, "ana", line, None).await;
    assert_eq!(repo["may"], json!({"push": true, "delete": true, "administer": true}));
    assert_eq!(repo["latestTag"], Value::Null);

    let member = Some(json!({"role": "pull"}));
    let (status, _) = ask(&app, "ana", "PUT /api/v1/orgs/ana/members/bob", member).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(ask(&app, "bob", line, None).await.0, StatusCode::OK);
    let (status, body) =
        ask(&app, "bob", "PATCH /api/v1/repos/ana/app", Some(json!({"visibility": "public"})))
            .await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")));
}

#[test]
fn the_document_describes_every_path() {
    let document = serde_json::to_value(openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut lines: Vec<_> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"), @r"
    delete /api/v1/keys/{ak}
    delete /api/v1/missed-searches
    delete /api/v1/orgs/{org}
    delete /api/v1/orgs/{org}/invitations/{user}
    delete /api/v1/orgs/{org}/members/{user}
    delete /api/v1/orgs/{org}/robots/{robot}
    delete /api/v1/repos/{org}/{repo}
    delete /api/v1/repos/{org}/{repo}/-/access/{user}
    delete /api/v1/repos/{org}/{repo}/-/shares/{name}
    delete /api/v1/repos/{org}/{repo}/-/star
    delete /api/v1/repos/{org}/{repo}/-/tags/{tag}
    delete /api/v1/sessions
    delete /api/v1/sessions/{id}
    delete /api/v1/tokens/{id}
    delete /api/v1/users/{user}
    get /api/v1/audit
    get /api/v1/gc
    get /api/v1/gc/{id}
    get /api/v1/invitations
    get /api/v1/keys
    get /api/v1/missed-searches
    get /api/v1/orgs
    get /api/v1/orgs/{org}
    get /api/v1/orgs/{org}/access/check
    get /api/v1/orgs/{org}/audit
    get /api/v1/orgs/{org}/invitations
    get /api/v1/orgs/{org}/members
    get /api/v1/orgs/{org}/quota
    get /api/v1/orgs/{org}/robots
    get /api/v1/orgs/{org}/robots/{robot}
    get /api/v1/orgs/{org}/shares
    get /api/v1/repos
    get /api/v1/repos/{org}/{repo}
    get /api/v1/repos/{org}/{repo}/-/access
    get /api/v1/repos/{org}/{repo}/-/access/check
    get /api/v1/repos/{org}/{repo}/-/audit
    get /api/v1/repos/{org}/{repo}/-/detail
    get /api/v1/repos/{org}/{repo}/-/shares
    get /api/v1/repos/{org}/{repo}/-/shares/{name}
    get /api/v1/repos/{org}/{repo}/-/tags
    get /api/v1/repos/{org}/{repo}/-/tags/{tag}
    get /api/v1/repos/{org}/{repo}/-/tags/{tag}/detail
    get /api/v1/repos/{org}/{repo}/-/tags/{tag}/docs
    get /api/v1/search
    get /api/v1/sessions
    get /api/v1/shares
    get /api/v1/suggest
    get /api/v1/tokens
    get /api/v1/users
    get /api/v1/users/{user}
    get /api/v1/version
    get /api/v1/whoami
    patch /api/v1/keys/{ak}
    patch /api/v1/orgs/{org}
    patch /api/v1/orgs/{org}/robots/{robot}
    patch /api/v1/repos/{org}/{repo}
    patch /api/v1/repos/{org}/{repo}/-/detail
    patch /api/v1/repos/{org}/{repo}/-/shares/{name}
    patch /api/v1/repos/{org}/{repo}/-/tags/{tag}/detail
    patch /api/v1/users/{user}
    post /api/v1/gc
    post /api/v1/invitations/{org}/accept
    post /api/v1/invitations/{org}/decline
    post /api/v1/keys
    post /api/v1/login
    post /api/v1/orgs
    post /api/v1/orgs/{org}/invitations
    post /api/v1/orgs/{org}/robots
    post /api/v1/orgs/{org}/robots/{robot}/rotate
    post /api/v1/orgs/{org}/transfer
    post /api/v1/register
    post /api/v1/repos
    post /api/v1/repos/{org}/{repo}/-/shares
    post /api/v1/tokens
    post /api/v1/tokens/{id}/rotate
    post /api/v1/users
    put /api/v1/orgs/{org}/members/{user}
    put /api/v1/orgs/{org}/quota
    put /api/v1/password
    put /api/v1/repos/{org}/{repo}/-/access/{user}
    put /api/v1/repos/{org}/{repo}/-/star
    put /api/v1/repos/{org}/{repo}/-/tags/{tag}
    put /api/v1/users/{user}/password
    ");
}

#[tokio::test]
async fn an_export_ends_when_the_token_that_asked_for_it_is_revoked() {
    let (app, _dir) = App::for_tests().await;
    user(&app, "ana").await;
    let by_password = Actor::User(SignedIn::by_password(
        app.db.user(&"ana".parse().unwrap()).await.unwrap().unwrap().into(),
    ));
    let org = app.db.org(&"ana".parse().unwrap()).await.unwrap().unwrap();
    let act = NewAuditEntry {
        at_ms: app.now_ms(),
        org_id: Some(org.id),
        actor: "ana".to_owned(),
        credential: "password".to_owned(),
        address: String::new(),
        request_id: String::new(),
        action: "org.edit".to_owned(),
        target: "ana".to_owned(),
        outcome: Outcome::Done,
        before: String::new(),
        after: String::new(),
    };
    app.db.add_audit(&vec![act; 21]).await.unwrap();
    let login = json!({"username": "ana", "password": "correct horse", "name": "laptop"});
    let (_, made) = ask(&app, "", "POST /api/v1/login", Some(login)).await;
    let export = async || {
        let request = Request::builder()
            .uri("/api/v1/orgs/ana/audit?format=jsonl")
            .header(header::AUTHORIZATION, format!("Bearer {}", made["secret"].as_str().unwrap()))
            .body(Body::empty())
            .unwrap();
        let response = crate::http::Door::new(&app).answer(None, request).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body().into_data_stream()
    };
    let whole: Vec<_> = export().await.collect().await;
    assert!(whole.len() == 2 && whole.iter().all(Result::is_ok), "{}", whole.len());

    let mut cut = export().await;
    assert!(cut.next().await.unwrap().is_ok());
    tokens::revoke(&app, &by_password, made["id"].as_i64().unwrap()).await.unwrap();
    assert!(cut.next().await.unwrap().is_err(), "the answer breaks off");
    assert!(cut.next().await.is_none());
}
