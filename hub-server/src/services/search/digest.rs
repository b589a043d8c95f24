//! A digest typed or pasted into the search box: the repositories that hold that manifest.
//!
//! The index knows no digests, the database does. Whoever may not pull from a repository is not
//! told that it holds something.

use std::cmp::Reverse;
use std::collections::HashMap;

use hub_db::DbError;
use hub_model::{
    AccessTerms, Digest, Field, ImageRef, Repo, RepoName, SearchFilter, SearchSort, SizeBucket,
    Tag, Why, WhyPart,
};

use super::{LONGEST_TEXT, MOST, SearchPage, SearchRequest};
use crate::App;
use crate::services;
use crate::services::repos::{RepoCard, cards};

/// Most repositories that are found by one digest.
const MOST_HOLDERS: i64 = 1000;

/// Most tags that are looked for.
const MOST_TAGS: i64 = 1000;

/// The manifest that was asked for, with the tags that point at it in each repository found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its digest.
    pub digest: Digest,
    /// Tags, the one pushed last first, for each result in the order of the results.
    pub tags: Vec<Vec<Tag>>,
}

/// What was pasted: a digest, and what stands in front of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pasted {
    digest: Digest,
    /// The repository of a full reference.
    repo: Option<RepoName>,
    /// Whether nothing stands in front: then there are no other words to look for.
    alone: bool,
}

/// Reads a text that ends with a digest: alone, behind a name, or behind a command.
pub(super) fn pasted(text: &str) -> Option<Pasted> {
    let last = text.split_whitespace().next_back()?;
    let (front, digest) = last.rsplit_once(['@', '/']).unwrap_or(("", last));
    let digest = Digest::parse(&digest.to_lowercase()).ok()?;
    let image = ImageRef::parse(front).ok();
    let repo = image.and_then(|image| RepoName::parse(&image.path).ok());
    Some(Pasted { digest, repo, alone: front.is_empty() && last == text.trim() })
}

/// The repositories that hold the manifest whose digest was typed. `None` when none was, when no
/// repository that the caller may see holds it and there are other words to look for.
pub(super) async fn search(
    app: &App,
    terms: &AccessTerms,
    request: &SearchRequest,
) -> Result<Option<SearchPage>, DbError> {
    let text: String = request.text.chars().take(LONGEST_TEXT).collect();
    let Some(pasted) = pasted(&text) else { return Ok(None) };
    let filter = hub_search::narrowed(&text, &request.filter);
    let wanted = (filter.org.as_ref(), pasted.repo.as_ref());
    let may_see = services::filter(terms.clone());
    let found = app.db.repos_with_manifest(&pasted.digest, &may_see, wanted, MOST_HOLDERS).await?;
    if found.is_empty() && !pasted.alone {
        return Ok(None);
    }
    let found = narrowed(app, found, filter).await?;
    let total = found.len() as u64;
    let (page, limit) = (request.page.max(1), request.limit.clamp(1, MOST));
    let skip = usize::try_from((page - 1).saturating_mul(limit)).unwrap_or(usize::MAX);
    let take = usize::try_from(limit).unwrap_or(usize::MAX);
    let shown: Vec<Repo> = sorted(found, request.sort).into_iter().skip(skip).take(take).collect();

    let ids: Vec<i64> = shown.iter().map(|repo| repo.id).collect();
    let mut tags: HashMap<i64, Vec<Tag>> = HashMap::new();
    for (repo_id, tag) in app.db.tags_at(&pasted.digest, &ids, MOST_TAGS).await? {
        tags.entry(repo_id).or_default().push(tag);
    }
    let tags = ids.iter().map(|id| tags.remove(id).unwrap_or_default()).collect();
    let why = if request.explain { vec![why(&pasted.digest); shown.len()] } else { Vec::new() };
    Ok(Some(SearchPage {
        items: cards(app, shown).await?,
        why,
        total,
        page,
        held: Some(Held { digest: pasted.digest, tags }),
        ..SearchPage::default()
    }))
}

/// Those that fulfil the filter, which the index would know of others.
async fn narrowed(app: &App, repos: Vec<Repo>, filter: SearchFilter) -> Result<Vec<Repo>, DbError> {
    // The organisation is part of the question to the database.
    let filter = SearchFilter { org: None, ..filter };
    if filter == SearchFilter::default() {
        return Ok(repos);
    }
    let fitting = cards(app, repos).await?.into_iter().filter(|card| fits(card, &filter));
    Ok(fitting.map(|card| card.repo).collect())
}

