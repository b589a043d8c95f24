//! Images made to hurt whoever looks inside: each is stored, and none is believed.

use hub_oci::{Entry, ImageBuilder};
use hub_tests::TestHub;
use serde_json::Value;

async fn pushed(image: &hub_oci::BuiltImage) -> Value {
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/x:v1", image).await;
    hub.settle().await;
    let img = alice.json("/api/v1/repos/alice/x/-/tags/v1").await;
    hub.stop().await;
    img
}

fn reasons(img: &Value) -> String {
    format!("{} {}", img["notes"], img["extractionError"])
}

#[tokio::test]
async fn a_layer_that_swells_is_read_no_further_and_the_push_stands() {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut layer = tar::Builder::new(gzip);
    for (name, size) in [("filler", 600 << 20), ("README.md", 6)] {
        let mut header = tar::Header::new_gnu();
        header.set_path(name).unwrap();
        header.set_size(size);
        header.set_cksum();
        layer.append(&header, std::io::Read::take(std::io::repeat(b'#'), size)).unwrap();
    }
    let bytes = layer.into_inner().unwrap().finish().unwrap();
    let media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
    let image = ImageBuilder::new().raw_layer(media_type, bytes).build();
    let img = pushed(&image).await;
    assert_eq!(img["state"], "pushed");
    assert_eq!(img["detailInfo"]["docs"], Value::Null, "what lies behind the filler is not read");
    let layer = image.blobs.last().unwrap().0.short();
    assert!(reasons(&img).contains(layer), "{img}");
}

#[tokio::test]
async fn paths_that_climb_out_are_not_followed() {
    let image = ImageBuilder::new()
        .layer_of([
            ("README.md", Entry::Symlink("../../../../etc/passwd".into())),
            ("docs/README.md", Entry::Symlink("/proc/self/environ".into())),
        ])
        .build();
    let img = pushed(&image).await;
    assert_eq!(img["detailInfo"]["docs"], Value::Null, "{img}");
}

#[tokio::test]
async fn a_readme_of_fifty_megabytes_is_refused_with_its_reason() {
    let image = ImageBuilder::new().layer([("README.md", vec![b'x'; 50 << 20])]).build();
    let img = pushed(&image).await;
    assert_eq!(img["detailInfo"]["docs"], Value::Null);
    assert!(reasons(&img).contains("README.md"), "{img}");
}

#[tokio::test]
async fn an_icon_with_a_script_is_served_where_nothing_runs() {
    let svg = r#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
    let image = ImageBuilder::new().layer([("icon.svg", svg), ("README.md", "# x")]).build();
    let hub = TestHub::start().await;
    let alice = hub.person("alice").await;
    alice.push_image("alice/x:v1", &image).await;
    hub.settle().await;
    let icon = hub.nobody().get("/r/alice/x/-/icon").await;
    assert_eq!(icon.status(), 200);
    let policy = icon.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert_eq!(icon.headers()["x-content-type-options"], "nosniff");
    hub.stop().await;
}
