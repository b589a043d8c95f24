//! Layouts and archives, written here by hand, read as a push reads them.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use hub_model::Digest;
use hub_oci::{BuiltImage, Compression, ImageBuilder, ImageStore, IndexBuilder, parse_manifest};
use serde_json::json;
use tempfile::TempDir;

use super::*;

fn image(arch: &str) -> BuiltImage {
    ImageBuilder::new().platform("linux", arch).layer([("README.md", format!("# {arch}"))]).build()
}

fn two_platforms() -> BuiltImage {
    IndexBuilder::new().image(image("amd64")).image(image("arm64")).build()
}

/// Writes a layout with one tag, without the blobs of `missing`.
fn layout(dir: &Path, image: &BuiltImage, tag: &str, missing: &[&Digest]) {
    let mut all = vec![(image.digest.clone(), image.manifest.clone())];
    all.extend(image.blobs.clone());
    for child in &image.children {
        all.push((child.digest.clone(), child.manifest.clone()));
        all.extend(child.blobs.clone());
    }
    fs::create_dir_all(dir.join("blobs/sha256")).unwrap();
    for (digest, bytes) in all {
        if !missing.contains(&&digest) {
            fs::write(dir.join("blobs/sha256").join(digest.hex()), bytes).unwrap();
        }
    }
    fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let index = json!({"schemaVersion": 2, "manifests": [{
        "mediaType": image.media_type, "digest": image.digest, "size": image.manifest.len(),
        "annotations": {"org.opencontainers.image.ref.name": tag},
    }]});
    fs::write(dir.join("index.json"), index.to_string()).unwrap();
}

async fn read(form: Form, platforms: &[&str]) -> Result<Source, SourceError> {
    let platforms = Platforms(platforms.iter().map(|&platform| platform.to_owned()).collect());
    let nowhere = Sockets::new(Some("unix:///nowhere"), Some(Path::new("/nowhere")));
    open(form, platforms, &nowhere).await
}

