//! What failures mean for people: exit codes and hints.

use hub_api::CheckView;
use hub_model::RepoName;
use hub_registry_client::RemoteError;

use crate::report::{Exit, Failure};
use crate::server::Server;
use crate::source::SourceError;

/// The failure of reading an image where it lies.
pub(super) fn of_source(error: SourceError) -> Failure {
    match error {
        SourceError::NotFound(text) => Failure::new(Exit::NotFound, text).hint(
            "name a local image, a layout (oci:DIR) or an archive of docker save or podman save",
        ),
        error => Failure::new(Exit::Failed, "the image cannot be read").cause(error),
    }
}

/// The failure of a push that the hub would refuse, as it says itself.
pub(super) fn of_push(repo: &RepoName, server: &Server, found: &CheckView) -> Failure {
    let (org, who) = (repo.org(), &found.user);
    let reason = match (found.ground.kind.as_str(), found.ground.role.as_deref()) {
        ("anonymous", _) => "not logged in".to_owned(),
        ("elsewhere", _) => format!("this credential of {who} is for other places"),
        // The role is enough, so it is the credential that is not.
        ("administrator", _) | (_, Some("writer" | "owner")) => {
            format!("this credential of {who} is not good for pushing")
        }
        ("stranger", _) if found.resource == org.as_str() => format!("you ({who}) are no member"),
        _ => format!("you ({who}) have pull only"),
    };
    let failure = Failure::new(Exit::Denied, format!("push to org \"{org}\" denied: {reason}"));
    if found.ground.kind == "anonymous" {
        return failure.hint(format!("hub login {server}"));
    }
    let why = format!("hub perm check {} --action push --why", found.resource);
    failure.hint(match found.ask.as_slice() {
        [] => format!("{why}, or ask an owner of {org}"),
        owners => format!("{why}, or ask an owner: {}", owners.join(", ")),
    })
}

/// The failure of an act at a registry: `act` is a verb, `name` a repository.
pub(super) fn of_remote(act: &str, name: &str, server: &Server, error: RemoteError) -> Failure {
    let repo = name.strip_prefix(server.host()).unwrap_or(name).trim_start_matches('/');
    let org = repo.split('/').next().unwrap_or(repo).to_owned();
    let failure = |exit, text: String| Failure::new(exit, text);
    match &error {
        RemoteError::Unauthorized { presented: false, .. } => {
            failure(Exit::Denied, format!("could not {act} {name}: not logged in"))
                .cause(error)
                .hint(format!("hub login {server}"))
        }
        RemoteError::Unauthorized { .. } => {
            failure(Exit::Denied, format!("{server} does not accept the stored credentials"))
                .cause(error)
                .hint(format!("hub login {server}"))
        }
        RemoteError::Denied { .. } => failure(
            Exit::Denied,
            format!("could not {act} {name}: denied"),
        )
        .cause(error)
        .hint(format!(
            "ask an owner of {org} for the right to push, or hub login {server} as somebody else"
        )),
        RemoteError::NotFound { .. } => {
            failure(Exit::NotFound, format!("could not {act} {name}: not found"))
                .cause(error)
                .hint(format!("does {org} exist, and are you a member? hub whoami"))
        }
        RemoteError::Conflict { .. } => {
            failure(Exit::Conflict, format!("could not {act} {name}: conflict")).cause(error)
        }
        RemoteError::Network { .. } => {
            failure(Exit::Network, format!("could not {act} {name}: {server} cannot be reached"))
                .cause(error)
                .hint(format!("is {} the right address, and does it answer?", server.url()))
        }
        RemoteError::Server { .. } => {
            failure(Exit::Network, format!("could not {act} {name}: {server} failed"))
                .cause(error)
                .hint("try again later, or ask who runs it")
        }
        _ => failure(Exit::Failed, format!("could not {act} {name}")).cause(error),
    }
}
