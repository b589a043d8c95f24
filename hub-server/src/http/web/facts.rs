//! What is known about an image, as rows of words.

use chrono::DateTime;
use hub_model::{Field, Img, Repo, Value};

use super::lang::Words;
use super::readme::origin;
use super::view::Link;
use super::visitor::Visitor;

/// One row: a label and its values, each perhaps a link.
#[derive(Debug, Default)]
pub(super) struct Fact {
    pub label: &'static str,
    pub values: Vec<Link>,
    /// A quieter remark behind the values.
    pub note: String,
    /// Whether the values are code.
    pub code: bool,
    /// In full, for the tooltip.
    pub title: String,
}

impl Fact {
    fn text(label: &'static str, text: impl Into<String>) -> Self {
        Self { label, values: vec![Link::new("", text)], ..Self::default() }
    }

    fn code(label: &'static str, text: impl Into<String>) -> Self {
        Self { code: true, ..Self::text(label, text) }
    }
}

/// The facts beside the README.
pub(super) fn main(visitor: &Visitor, repo: &Repo, img: &Img) -> Vec<Fact> {
    let t = visitor.words();
    let lang = visitor.lang();
    let mut facts = Vec::new();
    if repo.latest_tag.as_ref() == Some(&img.tag) {
        facts.push(latest(t, repo, img));
    }
    if img.base.size > 0 {
        facts.push(Fact::text(t.fact_size, lang.size(img.base.size)));
    }
    if !img.base.platforms.is_empty() {
        let mut labels: Vec<String> =
            img.base.platforms.iter().map(hub_model::Platform::label).collect();
        labels.dedup();
        let values = labels.into_iter().map(|label| Link::new("", label)).collect();
        facts.push(Fact { label: t.fact_platforms, values, code: true, ..Fact::default() });
    }
    if let Some(version) = img.detail.text(Field::AppVersion) {
        facts.push(Fact::text(t.fact_version, version));
    }
    let pushed = lang.moment(img.pushed_at_ms, visitor.now_ms());
    if img.digest.is_some() {
        let note = if img.pushed_by.is_empty() { String::new() } else { (t.by)(&img.pushed_by) };
        let title = pushed.full;
        facts.push(Fact { note, title, ..Fact::text(t.fact_pushed, pushed.ago) });
    }
    if let Some(created) = built(visitor, img) {
        facts.push(Fact { label: t.fact_created, ..created });
    }
    for (field, label) in [
        (Field::Licenses, t.fact_licences),
        (Field::Vendor, t.fact_vendor),
        (Field::Url, t.fact_url),
        (Field::Source, t.fact_source),
        (Field::DocumentationUrl, t.fact_documentation),
    ] {
        if let Some(text) = img.detail.text(field) {
            facts.push(Fact { label, values: vec![value(text)], ..Fact::default() });
        }
    }
    facts
}

fn latest(t: &'static Words, repo: &Repo, img: &Img) -> Fact {
    let href = format!("/r/{}/-/tags/{}", repo.name, img.tag);
    let note = match &repo.latest_semver {
        Some(semver) if *semver != img.tag => (t.semver_is)(semver.as_str()),
        _ => t.latest_by_time.to_owned(),
    };
    let note = match repo.latest_mode {
        hub_model::LatestMode::Auto => note,
        hub_model::LatestMode::Off => t.latest_off.to_owned(),
    };
    Fact {
        label: t.fact_latest,
        values: vec![Link::new(href, img.tag.as_str())],
        note,
        code: true,
        title: String::new(),
    }
}

/// When the image was built; the first second of 1970 means "not said".
fn built(visitor: &Visitor, img: &Img) -> Option<Fact> {
    let at = DateTime::parse_from_rfc3339(img.base.created.as_deref()?).ok()?.timestamp_millis();
    if at <= 0 {
        return None;
    }
    let moment = visitor.lang().moment(at, visitor.now_ms());
    Some(Fact { title: moment.full, ..Fact::text("", moment.ago) })
}

/// A value, as a link when it is an address on the web.
fn value(text: &str) -> Link {
    let web = text.starts_with("https://") || text.starts_with("http://");
    let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if !web || !plain {
        return Link::new("", text);
    }
    let shown = text.split_once("://").map_or(text, |(_, rest)| rest).trim_end_matches('/');
    Link::new(text, super::cards::shortened(shown, 48))
}

/// What the image is made of.
pub(super) fn base(t: &'static Words, img: &Img) -> Vec<Fact> {
    let base = &img.base;
    let mut facts = Vec::new();
    if let Some(digest) = &img.digest {
        facts.push(Fact::code(t.fact_digest, digest.as_str()));
    }
    for (label, list) in [
        (t.fact_entrypoint, &base.entrypoint),
        (t.fact_command, &base.cmd),
        (t.fact_ports, &base.exposed_ports),
    ] {
        if !list.is_empty() {
            let joined = if label == t.fact_ports { list.join(", ") } else { command_line(list) };
            facts.push(Fact::code(label, joined));
        }
    }
    for (label, text) in [(t.fact_user, &base.user), (t.fact_workdir, &base.workdir)] {
        if let Some(text) = text.as_ref().filter(|text| !text.is_empty()) {
            facts.push(Fact::code(label, text));
        }
    }
    if !base.media_type.is_empty() {
        facts.push(Fact::code(t.fact_media_type, &base.media_type));
    }
    facts
}

/// Words of a command as one would type them.
fn command_line(words: &[String]) -> String {
    let quoted = words.iter().map(|word| {
        let odd = |c: char| c.is_whitespace() || "'\"\\$`&|;<>()*?#!".contains(c);
        if word.is_empty() || word.contains(odd) {
            format!("'{}'", word.replace('\'', "'\\''"))
        } else {
            word.clone()
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// One field of the details, with where it comes from.
#[derive(Debug)]
pub(super) struct FieldLine {
    pub name: &'static str,
    pub value: String,
    pub origin: String,
}

/// All fields, with where they come from.
pub(super) fn fields(t: &'static Words, img: &Img) -> Vec<FieldLine> {
    let line = |(field, sourced): (&Field, &hub_model::Sourced)| FieldLine {
        name: field.as_str(),
        value: super::cards::shortened(&preview(*field, &sourced.value), 160),
        origin: origin(t, &sourced.source),
    };
    img.detail.0.iter().map(line).collect()
}

fn preview(field: Field, value: &Value) -> String {
    match value {
        Value::Text(text) if matches!(field, Field::Docs | Field::Icon) => short(text),
        Value::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Value::Flag(flag) => flag.to_string(),
        Value::List(list) => list.join(", "),
        Value::Objects(list) => list
            .iter()
            .map(|object| object.values().cloned().collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
            .join(", "),
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| format!("{key}: {}", short(value)))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// A digest in few letters; other texts stay.
fn short(text: &str) -> String {
    let digest = hub_model::Digest::parse(text);
    digest.map_or_else(|_| text.to_owned(), |digest| format!("sha256:{}…", digest.short()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_on_the_web_become_links() {
        for (text, href, shown) in [
            ("https://e.org/", "https://e.org/", "e.org"),
            ("javascript:alert(1)", "", "javascript:alert(1)"),
            ("https://e.org x", "", "https://e.org x"),
        ] {
            let link = value(text);
            assert_eq!((link.href.as_str(), link.text.as_str()), (href, shown));
        }
    }

    #[test]
    fn commands_read_as_one_would_type_them() {
        let words = ["sh", "-c", "echo 'a b'", ""].map(str::to_owned);
        assert_eq!(command_line(&words), r"sh -c 'echo '\''a b'\''' ''");
    }
}
