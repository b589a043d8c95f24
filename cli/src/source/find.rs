//! Which form an image has, and the one function that opens all of them.

use std::path::{Path, PathBuf};

use hub_model::Tag;
use tempfile::TempDir;

use super::daemon::{Asked, save_by_program, save_by_socket};
use super::files::Files;
use super::layout::Collected;
use super::{Platforms, Sockets, Source, SourceError, docker_archive, layout};

/// Where to look for an image, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// An OCI layout in a folder.
    Layout(PathBuf, Option<String>),
    /// An OCI layout in an archive.
    OciArchive(PathBuf, Option<String>),
    /// An archive of `docker save`.
    DockerArchive(PathBuf, Option<String>),
    /// A folder or archive that says itself what it is.
    File(PathBuf, Option<String>),
    /// An image of the docker engine.
    Docker(String),
    /// An image of podman.
    Podman(String),
    /// An image of buildah.
    Buildah(String),
    /// An image of whichever engine has it.
    Engine(String),
}

impl Form {
    /// Reads what was typed: IMAGE, and `--from` (`auto` when it was left out).
    ///
    /// # Errors
    ///
    /// What is wrong with `--from`, for people.
    pub(crate) fn parse(image: &str, from: &str) -> Result<Self, String> {
        if from == "auto" {
            return Ok(Self::of_image(image));
        }
        let name = image.to_owned();
        let inside = || Some(name.clone());
        match from.split_once(':') {
            None if from == "docker" => Ok(Self::Docker(name)),
            None if from == "podman" => Ok(Self::Podman(name)),
            None if from == "buildah" => Ok(Self::Buildah(name)),
            Some(("oci", path)) => Ok(Self::Layout(path.into(), inside())),
            Some(("oci-archive", path)) => Ok(Self::OciArchive(path.into(), inside())),
            Some(("docker-archive", path)) => Ok(Self::DockerArchive(path.into(), inside())),
            _ => Err(format!("{from} is no source of images")),
        }
    }

    fn of_image(image: &str) -> Self {
        match image.split_once(':') {
            Some(("oci", rest)) => {
                let (path, tag) = split_path(rest);
                return Self::Layout(path, tag);
            }
            Some(("oci-archive", rest)) => {
                let (path, tag) = split_path(rest);
                return Self::OciArchive(path, tag);
            }
            Some(("docker-archive", rest)) => {
                let (path, name) = split_path(rest);
                return Self::DockerArchive(path, name);
            }
            Some(("docker-daemon", name)) => return Self::Docker(name.to_owned()),
            Some(("podman", name)) => return Self::Podman(name.to_owned()),
            Some(("buildah", name)) => return Self::Buildah(name.to_owned()),
            _ => {}
        }
        let (path, inside) = split_path(image);
        let layout = path.join("index.json").is_file() || path.join("oci-layout").is_file();
        if layout || path.is_file() {
            Self::File(path, inside)
        } else {
            Self::Engine(image.to_owned())
        }
    }

    /// The tag that an archive is asked for, where the form says only that.
    pub(crate) fn tag(&self) -> Option<Tag> {
        match self {
            Self::Layout(_, Some(inside))
            | Self::OciArchive(_, Some(inside))
            | Self::DockerArchive(_, Some(inside))
            | Self::File(_, Some(inside)) => Tag::parse(inside).ok(),
            _ => None,
        }
    }

    /// The name of the image, where the form says one: a tag alone is none.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Docker(name) | Self::Podman(name) | Self::Buildah(name) | Self::Engine(name) => {
                Some(name)
            }
            Self::Layout(_, inside)
            | Self::OciArchive(_, inside)
            | Self::DockerArchive(_, inside)
            | Self::File(_, inside) => inside.as_deref().filter(|name| name.contains('/')),
        }
    }
}

/// Splits `PATH[:REST]`: the path ends at the first colon behind which it exists.
fn split_path(text: &str) -> (PathBuf, Option<String>) {
    if Path::new(text).exists() {
        return (text.into(), None);
    }
    let mut colons = text.match_indices(':').map(|(at, _)| at);
    let cut =
        colons.clone().find(|at| Path::new(&text[..*at]).exists()).or_else(|| colons.next_back());
    match cut {
        Some(at) => (text[..at].into(), Some(text[at + 1..].to_owned())),
        None => (text.into(), None),
    }
}

/// Opens an image. What was tried before it was found is told in [`Source::told`].
///
/// # Errors
///
/// [`SourceError::NotFound`] when nobody has it.
pub(crate) async fn open(
    form: Form,
    platforms: Platforms,
    sockets: &Sockets,
) -> Result<Source, SourceError> {
    let scratch = TempDir::with_prefix("hub-push-").map_err(|source| SourceError::Read {
        file: "the folder for temporary files".to_owned(),
        source,
    })?;
    let (form, told) = fetch(form, sockets, scratch.path()).await?;
    let reading = tokio::task::spawn_blocking(move || read(&form, told, &platforms, scratch));
    reading
        .await
        .map_err(|error| SourceError::Read { file: "the image".to_owned(), source: error.into() })?
}

