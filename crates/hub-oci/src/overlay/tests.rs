//! Layers on top of each other.

use super::*;

/// Builds the view of layers given from the bottom: entries as `path`, `path=text`, `path->link`,
/// `path=>hard link`, `path/`, `-path` for a whiteout, `!path` for an opaque folder.
fn layers(layers: &[&[&str]]) -> (Vec<(usize, Scan)>, Wanted) {
    let wanted = Wanted::new("a/app");
    let scans = layers.iter().enumerate().map(|(index, entries)| {
        let mut scan = Scan::default();
        for entry in *entries {
            if let Some(path) = entry.strip_prefix('-') {
                scan.whiteouts.insert(path.to_owned());
            } else if let Some(path) = entry.strip_prefix('!') {
                scan.opaque.insert(path.to_owned());
            } else {
                let (path, node) = node(entry, &wanted);
                scan.entries.insert(path, node);
            }
        }
        (index, scan)
    });
    let mut scans: Vec<_> = scans.collect();
    scans.reverse();
    (scans, wanted)
}

fn node(entry: &str, wanted: &Wanted) -> (String, Node) {
    if let Some((path, target)) = entry.split_once("->") {
        return (path.to_owned(), Node::Symlink(target.to_owned()));
    }
    if let Some((path, target)) = entry.split_once("=>") {
        return (path.to_owned(), Node::HardLink(target.to_owned()));
    }
    if let Some(path) = entry.strip_suffix('/') {
        return (path.to_owned(), Node::Folder);
    }
    let (path, text) = entry.split_once('=').unwrap_or((entry, entry));
    let body = match wanted.interest(path) {
        Interest::File => Body::Kept(text.as_bytes().into()),
        Interest::Folder | Interest::None => Body::Unwanted,
    };
    (path.to_owned(), Node::File(body))
}

fn look(given: &[&[&str]], path: &str) -> String {
    let (scans, _) = layers(given);
    let view = View::merge(&scans);
    match view.file(path) {
        Ok(Found { layer, body: Body::Kept(bytes) }) => {
            format!("{}@{layer}", String::from_utf8_lossy(bytes))
        }
        Ok(found) => format!("{:?}", found.body),
        Err(lost) => format!("{lost:?}"),
    }
}

#[test]
fn whiteouts_hide_what_lies_below_them() {
    let readme = "README.md";
    let docs = "docs/README.md";
    for (given, path, want) in [
        (&[&["README.md=1"][..], &["README.md=2"]][..], readme, "2@1"),
        (&[&["README.md=1"], &["-README.md"]], readme, "Nothing"),
        // A whiteout hides in lower layers only.
        (&[&["README.md=1"], &["-README.md", "README.md=2"]], readme, "2@1"),
        (&[&["README.md=1"], &["-README.md"], &["README.md=3"]], readme, "3@2"),
        (&[&["docs/README.md=1"], &["-docs"]], docs, "Nothing"),
        (&[&["docs/README.md=1"], &["-docs", "docs/"]], docs, "Nothing"),
        (&[&["docs/README.md=1"], &["-docs"], &["docs/"]], docs, "Nothing"),
        (&[&["docs/README.md=1"], &["!docs"]], docs, "Nothing"),
        (&[&["docs/README.md=1"], &["!docs", "docs/README.md=2"]], docs, "2@1"),
        (&[&["docs/README.md=1"], &["!"]], docs, "Nothing"),
        (&[&["README.md=1"], &["!docs"]], readme, "1@0"),
        // What is no folder hides what was below.
        (&[&["docs/README.md=1"], &["docs"]], docs, "Nothing"),
        (&[&["docs/README.md=1"], &["docs"], &["docs/"]], docs, "Nothing"),
        (&[&["docs/", "docs/README.md=1"], &["docs/"]], docs, "1@0"),
        (&[&["README.md=1"], &["README.md/"]], readme, "NoFile"),
        (&[&["README.md=1"], &["x"]], readme, "1@0"),
    ] {
        assert_eq!(look(given, path), want, "{given:?}");
    }
}

#[test]
fn links_are_followed_inside_the_root_only() {
    let readme = "README.md";
    for (given, want) in [
        (&[&["docs/README.md=1"][..], &["README.md->docs/README.md"]][..], "1@0"),
        (&[&["docs/README.md=1"], &["README.md->/docs/README.md"]], "1@0"),
        (&[&["README.md->docs/../docs/./README.md", "docs/README.md=1"]], "1@0"),
        (&[&["README.md->../docs/README.md", "docs/README.md=1"]], "Outside"),
        (&[&["README.md->/../etc/passwd"]], "Outside"),
        (&[&["README.md->README.md"]], "Circle"),
        (&[&["README.md->README", "README->README.md"]], "Circle"),
        (&[&["README.md->nowhere"]], "Nothing"),
        (&[&["README.md->docs", "docs/"]], "NoFile"),
        // A link in a folder of the path.
        (&[&["docs->extension", "extension/README.md=1", "README.md->docs/README.md"]], "1@0"),
        (&[&["README.md=>docs/README.md", "docs/README.md=1"]], "1@0"),
        // A hard link keeps the file that lay there, whatever became of its name above.
        (&[&["docs/README.md=1"], &["README.md=>docs/README.md"], &["docs/README.md=3"]], "1@0"),
        (&[&["docs/README.md=1"], &["README.md=>docs/README.md"], &["-docs"]], "1@0"),
        (&[&["README.md=>nowhere"]], "Nothing"),
        (&[&["README.md=>README.md"]], "Nothing"),
        // The folder above was made after the link below.
        (&[&["docs->x"], &["docs/README.md=2", "README.md->docs/README.md"]], "2@1"),
    ] {
        assert_eq!(look(given, readme), want, "{given:?}");
    }
}

#[test]
fn eight_hops_are_followed_and_nine_are_not() {
    let chain = |hops: usize| {
        let names: Vec<_> = (0..=hops).map(|n| format!("images/shim/{n}")).collect();
        let mut entries: Vec<_> =
            names.windows(2).map(|pair| format!("{}->/{}", pair[0], pair[1])).collect();
        entries.push(format!("{}=end", names[hops]));
        let entries: Vec<_> = entries.iter().map(String::as_str).collect();
        look(&[&entries], "images/shim/0")
    };
    assert_eq!(chain(8), "end@0");
    assert_eq!(chain(9), "Circle");
}

#[test]
fn only_links_to_places_nobody_looked_at_need_another_pass() {
    for (entries, want) in [
        (&["README.md=1"][..], false),
        (&["README.md->docs/README.md", "docs/README.md=1"], false),
        (&["README.md->opt/text"], true),
        (&["README.md=>opt/text"], true),
        (&["docs->opt"], true),
        (&["README.md->README.md"], false),
        (&["README.md->/"], false),
    ] {
        let (scans, mut wanted) = layers(&[entries]);
        let view = View::merge(&scans);
        assert_eq!(view.want_targets(&mut wanted), want, "{entries:?}");
        assert!(!view.want_targets(&mut wanted));
    }
}
