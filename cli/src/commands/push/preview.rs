//! `--dry-run`: what a push would lead to, without sending anything.

use anyhow::Result;
use hub_model::{Detail, Field, Sourced, Value};
use hub_oci::{ExtractError, Extracted};
use indicatif::HumanBytes;
use serde::Serialize;

use super::course::{readme, whence};
use super::destination::Destination;
use super::said::Said;
use crate::context::Context;
use crate::printer::Listing;
use crate::source::Source;

/// A field as it would be.
#[derive(Debug, Serialize)]
struct Row {
    field: &'static str,
    value: Value,
    source: String,
    #[serde(skip)]
    shown: String,
    #[serde(skip)]
    whence: String,
}

/// Prints fields, values and sources of the image as it would be.
pub(super) fn print(
    source: &Source,
    destination: &Destination,
    said: &Said,
    extracted: Result<Extracted, ExtractError>,
    context: &Context,
) -> Result<()> {
    let extracted = readme(extracted, said, context);
    let size = HumanBytes(source.size());
    let manifests = several(source.manifests.len(), "manifest");
    let blobs = several(source.blobs.len(), "blob");
    note(destination, &format!("{manifests} and {blobs}, {size}"), context);
    let own = extracted.as_ref().map(|extracted| extracted.detail.clone()).unwrap_or_default();
    table(&Detail::merge([said.detail(), own]), said, extracted.as_ref(), context)
}

/// Prints the fields that would be said about an image that is there.
pub(super) fn print_said(destination: &Destination, said: &Said, context: &Context) -> Result<()> {
    note(destination, &said.summary(), context);
    table(&said.detail(), said, None, context)
}

fn several(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn note(destination: &Destination, what: &str, context: &Context) {
    for tag in &destination.tags {
        let (server, repo) = (&destination.server, &destination.repo);
        context.printer.note("would", &format!("push {what} to {server}/{repo}:{tag}"));
    }
}

fn table(
    detail: &Detail,
    said: &Said,
    extracted: Option<&Extracted>,
    context: &Context,
) -> Result<()> {
    let rows: Vec<Row> = detail
        .0
        .iter()
        .map(|(field, sourced)| Row {
            field: field.as_str(),
            value: sourced.value.clone(),
            source: sourced.source.to_string(),
            shown: shown(*field, sourced, said, extracted),
            whence: whence(&sourced.source),
        })
        .collect();
    context.printer.list(&Listing {
        head: &["FIELD", "VALUE", "SOURCE"],
        items: &rows,
        cells: |row| vec![row.field.to_owned(), row.shown.clone(), row.whence.clone()],
        name: |row| row.field.to_owned(),
    })?;
    Ok(())
}

/// A value for people: documents by their size.
fn shown(field: Field, sourced: &Sourced, said: &Said, extracted: Option<&Extracted>) -> String {
    match (&sourced.value, field) {
        (value, _) if value.is_empty() => "none, on purpose".to_owned(),
        (Value::Text(text), Field::Docs | Field::Icon) => {
            let documents = extracted.map_or(&[][..], |extracted| &extracted.documents);
            let found = documents.iter().find(|document| document.digest.as_str() == text);
            match (found, field) {
                (Some(document), _) => {
                    let size = HumanBytes(document.body.len() as u64);
                    format!("{} ({size})", document.media_type)
                }
                (None, Field::Docs) => said.readme_label(),
                (None, _) => text.clone(),
            }
        }
        (Value::Text(text), _) => text.clone(),
        (Value::Flag(flag), _) => flag.to_string(),
        (Value::List(list), _) => list.join(", "),
        (Value::Map(map), _) => pairs(map),
        (Value::Objects(list), _) => list.iter().map(pairs).collect::<Vec<_>>().join("; "),
    }
}

fn pairs(map: &std::collections::BTreeMap<String, String>) -> String {
    map.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join(", ")
}
