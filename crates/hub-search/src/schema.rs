//! The fields of a document.

use std::collections::BTreeSet;

use hub_model::{SearchDoc, Visibility};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{TantivyDocument, Term};

use crate::{readme, text};

/// Version of the fields and of the analysis. An index of another version is rebuilt.
pub(crate) const VERSION: &str = "1";

/// Names of the columns that results are read from and sorted by.
pub(crate) mod column {
    pub(crate) const ID: &str = "repo_id";
    pub(crate) const NAME: &str = "full_name";
    pub(crate) const PUSHED: &str = "pushed_at_ms";
    pub(crate) const OFFICIAL: &str = "official";
    pub(crate) const DEPRECATED: &str = "deprecated";
}

/// What the field of the visibility says about a public repository.
const PUBLIC: &str = "public";

/// Shortest and longest prefix of a name that is found, in characters.
const PREFIX_CHARS: std::ops::RangeInclusive<usize> = 2..=15;

/// The fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// Full name: the key of the document.
    full_name: Field,
    repo_id: Field,
    visibility: Field,
    org_name: Field,
    keyword: Field,
    platform: Field,
    pushed_at_ms: Field,
    pulls: Field,
    official: Field,
    deprecated: Field,
    /// Canonical names.
    pub(crate) exact: Field,
    /// Beginnings of names.
    pub(crate) prefix: Field,
    /// Tokens of the path.
    pub(crate) name: Field,
    /// Tokens of the other names.
    pub(crate) alias: Field,
    /// Tokens of the organisation.
    pub(crate) org: Field,
    /// Tokens of the keywords.
    pub(crate) keywords: Field,
    /// Tokens of title and description.
    pub(crate) description: Field,
    /// Tokens of the README.
    pub(crate) readme: Field,
}

/// Declares the fields.
pub(crate) fn schema() -> (Schema, Fields) {
    let tokens = |option| {
        let indexing = TextFieldIndexing::default();
        let indexing = indexing.set_tokenizer("whitespace").set_index_option(option);
        TextOptions::default().set_indexing_options(indexing)
    };
    let words = tokens(IndexRecordOption::WithFreqs);
    let set = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("whitespace")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic),
    );
    let mut schema = Schema::builder();
    let fields = Fields {
        full_name: schema.add_text_field(column::NAME, STRING | FAST),
        repo_id: schema.add_i64_field(column::ID, FAST),
        visibility: schema.add_text_field("visibility", STRING),
        org_name: schema.add_text_field("org_name", STRING),
        keyword: schema.add_text_field("keyword", STRING),
        platform: schema.add_text_field("platform", STRING),
        pushed_at_ms: schema.add_i64_field(column::PUSHED, FAST),
        pulls: schema.add_u64_field("pulls", FAST),
        official: schema.add_bool_field(column::OFFICIAL, FAST | INDEXED),
        deprecated: schema.add_bool_field(column::DEPRECATED, FAST | INDEXED),
        exact: schema.add_text_field("exact", set.clone()),
        prefix: schema.add_text_field("prefix", set),
        name: schema.add_text_field("name", words.clone()),
        alias: schema.add_text_field("alias", words.clone()),
        org: schema.add_text_field("org", words.clone()),
        keywords: schema.add_text_field("keywords", words.clone()),
        description: schema.add_text_field("description", words.clone()),
        readme: schema.add_text_field("readme", words),
    };
    (schema.build(), fields)
}

impl Fields {
    /// The term that names the document of a repository.
    pub(crate) fn key(&self, full_name: &str) -> Term {
        Term::from_field_text(self.full_name, full_name)
    }

    /// The term of everything public.
    pub(crate) fn public(&self) -> Term {
        Term::from_field_text(self.visibility, PUBLIC)
    }

    /// The term of everything in an organisation.
    pub(crate) fn in_org(&self, org: &str) -> Term {
        Term::from_field_text(self.org_name, org)
    }

    /// The term of everything with a keyword.
    pub(crate) fn with_keyword(&self, keyword: &str) -> Term {
        Term::from_field_text(self.keyword, &keyword.trim().to_lowercase())
    }

    /// Turns a record into what the engine keeps.
    pub(crate) fn document(&self, doc: &SearchDoc) -> TantivyDocument {
        let (org, path) = doc.name.split_once('/').unwrap_or(("", &doc.name));
        let mut out = TantivyDocument::new();
        out.add_text(self.full_name, &doc.name);
        out.add_i64(self.repo_id, doc.repo_id);
        if doc.visibility == Visibility::Public {
            out.add_text(self.visibility, PUBLIC);
        }
        out.add_text(self.org_name, org);
        for keyword in &doc.keywords {
            out.add_text(self.keyword, keyword.trim().to_lowercase());
        }
        for platform in &doc.platforms {
            out.add_text(self.platform, platform);
        }
        out.add_i64(self.pushed_at_ms, doc.pushed_at_ms);
        out.add_u64(self.pulls, doc.pulls);
        out.add_bool(self.official, doc.official);
        out.add_bool(self.deprecated, doc.deprecated);
        self.add_names(&mut out, doc, path);
        out.add_text(self.org, text::name_tokens(org).join(" "));
        let keywords = text::prose_tokens(&doc.keywords.join(" "));
        out.add_text(self.keywords, keywords.join(" "));
        let description = text::prose_tokens(&format!("{} \n{}", doc.title, doc.description));
        out.add_text(self.description, description.join(" "));
        out.add_text(self.readme, text::prose_tokens(&readme::words(&doc.readme)).join(" "));
        out
    }

    fn add_names(&self, out: &mut TantivyDocument, doc: &SearchDoc, path: &str) {
        let last = path.rsplit('/').next().unwrap_or(path);
        let aliases = doc.aliases.iter().map(String::as_str);
        let names = [path, last].into_iter().chain(aliases.clone()).map(text::canonical);
        let exact: BTreeSet<String> = names.filter(|name| !name.is_empty()).collect();
        let name = text::name_tokens(path);
        let alias: Vec<String> = aliases.flat_map(text::name_tokens).collect();
        let prefixes: BTreeSet<&str> =
            exact.iter().chain(&name).chain(&alias).flat_map(|name| prefixes(name)).collect();
        out.add_text(self.prefix, prefixes.into_iter().collect::<Vec<_>>().join(" "));
        let with_org = text::canonical(&doc.name);
        let exact = exact.into_iter().chain([with_org]).collect::<Vec<_>>();
        out.add_text(self.exact, exact.join(" "));
        out.add_text(self.name, name.join(" "));
        out.add_text(self.alias, alias.join(" "));
    }
}

fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    let ends = name.char_indices().map(|(start, c)| start + c.len_utf8());
    let count = PREFIX_CHARS.end() - PREFIX_CHARS.start() + 1;
    ends.skip(PREFIX_CHARS.start() - 1).take(count).map(|end| &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_have_two_to_fifteen_characters() {
        assert_eq!(prefixes("redis").collect::<Vec<_>>(), ["re", "red", "redi", "redis"]);
        assert_eq!(prefixes("a").count(), 0);
        assert_eq!(prefixes("消息队列").next(), Some("消息"));
        assert_eq!(prefixes(&"x".repeat(40)).last().map(str::len), Some(15));
    }
}