/// Brings the image of an engine into a file; files are there already.
async fn fetch(
    form: Form,
    sockets: &Sockets,
    scratch: &Path,
) -> Result<(Form, Option<(String, String)>), SourceError> {
    let (name, engines): (_, &[&'static str]) = match &form {
        Form::Docker(name) => (name.clone(), &["docker"]),
        Form::Podman(name) => (name.clone(), &["podman socket", "podman"]),
        Form::Buildah(name) => (name.clone(), &["buildah"]),
        Form::Engine(name) => (name.clone(), &["docker", "podman socket", "podman", "buildah"]),
        _ => return Ok((form, None)),
    };
    let file = scratch.join("image.tar");
    let mut tried = Vec::new();
    for engine in engines {
        let asked = match *engine {
            "docker" => save_by_socket("docker", &sockets.docker, &name, &file).await?,
            "podman socket" => by_podman_sockets(sockets, &name, &file).await?,
            program => save_by_program(program, &name, &file).await?,
        };
        match asked {
            Asked::Saved => {
                let label = engine.trim_end_matches(" socket");
                let before = tried.iter().map(|(engine, why)| format!("{engine}… {why}"));
                let told: Vec<_> = before.chain([format!("{label}: {name}")]).collect();
                let told = told.join("; ");
                return Ok((Form::File(file, None), Some((told, name))));
            }
            Asked::Unknown => tried.push((*engine, "does not have it")),
            Asked::Absent => tried.push((*engine, "no")),
        }
    }
    let tried: Vec<_> = tried.iter().map(|(engine, why)| format!("{engine}: {why}")).collect();
    Err(SourceError::NotFound(format!("no image {name} on this machine ({})", tried.join(", "))))
}

async fn by_podman_sockets(
    sockets: &Sockets,
    name: &str,
    file: &Path,
) -> Result<Asked, SourceError> {
    let mut best = Asked::Absent;
    for socket in &sockets.podman {
        match save_by_socket("podman", socket, name, file).await? {
            Asked::Saved => return Ok(Asked::Saved),
            Asked::Unknown => best = Asked::Unknown,
            Asked::Absent => {}
        }
    }
    Ok(best)
}

/// Reads files: layouts and archives.
fn read(
    form: &Form,
    engine: Option<(String, String)>,
    platforms: &Platforms,
    scratch: TempDir,
) -> Result<Source, SourceError> {
    let (path, inside) = match form {
        Form::Layout(path, inside)
        | Form::OciArchive(path, inside)
        | Form::DockerArchive(path, inside)
        | Form::File(path, inside) => (path, inside.as_deref()),
        Form::Docker(name) | Form::Podman(name) | Form::Buildah(name) | Form::Engine(name) => {
            return Err(SourceError::NotFound(format!("{name} was not saved into a file")));
        }
    };
    if !path.exists() {
        return Err(SourceError::NotFound(format!("there is no {}", path.display())));
    }
    let files = Files::open(path, scratch.path())?;
    let (kind, (collected, name)) = match form {
        Form::Layout(..) => ("oci", from_layout(&files, inside, platforms)?),
        Form::OciArchive(..) => ("oci-archive", from_layout(&files, inside, platforms)?),
        _ => from_whatever(&files, inside, platforms, scratch.path())?,
    };
    let told = match &engine {
        Some((told, _)) => told.clone(),
        None => match inside {
            Some(inside) => format!("{kind}: {} ({inside})", path.display()),
            None => format!("{kind}: {}", path.display()),
        },
    };
    let Collected { manifests, blobs, left_out } = collected;
    let told = if left_out.is_empty() {
        told
    } else {
        format!("{told} (without {})", left_out.join(", "))
    };
    let name = engine.map(|(_, name)| name).or(name);
    Ok(Source { told, name, manifests, blobs, _scratch: scratch })
}

type Named = (Collected, Option<String>);

fn from_layout(
    files: &Files,
    inside: Option<&str>,
    platforms: &Platforms,
) -> Result<Named, SourceError> {
    let entry = layout::choose(files, inside)?;
    Ok((layout::collect(files, &entry, platforms)?, entry.name()))
}

/// A layout keeps digests as they are, so it is preferred; but one with plain layers inside an
/// archive of docker would send far more than needed.
fn from_whatever(
    files: &Files,
    inside: Option<&str>,
    platforms: &Platforms,
    scratch: &Path,
) -> Result<(&'static str, Named), SourceError> {
    let has_manifest = files.locate("manifest.json").is_some();
    if files.locate("index.json").is_some() {
        let named = from_layout(files, inside, platforms)?;
        if !has_manifest || !layout::has_plain_layers(&named.0) {
            return Ok(("oci-archive", named));
        }
    }
    if has_manifest {
        return Ok(("docker-archive", docker_archive::collect(files, inside, scratch)?));
    }
    Err(files.wrong("it is neither an OCI layout nor an archive of docker save"))
}
