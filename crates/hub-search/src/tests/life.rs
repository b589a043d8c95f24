//! Opening, changing, rebuilding.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::*;
use crate::SearchError;

fn open(dir: &Path) -> (Index, bool) {
    let index = Index::open(dir).unwrap();
    let stale = index.is_stale();
    (index, stale)
}

/// An index in `dir` that holds `docs` and counts.
fn built(dir: &Path, docs: Vec<SearchDoc>, position: i64) -> Index {
    let (index, _) = open(dir);
    rebuild(&index, docs, position);
    index
}

fn rebuild(index: &Index, docs: Vec<SearchDoc>, position: i64) -> u64 {
    index.rebuild(docs.into_iter().map(Ok::<_, Infallible>), position).unwrap()
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_dir()).collect()
}

fn total(index: &Index) -> usize {
    index.search(&query("")).unwrap().total
}

#[test]
fn an_update_replaces_and_a_removal_removes() {
    let index = index(vec![doc("a/one", "first"), doc("a/two", "second")]);
    put(&index, vec![doc("a/one", "changed")], 2);
    assert!(ask(&index, &query("first"), &["a/one"]).is_empty());
    assert_eq!(ask(&index, &query("changed"), &["a/one"]), ["a/one"]);
    assert_eq!(total(&index), 2);

    let gone = vec!["a/one".to_owned(), "a/never".to_owned()];
    index.apply(&Batch { put: vec![], remove: gone, position: 3 }).unwrap();
    assert!(ask(&index, &query("one"), &["a/one"]).is_empty());
    assert_eq!((total(&index), index.position()), (1, 3));
}

#[test]
fn a_commit_that_was_cut_off_before_its_end_can_be_made_again() {
    let dir = TempDir::new().unwrap();
    drop(built(dir.path(), vec![doc("a/one", "first"), doc("a/two", "second")], 1));
    let (index, _) = open(dir.path());
    let meta = folders(dir.path())[0].join("meta.json");
    let before = fs::read(&meta).unwrap();
    put(&index, vec![doc("a/one", "changed")], 2);
    drop(index);
    // As a crash leaves it: all files of the commit are there, and it does not count.
    fs::write(&meta, before).unwrap();

    let (index, stale) = open(dir.path());
    assert_eq!((stale, index.position()), (false, 1));
    put(&index, vec![doc("a/one", "changed")], 2);
    assert_eq!(ask(&index, &query("changed"), &["a/one"]), ["a/one"]);
    assert_eq!((total(&index), index.position()), (2, 2));
}

#[test]
fn a_repository_that_becomes_private_disappears_at_once() {
    let index = index(vec![doc("a/one", "")]);
    put(&index, vec![SearchDoc { visibility: Visibility::Private, ..doc("a/one", "") }], 2);
    assert_eq!(total(&index), 0);
}

#[test]
fn one_batch_may_remove_and_put_the_same_name() {
    let index = index(vec![doc("a/one", "")]);
    let again = SearchDoc { repo_id: 42, ..doc("a/one", "") };
    let put = vec![doc("a/one", "older"), again];
    index.apply(&Batch { put, remove: vec!["a/one".to_owned()], position: 2 }).unwrap();
    let hits = index.search(&query("one")).unwrap();
    assert_eq!((hits.total, hits.hits[0].repo_id), (1, 42));
}

#[test]
fn documents_and_position_survive_reopening() {
    let dir = TempDir::new().unwrap();
    let index = built(dir.path(), vec![doc("a/one", "")], 5);
    put(&index, vec![doc("a/two", "")], 9);
    index.apply(&Batch { position: 12, ..Batch::default() }).unwrap();
    assert_eq!(index.position(), 12);
    drop(index);

    let (index, stale) = open(dir.path());
    assert!(!stale);
    assert_eq!((index.position(), total(&index)), (12, 2));
}

#[test]
fn a_new_index_stays_stale_until_it_is_rebuilt() {
    let dir = TempDir::new().unwrap();
    let (index, stale) = open(&dir.path().join("not/there/yet"));
    assert!(stale);
    assert_eq!((index.position(), total(&index)), (0, 0));
    put(&index, vec![doc("a/one", "")], 3);
    assert_eq!(total(&index), 1, "it works meanwhile");
    drop(index);

    let (index, stale) = open(&dir.path().join("not/there/yet"));
    assert!(stale, "one letter is not everything");
    rebuild(&index, vec![], 3);
    drop(index);
    assert!(!open(&dir.path().join("not/there/yet")).1);
}

#[test]
fn a_damaged_index_is_stale_and_empty() {
    let damage: [fn(&Path); 4] = [
        |folder| fs::write(folder.join("meta.json"), "{").unwrap(),
        |folder| fs::remove_file(folder.join("meta.json")).unwrap(),
        |folder| fs::remove_file(segment_file(folder)).unwrap(),
        |folder| {
            let file = segment_file(folder);
            let mut bytes = fs::read(&file).unwrap();
            bytes[0] ^= 0xff;
            fs::remove_file(&file).unwrap();
            fs::write(file, bytes).unwrap();
        },
    ];
    for (number, damage) in damage.iter().enumerate() {
        let dir = TempDir::new().unwrap();
        drop(built(dir.path(), vec![doc("a/one", "words")], 5));
        damage(&folders(dir.path())[0]);
        let (index, stale) = open(dir.path());
        assert!(stale, "{number}");
        assert_eq!((index.position(), total(&index)), (0, 0), "{number}");
        assert_eq!(folders(dir.path()).len(), 1, "{number}: the damaged one is gone");
    }
}

fn segment_file(folder: &Path) -> PathBuf {
    let mut paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.find(|path| path.extension().is_some_and(|end| end == "idx")).unwrap()
}

