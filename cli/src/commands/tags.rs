//! `hub tags`: the tags of a repository, newest upload first.

use anyhow::Result;
use hub_api::{ImgView, PlatformView};

use crate::context::Context;
use crate::printer::Listing;
use crate::report::Exit;
use crate::server::{image, repo_name};
use crate::units;

/// Tags asked for at once.
const PAGE: usize = 100;

/// Lists the tags: all, or as many as wanted.
///
/// # Errors
///
/// When the repository is not there, or may not be seen.
pub(crate) async fn tags(repo: &str, limit: Option<usize>, context: &Context) -> Result<Exit> {
    let reference = image(repo)?;
    let repo = repo_name(&reference)?;
    let server = context.server(reference.host.as_deref())?;
    let api = context.api(&server).await?;
    let wanted = limit.unwrap_or(usize::MAX);
    let (mut found, mut before, mut total) = (Vec::new(), None, 0);
    while found.len() < wanted {
        let most = u32::try_from(PAGE.min(wanted - found.len())).unwrap_or(u32::MAX);
        let page = api.imgs(&repo, before.as_deref(), Some(most)).await?;
        found.extend(page.items);
        total = page.total;
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    context.printer.list(&Listing {
        head: &["TAG", "DIGEST", "PLATFORMS", "SIZE", "PUSHED", ""],
        items: &found,
        cells,
        name: |img| img.name.clone(),
    })?;
    if (found.len() as u64) < total {
        context.printer.hint(&format!("{total} tags, more: without --limit"));
    }
    Ok(Exit::Done)
}

fn cells(img: &ImgView) -> Vec<String> {
    let digest = img.digest.as_deref().unwrap_or_default();
    let platforms: Vec<_> = img.base_info.platforms.iter().map(PlatformView::label).collect();
    let remark = match (img.latest, &*img.state) {
        (true, _) => "latest",
        (false, "declared") => "not pushed yet",
        (false, _) => "",
    };
    vec![
        img.tag.clone(),
        digest.chars().take("sha256:".len() + 12).collect(),
        platforms.join(", "),
        units::size(img.base_info.size),
        units::since(&img.pushed_at),
        remark.to_owned(),
    ]
}
