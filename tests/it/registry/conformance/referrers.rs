//! Lists of what refers to a manifest.

use std::collections::BTreeSet;

use hub_tests::Suite;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::sets::{INDEX, MANIFEST, Set, make};
use super::walk::{manifests, push, walk};
use super::{Bench, Run, noise};

#[tokio::test]
async fn c36_every_referrer_is_listed_with_its_type_and_all_its_annotations() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("artifacts-with-subject", run.algorithm);
        push(&run, &set).await;
        let subject = &set.items[0].digest;
        let list = run.suite.get(&run.referrers(subject)).await;
        let mut found = manifests(&list);
        let mut want: Vec<_> = set.items[1..].iter().map(|item| item.listed.clone()).collect();
        for all in [&mut found, &mut want] {
            all.sort_by_key(ToString::to_string);
        }
        assert_eq!(found, want);
        // An index has no configuration whose type could stand for the missing one.
        let set = make("index-with-subject", run.algorithm);
        push(&run, &set).await;
        let index = set.items.last().unwrap();
        let list = run.suite.get(&run.referrers(index.subject.as_ref().unwrap())).await;
        let listed = manifests(&list).into_iter().find(|one| one["digest"] == *index.digest);
        assert_eq!(listed.unwrap().get("artifactType"), None);
    }
    bench.stop().await;
}

#[tokio::test]
async fn c37_a_filter_is_applied_and_said_to_be() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("artifacts-with-subject", run.algorithm);
        push(&run, &set).await;
        let path = run.referrers(&set.items[0].digest);
        for (kind, want) in [
            ("application/vnd.example.sbom", 1),
            // The media type of a configuration stands for a missing artifact type.
            ("application/vnd.oci.image.config.v1+json", 1),
            ("application/vnd.example.none", 0),
        ] {
            let ask = run.suite.ask(Method::GET, &path).query("artifactType", kind);
            let list = ask.query("unknownFilter", "x").send().await;
            assert_eq!(list.header("oci-filters-applied"), Some("artifactType"));
            assert_eq!(list.header("content-type"), Some(INDEX));
            assert_eq!(manifests(&list).len(), want, "{kind}");
        }
        let all = run.suite.get(&path).await;
        assert_eq!(all.header("oci-filters-applied"), None);
    }
    bench.stop().await;
}

#[tokio::test]
async fn c38_referrers_of_a_subject_that_is_not_there_are_listed() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        walk(&run, &make("missing-subject", run.algorithm)).await;
    }
    bench.stop().await;
}

/// Referrers of one missing subject, each with annotations of this many bytes.
async fn many(run: &Run<'_>, count: usize, length: usize) -> (String, BTreeSet<String>) {
    let mut set = Set::new(run.algorithm);
    let subject = set.absent(MANIFEST, &noise(100));
    let empty = set.blob("application/vnd.oci.empty.v1+json", b"{}".to_vec());
    for n in 0..count {
        let kind = if n % 2 == 0 { "application/x.even+json;v=1" } else { "application/x.odd" };
        set.put(&json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind, "config": empty,
            "layers": [empty], "subject": subject,
            "annotations": {"org.example.number": n.to_string(), "x": "x".repeat(length)},
        }));
    }
    push(run, &set).await;
    let digests = set.items.iter().map(|item| item.digest.clone()).collect();
    (subject["digest"].as_str().unwrap().to_owned(), digests)
}

/// Reads a list to its end; answers the digests of each page.
async fn pages(run: &Run<'_>, first: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut path = first.to_owned();
    loop {
        let list = run.suite.get(&path).await;
        list.is(200);
        assert_eq!(list.header("content-type"), Some(INDEX));
        let page = manifests(&list);
        pages.push(page.iter().map(|one| one["digest"].as_str().unwrap().to_owned()).collect());
        let Some(link) = list.header("link") else { return pages };
        let (next, rel) = link.split_once(';').unwrap();
        assert_eq!(rel, r#" rel="next""#);
        next.trim_matches(['<', '>']).clone_into(&mut path);
    }
}

#[tokio::test]
async fn s6_a_long_list_comes_in_pages_and_a_filter_goes_with_them() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let (subject, digests) = many(&run, 11, 0).await;
        let path = run.referrers(&subject);
        let found = pages(&run, &format!("{path}?n=4")).await;
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 3]);
        assert_eq!(found.into_iter().flatten().collect::<BTreeSet<_>>(), digests);
        let even = format!("{path}?artifactType=application%2Fx.even%2Bjson%3Bv%3D1&n=4");
        let found = pages(&run, &even).await;
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [4, 2]);
    }
    bench.stop().await;
}

#[tokio::test]
async fn s6_a_page_has_four_megabytes_at_most() {
    let bench = Bench::start().await;
    let run = bench.run();
    let (subject, digests) = many(&run, 5, 1_500_000).await;
    let found = pages(&run, &run.referrers(&subject)).await;
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(found.into_iter().flatten().collect::<BTreeSet<_>>(), digests);
    bench.stop().await;
}

#[tokio::test]
async fn s6_the_list_follows_the_manifests() {
    let bench = Bench::start().await;
    for run in bench.runs() {
        let set = make("artifacts-with-subject", run.algorithm);
        push(&run, &set).await;
        let path = run.referrers(&set.items[0].digest);
        // The same again is one entry.
        push(&run, &set).await;
        assert_eq!(manifests(&run.suite.get(&path).await).len(), 3);
        run.suite.delete(&run.manifest(&set.items[3].digest)).await.is(202);
        assert_eq!(manifests(&run.suite.get(&path).await).len(), 2);
        // Without the subject they are still what they are.
        run.suite.delete(&run.manifest(&set.items[0].digest)).await.is(202);
        assert_eq!(manifests(&run.suite.get(&path).await).len(), 2);
    }
    bench.stop().await;
}

#[tokio::test]
async fn s6_an_unknown_repository_has_no_referrers_and_a_private_one_shows_none() {
    let bench = Bench::start().await;
    let run = bench.run();
    let set = make("artifacts-with-subject", "sha256");
    push(&run, &set).await;
    let path = format!("/api/v1/repos/{}", run.repo);
    let (status, _) =
        bench.person.send(Method::PATCH, &path, &json!({"visibility": "private"})).await;
    assert_eq!(status, StatusCode::OK);
    let stranger = bench.hub.person("stranger").await;
    let stranger = Suite::new(&bench.hub, &stranger, true);
    let subject = &set.items[0].digest;
    for path in [run.referrers(subject), format!("/v2/no/where/referrers/{subject}")] {
        let list = stranger.get(&path).await;
        list.is(200);
        assert_eq!(manifests(&list), Vec::<Value>::new());
        let unsigned = stranger.ask(Method::GET, &path).once(None).await;
        unsigned.is(401);
    }
    assert_eq!(manifests(&run.suite.get(&run.referrers(subject)).await).len(), 3);
    bench.stop().await;
}
