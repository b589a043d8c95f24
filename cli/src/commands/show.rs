//! `hub show`: what an image is, and what it says.

use anyhow::Result;
use hub_api::{FieldValue, ImgView};
use hub_model::Value;

use crate::context::Context;
use crate::printer::{Format, columns};
use crate::report::{Exit, Failure};
use crate::server::{image, repo_name};
use crate::units;

/// How much of a value a table shows, in characters.
const SHOWN: usize = 300;

/// Which part to show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct What {
    /// The README only, as it is.
    pub(crate) readme: bool,
    /// The source of each field as well.
    pub(crate) sources: bool,
}

/// Shows an image.
///
/// # Errors
///
/// When the image is not there, or has no README and that was all that was asked for.
pub(crate) async fn show(text: &str, what: What, context: &Context) -> Result<Exit> {
    let reference = image(text)?;
    let repo = repo_name(&reference)?;
    let server = context.server(reference.host.as_deref())?;
    let api = context.api(&server).await?;
    let version = match (&reference.tag, &reference.digest) {
        (Some(tag), _) => tag.to_string(),
        (None, Some(_)) => {
            let nothing = format!("a digest alone names no image: {text}");
            let hint = format!("write {repo}:TAG; hub tags {repo} lists them with their digests");
            return Err(Failure::usage(nothing).hint(hint).into());
        }
        (None, None) => reference.version(),
    };
    if what.readme {
        let Some(docs) = api.docs(&repo, &version).await? else {
            return Err(Failure::new(Exit::NotFound, format!("{repo}:{version} has no README"))
                .hint(format!("hub describe {repo}:{version} -o README.md"))
                .into());
        };
        context.printer.raw(&docs)?;
        return Ok(Exit::Done);
    }
    let img = api.img(&repo, &version).await?;
    if let Some(digest) = &reference.digest
        && img.digest.as_deref() != Some(digest.as_str())
    {
        let now = img.digest.as_deref().unwrap_or("nothing that was pushed");
        let other = format!("{repo}:{version} is not {digest} any more: it is {now}");
        return Err(Failure::new(Exit::NotFound, other).into());
    }
    let mut docs = None;
    if context.printer.format() == Format::Table && img.detail_info.contains_key("docs") {
        docs = api.docs(&repo, &img.tag).await?;
    }
    context.printer.value(&img, &img.name, || lines(&img, docs.as_deref(), what.sources))?;
    Ok(Exit::Done)
}

fn lines(img: &ImgView, docs: Option<&str>, sources: bool) -> Vec<String> {
    let mut lines = columns(&["", ""], facts(img));
    lines.push(String::new());
    let fields = img.detail_info.iter().map(|(field, value)| {
        let value = match (&**field, docs) {
            ("docs", Some(docs)) => format!("README ({})", units::size(docs.len() as u64)),
            _ => shown(value),
        };
        let source = img.sources.get(field).cloned().unwrap_or_default();
        if sources { vec![field.clone(), value, source] } else { vec![field.clone(), value] }
    });
    let head: &[_] = if sources { &["FIELD", "VALUE", "SOURCE"] } else { &["FIELD", "VALUE"] };
    lines.extend(columns(head, fields));
    lines.extend(img.notes.iter().map(|note| format!("note: {note}")));
    if let Some(docs) = docs {
        lines.push(String::new());
        lines.extend(docs.lines().map(str::to_owned));
    }
    lines
}

fn facts(img: &ImgView) -> Vec<Vec<String>> {
    let latest = if img.latest { " (latest)" } else { "" };
    let mut rows = vec![
        vec!["name".to_owned(), format!("{}{latest}", img.name)],
        vec!["digest".to_owned(), img.digest.clone().unwrap_or_else(|| "not pushed yet".into())],
        vec!["size".to_owned(), units::size(img.base_info.size)],
        vec!["pushed".to_owned(), format!("{} by {}", img.pushed_at, img.pushed_by)],
    ];
    rows.extend(img.base_info.platforms.iter().map(|platform| {
        let size = units::size(platform.size);
        vec!["platform".to_owned(), format!("{} {size} {}", platform.label(), platform.digest)]
    }));
    if let Some(error) = &img.extraction_error {
        rows.push(vec!["metadata".to_owned(), format!("could not be read: {error}")]);
    } else if img.extraction == "pending" {
        rows.push(vec!["metadata".to_owned(), "is being read".to_owned()]);
    }
    rows
}

/// A value in one line.
fn shown(value: &FieldValue) -> String {
    let pairs = |map: &std::collections::BTreeMap<String, String>| {
        map.iter().map(|(key, text)| format!("{key}={text}")).collect::<Vec<_>>().join(" ")
    };
    let text = match &value.0 {
        Value::Flag(flag) => flag.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(list) => list.join(", "),
        Value::Objects(list) => list.iter().map(pairs).collect::<Vec<_>>().join(", "),
        Value::Map(map) => pairs(map),
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
