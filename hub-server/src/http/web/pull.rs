//! Commands that fetch an image, ready to be copied.

use hub_model::RepoName;

use super::visitor::Visitor;

/// One tool with its command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub tool: &'static str,
    pub text: String,
    /// Whether it is shown first.
    pub chosen: bool,
}

/// The commands for one image; `version` is `:TAG` or `@DIGEST`.
pub(super) fn commands(visitor: &Visitor, repo: &RepoName, version: &str) -> Vec<Command> {
    let image = format!("{}/{repo}{version}", visitor.host());
    let file = repo.as_str().rsplit('/').next().unwrap_or_default();
    let list = [
        ("docker", format!("docker pull {image}")),
        ("podman", format!("podman pull {image}")),
        ("skopeo", format!("skopeo copy docker://{image} oci-archive:{file}.tar")),
        ("sealos", format!("sealos run {image}")),
    ];
    let known = list.iter().any(|(tool, _)| *tool == visitor.tool());
    let chosen = if known { visitor.tool() } else { "docker" };
    list.into_iter().map(|(tool, text)| Command { tool, text, chosen: tool == chosen }).collect()
}
