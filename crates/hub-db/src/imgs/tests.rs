//! Tests of images on both engines.

use hub_model::{Field, Source};

use super::*;
use crate::Latest;
use crate::fixtures::{digest, engines, new_img, tag, with_repo};

fn tags_of(imgs: &[Img]) -> Vec<&str> {
    imgs.iter().map(|img| img.tag.as_str()).collect()
}

#[tokio::test]
async fn an_image_is_written_over_and_keeps_its_row() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut first = new_img(&repo, "v1", None, 1);
        first.extraction = Extraction::None;
        let mut detail = Detail::default();
        detail.set(Field::Title, "MySQL", Source::Cli);
        let failed = Extraction::Failed("too large".to_owned());

        let mut change = db.change().await.unwrap();
        let id = change.put_img(&first).await.unwrap();
        let declared = change.img(repo.id, &tag("v1")).await.unwrap().unwrap();
        assert_eq!((declared.state, declared.digest), (ImgState::Declared, None));
        change.set_detail(id, &detail, &failed, &["left out".to_owned()]).await.unwrap();
        change.commit().await.unwrap();

        let said = db.img(repo.id, &tag("v1")).await.unwrap().unwrap();
        assert_eq!((&said.detail, &said.extraction), (&detail, &failed));
        assert_eq!((said.notes, said.repo), (vec!["left out".to_owned()], repo.name.clone()));

        let mut change = db.change().await.unwrap();
        assert_eq!(change.an_img(&repo, "v1", 2).await, id);
        change.commit().await.unwrap();
        let pushed = db.img(repo.id, &tag("v1")).await.unwrap().unwrap();
        assert_eq!((pushed.state, pushed.digest), (ImgState::Pushed, Some(digest(1))));
        assert_eq!((pushed.extraction, pushed.notes), (Extraction::Pending, Vec::new()));
    }
}

#[tokio::test]
async fn tags_are_in_the_order_of_their_bytes_and_only_pushed_ones() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        for name in ["v1", "V1", "a", "B", "_x", "10", "9", "a.b", "a-b"] {
            change.an_img(&repo, name, 1).await;
        }
        change.put_img(&new_img(&repo, "declared", None, 1)).await.unwrap();
        change.commit().await.unwrap();

        let tags = db.tags(repo.id, None, 100).await.unwrap();
        let texts: Vec<_> = tags.iter().map(Tag::as_str).collect();
        assert_eq!(texts, ["10", "9", "B", "V1", "_x", "a", "a-b", "a.b", "v1"]);
        let page = db.tags(repo.id, Some("B"), 2).await.unwrap();
        assert_eq!(page, [tag("V1"), tag("_x")]);

        assert_eq!(db.tag_digest(repo.id, &tag("a")).await.unwrap(), Some(digest(1)));
        assert_eq!(db.tag_digest(repo.id, &tag("declared")).await.unwrap(), None);
        assert_eq!(db.tag_digest(repo.id, &tag("none")).await.unwrap(), None);
        assert_eq!(db.count_imgs(repo.id).await.unwrap(), 10);
    }
}

#[tokio::test]
async fn images_are_listed_newest_first_without_gap_or_double() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        for (name, at_ms) in [("a", 5), ("B", 5), ("b", 5), ("old", 1), ("new", 9)] {
            change.an_img(&repo, name, at_ms).await;
        }
        change.commit().await.unwrap();

        let all = db.imgs(repo.id, None, 10).await.unwrap();
        assert_eq!(tags_of(&all), ["new", "b", "a", "B", "old"]);
        let mut seen: Vec<Img> = Vec::new();
        loop {
            let before = seen.last().map(|img| (img.pushed_at_ms, img.tag.as_str()));
            let page = db.imgs(repo.id, before, 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, all);
    }
}

