//! Who may what, and why.

use hub_tests::{Person, TestHub, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The answer to a question, with its days left out.
async fn asked(person: &Person, path: &str) -> Value {
    let text = person.json(path).await.to_string();
    let day = chrono::Utc::now().format("%Y-%m-%d").to_string();
    let mut answer: Value = serde_json::from_str(&text.replace(&day, "DAY")).unwrap();
    let grounds = answer["considered"].as_array_mut().unwrap();
    for ground in grounds {
        ground.as_object_mut().unwrap().remove("since");
    }
    answer["ground"].as_object_mut().unwrap().remove("since");
    answer
}

#[tokio::test]
async fn the_question_why_is_answered_with_the_ground_that_counted() {
    let hub = TestHub::start().await;
    let (alice, bob) = (hub.person("alice").await, hub.person("bob").await);
    let new = json!({"name": "labring", "defaultVisibility": "private"});
    alice.send(Method::POST, "/api/v1/orgs", &new).await;
    alice.push_image("labring/x:v1", &readme_image("# x")).await;
    alice.send(Method::PUT, "/api/v1/orgs/labring/members/bob", &json!({"role": "pull"})).await;

    let check = "/api/v1/repos/labring/x/-/access/check";
    insta::assert_json_snapshot!(asked(&bob, &format!("{check}?action=push")).await, @r#"
    {
      "allowed": false,
      "action": "push",
      "resource": "labring/x",
      "user": "bob",
      "decision": "denied: reader of labring since DAY may not push",
      "ground": {
        "kind": "member",
        "role": "reader",
        "text": "reader of labring since DAY"
      },
      "considered": [
        {
          "kind": "member",
          "role": "reader",
          "text": "reader of labring since DAY"
        }
      ],
      "visibility": "private",
      "ask": [
        "alice"
      ]
    }
    "#);
    insta::assert_json_snapshot!(
        asked(&alice, &format!("{check}?action=pull&user=bob")).await["decision"],
        @r#""allowed by: reader of labring since DAY""#
    );
    let org = "/api/v1/orgs/labring/access/check?action=administer";
    insta::assert_json_snapshot!(asked(&bob, org).await["decision"], @r#""denied: reader of labring since DAY may not administer""#);
    let (status, problem) = bob.send(Method::DELETE, "/api/v1/repos/labring/x", &Value::Null).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    insta::assert_json_snapshot!(problem["hint"], @r#""hub perm check labring/x --action administer --why, or ask an owner: alice""#);
    hub.settle().await;
    hub.stop().await;
}

#[tokio::test]
async fn the_question_why_tells_strangers_no_more_than_they_may_know() {
    let hub = TestHub::start().await;
    let (alice, bob) = (hub.person("alice").await, hub.person("bob").await);
    alice.send(Method::POST, "/api/v1/orgs", &json!({"name": "labring"})).await;
    alice.push_image("labring/open:v1", &readme_image("# open")).await;
    alice.push_image("labring/vault:v1", &readme_image("# vault")).await;
    let private = json!({"visibility": "private"});
    alice.send(Method::PATCH, "/api/v1/repos/labring/vault", &private).await;

    let check = |repo: &str, query: &str| {
        format!("/api/v1/repos/labring/{repo}/-/access/check?action=push{query}")
    };
    let mut answers = Vec::new();
    for repo in ["vault", "nothing"] {
        for query in ["", "&user=bob", "&user=alice", "&user=zoe"] {
            let answer = bob.get(&check(repo, query)).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{repo}{query}");
            let problem: Value = answer.json().await.unwrap();
            answers.push(problem["detail"].as_str().unwrap().replace(repo, "REPO"));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "hidden and missing look alike: {answers:?}");

    let open = bob.json(&check("open", "")).await;
    assert_eq!((&open["allowed"], &open["ask"]), (&json!(false), &json!([])), "{open}");
    assert_eq!(open["ground"]["kind"], "stranger");
    let others = bob.get(&check("open", "&user=alice")).await;
    assert_eq!(others.status(), StatusCode::FORBIDDEN, "about others only owners ask");
    let nobody = hub.nobody().json(&check("open", "")).await;
    assert_eq!((&nobody["allowed"], &nobody["user"]), (&json!(false), &json!("")));
    let nonsense = alice.get("/api/v1/repos/labring/open/-/access/check?action=fly").await;
    assert_eq!(nonsense.status(), StatusCode::BAD_REQUEST);
    hub.settle().await;
    hub.stop().await;
}
