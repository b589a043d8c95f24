//! The fields of a document.

use std::collections::BTreeSet;

use hub_model::{SearchDoc, SizeBucket, Visibility};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{TantivyDocument, Term};

use crate::dictionary::Dictionary;
use crate::{prior, readme, text};

/// Version of the fields and of the analysis. An index of another version, or of another
/// dictionary, is rebuilt.
pub(crate) const VERSION: &str = "3";

/// Names of the columns that results are read from, sorted by and counted in.
pub(crate) mod column {
    pub(crate) const ID: &str = "repo_id";
    pub(crate) const NAME: &str = "full_name";
    pub(crate) const CREATED: &str = "created_at_ms";
    pub(crate) const PUSHED: &str = "pushed_at_ms";
    pub(crate) const PULLS: &str = "pulls";
    pub(crate) const RECENT: &str = "recent_pulls";
    pub(crate) const STARS: &str = "stars";
    pub(crate) const SIZE: &str = "size";
    pub(crate) const OFFICIAL: &str = "official";
    pub(crate) const DEPRECATED: &str = "deprecated";
    pub(crate) const README: &str = "has_readme";
    pub(crate) const LIFT: &str = "lift";
    pub(crate) const ORG: &str = "org_name";
    pub(crate) const KEYWORD: &str = "keyword";
    pub(crate) const CATEGORY: &str = "category";
    pub(crate) const OS: &str = "os";
    pub(crate) const ARCH: &str = "arch";

    /// Those of words that are counted.
    pub(crate) const WORDS: [&str; 5] = [ORG, KEYWORD, CATEGORY, OS, ARCH];
    /// Those of yes and no that are counted.
    pub(crate) const FLAGS: [&str; 3] = [OFFICIAL, DEPRECATED, README];
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
    category: Field,
    os: Field,
    arch: Field,
    size_bucket: Field,
    created_at_ms: Field,
    pub(crate) pushed_at_ms: Field,
    pulls: Field,
    recent_pulls: Field,
    stars: Field,
    size: Field,
    official: Field,
    deprecated: Field,
    has_readme: Field,
    /// What a document is worth whatever is asked, in thousandths.
    lift: Field,
    /// Canonical names.
    exact: Field,
    /// Beginnings of names.
    prefix: Field,
    /// Tokens of the path.
    name: Field,
    /// Tokens of the other names.
    alias: Field,
    /// Tokens of the organisation.
    org: Field,
    /// Tokens of keywords and categories.
    keywords: Field,
    /// Tokens of title and description.
    description: Field,
    /// Tokens of the README and of the labels.
    readme: Field,
    /// Concepts of the dictionary.
    concepts: Field,
}

/// A field that words are looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// Canonical names, as a whole.
    Exact,
    /// Beginnings of names.
    Prefix,
    /// Words of the name.
    Name,
    /// Words of other names.
    Alias,
    /// Words of the organisation.
    Org,
    /// Keywords and categories.
    Keywords,
    /// Title and description.
    Description,
    /// README and labels.
    Readme,
    /// What it is for.
    Concepts,
}

impl Place {
    /// Whether it counts how often a word stands in it.
    pub(crate) const fn counts(self) -> bool {
        !matches!(self, Self::Exact | Self::Prefix)
    }

    /// How explanations call it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact name",
            Self::Prefix => "beginning of the name",
            Self::Name => "name",
            Self::Alias => "alias",
            Self::Org => "organisation",
            Self::Keywords => "keywords",
            Self::Description => "description",
            Self::Readme => "readme",
            Self::Concepts => "concepts",
        }
    }
}

