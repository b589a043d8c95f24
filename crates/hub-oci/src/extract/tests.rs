//! Whole images, from bytes to fields.

use std::fmt::Write;

use super::*;
use crate::media_type::{EMPTY, HELM_LAYER, MARKDOWN, OCI_LAYER_GZIP, OCI_MANIFEST};
use crate::table::{Form, Reading, Row, TABLE};
use crate::{BuiltImage, Entry, ImageBuilder, IndexBuilder, sha256};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

fn read(image: &BuiltImage) -> Extracted {
    read_as(image, "labring/app")
}

fn read_as(image: &BuiltImage, repo: &str) -> Extracted {
    extract(&image.media_type, &image.manifest, repo, image, &Limits::default()).unwrap()
}

fn docs(extracted: &Extracted) -> Option<&str> {
    let digest = extracted.detail.docs()?;
    let document = extracted.documents.iter().find(|document| document.digest == digest)?;
    std::str::from_utf8(&document.body).ok()
}

fn source(extracted: &Extracted, field: Field) -> String {
    let digest_free = |source: &Source| match source {
        Source::File { path, .. } => format!("file:{path}"),
        Source::Base { path, .. } => format!("base:{path}"),
        other => other.to_string(),
    };
    extracted.detail.get(field).map(|sourced| digest_free(&sourced.source)).unwrap_or_default()
}

/// A valid text for a row's form, made different by `n`, and the value it becomes.
fn sample(row: &Row, reading: Reading, n: u8) -> (String, Value) {
    let digest = sha256(&[n]);
    let url = format!("https://example.com/{n}");
    let word = format!("word{n}");
    match row.form {
        Form::Document => (word.clone(), sha256(word.as_bytes()).as_str().into()),
        Form::Url | Form::Icon => (url.clone(), url.into()),
        Form::Flag => ("true".into(), Value::Flag(true)),
        Form::Words { .. } => (format!("{word}, other"), vec![word, "other".to_owned()].into()),
        Form::Categories => ("database".into(), vec!["Database".to_owned()].into()),
        Form::Digest => (digest.to_string(), digest.as_str().into()),
        Form::Licence => (format!("LicenseRef-{n}"), format!("LicenseRef-{n}").into()),
        Form::Objects { keys, .. } => {
            let text = |key: &str| if key == "url" { url.clone() } else { word.clone() };
            let object: std::collections::BTreeMap<_, _> =
                keys.iter().map(|key| ((*key).to_owned(), text(key))).collect();
            (serde_json::to_string(&[&object]).unwrap(), Value::Objects(vec![object]))
        }
        _ if reading == Reading::Html => (format!("<p>{word}</p>"), word.into()),
        _ => (word.clone(), word.into()),
    }
}

#[test]
fn every_key_of_the_table_is_read_on_every_level_that_knows_it() {
    for row in TABLE {
        for (key, reading) in row.keys {
            let (text, value) = sample(row, *reading, 1);
            let image = || ImageBuilder::new().label("io.k8s.x", "y");
            let label = read(&image().label(key, &text).build());
            let annotation =
                read(&image().annotation("io.k8s.x", "y").annotation(key, &text).build());
            let index = IndexBuilder::new()
                .image(image().build())
                .annotation("io.k8s.x", "y")
                .annotation(key, &text)
                .build();
            for (extracted, level) in [
                (label, Source::Label((*key).to_owned())),
                (annotation, Source::ManifestAnnotation((*key).to_owned())),
                (read(&index), Source::IndexAnnotation((*key).to_owned())),
            ] {
                let found = extracted.detail.get(row.field);
                let found = found.unwrap_or_else(|| panic!("{key}: {:?}", extracted.notes));
                assert_eq!((&found.value, &found.source), (&value, &level), "{key}");
            }
        }
    }
}

#[test]
fn of_two_keys_the_one_further_left_wins() {
    for row in TABLE {
        for pair in row.keys.windows(2) {
            let (left, right) = (pair[0], pair[1]);
            let image = ImageBuilder::new()
                .label("io.k8s.x", "y")
                .label(left.0, &sample(row, left.1, 1).0)
                .label(right.0, &sample(row, right.1, 2).0)
                .build();
            let found = read(&image).detail.get(row.field).cloned().unwrap();
            assert_eq!(found.source, Source::Label(left.0.to_owned()), "{}", row.field);
        }
    }
}

