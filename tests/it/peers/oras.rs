//! The Python client of oras: artifacts instead of images.

use std::process::Command;

use hub_tests::{PASSWORD, TestHub, python, run};

const SCRIPT: &str = r#"
import sys, oras.client
host, user, password = sys.argv[1:4]
client = oras.client.OrasClient(hostname=host, insecure=True, auth_backend="basic")
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
    command.args(["-c", SCRIPT, hub.host(), "alice", PASSWORD]).current_dir(folder.path());
    command.env("HOME", folder.path());
    let said = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    assert!(said.contains("['v1']") && said.contains("hello, artifact"), "{said}");
    hub.settle().await;
    hub.stop().await;
}
