//! One data set on its whole way: pushed, listed, read, referred to, deleted.

use hub_tests::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use super::Run;
use super::sets::{INDEX, Item, MANIFEST, Set};

/// Walks a set through the registry. Tags are put only under sha256: what is put by tag has no
/// other digest.
pub async fn walk(run: &Run<'_>, set: &Set) {
    push(run, set).await;
    let tags: &[_] = if set.algorithm == "sha256" { &set.tags } else { &[] };
    for (tag, at) in tags {
        let item = &set.items[*at];
        let answer = put(run, tag, item).await;
        stored(run, &answer, item).await;
    }
    if !tags.is_empty() {
        let listed = run.suite.get(&run.tags()).await.json();
        for (tag, _) in tags {
            assert!(listed["tags"].as_array().unwrap().contains(&json!(tag)), "{tag} {listed}");
        }
    }
    for item in &set.items {
        read(run, &item.digest, item).await;
        referrers(run, item).await;
    }
    for (tag, at) in tags {
        read(run, tag, &set.items[*at]).await;
    }
    delete(run, set, tags).await;
}

/// Pushes blobs, then manifests by digest.
pub async fn push(run: &Run<'_>, set: &Set) {
    for bytes in &set.blobs {
        run.push(bytes).await;
    }
    for item in &set.items {
        let answer = put(run, &item.digest, item).await;
        stored(run, &answer, item).await;
    }
}

pub async fn put(run: &Run<'_>, reference: &str, item: &Item) -> Answer {
    let ask = run.suite.ask(Method::PUT, &run.manifest(reference));
    ask.manifest(&item.media_type, item.bytes.clone()).send().await
}

/// Whether an answer says that the manifest is stored, and it is.
async fn stored(run: &Run<'_>, answer: &Answer, item: &Item) {
    answer.is(201);
    assert_eq!(answer.header("oci-subject"), item.subject.as_deref());
    assert_eq!(answer.header("docker-content-digest"), Some(&*item.digest));
    let at = answer.location();
    assert_eq!(at, run.manifest(&item.digest));
    same(run.suite.ask(Method::GET, &at), item).await;
}

async fn same(ask: hub_tests::Ask<'_>, item: &Item) {
    let answer = ask.header("accept", INDEX).header("accept", MANIFEST).send().await;
    answer.is(200);
    assert_eq!(answer.header("content-type"), Some(&*item.media_type));
    assert_eq!(answer.header("content-length"), Some(&*item.bytes.len().to_string()));
    assert_eq!(answer.header("docker-content-digest"), Some(&*item.digest));
    assert!(answer.body == item.bytes, "not byte for byte");
}

async fn read(run: &Run<'_>, reference: &str, item: &Item) {
    let path = run.manifest(reference);
    let head = run.suite.head(&path).await;
    head.is(200);
    assert_eq!(head.header("content-type"), Some(&*item.media_type));
    assert_eq!(head.header("content-length"), Some(&*item.bytes.len().to_string()));
    assert_eq!(head.header("docker-content-digest"), Some(&*item.digest));
    same(run.suite.ask(Method::GET, &path), item).await;
}

/// Whether a manifest with a subject is listed there, with and without filter.
async fn referrers(run: &Run<'_>, item: &Item) {
    let Some(subject) = &item.subject else { return };
    let path = run.referrers(subject);
    let list = run.suite.get(&path).await;
    list.is(200);
    assert_eq!(list.header("content-type"), Some(INDEX));
    assert!(manifests(&list).contains(&item.listed), "{} {}", list.json(), item.listed);
    let Some(kind) = item.listed["artifactType"].as_str() else { return };
    let ask = run.suite.ask(Method::GET, &path).query("artifactType", kind);
    let filtered = ask.send().await;
    filtered.is(200);
    assert_eq!(filtered.header("oci-filters-applied"), Some("artifactType"));
    assert!(manifests(&filtered).contains(&item.listed));
    assert!(manifests(&filtered).iter().all(|one| one["artifactType"] == kind));
}

/// The descriptors of a list of referrers.
pub fn manifests(list: &Answer) -> Vec<Value> {
    let json = list.json();
    assert_eq!(json["schemaVersion"], 2);
    assert_eq!(json["mediaType"], INDEX);
    json["manifests"].as_array().expect("`manifests` is a list").clone()
}

async fn delete(run: &Run<'_>, set: &Set, tags: &[(String, usize)]) {
    for (tag, at) in tags {
        gone(run, &run.manifest(tag)).await;
        run.suite.head(&run.manifest(&set.items[*at].digest)).await.is(200);
    }
    for item in set.items.iter().rev() {
        gone(run, &run.manifest(&item.digest)).await;
    }
    for bytes in &set.blobs {
        gone(run, &run.blob(&run.digest(bytes))).await;
    }
}

/// Deletes something, which is gone at once.
async fn gone(run: &Run<'_>, path: &str) {
    run.suite.delete(path).await.is(202);
    run.suite.head(path).await.is(404);
}
