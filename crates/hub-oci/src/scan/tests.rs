//! Hostile and odd layers, one at a time.

use std::io::Cursor;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::build::{gzip, zstd};
use crate::meter::Budget;
use crate::{Compression, Entry, ImageBuilder, Limits};

fn scan_with(bytes: Vec<u8>, limits: &Limits) -> Scan {
    let budget = Budget::new(limits);
    let meter = Meter::new(&budget);
    scan(Box::new(Cursor::new(bytes)), &Wanted::new("a/app"), Root::Top, &meter).unwrap()
}

fn scan_bytes(bytes: Vec<u8>) -> Scan {
    scan_with(bytes, &Limits::default())
}

/// The archive of entries, not compressed.
fn archive<P: AsRef<str>>(entries: impl IntoIterator<Item = (P, Entry)>) -> Vec<u8> {
    let image = ImageBuilder::new().compression(Compression::None).layer_of(entries).build();
    image.blobs.last().unwrap().1.clone()
}

fn file(text: &str) -> Entry {
    Entry::File(text.as_bytes().to_vec())
}

/// One entry with a name that a builder would refuse.
fn raw_entry(name: &[u8], kind: u8, size: u64, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_entry_type(EntryType::new(kind));
    header.set_size(size);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn text(scan: &Scan, path: &str) -> Option<String> {
    match scan.entries.get(path)? {
        Node::File(Body::Kept(bytes)) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    }
}

#[test]
fn the_spelling_of_a_path_does_not_matter() {
    for name in ["README.md", "./README.md", "/README.md", ".//./README.md"] {
        let scan = scan_bytes(raw_entry(name.as_bytes(), b'0', 2, b"hi"));
        assert_eq!(text(&scan, "README.md").as_deref(), Some("hi"), "{name}");
    }
}

#[test]
fn names_that_climb_or_are_no_text_are_passed_over() {
    for name in [&b"../README.md"[..], b"docs/../README.md", b"R\xffEADME.md"] {
        let scan = scan_bytes(raw_entry(name, b'0', 2, b"hi"));
        assert_eq!((scan.entries.len(), scan.odd_names), (0, 1));
    }
    let long = archive([(format!("{}/README.md", "d".repeat(5_000)), file("x"))]);
    assert_eq!(scan_bytes(long).odd_names, 1);
    let deep = archive([(format!("{}README.md", "d/".repeat(200)), file("x"))]);
    assert_eq!(scan_bytes(deep).odd_names, 1);
}

#[test]
fn the_last_entry_of_a_path_wins_within_a_layer() {
    let scan = scan_bytes(archive([
        ("README.md", file("first")),
        ("README.md", file("second")),
        ("docs/README.md", file("below")),
        ("docs", file("no folder any more")),
        ("metadata", Entry::Symlink("x".into())),
        ("metadata/config.yaml", file("a: b")),
    ]));
    assert_eq!(text(&scan, "README.md").as_deref(), Some("second"));
    assert!(!scan.entries.contains_key("docs/README.md"));
    assert!(!scan.entries.contains_key("metadata"));
    assert_eq!(text(&scan, "metadata/config.yaml").as_deref(), Some("a: b"));
}

#[test]
fn whiteouts_and_opaque_folders_are_noted_where_they_matter() {
    let scan = scan_bytes(archive([
        (".wh.README.md", file("")),
        ("docs/.wh..wh..opq", file("")),
        ("charts/.wh.x", file("")),
        ("etc/.wh.passwd", file("")),
        ("var/.wh..wh..opq", file("")),
        (".wh.", file("")),
        (".wh..wh.plnk", file("")),
    ]));
    let whiteouts: Vec<_> = scan.whiteouts.iter().map(String::as_str).collect();
    assert_eq!(whiteouts, ["README.md", "charts/x"]);
    assert_eq!(scan.opaque.iter().map(String::as_str).collect::<Vec<_>>(), ["docs"]);
}

#[test]
fn a_hard_link_shares_the_content_of_its_layer() {
    let scan = scan_bytes(archive([
        ("docs/README.md", file("shared")),
        ("README.md", Entry::HardLink("docs/README.md".into())),
        ("help.md", Entry::HardLink("/nowhere".into())),
    ]));
    assert_eq!(text(&scan, "README.md").as_deref(), Some("shared"));
    assert_eq!(scan.entries["help.md"], Node::HardLink("nowhere".into()));
}

#[test]
fn devices_and_folders_are_no_files() {
    let scan = scan_bytes(archive([("README.md", Entry::Device), ("README", Entry::Folder)]));
    assert_eq!(scan.entries["README.md"], Node::Other);
    assert_eq!(scan.entries["README"], Node::Folder);
}

#[test]
fn every_compression_of_an_archive_is_read() {
    let plain = archive([("bin/x", file(&"x".repeat(2_000))), ("README.md", file("hi"))]);
    let (head, tail) = plain.split_at(700);
    for bytes in [
        gzip(&plain),
        [gzip(head), gzip(tail)].concat(),
        zstd(&plain),
        [zstd(head), zstd(tail)].concat(),
        plain.clone(),
    ] {
        let scan = scan_bytes(bytes);
        assert_eq!(text(&scan, "README.md").as_deref(), Some("hi"));
        assert_eq!(scan.stop, None);
    }
}

#[test]
fn a_readme_of_50_mb_is_refused_whole_and_the_rest_is_read() {
    let mut bytes = raw_entry(b"README.md", b'0', 50 << 20, &[]);
    let started = Instant::now();
    bytes.resize(bytes.len() + (50 << 20), b'x');
    bytes.extend(raw_entry(b"docs/README.md", b'0', 2, b"hi"));
    let scan = scan_bytes(bytes);
    assert!(matches!(&scan.entries["README.md"], Node::File(Body::Refused(_))));
    assert_eq!(text(&scan, "docs/README.md").as_deref(), Some("hi"));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_licence_is_cut_and_what_is_kept_in_all_is_capped() {
    let scan = scan_bytes(archive([("LICENSE", Entry::File(vec![b'l'; 100_000]))]));
    assert_eq!(text(&scan, "LICENSE").unwrap().len(), 64 << 10);

    let files = (0..8).map(|n| (format!("images/shim/{n}"), Entry::File(vec![b'x'; 1_000])));
    let limits = Limits { kept_bytes: 4_500, ..Limits::default() };
    let scan = scan_with(archive(files.clone()), &limits);
    let kept = scan.entries.keys().filter(|path| text(&scan, path).is_some()).count();
    assert_eq!(kept, 4);
    let limits = Limits { kept_entries: 3, ..Limits::default() };
    let scan = scan_with(archive(files), &limits);
    assert_eq!((scan.entries.len(), scan.crowded), (3, true));
}

#[test]
fn too_many_entries_end_the_layer() {
    let entries = (0..600).map(|n| (format!("x/{n}"), file("")));
    let bytes = archive([("README.md".to_owned(), file("hi"))].into_iter().chain(entries));
    let scan = scan_with(bytes, &Limits { entries: 500, ..Limits::default() });
    assert_eq!(scan.stop, Some(Stop::Entries(500)));
    assert_eq!(text(&scan, "README.md").as_deref(), Some("hi"));
}

#[test]
fn a_name_of_gigabytes_is_not_held_in_memory() {
    for kind in [b'L', b'K', b'x'] {
        let mut bytes = raw_entry(b"././@LongLink", kind, 1 << 32, &[]);
        bytes.resize(3 << 20, b'a');
        let scan = scan_bytes(bytes);
        assert_eq!(scan.stop, Some(Stop::Header(1 << 20)), "{}", kind as char);
    }
    // Long content before a header is no long header.
    let scan =
        scan_bytes(archive([("bin/x", Entry::File(vec![0; 5 << 20])), ("README.md", file("hi"))]));
    assert_eq!((scan.stop.as_ref(), text(&scan, "README.md").as_deref()), (None, Some("hi")));
}

#[test]
fn a_sparse_file_is_counted_as_what_it_becomes() {
    // One block of data at the end of a hole: 512 bytes in the archive, `real` bytes outside.
    let sparse = |name: &[u8], real: u64| {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_entry_type(EntryType::GNUSparse);
        header.set_size(512);
        let gnu = header.as_gnu_mut().unwrap();
        let octal = |field: &mut [u8], number: u64| {
            field.copy_from_slice(format!("{number:0>11o}\0").as_bytes());
        };
        octal(&mut gnu.sparse[0].offset, real - 512);
        octal(&mut gnu.sparse[0].numbytes, 512);
        octal(&mut gnu.realsize, real);
        header.set_cksum();
        [header.as_bytes().to_vec(), vec![b'd'; 512]].concat()
    };
    let bytes = [
        sparse(b"README.md", 1_024),
        sparse(b"docs/README.md", 4 << 30),
        sparse(b"bin/huge", 4 << 30),
        raw_entry(b"help.md", b'0', 2, b"hi"),
    ]
    .concat();
    let scan = scan_bytes(bytes);
    assert_eq!(text(&scan, "README.md").unwrap().len(), 1_024);
    assert!(matches!(&scan.entries["docs/README.md"], Node::File(Body::Refused(_))));
    assert_eq!(text(&scan, "help.md").as_deref(), Some("hi"));
    assert_eq!(scan.stop, None);

    let record = "25 GNU.sparse.size=99999\n";
    let pax = [
        raw_entry(b"pax", b'x', record.len() as u64, record.as_bytes()),
        raw_entry(b"README.md", b'0', 2, b"hi"),
    ]
    .concat();
    assert!(matches!(&scan_bytes(pax).entries["README.md"], Node::File(Body::Refused(_))));
}

#[test]
fn truncated_archives_give_what_came_before() {
    let whole = archive([("README.md", file("hi")), ("bin/x", file(&"y".repeat(9_000)))]);
    for bytes in [whole[..3_000].to_vec(), gzip(&whole[..3_000]), zstd(&whole[..3_000])] {
        let scan = scan_bytes(bytes);
        assert!(matches!(scan.stop, Some(Stop::Damaged(_))), "{:?}", scan.stop);
        assert_eq!(text(&scan, "README.md").as_deref(), Some("hi"));
    }
    let compressed = gzip(&whole);
    let scan = scan_bytes(compressed[..compressed.len() - 20].to_vec());
    assert!(scan.stop.is_some());
}

#[test]
fn a_bomb_ends_at_the_ratio_and_in_time() {
    let started = Instant::now();
    let mut zeros = raw_entry(b"bin/zeros", b'0', 12 << 20, &[]);
    zeros.resize(zeros.len() + (12 << 20), 0);
    let scan = scan_with(
        gzip(&zeros),
        &Limits { ratio: 50, ratio_free_bytes: 8 << 20, ..Limits::default() },
    );
    assert_eq!(scan.stop, Some(Stop::Ratio(50)));
    assert!(started.elapsed() < Duration::from_secs(10));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..4_096)) {
        for bytes in [bytes.clone(), gzip(&bytes), zstd(&bytes)] {
            scan_bytes(bytes);
        }
    }

    #[test]
    fn damaged_archives_never_panic(at in 0usize..4_096, byte in any::<u8>()) {
        let mut bytes = archive([
            ("README.md", file("hi")),
            ("docs/README.md", Entry::Symlink("../README.md".into())),
            ("charts/x/Chart.yaml", Entry::HardLink("README.md".into())),
        ]);
        let at = at % bytes.len();
        bytes[at] = byte;
        scan_bytes(bytes);
    }
}