fn bytes_of(source: &Source, digest: &Digest) -> Vec<u8> {
    let mut bytes = Vec::new();
    ImageStore::blob(source, digest).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// Every blob that a manifest of the source links to is there, and is what its digest says.
fn assert_whole(source: &Source) {
    for manifest in &source.manifests {
        assert_eq!(hub_oci::sha256(&manifest.bytes), manifest.digest);
        let parsed = parse_manifest(&manifest.media_type, &manifest.bytes).unwrap();
        for layer in parsed.layers {
            let bytes = bytes_of(source, &layer.digest);
            assert_eq!((hub_oci::sha256(&bytes), bytes.len() as u64), (layer.digest, layer.size));
        }
    }
}

#[tokio::test]
async fn a_layout_and_an_archive_of_it_give_the_same_image() {
    let dir = TempDir::new().unwrap();
    let built = two_platforms();
    layout(&dir.path().join("oci"), &built, "v1", &[]);
    let archive = dir.path().join("oci.tar");
    let mut tar = tar::Builder::new(fs::File::create(&archive).unwrap());
    tar.append_dir_all(".", dir.path().join("oci")).unwrap();
    tar.finish().unwrap();

    for form in [
        Form::Layout(dir.path().join("oci"), Some("v1".into())),
        Form::Layout(dir.path().join("oci"), None),
        Form::OciArchive(archive.clone(), Some("v1".into())),
        Form::File(archive, None),
    ] {
        let source = read(form, &[]).await.unwrap();
        assert_eq!(source.top().digest, built.digest);
        assert_eq!(source.manifests.len(), 3);
        assert_whole(&source);
    }
}

#[tokio::test]
async fn one_platform_of_an_index_is_pushed_as_it_is() {
    let dir = TempDir::new().unwrap();
    let built = two_platforms();
    layout(dir.path(), &built, "v1", &[]);
    let form = || Form::Layout(dir.path().into(), None);

    let source = read(form(), &["linux/arm64"]).await.unwrap();
    assert_eq!(source.top().digest, built.children[1].digest);
    assert_eq!((source.manifests.len(), source.blobs.len()), (1, 2));
    let both = read(form(), &["linux/arm64", "linux/amd64"]).await.unwrap();
    assert_eq!(both.top().digest, built.digest);
    let error = read(form(), &["linux/s390x"]).await.unwrap_err();
    assert!(matches!(error, SourceError::NotFound(text) if text.contains("linux/s390x")));
}

#[tokio::test]
async fn an_index_without_some_of_its_images_gives_those_that_are_there() {
    let dir = TempDir::new().unwrap();
    let built = two_platforms();
    layout(dir.path(), &built, "v1", &[&built.children[1].digest]);
    let source = read(Form::Layout(dir.path().into(), None), &[]).await.unwrap();
    assert_eq!(source.top().digest, built.children[0].digest);
    assert!(source.told.ends_with("(without linux/arm64)"), "{}", source.told);
}

#[tokio::test]
async fn what_is_missing_or_damaged_is_named() {
    let built = image("amd64");
    let (layer, _) = built.blobs.iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();

    let dir = TempDir::new().unwrap();
    layout(dir.path(), &built, "v1", &[layer]);
    let error = read(Form::Layout(dir.path().into(), None), &[]).await.unwrap_err();
    assert!(error.to_string().contains(&format!("it lacks the blob {layer}")), "{error}");

    layout(dir.path(), &built, "v1", &[]);
    let manifest = dir.path().join("blobs/sha256").join(built.digest.hex());
    fs::write(&manifest, [&built.manifest[..], b" "].concat()).unwrap();
    let error = read(Form::Layout(dir.path().into(), None), &[]).await.unwrap_err();
    assert!(error.to_string().contains("is damaged"), "{error}");

    let error = read(Form::Layout(dir.path().into(), Some("v9".into())), &[]).await.unwrap_err();
    assert!(matches!(error, SourceError::NotFound(_)), "{error}");
}

/// A tar archive with one file.
fn plain_layer(name: &str, body: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(body.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    tar.append_data(&mut header, name, body.as_bytes()).unwrap();
    tar.into_inner().unwrap()
}

/// An archive as `docker save` writes it: the third layer is a link to the first.
fn docker_archive(dir: &Path, damaged: bool) -> PathBuf {
    let layers = [plain_layer("README.md", "# saved"), plain_layer("a", "b")];
    let mut ids: Vec<_> = layers.iter().map(|layer| hub_oci::sha256(layer)).collect();
    ids.push(ids[0].clone());
    if damaged {
        ids.swap(0, 1);
    }
    let config = json!({"architecture": "amd64", "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": ids}});
    let names = ["one/layer.tar", "two.tar", "three/layer.tar"];
    let manifest = json!([{"Config": "c.json", "RepoTags": ["docker.io/labring/app:v1"],
        "Layers": names}]);
    let file = dir.join("saved.tar");
    let mut tar = tar::Builder::new(fs::File::create(&file).unwrap());
    let mut add = |name: &str, body: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(body.len() as u64);
        header.set_cksum();
        tar.append_data(&mut header, name, body).unwrap();
    };
    add(names[0], &layers[0]);
    add(names[1], &layers[1]);
    add("c.json", config.to_string().as_bytes());
    add("manifest.json", manifest.to_string().as_bytes());
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, names[2], "../one/layer.tar").unwrap();
    tar.finish().unwrap();
    file
}

#[tokio::test]
async fn a_saved_image_gets_a_manifest_and_compressed_layers() {
    let dir = TempDir::new().unwrap();
    let file = docker_archive(dir.path(), false);
    let form = || Form::DockerArchive(file.clone(), Some("labring/app:v1".into()));
    let source = read(form(), &[]).await.unwrap();

    assert_eq!(source.name.as_deref(), Some("docker.io/labring/app:v1"));
    assert_eq!(source.top().media_type, hub_oci::media_type::DOCKER_MANIFEST);
    assert_whole(&source);
    let parsed = parse_manifest(&source.top().media_type, &source.top().bytes).unwrap();
    assert_eq!((parsed.layers.len(), source.blobs.len()), (3, 3));
    assert_eq!(parsed.layers[0], parsed.layers[2]);
    let mut plain = Vec::new();
    let packed = bytes_of(&source, &parsed.layers[1].digest);
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut plain).unwrap();
    assert_eq!(plain, plain_layer("a", "b"));

    let again = read(form(), &[]).await.unwrap();
    assert_eq!(again.top().digest, source.top().digest, "the same image is the same manifest");
    let other = Form::DockerArchive(file, Some("labring/app:v2".into()));
    let error = read(other, &[]).await.unwrap_err();
    assert!(error.to_string().contains("docker.io/labring/app:v1"), "{error}");
}

