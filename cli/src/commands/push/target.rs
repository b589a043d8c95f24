//! The registry at the other end, and the hub that it may be.

use hub_api::{CreateRepo, EditRepo, RepoView};
use hub_api_client::Client;
use hub_model::{Action, Place, RepoName, Tag};
use hub_oci::detail_artifact::Subject;
use hub_registry_client::{Credentials, Remote, RemoteError, RemoteOptions, Scheme};
use secrecy::{ExposeSecret, SecretString};

use super::artifact;
use super::destination::Destination;
use super::refusal;
use super::said::Said;
use crate::config::Trust;
use crate::context::Context;
use crate::report::{Exit, Failure};
use crate::server::Server;

/// A repository of a registry.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) server: Server,
    pub(super) remote: Remote,
    pub(super) repo: String,
    pub(super) tags: Vec<Tag>,
    /// `None` for a registry that is no hub.
    pub(super) hub: Option<Hub>,
}

/// A repository of a hub.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) client: Client,
    pub(super) repo: RepoName,
    /// As it was before the push.
    pub(super) before: Option<RepoView>,
}

impl Target {
    /// Asks who is at the other end, and whether it knows us.
    pub(super) async fn connect(
        destination: &Destination,
        retries: u32,
        context: &Context,
    ) -> anyhow::Result<Self> {
        let Destination { server, repo, tags } = destination.clone();
        let client = context.api(&server).await?;
        let credentials = credentials(&server, &client, context).await?;
        let scheme = if server.is_plain() { Scheme::Plain } else { Scheme::Tls };
        let Trust { ca, insecure, .. } = context.config.trust(&server)?;
        let options = RemoteOptions {
            scheme,
            credentials,
            retries,
            ca,
            insecure,
            ..RemoteOptions::new(server.host())
        };
        let name = format!("{server}/{repo}");
        let refuse = |error: RemoteError| refusal::of_remote("push to", &name, &server, error);
        let remote = Remote::new(options).map_err(refuse)?;
        remote.ping().await.map_err(refuse)?;
        let hub = hub(client, &repo).await?;
        if let Some(hub) = &hub {
            may_push(hub, &server).await?;
        }
        let kind = if hub.is_some() { "a hub" } else { "a registry, no hub" };
        context.printer.detail(&format!("{server} is {kind}"));
        Ok(Self { server, remote, repo, tags, hub })
    }

