//! Refusals that come while the client is still sending.

use hub_tests::TestHub;
use reqwest::{Method, StatusCode};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_still_sends_sees_why_it_was_refused() {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let nobody = hub.nobody();
    let body = vec![1_u8; 6 << 20];
    for _ in 0..8 {
        for (person, want) in [(&alice, StatusCode::NOT_FOUND), (&nobody, StatusCode::UNAUTHORIZED)]
        {
            let path = "/v2/alice/x/blobs/uploads/00000000000000000000000000000000";
            let request = person.request(Method::PATCH, path).body(body.clone());
            let answer = request.send().await.expect("an answer, not a broken pipe");
            assert_eq!(answer.status(), want);
        }
    }
    hub.stop().await;
}
