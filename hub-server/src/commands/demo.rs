//! `demo`: a hub with sample images, made by pushing them through its own registry.

mod samples;

use anyhow::{Context, Result};
use bytes::Bytes;
use hub_model::{Actor, SignedIn};
use hub_oci::BuiltImage;
use hub_registry_client::{
    BlobToPush, Bytewise, Credentials, NoProgress, Remote, RemoteOptions, Scheme,
};
use secrecy::{ExposeSecret, SecretString};

use super::args::Settings;
use super::{printer, quiet, serve, user};
use crate::services::accounts::{self, NewAccount};
use crate::services::orgs;
use crate::{Running, start};

/// Who owns everything in the demonstration.
const ADMIN: &str = "demo";

pub(super) async fn demo(settings: Settings, keep: bool) -> Result<()> {
    let fresh = settings.data.is_none();
    let listens = settings.listen.is_some();
    let mut config = quiet(settings.load()?)?;
    let folder = tempfile::Builder::new().prefix("hub-demo-").tempdir();
    let mut folder = folder.context("could not make a folder for the data")?;
    if fresh {
        config.data = folder.path().to_owned();
    }
    folder.disable_cleanup(keep);
    if !listens {
        config.listen.address = ([127, 0, 0, 1], config.listen.address.port()).into();
    }
    let running = start(config).await.context("could not start the hub")?;
    let password = fill(&running).await.context("could not fill the hub with samples")?;
    printer::line(&format!("\n  the hub is at  {}", running.url()));
    match &password {
        Some(password) => {
            printer::line(&format!("  user           {ADMIN}"));
            printer::line(&format!("  password       {}", password.expose_secret()));
        }
        None => printer::line("  it was filled before: sign in as then"),
    }
    if fresh && !keep {
        printer::line("  everything is forgotten when it stops (Ctrl-C)\n");
    } else {
        printer::line(&format!("  data           {}\n", running.app.config.data.display()));
    }
    serve::told_to_stop().await?;
    running.stop().await;
    Ok(())
}

/// Makes the user and the organisations, pushes the samples. `None` when they were there already.
async fn fill(running: &Running) -> Result<Option<SecretString>> {
    let app = &running.app;
    let name: hub_model::UserName = ADMIN.parse()?;
    if app.db.user(&name).await?.is_some() {
        return Ok(None);
    }
    anyhow::ensure!(
        app.db.users().await? == 0,
        "it is somebody's hub already: name an empty folder, or none for a temporary one"
    );
    let password = user::new_password();
    let new = NewAccount { name, password: password.clone(), admin: true };
    let user = accounts::add_user(app, &Actor::System, new).await?;
    let admin = Actor::User(SignedIn::by_password(user.into()));
    for (org, display_name, description) in samples::ORGS {
        orgs::create(app, &admin, &org.parse()?, display_name, description).await?;
    }
    let mut options = RemoteOptions::new(running.addr.to_string());
    options.scheme = if app.config.scheme() == "https" { Scheme::Tls } else { Scheme::Plain };
    // It is this process, by an address that no certificate names.
    options.insecure = true;
    let user = ADMIN.to_owned();
    options.credentials = Some(Credentials::Basic { user, password: password.clone() });
    let remote = Remote::new(options)?;
    for sample in samples::all() {
        push(&remote, sample.repo, sample.tag, &sample.image)
            .await
            .with_context(|| format!("could not push {}:{}", sample.repo, sample.tag))?;
    }
    app.settle().await?;
    Ok(Some(password))
}

/// Pushes blobs, then children, then the manifest.
async fn push(remote: &Remote, repo: &str, tag: &str, image: &BuiltImage) -> Result<()> {
    for child in &image.children {
        push_blobs(remote, repo, child).await?;
        let bytes = Bytes::from(child.manifest.clone());
        remote.push_manifest(repo, child.digest.as_str(), &child.media_type, bytes).await?;
    }
    push_blobs(remote, repo, image).await?;
    let bytes = Bytes::from(image.manifest.clone());
    remote.push_manifest(repo, tag, &image.media_type, bytes).await?;
    Ok(())
}

async fn push_blobs(remote: &Remote, repo: &str, image: &BuiltImage) -> Result<()> {
    for (digest, bytes) in &image.blobs {
        let source = Bytewise(Bytes::from(bytes.clone()));
        let size = u64::try_from(bytes.len())?;
        let blob = BlobToPush { digest, size, mount_from: None, source: &source };
        remote.push_blob(repo, blob, &NoProgress).await?;
    }
    Ok(())
}