    /// `host/org/repo`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.server, self.repo)
    }

    /// The failure of an act here.
    pub(super) fn refusal(&self, act: &str, error: RemoteError) -> Failure {
        refusal::of_remote(act, &self.name(), &self.server, error)
    }

    /// The failure of looking for a tag.
    pub(super) fn absent(&self, tag: &Tag, error: RemoteError) -> Failure {
        let name = self.name();
        match error {
            RemoteError::NotFound { .. } => {
                Failure::new(Exit::NotFound, format!("there is no {name}:{tag}"))
                    .cause(error)
                    .hint(format!("hub tags {name}, or push the image first"))
            }
            error => self.refusal("read", error),
        }
    }

    /// The failure of a push that had begun; `done` is what stays.
    pub(super) fn stopped(&self, error: RemoteError, done: &str) -> Failure {
        if !error.is_outage() {
            return self.refusal("push to", error);
        }
        Failure::new(Exit::Network, format!("the push to {} stopped: {done}", self.name()))
            .cause(error)
            .hint("run the same command again: what is there is not sent again")
    }

    /// Makes the repository public or private, before anything is in it. One that is there can
    /// only become private: nobody publishes secrets by a flag of a push.
    pub(super) async fn make_visible(
        &self,
        private: bool,
        context: &Context,
    ) -> anyhow::Result<()> {
        let word = if private { "private" } else { "public" };
        let Some(Hub { client, repo, before }) = &self.hub else {
            context.printer.warn(&format!(
                "{} is no hub: --visibility {word} is for the owner of its registry to decide",
                self.server
            ));
            return Ok(());
        };
        let visibility = Some(word.to_owned());
        match before {
            Some(view) if view.visibility == word => {}
            Some(_) if !private => {
                context.printer.warn(&format!(
                    "{repo} is there already and stays private: a push makes nothing public"
                ));
                return Ok(());
            }
            Some(_) => {
                let edit = EditRepo { visibility, ..EditRepo::default() };
                client.edit_repo(repo, &edit).await?;
            }
            None => {
                let new = CreateRepo { name: repo.to_string(), visibility };
                client.create_repo(&new).await?;
            }
        }
        context.printer.note("repo", &format!("{repo} is {word}"));
        Ok(())
    }

    /// Says something about an image that is there: as a referrer, which travels with it, and on
    /// a hub as an edit of each tag, which stays when the tag is pushed again.
    pub(super) async fn say(
        &self,
        said: &Said,
        subject: &Subject,
        tags: &[Tag],
        context: &Context,
    ) -> anyhow::Result<()> {
        let artifact = artifact::push(&self.remote, &self.repo, subject, &said.artifact).await;
        let Some(Hub { client, repo, .. }) = &self.hub else {
            artifact.map_err(|error| {
                let done = "the image is there, but not what was said about it";
                self.stopped(error, done)
            })?;
            context.printer.note(
                "detail",
                &format!("{} is no hub: README and fields went as a referrer only", self.server),
            );
            return Ok(());
        };
        if let Err(error) = artifact {
            // The edit below says the same; only mirrors and foreign registries miss it.
            context.printer.warn(&format!("what was said does not travel with the image: {error}"));
        }
        for tag in tags {
            client.describe(repo, tag, &said.edit()).await?;
        }
        context.printer.note("detail", &said.summary());
        Ok(())
    }
}

/// Whether the hub would take a push; asked before anything is sent, so that the answer can say why.
async fn may_push(hub: &Hub, server: &Server) -> Result<(), Failure> {
    let Hub { client, repo, before } = hub;
    if before.as_ref().and_then(|view| view.may).is_some_and(|may| may.push) {
        return Ok(());
    }
    // Into a repository that is yet to be made pushes who may push into its organisation.
    let place = match before {
        Some(_) => Place::Repo(repo.clone()),
        None => Place::Org(repo.org()),
    };
    match client.check_access(&place, Action::Push, None).await {
        Ok(found) if !found.allowed => Err(refusal::of_push(repo, server, &found)),
        // What cannot be asked is left to the registry to refuse.
        _ => Ok(()),
    }
}

/// Whether a hub answers, and what it knows of the repository. A failing network is not
/// reported: the registry answered a moment ago, so it is no hub.
async fn hub(client: Client, repo: &str) -> anyhow::Result<Option<Hub>> {
    match client.version().await {
        Ok(version) if version.name.starts_with("hub") => {}
        _ => return Ok(None),
    }
    let name = RepoName::parse(repo).map_err(|error| {
        Failure::usage(format!("{repo} is no name of a repository"))
            .cause(error)
            .hint("write ORG/REPO:TAG")
    })?;
    let before = match client.repo(&name).await {
        Ok(view) => Some(view),
        Err(error) if error.status() == Some(404) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Some(Hub { client, repo: name, before }))
}

/// What the registry is shown: what the hub is shown, with the user that docker's form wants.
async fn credentials(
    server: &Server,
    client: &Client,
    context: &Context,
) -> anyhow::Result<Option<Credentials>> {
    let Some(found) = context.credentials(server).await? else {
        return Ok(None);
    };
    let secret: SecretString = found.secret;
    if !found.user.is_empty() {
        return Ok(Some(Credentials::Basic { user: found.user, password: secret }));
    }
    if !secret.expose_secret().starts_with("hub_") {
        return Ok(Some(Credentials::Identity(secret)));
    }
    let who = client.whoami().await?;
    Ok(Some(Credentials::Basic { user: who.name, password: secret }))
}
