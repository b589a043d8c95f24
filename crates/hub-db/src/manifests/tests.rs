//! Tests of manifests on both engines.

use hub_model::{Repo, Visibility};

use super::*;
use crate::fixtures::{digest, engines, new_img, tag, with_repo};

fn link(kind: LinkKind, number: u64) -> Link {
    Link { kind, digest: digest(number), size: number, elsewhere: false }
}

/// A manifest with a configuration, two layers and a layer that lives elsewhere.
fn manifest(number: u64) -> Manifest {
    let mut links = vec![
        link(LinkKind::Config, 500),
        link(LinkKind::Layer, 501),
        link(LinkKind::Layer, 502),
        link(LinkKind::Layer, 503),
    ];
    links[3].elsewhere = true;
    Manifest {
        digest: digest(number),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        body: b"{ \"as\": \"pushed\" }\n".to_vec(),
        facts: ManifestFacts {
            artifact_type: Some("application/vnd.oci.image.config.v1+json".to_owned()),
            subject: None,
            annotations: "{}".to_owned(),
            config: Some(digest(500)),
            layer_chain: Some(digest(900)),
            links,
        },
    }
}

impl Change {
    async fn hold(&mut self, repo: &Repo, manifest: &Manifest, at_ms: i64) {
        self.put_manifest(manifest).await.unwrap();
        self.link_manifest(repo.id, manifest, at_ms, "alice").await.unwrap();
    }
}

#[tokio::test]
async fn a_manifest_comes_back_byte_for_byte_with_its_links_in_order() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let pushed = manifest(1);
        let mut change = db.change().await.unwrap();
        change.hold(&repo, &pushed, 1).await;
        change.hold(&repo, &pushed, 2).await;
        let held = change.manifests_in(repo.id, &[digest(1), digest(2)]).await.unwrap();
        assert_eq!(held, [digest(1)]);
        change.commit().await.unwrap();

        assert_eq!(db.manifest(repo.id, &digest(1)).await.unwrap().as_ref(), Some(&pushed));
        let found = db.manifest_head(repo.id, &digest(1)).await.unwrap();
        assert_eq!(found, Some((pushed.media_type, 19)));
        assert_eq!(db.manifest(repo.id + 1, &digest(1)).await.unwrap(), None);
        assert_eq!(db.manifest_head(repo.id, &digest(2)).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_blob_is_used_while_a_manifest_of_the_repository_names_it() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        change.hold(&repo, &manifest(1), 1).await;
        assert!(change.blob_used(repo.id, &digest(500)).await.unwrap());
        assert!(change.blob_used(repo.id, &digest(502)).await.unwrap());
        assert!(!change.blob_used(repo.id, &digest(504)).await.unwrap());
        assert!(!change.blob_used(repo.id + 1, &digest(502)).await.unwrap());

        assert!(change.unlink_manifest(repo.id, &digest(1), 5).await.unwrap());
        assert!(!change.unlink_manifest(repo.id, &digest(1), 5).await.unwrap());
        assert!(!change.blob_used(repo.id, &digest(502)).await.unwrap());
        change.commit().await.unwrap();
        assert_eq!(db.manifest(repo.id, &digest(1)).await.unwrap(), None);
    }
}

#[tokio::test]
async fn the_same_bytes_keep_the_media_type_they_were_pushed_as_here() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let org = db.org(&repo.name.org()).await.unwrap().unwrap();
        let mut change = db.change().await.unwrap();
        let other = change.a_repo(&org, "other", Visibility::Public).await;
        let docker = Manifest { media_type: "application/docker".to_owned(), ..manifest(1) };
        change.hold(&other, &docker, 1).await;
        change.hold(&repo, &manifest(1), 2).await;
        change.commit().await.unwrap();

        let here = db.manifest(repo.id, &digest(1)).await.unwrap().unwrap();
        assert_eq!(here.media_type, manifest(1).media_type);
        let there = db.manifest_head(other.id, &digest(1)).await.unwrap().unwrap();
        assert_eq!(there.0, "application/docker");
    }
}

#[tokio::test]
async fn referrers_are_those_of_the_repository_even_before_their_subject_comes() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let org = db.org(&repo.name.org()).await.unwrap().unwrap();
        let mut change = db.change().await.unwrap();
        let other = change.a_repo(&org, "other", Visibility::Public).await;
        for (number, repo, at_ms) in [(11, &repo, 2), (12, &repo, 1), (13, &other, 1)] {
            let mut referrer = manifest(number);
            referrer.facts.subject = Some(digest(1));
            referrer.facts.annotations = r#"{"a":"b"}"#.to_owned();
            change.hold(repo, &referrer, at_ms).await;
        }
        change.commit().await.unwrap();

        let (found, more) = db.referrers(repo.id, &digest(1), EVERY).await.unwrap();
        let digests: Vec<_> = found.iter().map(|one| one.digest.clone()).collect();
        assert_eq!((digests, more), (vec![digest(11), digest(12)], false));
        assert_eq!((found[0].size, found[0].annotations.as_str()), (19, r#"{"a":"b"}"#));
        assert_eq!(db.referrers(repo.id, &digest(2), EVERY).await.unwrap(), (Vec::new(), false));
    }
}

const EVERY: ReferrersAsked<'_> =
    ReferrersAsked { artifact_type: None, after: None, limit: 1000, bytes: 1 << 20 };