#[tokio::test]
async fn the_image_before_may_be_latest_and_was_pushed_earlier() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        assert_eq!(change.img_before(repo.id, 100, &tag("v9")).await.unwrap(), None);
        change.an_img(&repo, "v1", 1).await;
        change.an_img(&repo, "v2", 2).await;
        change.put_img(&new_img(&repo, "later", None, 3)).await.unwrap();
        for number in 0..120 {
            let signature = format!("sha256-{number:064x}.sig");
            change.an_img(&repo, &signature, 3 + number / 2).await;
        }
        change.an_img(&repo, "artifacthub.io", 80).await;
        change.an_img(&repo, "v3", 100).await;

        let before = async |change: &mut Change, at_ms, not: &str| {
            let img = change.img_before(repo.id, at_ms, &tag(not)).await.unwrap();
            img.map(|img| img.tag.to_string())
        };
        assert_eq!(before(&mut change, 100, "v3").await.as_deref(), Some("v2"));
        assert_eq!(before(&mut change, 100, "v2").await.as_deref(), Some("v1"));
        assert_eq!(before(&mut change, 101, "v4").await.as_deref(), Some("v3"));
        assert_eq!(before(&mut change, 1, "v0").await, None);
    }
}

#[tokio::test]
async fn every_tag_tells_whether_it_was_pushed_and_has_a_subject() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let facts = hub_model::ManifestFacts {
            subject: Some(digest(1)),
            annotations: "{}".to_owned(),
            ..hub_model::ManifestFacts::default()
        };
        let signature = hub_model::Manifest {
            digest: digest(2),
            media_type: String::new(),
            body: Vec::new(),
            facts,
        };
        let mut change = db.change().await.unwrap();
        change.put_manifest(&signature).await.unwrap();
        change.an_img(&repo, "v1", 3).await;
        change.put_img(&new_img(&repo, "signature", Some(digest(2)), 2)).await.unwrap();
        change.put_img(&new_img(&repo, "declared", None, 1)).await.unwrap();
        let want = [
            (tag("v1"), ImgState::Pushed, 3, false),
            (tag("signature"), ImgState::Pushed, 2, true),
            (tag("declared"), ImgState::Declared, 1, false),
        ];
        assert_eq!(change.all_imgs(repo.id).await.unwrap(), want);
    }
}

#[tokio::test]
async fn images_are_deleted_by_tag_or_by_manifest() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let mut change = db.change().await.unwrap();
        change.an_img(&repo, "a", 1).await;
        change.an_img(&repo, "b", 2).await;
        change.put_img(&new_img(&repo, "c", Some(digest(2)), 3)).await.unwrap();
        assert_eq!(tags_of(&change.imgs_of(repo.id, &digest(1)).await.unwrap()), ["b", "a"]);
        let mut gone = change.delete_imgs_of(repo.id, &digest(1)).await.unwrap();
        gone.sort_unstable();
        assert_eq!(gone, [tag("a"), tag("b")]);
        change.commit().await.unwrap();
        assert!(db.imgs_of(repo.id, &digest(1)).await.unwrap().is_empty());

        let mut change = db.change().await.unwrap();
        assert!(change.delete_img(repo.id, &tag("c"), 5).await.unwrap().is_some());
        assert_eq!(change.delete_img(repo.id, &tag("c"), 5).await.unwrap(), None);
    }
}

#[tokio::test]
async fn the_latest_image_is_the_one_of_the_latest_tag() {
    for (db, _fresh) in engines().await {
        let repo = with_repo(&db).await;
        let latest = Latest {
            tag: Some(tag("v1")),
            semver: None,
            tags: 2,
            pushed_at_ms: 1,
            updated_at_ms: 1,
        };
        let mut change = db.change().await.unwrap();
        change.an_img(&repo, "v1", 1).await;
        change.an_img(&repo, "v2", 2).await;
        change.set_latest(repo.id, &latest).await.unwrap();
        change.commit().await.unwrap();
        let found = db.cards(&[repo.id, repo.id + 1]).await.unwrap();
        let [(shown, Some(img))] = &found[..] else { panic!("{found:?}") };
        assert_eq!((&shown.name, img.tag.as_str()), (&repo.name, "v1"));
        assert!(db.cards(&[]).await.unwrap().is_empty());
    }
}
