//! Private repositories that are shared.

use hub_api::{CreateShare, EditShare, PageOf, ShareView};
use hub_model::{OrgName, RepoName};

use crate::repos::path;
use crate::{ApiError, Client};

/// Whose shares are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharesOf {
    /// What the caller's organisations share with others.
    Mine,
    /// What is shared with the caller.
    ToMe,
    /// What an organisation shares.
    Org(OrgName),
    /// With whom a repository is shared.
    Repo(RepoName),
}

impl Client {
    /// A page of shares, the newest first.
    ///
    /// # Errors
    ///
    /// Any [`ApiError`].
    pub async fn shares(
        &self,
        of: &SharesOf,
        status: Option<bool>,
        before: Option<&str>,
        limit: Option<u32>,
    ) -> Result<PageOf<ShareView>, ApiError> {
        let call = match of {
            SharesOf::Mine => self.get(&["shares"]).query("by", Some("me")),
            SharesOf::ToMe => self.get(&["shares"]).query("with", Some("me")),
            SharesOf::Org(org) => self.get(&["orgs", org.as_str(), "shares"]),
            SharesOf::Repo(repo) => self.get(&path(repo, &["-", "shares"])),
        };
        call.query("status", status).query("before", before).query("limit", limit).read().await
    }

    /// One share of a repository.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when it is not shared with them.
    pub async fn share(&self, repo: &RepoName, with: &str) -> Result<ShareView, ApiError> {
        self.get(&path(repo, &["-", "shares", with])).read().await
    }

    /// Shares a private repository.
    ///
    /// # Errors
    ///
    /// A problem `conflict` when it is shared with them already.
    pub async fn create_share(
        &self,
        repo: &RepoName,
        share: &CreateShare,
    ) -> Result<ShareView, ApiError> {
        self.post(&path(repo, &["-", "shares"]), share).read().await
    }

    /// Changes a share.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when it is not shared with them.
    pub async fn edit_share(
        &self,
        repo: &RepoName,
        with: &str,
        edit: &EditShare,
    ) -> Result<ShareView, ApiError> {
        self.patch(&path(repo, &["-", "shares", with]), edit).read().await
    }

    /// Ends a share.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when it is not shared with them.
    pub async fn delete_share(&self, repo: &RepoName, with: &str) -> Result<(), ApiError> {
        self.delete(&path(repo, &["-", "shares", with])).done().await
    }
}
