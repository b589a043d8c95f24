//! `hub search`.

use clap::builder::PossibleValuesParser;
use clap::{Args, value_parser};
use hub_model::{SearchMatch, SearchSort, SizeBucket};

/// `hub search`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Search {
    /// What to search for; everything when left out. Operators: org:, keyword:, arch:, os:,
    /// is:official, "exact words"; behind -- also -word
    pub(crate) query: Vec<String>,
    /// Only repositories of this organisation
    #[arg(long)]
    pub(crate) org: Option<String>,
    /// Only repositories with this keyword
    #[arg(long)]
    pub(crate) keyword: Option<String>,
    /// Only repositories of this category
    #[arg(long)]
    pub(crate) category: Option<String>,
    /// Only images for this architecture: amd64, arm64, …
    #[arg(long)]
    pub(crate) arch: Option<String>,
    /// Only images for this operating system: linux, windows, …
    #[arg(long)]
    pub(crate) os: Option<String>,
    /// Only what the administrators of the hub vouch for
    #[arg(long)]
    pub(crate) official: bool,
    /// Only images of this size: below 10 MiB, 100 MiB, 1 GiB, or larger
    #[arg(long, value_parser = PossibleValuesParser::new(SizeBucket::ALL.map(SizeBucket::as_str)))]
    pub(crate) size: Option<String>,
    /// Where the words have to stand: in names, among keywords and categories, or anywhere
    #[arg(long = "match", value_name = "PLACE",
        value_parser = PossibleValuesParser::new(SearchMatch::ALL.map(SearchMatch::as_str)))]
    pub(crate) matching: Option<String>,
    /// In which order
    #[arg(long, value_parser = PossibleValuesParser::new(SearchSort::ALL.map(SearchSort::as_str)))]
    pub(crate) sort: Option<String>,
    /// Results on a page
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u32).range(1..=100))]
    pub(crate) limit: u32,
    /// Which page
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    pub(crate) page: u32,
    /// Say why each result is there
    #[arg(long)]
    pub(crate) explain: bool,
    /// Take unknown words as they are typed
    #[arg(long)]
    pub(crate) no_correct: bool,
    /// Open the results in a browser, or print their address where there is none
    #[arg(short = 'w', long, conflicts_with = "fail_on_no_result")]
    pub(crate) web: bool,
    /// End with 8 when nothing is found
    #[arg(long)]
    pub(crate) fail_on_no_result: bool,
}
