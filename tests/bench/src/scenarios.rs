//! The scenarios: what is measured, on whom, under which load.
//!
//! Names that `zb`, the benchmark of zot, has too mean the same here; a megabyte is 2^20 bytes.
//! Source: zot, `cmd/zb` (`docs/sources.md#zb`).

use crate::acts::Sending;
use crate::content::MIB;
use crate::load::Load;
use crate::peers::Peer;

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// The first.
    First,
    /// One in the middle, found by `last`.
    Middle,
}

/// What happens in a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A manifest, by tag or digest, whole or only its head.
    Manifest {
        /// `HEAD` instead of `GET`.
        head: bool,
        /// By digest instead of by tag.
        by_digest: bool,
    },
    /// A blob of that size.
    GetBlob(u64),
    /// New blobs of that size.
    PutBlob(u64, Sending),
    /// One layer, pushed by many at once.
    SameLayer,
    /// Blobs of another repository.
    Mount,
    /// Tags of a repository that has many.
    Tags(Page),
    /// Repositories of a registry that has many.
    Catalog(Page),
    /// Tokens.
    Token,
    /// Whole images, with a layer of each of these sizes in turn.
    PushImage(&'static [u64], Sending),
    /// Whole images, with a layer of each of these sizes in turn.
    PullImage(&'static [u64]),
    /// Three pulls, one push, of images with a layer of that size.
    PullAndPush(u64),
    /// Pushes at the same time, for the memory that they take.
    Parallel(u64),
    /// A start with many repositories, and the memory afterwards.
    Start,
    /// The hash alone.
    Hashing(u64),
}

impl Kind {
    /// Whether it needs a registry with many tags and repositories.
    pub(crate) const fn is_crowded(self) -> bool {
        matches!(self, Self::Tags(_) | Self::Catalog(_) | Self::Start)
    }

    /// Bytes that a server has on its disk after so many operations.
    pub(crate) fn stored_bytes(self, operations: usize) -> u64 {
        let operations = operations as u64;
        let mean = |sizes: &[u64]| sizes.iter().sum::<u64>() / sizes.len() as u64;
        match self {
            Self::GetBlob(size) => size,
            Self::PullImage(_) => 111 * MIB,
            Self::PutBlob(size, _) | Self::Parallel(size) => size * operations,
            Self::PushImage(sizes, _) => mean(sizes) * operations,
            Self::PullAndPush(size) => size * (1 + operations / 4),
            _ => 0,
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    /// Its name.
    pub(crate) name: &'static str,
    /// What happens.
    pub(crate) kind: Kind,
    /// Who takes part.
    pub(crate) peers: &'static [Peer],
    /// How much in a round.
    pub(crate) load: Load,
}

/// 1 GiB, in bytes.
pub(crate) const GIB: u64 = 1 << 30;

/// The chunks of a chunked push, in bytes.
const CHUNK: u64 = 5 * MIB;

const US: &[Peer] = &[Peer::Hub];
const REGISTRIES: &[Peer] = &[Peer::Hub, Peer::DockerRegistry];
const ALL: &[Peer] = &[Peer::Hub, Peer::DockerRegistry, Peer::Nginx];
const EVERYBODY: &[Peer] =
    &[Peer::Hub, Peer::DockerRegistry, Peer::DockerRegistryBasic, Peer::Nginx];

/// 20 % 1 MB, 70 % 10 MB, 10 % 100 MB.
const MIXED: &[u64] =
    &[MIB, 10 * MIB, 10 * MIB, 10 * MIB, 100 * MIB, 10 * MIB, MIB, 10 * MIB, 10 * MIB, 10 * MIB];

/// A third each.
const THIRDS: &[u64] = &[MIB, 10 * MIB, 100 * MIB];

const fn scenario(name: &'static str, kind: Kind, peers: &'static [Peer], load: Load) -> Scenario {
    Scenario { name, kind, peers, load }
}

/// All of them, in the order of the table.
pub(crate) const SCENARIOS: &[Scenario] = {
    use Kind::{
        Catalog, GetBlob, Hashing, Manifest, Mount, Parallel, PullAndPush, PullImage, PushImage,
        PutBlob, SameLayer, Start, Tags, Token,
    };
    use Sending::{Chunks, Monolith, Streamed};
    const MANIFESTS: Load = Load::new(16, 40_000).at_most(3);
    &[
        scenario(
            "Manifest GET by tag",
            Manifest { head: false, by_digest: false },
            EVERYBODY,
            MANIFESTS,
        ),
        scenario("Manifest HEAD by tag", Manifest { head: true, by_digest: false }, ALL, MANIFESTS),
        scenario(
            "Manifest GET by digest",
            Manifest { head: false, by_digest: true },
            ALL,
            MANIFESTS,
        ),
        scenario(
            "Manifest HEAD by digest",
            Manifest { head: true, by_digest: true },
            ALL,
            MANIFESTS,
        ),
        scenario("Token", Token, US, Load::new(16, 5_000)),
        scenario("Blob GET 1MB", GetBlob(MIB), ALL, Load::new(8, 2_000)),
        scenario("Blob GET 100MB", GetBlob(100 * MIB), ALL, Load::new(4, 20)),
        scenario("Blob GET 1GB", GetBlob(GIB), ALL, Load::new(1, 2).at_most(20)),
        scenario("Blob PUT 1MB", PutBlob(MIB, Monolith), REGISTRIES, Load::new(8, 300)),
        scenario("Blob PUT 100MB", PutBlob(100 * MIB, Monolith), REGISTRIES, Load::new(2, 6)),
        scenario("Blob PUT 1GB", PutBlob(GIB, Monolith), REGISTRIES, Load::new(1, 1)),
        scenario(
            "Blob PUT 100MB in chunks of 5MB",
            PutBlob(100 * MIB, Chunks(CHUNK)),
            REGISTRIES,
            Load::new(2, 6),
        ),
        scenario(
            "Push of one 10MB layer by 100 at once",
            SameLayer,
            REGISTRIES,
            Load::new(100, 100),
        ),
        scenario("Mount from another repository", Mount, REGISTRIES, Load::new(8, 500)),
        scenario("Get Catalog", Catalog(Page::First), REGISTRIES, Load::new(4, 2_000).at_most(3)),
        scenario(
            "Get Catalog, middle page",
            Catalog(Page::Middle),
            REGISTRIES,
            Load::new(4, 2_000).at_most(3),
        ),
        scenario("Get Tags", Tags(Page::First), REGISTRIES, Load::new(4, 2_000).at_most(3)),
        scenario(
            "Get Tags, middle page",
            Tags(Page::Middle),
            REGISTRIES,
            Load::new(4, 2_000).at_most(3),
        ),
        scenario("Start, and idle", Start, REGISTRIES, Load::new(1, 1)),
        scenario("Push Monolith 1MB", PushImage(&[MIB], Monolith), REGISTRIES, Load::new(4, 100)),
        scenario(
            "Push Monolith 10MB",
            PushImage(&[10 * MIB], Monolith),
            REGISTRIES,
            Load::new(4, 40),
        ),
        scenario(
            "Push Monolith 100MB",
            PushImage(&[100 * MIB], Monolith),
            REGISTRIES,
            Load::new(4, 4),
        ),
        scenario(
            "Push Chunk Streamed 1MB",
            PushImage(&[MIB], Streamed),
            REGISTRIES,
            Load::new(4, 100),
        ),
        scenario(
            "Push Chunk Streamed 10MB",
            PushImage(&[10 * MIB], Streamed),
            REGISTRIES,
            Load::new(4, 40),
        ),
        scenario(
            "Push Chunk Streamed 100MB",
            PushImage(&[100 * MIB], Streamed),
            REGISTRIES,
            Load::new(4, 4),
        ),
        scenario("Pull 1MB", PullImage(&[MIB]), REGISTRIES, Load::new(4, 400)),
        scenario("Pull 10MB", PullImage(&[10 * MIB]), REGISTRIES, Load::new(4, 100)),
        scenario("Pull 100MB", PullImage(&[100 * MIB]), REGISTRIES, Load::new(4, 16)),
        scenario(
            "Pull Mixed 20% 1MB, 70% 10MB, 10% 100MB",
            PullImage(MIXED),
            REGISTRIES,
            Load::new(4, 60),
        ),
        scenario(
            "Push Monolith Mixed 20% 1MB, 70% 10MB, 10% 100MB",
            PushImage(MIXED, Monolith),
            REGISTRIES,
            Load::new(4, 20),
        ),
        scenario(
            "Push Chunk Mixed 33% 1MB, 33% 10MB, 33% 100MB",
            PushImage(THIRDS, Streamed),
            REGISTRIES,
            Load::new(4, 9),
        ),
        scenario(
            "Pull 75% and Push 25% Mixed 1MB",
            PullAndPush(MIB),
            REGISTRIES,
            Load::new(4, 200),
        ),
        scenario(
            "Pull 75% and Push 25% Mixed 10MB",
            PullAndPush(10 * MIB),
            REGISTRIES,
            Load::new(4, 60),
        ),
        scenario(
            "Pull 75% and Push 25% Mixed 100MB",
            PullAndPush(100 * MIB),
            REGISTRIES,
            Load::new(4, 12),
        ),
        scenario("16 pushes of 1GB at once", Parallel(GIB), REGISTRIES, Load::new(16, 16)),
        scenario("Hashing 1GB with sha2, one thread", Hashing(GIB), US, Load::new(1, 1)),
    ]
};

/// Those whose names hold any of `words`, whatever their case; all of them without words.
pub(crate) fn chosen(words: &[String]) -> Vec<Scenario> {
    let words: Vec<_> = words.iter().map(|word| word.to_lowercase()).collect();
    let named = |scenario: &&Scenario| {
        let name = scenario.name.to_lowercase();
        words.is_empty() || words.iter().any(|word| name.contains(word))
    };
    SCENARIOS.iter().filter(named).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_has_a_name_of_its_own_and_we_take_part() {
        let mut names: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SCENARIOS.len());
        assert!(SCENARIOS.iter().all(|scenario| scenario.peers[0] == Peer::Hub));
    }

    #[test]
    fn pushes_fill_a_disk_and_pulls_do_not() {
        let stored = |kind: Kind| kind.stored_bytes(8) / MIB;
        assert_eq!(stored(Kind::PutBlob(GIB, Sending::Monolith)), 8 * 1024);
        assert_eq!(stored(Kind::PushImage(THIRDS, Sending::Streamed)), 37 * 8);
        assert_eq!(stored(Kind::PullAndPush(MIB)), 3);
        assert_eq!(stored(Kind::GetBlob(GIB)), 1024);
        assert_eq!(stored(Kind::Token), 0);
    }

    #[test]
    fn words_choose_scenarios() {
        let names = |word: &str| -> Vec<_> {
            chosen(&[word.to_owned()]).iter().map(|scenario| scenario.name).collect()
        };
        assert_eq!(names("MANIFEST get"), ["Manifest GET by tag", "Manifest GET by digest"]);
        assert!(names("nothing of this").is_empty());
        assert_eq!(chosen(&[]).len(), SCENARIOS.len());
    }

    #[test]
    fn the_mixture_is_what_its_name_says() {
        let of = |size| MIXED.iter().filter(|known| **known == size).count();
        assert_eq!((of(MIB), of(10 * MIB), of(100 * MIB)), (2, 7, 1));
    }
}
