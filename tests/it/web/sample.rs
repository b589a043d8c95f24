//! A hub with something to see.

use hub_tests::{Person, TestHub};

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