#[tokio::test]
async fn a_saved_image_may_be_compressed_as_a_whole() {
    let dir = TempDir::new().unwrap();
    let plain = docker_archive(dir.path(), false);
    let packed = dir.path().join("saved.tar.gz");
    let mut gzip = flate2::write::GzEncoder::new(
        fs::File::create(&packed).unwrap(),
        flate2::Compression::fast(),
    );
    gzip.write_all(&fs::read(&plain).unwrap()).unwrap();
    gzip.finish().unwrap();
    let from_packed = read(Form::File(packed, None), &[]).await.unwrap();
    let from_plain = read(Form::File(plain, None), &[]).await.unwrap();
    assert_eq!(from_packed.top().digest, from_plain.top().digest);
    assert_whole(&from_packed);
}

#[tokio::test]
async fn a_layer_that_is_not_what_the_configuration_says_is_refused() {
    let dir = TempDir::new().unwrap();
    let file = docker_archive(dir.path(), true);
    let error = read(Form::File(file, None), &[]).await.unwrap_err();
    assert!(error.to_string().contains("is damaged"), "{error}");
}

#[tokio::test]
async fn docker_since_25_writes_a_layout_too() {
    let dir = TempDir::new().unwrap();
    for (compression, kept) in [(Compression::Gzip, true), (Compression::None, false)] {
        let built = ImageBuilder::new().compression(compression).layer([("a", "b")]).build();
        let parsed = parse_manifest(&built.media_type, &built.manifest).unwrap();
        let at = |digest: &Digest| format!("blobs/sha256/{}", digest.hex());
        let dir = dir.path().join(format!("{compression:?}"));
        layout(&dir, &built, "v1", &[]);
        let layers: Vec<_> = parsed.layers.iter().map(|layer| at(&layer.digest)).collect();
        let config = parsed.facts.config.unwrap();
        let manifest = json!([{"Config": at(&config), "RepoTags": ["a/b:v1"], "Layers": layers}]);
        fs::write(dir.join("manifest.json"), manifest.to_string()).unwrap();

        let source = read(Form::File(dir, None), &[]).await.unwrap();
        assert_eq!(source.top().digest == built.digest, kept, "{compression:?}");
        assert_whole(&source);
    }
}

#[tokio::test]
async fn files_that_are_no_image_are_refused() {
    let dir = TempDir::new().unwrap();
    for (name, body) in [("empty", &b""[..]), ("text", b"hello"), ("half.gz", &[0x1f, 0x8b, 8])] {
        let path = dir.path().join(name);
        fs::write(&path, body).unwrap();
        assert!(read(Form::File(path, None), &[]).await.is_err(), "{name}");
    }
    let absent = read(Form::Layout(dir.path().join("no"), None), &[]).await.unwrap_err();
    assert!(matches!(absent, SourceError::NotFound(_)));
}

#[test]
fn what_was_typed_is_understood() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("m.tar");
    fs::write(&file, "").unwrap();
    let path = file.display().to_string();
    for (image, from, want) in [
        ("oci:/no/dir:v1", "auto", Form::Layout("/no/dir".into(), Some("v1".into()))),
        (
            &format!("docker-archive:{path}:labring/app:v1"),
            "auto",
            Form::DockerArchive(file.clone(), Some("labring/app:v1".into())),
        ),
        (&format!("oci-archive:{path}"), "auto", Form::OciArchive(file.clone(), None)),
        (&path, "auto", Form::File(file.clone(), None)),
        ("labring/app:v1", "auto", Form::Engine("labring/app:v1".into())),
        ("localhost:5000/app:v1", "auto", Form::Engine("localhost:5000/app:v1".into())),
        ("docker-daemon:app:v1", "auto", Form::Docker("app:v1".into())),
        ("labring/app:v1", "podman", Form::Podman("labring/app:v1".into())),
        ("a/b:v1", "oci:/no/dir", Form::Layout("/no/dir".into(), Some("a/b:v1".into()))),
    ] {
        assert_eq!(Form::parse(image, from), Ok(want), "{image} --from {from}");
    }
    assert!(Form::parse("a/b:v1", "rkt").is_err());
}