#[test]
fn of_two_levels_the_stronger_one_wins() {
    for row in TABLE.iter().filter(|row| !row.keys.is_empty()) {
        let (key, reading) = row.keys[0];
        let text = |n| sample(row, reading, n).0;
        let with_label = ImageBuilder::new().label(key, &text(4));
        let annotated = || with_label.clone().annotation(key, &text(3));
        let index =
            IndexBuilder::new().image(annotated().build()).annotation(key, &text(2)).build();
        let mut seen = vec![
            source(&read(&index), row.field),
            source(&read(&annotated().build()), row.field),
            source(&read(&with_label.clone().build()), row.field),
        ];
        let mut want = vec![
            format!("annotation:index:{key}"),
            format!("annotation:manifest:{key}"),
            format!("label:{key}"),
        ];
        if let Some(yaml) = row.yaml {
            let place = format!("spec:\n  detail:\n    {yaml}: '{}'\n", text(1));
            let image = annotated().layer([("metadata/config.yaml", place)]).build();
            seen.insert(0, source(&read(&image), row.field));
            want.insert(0, "file:/metadata/config.yaml".to_owned());
        }
        assert_eq!(seen, want, "{}", row.field);
    }
}

const CHART: &str = "apiVersion: v2\nname: app\nversion: 1.2.3\nappVersion: 4.5\ndescription: From the chart\n\
    keywords: [database, sql]\nhome: https://chart.example\nsources: [https://git.example/x]\n\
    icon: https://chart.example/i.png\ndeprecated: true\nmaintainers:\n- name: Ann\n  email: a@b.c\n\
    annotations:\n  artifacthub.io/license: MIT\n";

