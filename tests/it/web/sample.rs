//! A hub with something to see.

use hub_tests::{Person, TestHub};
use reqwest::Method;
use serde_json::json;

/// A README with everything that renderers stumble over, and some that attackers try.
pub const README: &str = "# Sample\n\nKeeps [samples](docs/more.md) in **order**.\n\n\
    ## Install\n\n```bash\ndocker run sample\n```\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n\
    - [x] done\n\n## 使用\n\n**注意：**请先登录。\n\n\
    <script>window.hacked = 1</script><img src=x onerror=\"window.hacked = 1\">\n\
    [click](javascript:window.hacked=1) <style>body{display:none}</style>\n";

/// alice and her public `alice/sample` (two tags) and private `alice/vault`.
pub async fn sample() -> (TestHub, Person) {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    let image = hub_oci::ImageBuilder::new()
        .layer([("README.md", README)])
        .annotation("io.artifacthub.package.keywords", "samples, order")
        .build();
    alice.push_image("alice/sample:v1", &image).await;
    alice.push_image("alice/sample:v2", &image).await;
    alice.push_image("alice/vault:v1", &hub_tests::readme_image("# vault")).await;
    let private = serde_json::json!({"visibility": "private"});
    alice.send(reqwest::Method::PATCH, "/api/v1/repos/alice/vault", &private).await;
    hub.settle().await;
    (hub, alice)
}

/// The same with all that somebody who is signed in sees: `root` administers the hub and owns the
/// organisation, and every list has an entry with a long name.
pub async fn furnished() -> TestHub {
    let (hub, alice) = sample().await;
    let root = hub.administrator("root").await;
    hub.person("bob").await;
    let long = "a-name-that-is-about-as-long-as-they-get-in-this-world";
    hub.person(&long[..30]).await;
    for (who, method, path, body) in [
        (&alice, Method::PUT, "/api/v1/orgs/alice/members/root", json!({"role": "owner"})),
        (&root, Method::PUT, "/api/v1/orgs/alice/members/bob", json!({"role": "writer"})),
        (
            &root,
            Method::POST,
            "/api/v1/orgs/alice/invitations",
            json!({"user": &long[..30], "role": "reader"}),
        ),
        (&alice, Method::POST, "/api/v1/orgs", json!({"name": "team"})),
        (
            &alice,
            Method::POST,
            "/api/v1/orgs/team/invitations",
            json!({"user": "root", "role": "writer"}),
        ),
        (
            &root,
            Method::POST,
            "/api/v1/orgs/alice/robots",
            json!({"name": &long[..30], "description": long, "within": ["alice/sample"]}),
        ),
        (&root, Method::POST, "/api/v1/tokens", json!({"name": long, "within": ["alice/vault"]})),
        (&root, Method::POST, "/api/v1/keys", json!({"name": long})),
        (
            &root,
            Method::POST,
            "/api/v1/repos/alice/vault/-/shares",
            json!({"with": &long[..30], "description": long}),
        ),
        (
            &root,
            Method::PUT,
            &format!("/api/v1/repos/alice/vault/-/access/{}", &long[..30]),
            json!({"role": "writer"}),
        ),
    ] {
        let (status, said) = who.send(method, path, &body).await;
        assert!(status.is_success(), "{path}: {status} {said}");
    }
    hub.settle().await;
    hub
}

/// Every page for somebody who is signed in.
pub const OWN_PAGES: [&str; 20] = [
    "/settings",
    "/settings/tokens",
    "/settings/keys",
    "/settings/sessions",
    "/settings/password",
    "/settings/invitations",
    "/settings/shares",
    "/settings/users",
    "/settings/users/bob",
    "/settings/users/bob/delete",
    "/settings/audit",
    "/settings/searches",
    "/o/alice",
    "/o/alice/-/members",
    "/o/alice/-/robots",
    "/o/alice/-/shares",
    "/o/alice/-/activity",
    "/o/alice/-/settings",
    "/r/alice/vault/-/access",
    "/r/alice/vault/-/access?user=bob&action=push",
];

/// Every public page of the sample.
pub const PAGES: [&str; 9] = [
    "/",
    "/search",
    "/search?q=sample",
    "/search?q=nothing-like-it",
    "/o/alice",
    "/r/alice/sample",
    "/r/alice/sample/-/tags",
    "/r/alice/sample/-/tags/v1",
    "/login",
];