/// Declares the fields.
pub(crate) fn schema() -> (Schema, Fields) {
    let tokens = |option, norms| {
        let indexing = TextFieldIndexing::default().set_tokenizer("whitespace");
        let indexing = indexing.set_fieldnorms(norms).set_index_option(option);
        TextOptions::default().set_indexing_options(indexing)
    };
    let words = tokens(IndexRecordOption::WithFreqs, true);
    let phrases = tokens(IndexRecordOption::WithFreqsAndPositions, true);
    let set = tokens(IndexRecordOption::Basic, false);
    let mut schema = Schema::builder();
    let fields = Fields {
        full_name: schema.add_text_field(column::NAME, STRING | FAST),
        repo_id: schema.add_i64_field(column::ID, FAST),
        visibility: schema.add_text_field("visibility", STRING),
        org_name: schema.add_text_field(column::ORG, STRING | FAST),
        keyword: schema.add_text_field(column::KEYWORD, STRING | FAST),
        category: schema.add_text_field(column::CATEGORY, STRING | FAST),
        os: schema.add_text_field(column::OS, STRING | FAST),
        arch: schema.add_text_field(column::ARCH, STRING | FAST),
        size_bucket: schema.add_text_field("size_bucket", STRING),
        created_at_ms: schema.add_i64_field(column::CREATED, FAST),
        pushed_at_ms: schema.add_i64_field(column::PUSHED, FAST),
        pulls: schema.add_u64_field(column::PULLS, FAST),
        recent_pulls: schema.add_u64_field(column::RECENT, FAST),
        stars: schema.add_u64_field(column::STARS, FAST),
        size: schema.add_u64_field(column::SIZE, FAST),
        official: schema.add_bool_field(column::OFFICIAL, FAST | INDEXED),
        deprecated: schema.add_bool_field(column::DEPRECATED, FAST | INDEXED),
        has_readme: schema.add_bool_field(column::README, FAST | INDEXED),
        lift: schema.add_u64_field(column::LIFT, FAST),
        exact: schema.add_text_field("exact", set.clone()),
        prefix: schema.add_text_field("prefix", set),
        name: schema.add_text_field("name", phrases.clone()),
        alias: schema.add_text_field("alias", words.clone()),
        org: schema.add_text_field("org", words.clone()),
        keywords: schema.add_text_field("keywords", phrases.clone()),
        description: schema.add_text_field("description", phrases),
        readme: schema.add_text_field("readme", words.clone()),
        concepts: schema.add_text_field("concepts", words),
    };
    (schema.build(), fields)
}

impl Fields {
    /// The field of a place.
    pub(crate) const fn of(&self, place: Place) -> Field {
        match place {
            Place::Exact => self.exact,
            Place::Prefix => self.prefix,
            Place::Name => self.name,
            Place::Alias => self.alias,
            Place::Org => self.org,
            Place::Keywords => self.keywords,
            Place::Description => self.description,
            Place::Readme => self.readme,
            Place::Concepts => self.concepts,
        }
    }
}

/// The terms that filters and keys are made of.
impl Fields {
    /// A word in a place.
    pub(crate) fn term(&self, place: Place, word: &str) -> Term {
        Term::from_field_text(self.of(place), word)
    }

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
        Term::from_field_text(self.keyword, &label(keyword))
    }

    /// The term of everything of a category.
    pub(crate) fn of_category(&self, category: &str) -> Term {
        Term::from_field_text(self.category, &label(category))
    }

    /// The term of everything for an operating system.
    pub(crate) fn for_os(&self, os: &str) -> Term {
        Term::from_field_text(self.os, &label(os))
    }

    /// The term of everything for an architecture.
    pub(crate) fn for_arch(&self, arch: &str) -> Term {
        Term::from_field_text(self.arch, &label(arch))
    }

    /// The term of everything of a size.
    pub(crate) fn of_size(&self, bucket: SizeBucket) -> Term {
        Term::from_field_text(self.size_bucket, bucket.as_str())
    }

    /// The terms of what is official, deprecated, documented, or is not.
    pub(crate) fn official(&self, yes: bool) -> Term {
        Term::from_field_bool(self.official, yes)
    }

    /// See [`Fields::official`].
    pub(crate) fn deprecated(&self, yes: bool) -> Term {
        Term::from_field_bool(self.deprecated, yes)
    }

    /// See [`Fields::official`].
    pub(crate) fn with_readme(&self, yes: bool) -> Term {
        Term::from_field_bool(self.has_readme, yes)
    }
}