#[test]
fn files_speak_when_nobody_else_does() {
    let extracted = read(
        &ImageBuilder::new()
            .layer([
                ("README.md", &b"# App\n\nA paragraph that describes the app.\n"[..]),
                ("README.zh-CN.md", "# 应用\n".as_bytes()),
                ("icon.png", PNG),
                ("LICENSE", b"Apache License\nVersion 2.0"),
                ("CHANGELOG.md", b"# 1.0"),
                ("images/shim/DefaultImageList", b"docker.io/library/a:1\n\n# no\nb:2\n"),
                ("charts/app/Chart.yaml", CHART.as_bytes()),
            ])
            .build(),
    );
    let mut table = String::new();
    for (field, sourced) in &extracted.detail.0 {
        let value = serde_json::to_string(&sourced.value).unwrap();
        let value = if value.contains("sha256:") { "a document".to_owned() } else { value };
        writeln!(table, "{field} = {value} ({})", source(&extracted, *field)).unwrap();
    }
    insta::assert_snapshot!(table, @r##"
    docs = a document (file:/README.md)
    docsI18n = a document (file:/README.zh-CN.md)
    title = "app" (file:/charts/app/Chart.yaml)
    description = "From the chart" (file:/charts/app/Chart.yaml)
    keywords = ["database","sql"] (file:/charts/app/Chart.yaml)
    categories = ["Database"] (file:/charts/app/Chart.yaml)
    icon = a document (file:/icon.png)
    url = "https://chart.example" (file:/charts/app/Chart.yaml)
    source = "https://git.example/x" (file:/charts/app/Chart.yaml)
    appVersion = "4.5" (file:/charts/app/Chart.yaml)
    licenses = "Apache-2.0" (file:/LICENSE)
    maintainers = [{"email":"a@b.c","name":"Ann"}] (file:/charts/app/Chart.yaml)
    changelog = "# 1.0" (file:/CHANGELOG.md)
    deprecated = true (file:/charts/app/Chart.yaml)
    type = "cluster-image" (file:/images/shim/DefaultImageList)
    containedImages = ["docker.io/library/a:1","b:2"] (file:/images/shim/DefaultImageList)
    charts = [{"appVersion":"4.5","name":"app","version":"1.2.3"}] (file:/charts/app/Chart.yaml)
    "##);
    assert_eq!(docs(&extracted).unwrap().lines().next(), Some("# App"));
    assert_eq!(extracted.documents.len(), 3);
    assert_eq!(extracted.docs_layer.as_ref().unwrap().1, 0);
    assert_eq!(extracted.layers.len(), 1);
    assert_eq!(extracted.notes, Vec::<String>::new());
}

#[test]
fn labels_beat_files_and_the_config_yaml_beats_labels() {
    let extracted = read(
        &ImageBuilder::new()
            .label("org.opencontainers.image.description", "From the label")
            .label("org.opencontainers.image.url", "https://label.example")
            .annotation("com.docker.extension.detailed-description", "# From the annotation")
            .layer([
                ("README.md", "# From the file"),
                ("charts/app/Chart.yaml", CHART),
                ("metadata/config.yaml", "spec:\n  type: cluster-image\n  detail:\n    url: www.y.com\n    icon: web page\n"),
            ])
            .build(),
    );
    assert_eq!(extracted.detail.text(Field::Description), Some("From the label"));
    assert_eq!(extracted.detail.text(Field::Url), Some("https://www.y.com"));
    assert_eq!(source(&extracted, Field::Type), "file:/metadata/config.yaml");
    assert_eq!(docs(&extracted), Some("# From the annotation"));
    assert_eq!(extracted.docs_layer, None);
    assert_eq!(
        extracted.notes,
        ["`/metadata/config.yaml`: `icon` must be an absolute http or https address, or a digest"
            .replace(", or a digest", "")]
    );
    // The chart still has its say where nobody else spoke.
    assert_eq!(source(&extracted, Field::Title), "file:/charts/app/Chart.yaml");
}

#[test]
fn invalid_values_are_dropped_with_a_note_and_the_next_key_is_tried() {
    let extracted = read(
        &ImageBuilder::new()
            .label("org.opencontainers.image.url", "javascript:alert(1)")
            .label("org.label-schema.url", "https://second.example")
            .label("io.artifacthub.package.deprecated", "yes")
            .label("com.docker.extension.screenshots", "[{")
            .label("org.label-schema.usage", "run it")
            .label("name", "means nothing alone")
            .label("org.opencontainers.image.title", "a\u{202e}\u{7}b")
            .label("org.opencontainers.image.vendor", &"v".repeat(70_000))
            .build(),
    );
    assert_eq!(extracted.detail.text(Field::Url), Some("https://second.example"));
    assert_eq!(extracted.detail.text(Field::Title), Some("ab"));
    for field in [Field::Deprecated, Field::Screenshots, Field::DocumentationUrl, Field::Vendor] {
        assert_eq!(extracted.detail.get(field), None, "{field}");
    }
    assert_eq!(extracted.notes.len(), 4, "{:?}", extracted.notes);
}

#[test]
fn the_version_of_a_rootfs_is_that_of_kubernetes() {
    let image = |kind: &str| {
        let image = ImageBuilder::new().label("sealos.io.type", kind).label("version", "v1.26.0");
        read(&image.build())
    };
    let rootfs = image("rootfs");
    assert_eq!(rootfs.detail.text(Field::AppVersion), None);
    assert_eq!(rootfs.detail.text(Field::Type), Some("cluster-image"));
    let Value::Map(sealos) = &rootfs.detail.get(Field::Sealos).unwrap().value else { panic!() };
    assert_eq!(sealos["kubeVersion"], "v1.26.0");

    let app = image("application");
    assert_eq!(app.detail.text(Field::AppVersion), Some("v1.26.0"));
    let Value::Map(sealos) = &app.detail.get(Field::Sealos).unwrap().value else { panic!() };
    assert!(!sealos.contains_key("kubeVersion"));
}

#[test]
fn the_readme_is_the_first_of_the_order() {
    let order = [
        "README-containers.md",
        "README.md",
        "README.markdown",
        "README",
        "docs/README.md",
        "usr/share/doc/app/README.md",
        "extension/README.md",
        "charts/app/README.md",
        "help.md",
        "help.1",
    ];
    for at in 0..order.len() {
        let files = order[at..].iter().rev().map(|path| (*path, *path));
        let extracted = read(&ImageBuilder::new().layer(files).build());
        assert_eq!(source(&extracted, Field::Docs), format!("file:/{}", order[at]));
    }
    // The only chart speaks, whatever its name; of two none does.
    let one = read(&ImageBuilder::new().layer([("charts/x/README.md", "x")]).build());
    assert_eq!(source(&one, Field::Docs), "file:/charts/x/README.md");
    let two = [("charts/x/README.md", "x"), ("charts/y/README.md", "y")];
    assert_eq!(docs(&read(&ImageBuilder::new().layer(two).build())), None);
    // The exact spelling wins, and a folder or an empty file is none.
    let both = [("readme.md", "lower"), ("README.md", "exact")];
    assert_eq!(docs(&read(&ImageBuilder::new().layer(both).build())), Some("exact"));
    let lower = read(&ImageBuilder::new().layer([("ReadMe.md", "mixed")]).build());
    assert_eq!(source(&lower, Field::Docs), "file:/ReadMe.md");
    let folder = ImageBuilder::new().layer_of([
        ("README.md", Entry::Folder),
        ("readme.md", Entry::File(b" \n".to_vec())),
        ("docs/README.md", Entry::File(b"docs".to_vec())),
    ]);
    assert_eq!(docs(&read(&folder.build())), Some("docs"));
}

#[test]
fn a_readme_deleted_above_is_not_shown() {
    let image = ImageBuilder::new().layer([("README.md", "old")]).layer([(".wh.README.md", "")]);
    assert_eq!(docs(&read(&image.build())), None);
}

#[test]
fn a_readme_behind_links_is_found_where_nobody_looked_at_first() {
    let image = ImageBuilder::new()
        .layer([("opt/app/doc/text.md", "# Linked"), ("opt/app/big", "x")])
        .layer_of([("README.md", Entry::Symlink("opt/app/doc/text.md".into()))])
        .build();
    let extracted = read(&image);
    assert_eq!(docs(&extracted), Some("# Linked"));
    assert_eq!(source(&extracted, Field::Docs), "file:/README.md");
    assert_eq!(extracted.docs_layer, Some((extracted.layers[0].clone(), 0)));

    let folder = ImageBuilder::new()
        .layer([("opt/c/x/Chart.yaml", CHART)])
        .layer_of([("charts", Entry::Symlink("/opt/c".into()))]);
    assert_eq!(source(&read(&folder.build()), Field::Charts), "file:/charts/x/Chart.yaml");

    let hard = ImageBuilder::new()
        .layer([("opt/text", "hard")])
        .layer_of([("README.md", Entry::HardLink("opt/text".into()))])
        .layer([("opt/.wh.text", "")]);
    assert_eq!(docs(&read(&hard.build())), Some("hard"));

    let escape = ImageBuilder::new()
        .layer_of([("README.md", Entry::Symlink("../../etc/passwd".into()))])
        .build();
    let extracted = read(&escape);
    assert_eq!(docs(&extracted), None);
    assert_eq!(extracted.notes.len(), 1, "{:?}", extracted.notes);
}

#[test]
fn a_readme_that_is_too_large_leaves_a_note_and_the_next_one_is_taken() {
    let image = ImageBuilder::new()
        .layer([("README.md", vec![b'x'; (1 << 20) + 1]), ("README", b"small".to_vec())])
        .build();
    let extracted = read(&image);
    assert_eq!(docs(&extracted), Some("small"));
    assert_eq!(extracted.notes, ["`/README.md` was passed over: it is larger than 1048576 bytes"]);
}

#[test]
fn the_base_images_words_rank_below_the_images_own() {
    let image = ImageBuilder::new()
        .layer([("README.md", "# Base\n\nThe base image describes itself.\n"), ("icon.png", "no")])
        .layer([("charts/app/README.md", "# App\n\nThe app describes itself at length.\n")])
        .build();
    let mut extracted = read(&image);
    assert_eq!(source(&extracted, Field::Docs), "file:/README.md");
    mark_base(&mut extracted, 1, Some("library/base:1"));
    assert_eq!(source(&extracted, Field::Docs), "file:/charts/app/README.md");
    assert_eq!(
        extracted.detail.text(Field::Description),
        Some("The app describes itself at length.")
    );
    assert_eq!(extracted.detail.text(Field::BaseName), Some("library/base:1"));

    let only_base = ImageBuilder::new().layer([("README.md", "# Base")]).layer([("x", "y")]);
    let mut extracted = read(&only_base.build());
    mark_base(&mut extracted, 1, None);
    assert_eq!(source(&extracted, Field::Docs), "base:/README.md");
    assert_eq!(docs(&extracted), Some("# Base"));
    assert_eq!(extracted.docs_layer.unwrap().1, 0);
}

#[test]
fn of_an_index_linux_amd64_is_read_and_told() {
    let image = |os: &str, arch: &str, readme: &str| {
        ImageBuilder::new().platform(os, arch).layer([("README.md", readme)]).build()
    };
    let index = IndexBuilder::new()
        .image(image("unknown", "unknown", "attestation"))
        .image(image("linux", "arm64", "arm"))
        .image(image("linux", "amd64", "amd"))
        .build();
    let extracted = read(&index);
    assert_eq!(docs(&extracted), Some("amd"));
    assert!(extracted.notes[0].starts_with("read from linux/amd64"), "{:?}", extracted.notes);

    let nested = IndexBuilder::new().image(index.clone()).build();
    assert_eq!(docs(&read(&nested)), Some("amd"));

    let mut sparse = index.clone();
    sparse.children.remove(2);
    assert_eq!(docs(&read(&sparse)), Some("arm"));

    let empty =
        read(&IndexBuilder::new().annotation("org.opencontainers.image.title", "T").build());
    assert_eq!(empty.detail.text(Field::Title), Some("T"));
}

#[test]
fn windows_images_keep_their_files_one_folder_down() {
    let image = ImageBuilder::new().platform("windows", "amd64");
    let image = image.layer([("Files/README.md", "win"), ("README.md", "outside")]).build();
    assert_eq!(docs(&read(&image)), Some("win"));
}

/// An artifact of parts: media type, title, bytes.
fn artifact(config: (&str, &str), parts: &[(&str, &str, &[u8])]) -> BuiltImage {
    let mut blobs = vec![(sha256(config.1.as_bytes()), config.1.as_bytes().to_vec())];
    let mut layers = Vec::new();
    for (media_type, title, bytes) in parts {
        let mut layer = crate::build::descriptor(media_type, bytes);
        if let Some(key) = title.strip_prefix("annotation ") {
            layer["annotations"] = serde_json::json!({ key: "" });
        } else if !title.is_empty() {
            layer["annotations"] = serde_json::json!({ "org.opencontainers.image.title": title });
        }
        layers.push(layer);
        blobs.push((sha256(bytes), bytes.to_vec()));
    }
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "config": crate::build::descriptor(config.0, config.1.as_bytes()),
        "layers": layers,
    });
    let manifest = manifest.to_string().into_bytes();
    let digest = sha256(&manifest);
    let media_type = OCI_MANIFEST.to_owned();
    BuiltImage { manifest, media_type, digest, blobs, children: Vec::new(), platform: None }
}