#[tokio::test]
async fn referrers_come_in_pages_of_few_entries_and_few_bytes() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        for number in 10..20 {
            let mut referrer = manifest(number);
            referrer.facts.subject = Some(digest(1));
            let kind = if number % 2 == 0 { "even" } else { "odd" };
            referrer.facts.artifact_type = Some(kind.to_owned());
            change.hold(&repo, &referrer, 1).await;
        }
        change.commit().await.unwrap();

        let numbers = async |asked: ReferrersAsked<'_>| {
            let (found, more) = db.referrers(repo.id, &digest(1), asked).await.unwrap();
            (found.into_iter().map(|one| one.digest).collect::<Vec<_>>(), more)
        };
        let all: Vec<_> = (10..20).map(digest).collect();
        assert_eq!(numbers(EVERY).await, (all.clone(), false));
        assert_eq!(numbers(ReferrersAsked { limit: 10, ..EVERY }).await, (all.clone(), false));
        let three = ReferrersAsked { limit: 3, ..EVERY };
        assert_eq!(numbers(three).await, (all[..3].to_vec(), true));
        let next = ReferrersAsked { after: Some(all[2].as_str()), ..three };
        assert_eq!(numbers(next).await, (all[3..6].to_vec(), true));
        assert_eq!(numbers(ReferrersAsked { bytes: 40, ..EVERY }).await, (all[..2].to_vec(), true));
        assert_eq!(numbers(ReferrersAsked { bytes: 0, ..EVERY }).await, (all[..1].to_vec(), true));
        assert_eq!(numbers(ReferrersAsked { limit: 0, ..EVERY }).await, (Vec::new(), false));
        let even = ReferrersAsked { artifact_type: Some("even"), limit: 2, ..EVERY };
        assert_eq!(numbers(even).await, (vec![all[0].clone(), all[2].clone()], true));
        let last = ReferrersAsked { after: Some(all[7].as_str()), ..even };
        assert_eq!(numbers(last).await, (vec![all[8].clone()], false));
    }
}

#[tokio::test]
async fn an_index_is_found_by_what_it_lists() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        let mut index = manifest(1);
        index.facts.links =
            vec![Link { kind: LinkKind::Manifest, digest: digest(2), size: 19, elsewhere: false }];
        change.hold(&repo, &manifest(2), 1).await;
        change.put_manifest(&index).await.unwrap();
        change.link_manifest(repo.id, &index, 1, "olga").await.unwrap();
        assert_eq!(change.index_with(repo.id, &digest(2)).await.unwrap(), Some(digest(1)));
        assert_eq!(change.index_with(repo.id, &digest(1)).await.unwrap(), None);
        assert_eq!(change.index_with(repo.id + 1, &digest(2)).await.unwrap(), None);
    }
}

#[tokio::test]
async fn the_base_is_the_first_chain_that_another_repository_has() {
    for (db, _fresh) in engines().await {
        let mine = with_repo(&db).await;
        let org = db.org(&mine.name.org()).await.unwrap().unwrap();
        let mut change = db.change().await.unwrap();
        let shut = change.a_repo(&org, "a-shut", Visibility::Private).await;
        let open = change.a_repo(&org, "open", Visibility::Public).await;
        // An image behind an index: the tag leads there in two steps.
        let mut index = manifest(2);
        index.facts = ManifestFacts {
            links: vec![link(LinkKind::Manifest, 1)],
            annotations: "{}".to_owned(),
            ..ManifestFacts::default()
        };
        for repo in [&mine, &shut, &open] {
            change.hold(repo, &manifest(1), 1).await;
            change.hold(repo, &index, 1).await;
            change.put_img(&new_img(repo, "v1", Some(digest(2)), 1)).await.unwrap();
        }
        // Only mine has the longer chain.
        let mut longer = manifest(3);
        longer.facts.layer_chain = Some(digest(901));
        change.hold(&mine, &longer, 1).await;
        change.commit().await.unwrap();

        let asked = [digest(902), digest(901), digest(900)];
        let want = BaseImage {
            repo: open.name,
            visibility: Visibility::Public,
            digest: digest(1),
            chain: digest(900),
            tag: Some(tag("v1")),
        };
        assert_eq!(db.base_of(&asked, mine.id).await.unwrap(), Some(want));
        assert_eq!(db.base_of(&asked[..2], mine.id).await.unwrap(), None);
        assert_eq!(db.base_of(&[], mine.id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_manifest_of_many_descriptors_keeps_all_of_them_in_their_order() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let link = |number| Link {
            kind: LinkKind::Layer,
            digest: digest(number % 7),
            size: number,
            elsewhere: number % 2 == 0,
        };
        let links: Vec<_> = (0..=2 * crate::lists::LONGEST as u64).map(link).collect();
        let many = Manifest {
            digest: digest(1),
            media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
            body: b"{}".to_vec(),
            facts: ManifestFacts {
                annotations: "{}".to_owned(),
                links: links.clone(),
                ..ManifestFacts::default()
            },
        };
        let mut change = db.change().await.unwrap();
        change.put_manifest(&many).await.unwrap();
        change.link_manifest(repo.id, &many, 1, "alice").await.unwrap();
        change.commit().await.unwrap();
        let stored = db.manifest(repo.id, &digest(1)).await.unwrap().unwrap();
        assert_eq!(stored.facts.links, links);
    }
}
