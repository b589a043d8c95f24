//! The Python clients oras and dxf: artifacts instead of images.

use std::process::Command;

use hub_tests::{PASSWORD, TestHub, python, run};

const SCRIPT: &str = r#"
import sys, oras.client
host, user, password, plain = sys.argv[1:5]
client = oras.client.OrasClient(hostname=host, insecure=plain == "plain", auth_backend="basic")
client.auth.set_basic_auth(user, password)
target = f"{host}/{user}/hello:v1"
assert client.push(files=["hello.txt:text/plain"], target=target, disable_path_validation=True).status_code == 201
print(client.get_tags(target))
print(open(client.pull(target=target, outdir="out")[0]).read())
"#;

#[tokio::test(flavor = "multi_thread")]
async fn oras_pushes_a_file_and_gets_it_back() {
    let hub = TestHub::start().await;
    hub.person("alice").await;
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hello.txt"), "hello, artifact").unwrap();

    let mut command = Command::new(python);
    let scheme = if hub.tls().is_some() { "tls" } else { "plain" };
    command.args(["-c", SCRIPT, hub.host(), "alice", PASSWORD, scheme]);
    command.current_dir(folder.path()).env("HOME", folder.path());
    if let Some(tls) = hub.tls() {
        command.env("REQUESTS_CA_BUNDLE", tls.ca());
    }
    let said = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    assert!(said.contains("['v1']") && said.contains("hello, artifact"), "{said}");
    hub.settle().await;
    hub.stop().await;
}

const DXF: &str = r#"
import sys, dxf
host, user, password, ca = sys.argv[1:5]
def auth(client, response):
    client.authenticate(user, password, response=response)
client = dxf.DXF(host, f"{user}/blobs", auth, tlsverify=ca)
digest = client.push_blob("thing.bin")
client.set_alias("v1", digest)
assert client.list_aliases() == ["v1"], client.list_aliases()
assert client.get_alias("v1") == [digest], client.get_alias("v1")
assert b"".join(client.pull_blob(digest)) == open("thing.bin", "rb").read()
print("round trip done")
"#;

#[tokio::test(flavor = "multi_thread")]
async fn dxf_pushes_a_blob_with_an_alias_and_gets_it_back() {
    // It sends credentials over TLS only.
    let hub = TestHub::with_tls(|_| ()).await;
    hub.person("alice").await;
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thing.bin"), vec![3_u8; 70_000]).unwrap();
    let mut command = Command::new(python);
    command.args(["-c", DXF, hub.host(), "alice", PASSWORD]).arg(hub.tls().unwrap().ca());
    command.current_dir(folder.path()).env("HOME", folder.path());
    let said = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    assert!(said.contains("round trip done"), "{said}");
    hub.settle().await;
    hub.stop().await;
}