#[test]
fn artifacts_carry_their_readme_as_a_part() {
    let parts: &[(&str, &str, &[u8])] = &[
        ("application/x", "data.bin", b"x"),
        (MARKDOWN, "README.md", b"# Artifact"),
        (MARKDOWN, "README.de.md", b"# Artefakt"),
        ("image/png", "annotation io.goharbor.artifact.v1alpha1.icon", PNG),
    ];
    let extracted = read(&artifact((EMPTY, "{}"), parts));
    assert_eq!(docs(&extracted), Some("# Artifact"));
    assert_eq!(extracted.documents.len(), 3);
    assert_eq!(extracted.detail.text(Field::Type), Some("artifact"));
    assert_eq!(
        source(&extracted, Field::Icon),
        "annotation:manifest:io.goharbor.artifact.v1alpha1.icon"
    );
    assert_eq!(extracted.layers, []);
    let untitled = artifact((EMPTY, "{}"), &[("text/markdown; charset=utf-8", "", b"plain")]);
    assert_eq!(docs(&read(&untitled)), Some("plain"));
}

#[test]
fn a_helm_chart_speaks_by_its_configuration_and_its_archive() {
    let archive = ImageBuilder::new().layer([("app/README.md", "# Chart"), ("app/x", "y")]).build();
    let layer = &archive.blobs[1].1;
    let config = r#"{"name":"app","version":"1.0.0","description":"A chart","keywords":["gpu"]}"#;
    let chart = artifact((crate::media_type::HELM_CONFIG, config), &[(HELM_LAYER, "", layer)]);
    let extracted = read(&chart);
    assert_eq!(docs(&extracted), Some("# Chart"));
    assert_eq!(extracted.detail.text(Field::Type), Some("helm-chart"));
    assert_eq!(extracted.detail.text(Field::Description), Some("A chart"));
    assert_eq!(extracted.detail.list(Field::Categories), ["GPU"]);
    assert_eq!(source(&extracted, Field::Description), "config:description");
}