/// Documents.
impl Fields {
    /// Turns a record into what the engine keeps.
    pub(crate) fn document(&self, doc: &SearchDoc, dictionary: &Dictionary) -> TantivyDocument {
        let (org, path) = doc.name.split_once('/').unwrap_or(("", &doc.name));
        let mut out = TantivyDocument::new();
        out.add_text(self.full_name, &doc.name);
        out.add_i64(self.repo_id, doc.repo_id);
        if doc.visibility == Visibility::Public {
            out.add_text(self.visibility, PUBLIC);
        }
        out.add_text(self.org_name, org);
        self.add_values(&mut out, doc);
        self.add_names(&mut out, doc, path);
        out.add_text(self.org, text::name_tokens(org).join(" "));
        let keywords = [doc.keywords.join(" "), doc.categories.join(" ")].join(" ");
        out.add_text(self.keywords, text::prose(&keywords));
        let description = text::prose(&format!("{} \n{}", doc.title, doc.description));
        out.add_text(self.description, description);
        let readme = format!("{} \n{}", doc.labels.join(" \n"), readme::words(&doc.readme));
        out.add_text(self.readme, text::prose(&readme));
        let mut concepts = Vec::new();
        for (concept, count) in dictionary.concepts_of(doc) {
            concepts.extend((0..count).map(|_| dictionary.id(concept)));
        }
        out.add_text(self.concepts, concepts.join(" "));
        out
    }

    fn add_values(&self, out: &mut TantivyDocument, doc: &SearchDoc) {
        let labels = |words: &[String]| -> BTreeSet<String> {
            words.iter().map(|word| label(word)).collect()
        };
        for keyword in labels(&doc.keywords) {
            out.add_text(self.keyword, keyword);
        }
        for category in labels(&doc.categories) {
            out.add_text(self.category, category);
        }
        let parts = |platform: &String| {
            let (os, arch) = platform.split_once('/').unwrap_or((platform, ""));
            (label(os), label(arch))
        };
        let platforms: Vec<_> = doc.platforms.iter().map(parts).collect();
        let all_os: BTreeSet<&String> = platforms.iter().map(|(os, _)| os).collect();
        for os in all_os {
            out.add_text(self.os, os);
        }
        let all_arch: BTreeSet<&String> = platforms.iter().map(|(_, arch)| arch).collect();
        for arch in all_arch {
            out.add_text(self.arch, arch);
        }
        if doc.size > 0 {
            out.add_text(self.size_bucket, SizeBucket::of(doc.size).as_str());
        }
        out.add_i64(self.created_at_ms, doc.created_at_ms);
        out.add_i64(self.pushed_at_ms, doc.pushed_at_ms);
        out.add_u64(self.pulls, doc.pulls);
        out.add_u64(self.recent_pulls, doc.recent_pulls);
        out.add_u64(self.stars, doc.stars);
        out.add_u64(self.size, doc.size);
        out.add_bool(self.official, doc.official);
        out.add_bool(self.deprecated, doc.deprecated);
        out.add_bool(self.has_readme, !doc.readme.trim().is_empty());
        out.add_u64(self.lift, prior::lift(doc));
    }

    fn add_names(&self, out: &mut TantivyDocument, doc: &SearchDoc, path: &str) {
        let last = path.rsplit('/').next().unwrap_or(path);
        let aliases = doc.aliases.iter().map(String::as_str);
        let names = [path, last].into_iter().chain(aliases.clone()).map(text::canonical);
        let exact: BTreeSet<String> = names.filter(|name| !name.is_empty()).collect();
        let name = text::indexed_name_tokens(path);
        let alias: Vec<String> = aliases.flat_map(text::indexed_name_tokens).collect();
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

/// How values of filters are written: small, without blanks around.
pub(crate) fn label(text: &str) -> String {
    text.trim().to_lowercase()
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
