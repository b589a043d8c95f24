//! What an image says in the end, and which tag of a repository is latest.

use hub_db::{Change, DbError};
use hub_model::{
    Detail, DetailScope, Extraction, Field, Img, ImgState, Repo, Source, Tag, is_candidate,
    latest_semver,
};

/// What [`move_latest`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Latest {
    /// The repository has tags, pushed or declared.
    Tags,
    /// It has none.
    NoTagAtAll,
}

/// Merges the levels of one image and writes the outcome down. The one place where what an image
/// says is decided; answers what it says now.
pub(crate) async fn settle(
    change: &mut Change,
    repo: &Repo,
    img: &Img,
    extraction: &Extraction,
    notes: &[String],
) -> Result<Detail, DbError> {
    let detail = merged(change, repo, img).await?;
    if detail != img.detail || *extraction != img.extraction || notes != img.notes {
        change.set_detail(img.id, &detail, extraction, notes).await?;
    }
    Ok(detail)
}

async fn merged(change: &mut Change, repo: &Repo, img: &Img) -> Result<Detail, DbError> {
    let tag = change.details(repo.id, &DetailScope::Tag(img.tag.clone())).await?;
    let whole = change.details(repo.id, &DetailScope::Repo).await?;
    let (mut artifact, mut image) = (None, Detail::default());
    if let Some(digest) = &img.digest {
        artifact = change.details(repo.id, &DetailScope::Artifact(digest.clone())).await?;
        let read = change.details(repo.id, &DetailScope::Image(digest.clone())).await?;
        image = read.unwrap_or_default();
    }
    let base = image.split_off_base();
    let before = change.img_before(repo.id, img.pushed_at_ms, &img.tag).await?;
    let bequest = before.map(|before| before.detail.bequest(before.tag.as_str()));
    let levels = [tag, whole, artifact, Some(image), bequest, Some(base), Some(defaults(repo))];
    Ok(Detail::merge(levels.into_iter().flatten()))
}

/// What holds when nobody says anything.
fn defaults(repo: &Repo) -> Detail {
    let path = repo.name.path();
    let title = path.rsplit('/').next().unwrap_or(path);
    let mut detail = Detail::default();
    detail.set(Field::Title, title, Source::Default);
    detail
}

/// Works out which tag is latest, by the clock and by version, from all tags there are.
pub(crate) async fn move_latest(
    change: &mut Change,
    repo: &Repo,
    now_ms: i64,
) -> Result<Latest, DbError> {
    let all = change.all_imgs(repo.id).await?;
    let pushed = all.iter().filter(|(_, state, ..)| *state == ImgState::Pushed);
    let candidates: Vec<(&Tag, i64)> = pushed
        .clone()
        .filter(|(tag, _, _, has_subject)| is_candidate(tag, *has_subject))
        .map(|(tag, _, at, _)| (tag, *at))
        .collect();
    let newest = candidates.iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(b.0)));
    let latest = hub_db::Latest {
        tag: newest.map(|(tag, _)| (*tag).clone()),
        semver: latest_semver(candidates.iter().map(|(tag, _)| *tag)).cloned(),
        tags: pushed.count() as u64,
        // Time never runs backwards, also when the newest tag went.
        pushed_at_ms: repo.pushed_at_ms,
        updated_at_ms: now_ms,
    };
    change.set_latest(repo.id, &latest).await?;
    Ok(if all.is_empty() { Latest::NoTagAtAll } else { Latest::Tags })
}