#[test]
fn damaged_and_absent_layers_leave_notes_and_the_rest_is_read() {
    let mut image = ImageBuilder::new()
        .layer([("README.md", "below")])
        .raw_layer(OCI_LAYER_GZIP, b"\x1f\x8bdamaged".to_vec())
        .raw_layer("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", b"f".to_vec())
        .raw_layer("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", b"e".to_vec())
        .layer([("absent", "x")])
        .build();
    image.blobs.pop();
    let extracted = read(&image);
    assert_eq!(docs(&extracted), Some("below"));
    assert_eq!(extracted.notes.len(), 4, "{:?}", extracted.notes);
}

#[test]
fn a_failing_store_is_an_error_worth_a_retry() {
    struct Broken(BuiltImage);
    impl ImageStore for Broken {
        fn manifest(&self, digest: &Digest) -> std::io::Result<Option<(String, Vec<u8>)>> {
            self.0.manifest(digest)
        }
        fn blob(&self, digest: &Digest) -> std::io::Result<Box<dyn std::io::Read + Send>> {
            use std::io::Read;
            struct Fails;
            impl Read for Fails {
                fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                    Err(std::io::Error::other("disk on fire"))
                }
            }
            if self.0.blobs[0].0 == *digest {
                return self.0.blob(digest);
            }
            Ok(Box::new((&[0x1f, 0x8b][..]).chain(Fails)))
        }
    }
    let store = Broken(ImageBuilder::new().layer([("README.md", "x")]).build());
    let result = extract(&store.0.media_type, &store.0.manifest, "a/b", &store, &Limits::default());
    assert!(matches!(result, Err(ExtractError::Store { .. })));
}