#[test]
fn an_index_of_another_version_is_stale_and_answers_until_it_is_rebuilt() {
    let dir = TempDir::new().unwrap();
    drop(built(dir.path(), vec![doc("a/one", "")], 5));
    fs::write(folders(dir.path())[0].join("VERSION"), "0").unwrap();
    for _ in 0..2 {
        let (index, stale) = open(dir.path());
        assert!(stale);
        assert_eq!((index.position(), total(&index)), (5, 1), "it answers from what it had");
    }
    let (index, _) = open(dir.path());
    rebuild(&index, vec![doc("a/two", ""), doc("a/three", "")], 6);
    assert!(!index.is_stale());
    assert_eq!((total(&index), folders(dir.path()).len()), (2, 1));
    drop(index);
    assert!(!open(dir.path()).1);
}

#[test]
fn an_owner_who_missed_letters_lets_the_index_be_rebuilt() {
    let index = index(vec![doc("a/one", "")]);
    assert!(!index.is_stale());
    index.outdate();
    assert!(index.is_stale());
    rebuild(&index, vec![], 9);
    assert!(!index.is_stale());
}

#[test]
fn an_unfinished_rebuild_does_not_count() {
    let dir = TempDir::new().unwrap();
    drop(built(dir.path(), vec![doc("a/one", "")], 5));
    fs::create_dir(dir.path().join("index-99")).unwrap();
    fs::write(dir.path().join("index-99/meta.json"), "half").unwrap();
    let (index, stale) = open(dir.path());
    assert!(!stale);
    assert_eq!((index.position(), folders(dir.path()).len()), (5, 1));
}

#[test]
fn two_owners_of_one_folder_are_refused() {
    let dir = TempDir::new().unwrap();
    let first = built(dir.path(), vec![doc("a/one", "")], 5);
    assert!(matches!(Index::open(dir.path()), Err(SearchError::Busy { .. })));
    assert_eq!(total(&first), 1, "the owner is not disturbed");
}

#[test]
fn a_rebuild_replaces_everything_and_removes_the_old_folder() {
    let dir = TempDir::new().unwrap();
    let index = built(dir.path(), vec![doc("a/old", "")], 5);
    let fresh = vec![doc("a/new", ""), doc("a/newer", "")];
    assert_eq!(rebuild(&index, fresh, 8), 2);
    assert_eq!((total(&index), index.position()), (2, 8));
    assert!(ask(&index, &query("old"), &[]).is_empty());
    assert_eq!(folders(dir.path()).len(), 1);
    put(&index, vec![doc("a/newest", "")], 9);
    assert_eq!((total(&index), index.position()), (3, 9));
}

#[test]
fn a_rebuild_that_cannot_read_everything_leaves_the_old_index_as_it_was() {
    let dir = TempDir::new().unwrap();
    let index = built(dir.path(), vec![doc("a/old", ""), doc("b/old", "")], 5);
    index.outdate();
    let half = [Ok(doc("a/new", "")), Err(std::io::Error::other("the database is gone"))];
    let error = index.rebuild(half.into_iter(), 8).unwrap_err();
    assert!(matches!(error, SearchError::Source(_)), "{error}");
    assert!(index.is_stale(), "it is tried again");
    assert_eq!((total(&index), index.position()), (2, 5));
    assert_eq!(folders(dir.path()).len(), 1, "the half is gone");
}

#[test]
fn an_index_follows_while_another_one_is_built_beside_it() {
    let dir = TempDir::new().unwrap();
    let index = built(dir.path(), vec![doc("a/old", "")], 5);
    index.outdate();
    let docs = [doc("a/old", "")].map(Ok::<_, Infallible>);
    let rebuilt = index.build_beside(docs.into_iter(), 5).unwrap();
    put(&index, vec![doc("a/new", "")], 6);
    assert!(index.is_stale(), "what is not adopted does not count");
    assert_eq!((total(&index), index.position()), (2, 6), "it is found at once");

    assert_eq!(index.adopt(rebuilt).unwrap(), 1);
    assert!(!index.is_stale());
    assert_eq!((total(&index), index.position()), (1, 5), "and comes by its letter again");
    put(&index, vec![doc("a/new", "")], 6);
    assert_eq!((total(&index), folders(dir.path()).len()), (2, 1));
}

#[test]
fn what_was_built_and_never_adopted_is_gone_at_the_next_start() {
    let dir = TempDir::new().unwrap();
    let index = built(dir.path(), vec![doc("a/old", "")], 5);
    let docs = [doc("a/new", "")].map(Ok::<_, Infallible>);
    drop(index.build_beside(docs.into_iter(), 9).unwrap());
    drop(index);
    let (index, stale) = open(dir.path());
    assert_eq!((stale, index.position(), folders(dir.path()).len()), (false, 5, 1));
}

#[test]
fn readers_are_answered_during_rebuilds() {
    let dir = TempDir::new().unwrap();
    let docs = || (0..200).map(|n| doc(&format!("org/tool-{n}"), "a tool for everything"));
    let index = built(dir.path(), docs().collect(), 1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers = [(); 2].map(|()| {
            scope.spawn(|| {
                let mut answers = 0;
                while !done.load(Ordering::Relaxed) || answers == 0 {
                    assert_eq!(total(&index), 200);
                    assert_eq!(index.search(&query("tool")).unwrap().total, 200);
                    answers += 1;
                }
                answers
            })
        });
        for position in 2..6 {
            rebuild(&index, docs().collect(), position);
            put(&index, docs().take(3).collect(), position);
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    });
    assert_eq!((index.position(), folders(dir.path()).len()), (5, 1));
}
