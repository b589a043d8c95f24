//! Invitations, handing an organisation over, and how its repositories begin.

use hub_server::app::Clock;
use hub_tests::{TestHub, readme_image, sha256};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[tokio::test]
async fn an_owner_invites_and_the_invited_accepts() {
    let hub = TestHub::start().await;
    let (alice, bob, eve) =
        (hub.person("alice").await, hub.person("bob").await, hub.person("eve").await);
    alice.send(Method::POST, "/api/v1/orgs", &json!({"name": "labring"})).await;
    let path = "/api/v1/orgs/labring/invitations";

    let reader = json!({"user": "bob", "role": "pull"});
    let (status, made) = alice.send(Method::POST, path, &reader).await;
    assert_eq!((status, &made["role"]), (StatusCode::CREATED, &json!("reader")), "{made}");
    let writer = json!({"user": "bob", "role": "writer"});
    let (status, made) = alice.send(Method::POST, path, &writer).await;
    assert_eq!((status, &made["role"]), (StatusCode::OK, &json!("writer")), "it replaces");
    let mine = bob.json("/api/v1/invitations").await;
    assert_eq!(mine.as_array().unwrap().len(), 1, "{mine}");
    assert_eq!((&mine[0]["org"], &mine[0]["invitedBy"]), (&json!("labring"), &json!("alice")));
    assert_eq!(mine[0]["ended"], false);

    // What is for owners tells others nothing, and an unknown user is told as elsewhere.
    assert_eq!(bob.get(path).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(hub.nobody().get(path).await.status(), StatusCode::UNAUTHORIZED);
    let (unknown, problem) =
        alice.send(Method::POST, path, &json!({"user": "zoe", "role": "pull"})).await;
    let direct = "/api/v1/orgs/labring/members/zoe";
    let (other, same) = alice.send(Method::PUT, direct, &json!({"role": "pull"})).await;
    assert_eq!((unknown, &problem["detail"]), (other, &same["detail"]));
    let (status, _) =
        eve.send(Method::POST, "/api/v1/invitations/labring/accept", &Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let image = readme_image("# by bob");
    let refused = bob.push_blob("labring/x", &sha256(b"x"), b"x".to_vec()).await;
    assert!(refused.is_client_error(), "an invitation alone opens nothing");
    let (status, member) =
        bob.send(Method::POST, "/api/v1/invitations/labring/accept", &Value::Null).await;
    assert_eq!((status, &member["role"]), (StatusCode::OK, &json!("writer")), "{member}");
    bob.push_image("labring/x:v1", &image).await;
    let (status, problem) = alice.send(Method::POST, path, &reader).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");

    alice.send(Method::POST, path, &json!({"user": "eve", "role": "pull"})).await;
    let (status, _) = alice.send(Method::DELETE, &format!("{path}/eve"), &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(eve.json("/api/v1/invitations").await, json!([]));
    hub.stop().await;
}

#[tokio::test]
async fn an_invitation_is_good_for_fourteen_days_and_then_shown_as_ended() {
    let clock = Clock::standing_at(1_800_000_000_000);
    let hub = TestHub::by(clock.clone(), |_| ()).await;
    let (alice, bob) = (hub.person("alice").await, hub.person("bob").await);
    alice.send(Method::POST, "/api/v1/orgs", &json!({"name": "labring"})).await;
    let path = "/api/v1/orgs/labring/invitations";
    alice.send(Method::POST, path, &json!({"user": "bob", "role": "pull"})).await;
    clock.advance_ms(14 * DAY_MS);
    let (status, problem) =
        bob.send(Method::POST, "/api/v1/invitations/labring/accept", &Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert_eq!(bob.json("/api/v1/invitations").await[0]["ended"], true);
    assert_eq!(alice.json(path).await[0]["ended"], true);
    // A new one is good again.
    alice.send(Method::POST, path, &json!({"user": "bob", "role": "pull"})).await;
    let (status, _) =
        bob.send(Method::POST, "/api/v1/invitations/labring/accept", &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    hub.stop().await;
}

#[tokio::test]
async fn an_organisation_is_handed_over_in_one_step_and_left_by_everybody_but_the_last_owner() {
    let hub = TestHub::start().await;
    let (alice, bob) = (hub.person("alice").await, hub.person("bob").await);
    alice.send(Method::POST, "/api/v1/orgs", &json!({"name": "labring"})).await;
    let path = "/api/v1/orgs/labring/transfer";
    let (status, problem) = alice.send(Method::POST, path, &json!({"to": "bob"})).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "only to members: {problem}");
    let member = "/api/v1/orgs/labring/members/bob";
    alice.send(Method::PUT, member, &json!({"role": "pull"})).await;
    let (status, _) = bob.send(Method::POST, path, &json!({"to": "bob"})).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, problem) = alice.send(Method::POST, path, &json!({"to": "bob"})).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
    assert_eq!(alice.json("/api/v1/orgs/labring").await["role"], "writer");
    assert_eq!(bob.json("/api/v1/orgs/labring").await["role"], "owner");
    let (status, _) = bob.send(Method::DELETE, member, &Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT, "the last owner stays");
    let own = "/api/v1/orgs/labring/members/alice";
    let (status, left) = alice.send(Method::DELETE, own, &Value::Null).await;
    assert_eq!((status, left), (StatusCode::OK, json!({"user": "alice", "grants": []})));
    hub.stop().await;
}

#[tokio::test]
async fn the_first_push_into_a_private_organisation_is_never_public_for_a_moment() {
    let hub = TestHub::start().await;
    let (alice, bob) = (hub.person("alice").await, hub.person("bob").await);
    let new = json!({"name": "labring", "defaultVisibility": "private"});
    let (_, org) = alice.send(Method::POST, "/api/v1/orgs", &new).await;
    assert_eq!(org["defaultVisibility"], "private");
    let unseen = async |when: &str| {
        hub.settle().await;
        for who in [&bob, &hub.nobody()] {
            let repos = who.json("/api/v1/repos").await;
            assert_eq!((&repos["total"], &repos["items"]), (&json!(0), &json!([])), "{when}");
            assert_eq!(who.json("/v1/search?q=quartz").await["num_results"], 0, "{when}");
            assert_eq!(who.json("/api/v1/search?q=quartz").await["total"], 0, "{when}");
        }
        assert_eq!(bob.json("/v2/_catalog").await["repositories"], json!([]), "{when}");
        assert_eq!(bob.get("/api/v1/repos/labring/quartz").await.status(), 404, "{when}");
    };
    let image = readme_image("# quartz");
    let (digest, bytes) = &image.blobs[0];
    let status = alice.push_blob("labring/quartz", digest.as_str(), bytes.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    unseen("after the first blob").await;
    alice.push_image("labring/quartz:v1", &image).await;
    unseen("after the manifest").await;
    assert_eq!(alice.json("/api/v1/repos/labring/quartz").await["visibility"], "private");

    let public = json!({"defaultVisibility": "public"});
    let (status, _) = alice.send(Method::PATCH, "/api/v1/orgs/labring", &public).await;
    assert_eq!(status, StatusCode::OK);
    let still = alice.json("/api/v1/repos/labring/quartz").await;
    assert_eq!(still["visibility"], "private", "what is there stays as it is");
    alice.push_image("labring/agate:v1", &readme_image("# agate")).await;
    assert_eq!(bob.json("/api/v1/repos/labring/agate").await["visibility"], "public");
    hub.stop().await;
}