#[test]
fn every_layer_is_read_once_and_none_below_an_opaque_root() {
    struct Counting(BuiltImage, std::cell::RefCell<Vec<Digest>>);
    impl ImageStore for Counting {
        fn manifest(&self, digest: &Digest) -> std::io::Result<Option<(String, Vec<u8>)>> {
            self.0.manifest(digest)
        }
        fn blob(&self, digest: &Digest) -> std::io::Result<Box<dyn std::io::Read + Send>> {
            self.1.borrow_mut().push(digest.clone());
            self.0.blob(digest)
        }
    }
    let count = |image: BuiltImage| {
        let store = Counting(image, std::cell::RefCell::default());
        let image = &store.0;
        extract(&image.media_type, &image.manifest, "a/b", &store, &Limits::default()).unwrap();
        store.1.into_inner().len() - 1
    };
    let image = ImageBuilder::new().layer([("README.md", "1")]).layer([("icon.png", PNG)]);
    assert_eq!(count(image.clone().build()), 2);
    assert_eq!(count(image.layer([(".wh..wh..opq", ""), ("README.md", "3")]).build()), 1);
}

#[test]
fn an_image_that_takes_too_long_or_swells_too_much_keeps_what_was_found() {
    let image = ImageBuilder::new()
        .layer([("README.md", "below")])
        .layer([("icon.png", PNG), ("big", &[0; 9_000])])
        .build();
    for limits in [
        Limits { image_bytes: 6_000, ..Limits::default() },
        Limits { time: std::time::Duration::ZERO, ..Limits::default() },
    ] {
        let extracted =
            extract(&image.media_type, &image.manifest, "a/b", &image, &limits).unwrap();
        assert_eq!(docs(&extracted), None);
        assert_eq!(extracted.notes.len(), 1, "{:?}", extracted.notes);
        assert_eq!(extracted.detail.text(Field::Type), Some("container-image"));
    }
}

#[test]
fn ports_are_named_by_the_label_and_completed_by_the_configuration() {
    let image = ImageBuilder::new().port("8080/tcp").port("53/udp");
    let plain = read(&image.clone().build());
    assert_eq!(plain.detail.list(Field::Ports), ["53/udp", "8080/tcp"]);
    assert_eq!(source(&plain, Field::Ports), "config:ExposedPorts");
    let named = read(&image.label("io.openshift.expose-services", "8080:http").build());
    assert_eq!(named.detail.list(Field::Ports), ["8080:http", "53/udp"]);
}

#[test]
fn the_author_of_the_configuration_is_the_last_to_be_asked() {
    let image = ImageBuilder::new().author("Ann <a@b.c>");
    assert_eq!(source(&read(&image.clone().build()), Field::Authors), "config:author");
    let label = read(&image.label("maintainer", "Bob").build());
    assert_eq!(label.detail.text(Field::Authors), Some("Bob"));
}
