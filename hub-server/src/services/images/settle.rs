//! What an image says in the end, and which tag of a repository is latest.

use hub_db::{Change, DbError};
use hub_model::{
    Detail, DetailScope, Extraction, Field, Img, ImgState, Repo, Source, Sourced, Tag,
    is_candidate, latest_semver,
};

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
    let mut said = [tag, whole, artifact];
    let derived = paragraph_of_given_docs(&mut said);
    let read = [Some(image), bequest, Some(base), Some(defaults(repo))];
    let mut detail = Detail::merge(said.into_iter().chain(read).flatten());
    if let Some(paragraph) = derived
        && detail.get(Field::Description).is_none_or(is_of_a_readme)
    {
        detail.0.insert(Field::Description, paragraph);
    }
    Ok(detail)
}

/// Notes the first paragraph of a README that people gave beside the README, unless they said
/// what the description is. It is no wish of theirs: [`settle`] weighs it below labels.
pub(super) fn note_paragraph(said: &mut Detail, docs: &str) {
    let free = said.get(Field::Description).is_none_or(|known| known.source == Source::Default);
    match hub_oci::first_paragraph(docs) {
        Some(paragraph) if free => said.set(Field::Description, paragraph, Source::Default),
        None if free => {
            said.0.remove(&Field::Description);
        }
        _ => {}
    }
}

/// Takes the noted paragraphs out of what people said, and answers the one that belongs to the
/// README that is shown.
fn paragraph_of_given_docs(said: &mut [Option<Detail>]) -> Option<Sourced> {
    let mut shown = None;
    for level in said.iter_mut().flatten() {
        let noted = level.get(Field::Description).is_some_and(|d| d.source == Source::Default);
        let paragraph = if noted { level.0.remove(&Field::Description) } else { None };
        if let Some(docs) = level.get(Field::Docs) {
            let source = docs.source.clone();
            shown.get_or_insert(paragraph.map(|paragraph| Sourced { source, ..paragraph }));
        }
    }
    shown.flatten()
}

/// Whether a description is a paragraph of a README that is not the one people gave, or comes
/// from an earlier image.
fn is_of_a_readme(description: &Sourced) -> bool {
    match &description.source {
        Source::File { path, .. } => {
            !matches!(path.rsplit('/').next(), Some("Chart.yaml" | "config.yaml"))
        }
        Source::Base { .. } | Source::Inherited(_) | Source::Default => true,
        _ => false,
    }
}

/// What holds when nobody says anything.
fn defaults(repo: &Repo) -> Detail {
    let path = repo.name.path();
    let title = path.rsplit('/').next().unwrap_or(path);
    let mut detail = Detail::default();
    detail.set(Field::Title, title, Source::Default);
    detail
}

/// Works out which tag is latest, by the clock and by version, from all tags there are, and
/// writes it down.
pub(crate) async fn move_latest(
    change: &mut Change,
    repo: &Repo,
    now_ms: i64,
) -> Result<(), DbError> {
    let all = change.all_imgs(repo.id).await?;
    change.set_latest(repo.id, &right_latest(repo, &all, now_ms)).await
}

/// What follows from all tags there are.
pub(crate) fn right_latest(
    repo: &Repo,
    all: &[(Tag, ImgState, i64, bool)],
    now_ms: i64,
) -> hub_db::Latest {
    let pushed = all.iter().filter(|(_, state, ..)| *state == ImgState::Pushed);
    let candidates: Vec<(&Tag, i64)> = pushed
        .clone()
        .filter(|(tag, _, _, has_subject)| is_candidate(tag, *has_subject))
        .map(|(tag, _, at, _)| (tag, *at))
        .collect();
    let newest = candidates.iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(b.0)));
    hub_db::Latest {
        tag: newest.map(|(tag, _)| (*tag).clone()),
        semver: latest_semver(candidates.iter().map(|(tag, _)| *tag)).cloned(),
        tags: pushed.count() as u64,
        // Time never runs backwards, also when the newest tag went.
        pushed_at_ms: repo.pushed_at_ms,
        updated_at_ms: now_ms,
    }
}
