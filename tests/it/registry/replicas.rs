//! Two hubs on one PostgreSQL: what one is told, the other knows at the next request.

use hub_tests::{Person, TestHub, readme_image, sha256};
use reqwest::{Method, StatusCode};
use serde_json::json;

async fn status(person: &Person, path: &str) -> u16 {
    person.get(path).await.status().as_u16()
}

/// Content digest of a manifest, which is that of its bytes.
async fn digest(person: &Person, path: &str) -> String {
    let answer = person.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    let said = answer.headers()["docker-content-digest"].to_str().unwrap().to_owned();
    assert_eq!(sha256(&answer.bytes().await.unwrap()), said, "{path}");
    said
}

#[tokio::test]
async fn a_push_or_a_delete_on_one_replica_is_seen_on_the_other_at_once() {
    let Some([here, there]) = TestHub::replicas().await else { return };
    let alice = here.person("alice").await;
    let alice_there = alice.at(&there);
    let path = "/v2/alice/app/manifests/v1";
    for round in 0..25 {
        let image = readme_image(&format!("# round {round}"));
        let (writer, reader) =
            if round % 2 == 0 { (&alice, &alice_there) } else { (&alice_there, &alice) };
        writer.push_image("alice/app:v1", &image).await;
        assert_eq!(digest(reader, path).await, image.digest.as_str(), "round {round}");
        assert_eq!(digest(writer, path).await, image.digest.as_str(), "round {round}");
        if round % 5 == 4 {
            let gone = writer.request(Method::DELETE, path).send().await.unwrap();
            assert_eq!(gone.status(), StatusCode::ACCEPTED);
            assert_eq!(status(reader, path).await, 404, "round {round}");
        }
    }
    there.stop().await;
    here.stop().await;
}

#[tokio::test]
async fn a_right_or_password_that_is_taken_on_one_replica_is_gone_on_the_other_at_once() {
    let Some([here, there]) = TestHub::replicas().await else { return };
    let alice = here.person("alice").await;
    let bob = here.person("bob").await;
    let (bob_there, nobody_there) = (bob.at(&there), there.nobody());
    alice.push_image("alice/app:v1", &readme_image("# app")).await;
    let path = "/v2/alice/app/manifests/v1";
    let show = async |visibility: &str| {
        let body = json!({"visibility": visibility});
        let (status, _) = alice.send(Method::PATCH, "/api/v1/repos/alice/app", &body).await;
        assert_eq!(status, StatusCode::OK);
    };
    for round in 0..10 {
        show("public").await;
        assert_eq!(status(&nobody_there, path).await, 200, "round {round}");
        show("private").await;
        assert_eq!(status(&nobody_there, path).await, 401, "round {round}");
        assert_eq!(status(&bob_there, path).await, 404, "round {round}");
        let member = "/api/v1/orgs/alice/members/bob";
        let (made, _) = alice.send(Method::PUT, member, &json!({"role": "reader"})).await;
        assert!(made.is_success(), "{made}");
        assert_eq!(status(&bob_there, path).await, 200, "round {round}");
        let gone = alice.request(Method::DELETE, member).send().await.unwrap();
        assert!(gone.status().is_success());
        assert_eq!(status(&bob_there, path).await, 404, "round {round}");
    }

    assert_eq!(status(&bob_there, "/v2/").await, 200);
    let (system, name) = (hub_model::Actor::System, "bob".parse().unwrap());
    hub_server::services::accounts::reset_password(
        here.app(),
        &system,
        &name,
        &"other".repeat(3).into(),
    )
    .await
    .unwrap();
    assert_eq!(status(&bob_there, "/v2/").await, 401);
    there.stop().await;
    here.stop().await;
}