fn fits(card: &RepoCard, filter: &SearchFilter) -> bool {
    let detail = card.latest.as_ref().map(|img| &img.detail);
    let base = card.latest.as_ref().map(|img| &img.base);
    let has = |field: Field, wanted: &String| {
        let values = detail.map(|detail| detail.list(field)).unwrap_or_default();
        values.iter().any(|value| value.trim().to_lowercase() == wanted.trim().to_lowercase())
    };
    let platforms = base.map(|base| base.platforms.as_slice()).unwrap_or_default();
    let is = |known: &str, wanted: &String| known.eq_ignore_ascii_case(wanted.trim());
    let (os, arch) = (filter.os.as_ref(), filter.arch.as_ref());
    let size = base.map_or(0, |base| base.size);
    let deprecated = detail.is_some_and(|detail| detail.flag(Field::Deprecated));
    let readme = detail.is_some_and(|detail| detail.docs().is_some());
    filter.keywords.iter().all(|word| has(Field::Keywords, word))
        && filter.categories.iter().all(|word| has(Field::Categories, word))
        && os.is_none_or(|os| platforms.iter().any(|platform| is(&platform.os, os)))
        && arch.is_none_or(|arch| platforms.iter().any(|platform| is(&platform.arch, arch)))
        && filter.official.is_none_or(|wanted| card.repo.official == wanted)
        && filter.deprecated.is_none_or(|wanted| deprecated == wanted)
        && filter.readme.is_none_or(|wanted| readme == wanted)
        && filter.size.is_none_or(|bucket| size > 0 && SizeBucket::of(size) == bucket)
        && filter.pushed_since_ms.is_none_or(|since| card.repo.pushed_at_ms >= since)
}

/// In another order than by name, when one was asked for.
fn sorted(mut repos: Vec<Repo>, sort: SearchSort) -> Vec<Repo> {
    match sort {
        SearchSort::Pulls => repos.sort_by_key(|repo| Reverse(repo.pulls)),
        SearchSort::Recent => repos.sort_by_key(|repo| Reverse(repo.recent_pulls)),
        SearchSort::Stars => repos.sort_by_key(|repo| Reverse(repo.stars)),
        SearchSort::Updated => repos.sort_by_key(|repo| Reverse(repo.pushed_at_ms)),
        SearchSort::New => repos.sort_by_key(|repo| Reverse(repo.created_at_ms)),
        SearchSort::Name => repos.sort_by(|left, right| left.name.cmp(&right.name)),
        // Size would be that of the latest image, which is another one.
        SearchSort::Relevance | SearchSort::Size => {}
    }
    repos
}

fn why(digest: &Digest) -> Why {
    let part = WhyPart { field: "digest", term: digest.to_string(), by: "word", score: 1.0 };
    Why { parts: vec![part], matched: (1, 1), coordination: 1.0, prior: 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_wherever_it_is_pasted_from() {
        let hex = "0123456789abcdef".repeat(4);
        let digest = format!("sha256:{hex}");
        for (text, repo, alone) in [
            (digest.clone(), None, true),
            (format!("  {digest}\n"), None, true),
            (format!("SHA256:{}", hex.to_uppercase()), None, true),
            (format!("@{digest}"), None, true),
            (format!("labring/app@{digest}"), Some("labring/app"), false),
            (format!("ghcr.io/labring/app:v1@{digest}"), Some("labring/app"), false),
            (format!("docker pull hub.example.com/a/b/c@{digest}"), Some("a/b/c"), false),
            (format!("redis {digest}"), None, false),
            (format!("https://hub.example.com/r/a/b/-/digest/{digest}"), None, false),
        ] {
            let pasted = pasted(&text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(pasted.digest.as_str(), digest, "{text}");
            assert_eq!(pasted.repo.as_ref().map(RepoName::as_str), repo, "{text}");
            assert_eq!(pasted.alone, alone, "{text}");
        }
        for text in
            ["", "redis", "sha256:", "sha256:0123", &digest[..70], "md5:00", &format!("{digest} x")]
        {
            assert_eq!(pasted(text), None, "{text}");
        }
    }
}
