//! Repositories, and searching them.

use hub_api::{CreateRepo, DetailView, EditDetail, EditRepo, PageOf, RepoView};
use hub_model::{OrgName, RepoName};

use crate::{ApiError, Client};

impl Client {
    /// A page of the repositories that the caller may see, by name.
    ///
    /// # Errors
    ///
    /// Any [`ApiError`].
    pub async fn repos(
        &self,
        org: Option<&OrgName>,
        after: Option<&str>,
        limit: Option<u32>,
    ) -> Result<PageOf<RepoView>, ApiError> {
        self.get(&["repos"])
            .query("org", org)
            .query("after", after)
            .query("limit", limit)
            .read()
            .await
    }

    /// One repository.
    ///
    /// # Errors
    ///
    /// A problem `not_found`, also where the caller may not know of it.
    pub async fn repo(&self, repo: &RepoName) -> Result<RepoView, ApiError> {
        self.get(&path(repo, &[])).read().await
    }

    /// Makes a repository without tags, which stays when its last tag goes.
    ///
    /// # Errors
    ///
    /// A problem `conflict` when it is there already.
    pub async fn create_repo(&self, repo: &CreateRepo) -> Result<RepoView, ApiError> {
        self.post(&["repos"], repo).read().await
    }

    /// Changes a repository.
    ///
    /// # Errors
    ///
    /// A problem `forbidden` unless the caller owns its organisation.
    pub async fn edit_repo(&self, repo: &RepoName, edit: &EditRepo) -> Result<RepoView, ApiError> {
        self.patch(&path(repo, &[]), edit).read().await
    }

    /// Deletes a repository with all its tags.
    ///
    /// # Errors
    ///
    /// A problem `forbidden` unless the caller owns its organisation.
    pub async fn delete_repo(&self, repo: &RepoName) -> Result<(), ApiError> {
        self.delete(&path(repo, &[])).done().await
    }

    /// Stars a repository.
    ///
    /// # Errors
    ///
    /// A problem `unauthenticated` without credentials.
    pub async fn star(&self, repo: &RepoName) -> Result<(), ApiError> {
        self.put(&path(repo, &["-", "star"]), &()).done().await
    }

    /// Takes the star back.
    ///
    /// # Errors
    ///
    /// A problem `unauthenticated` without credentials.
    pub async fn unstar(&self, repo: &RepoName) -> Result<(), ApiError> {
        self.delete(&path(repo, &["-", "star"])).done().await
    }

    /// What people said about the whole repository.
    ///
    /// # Errors
    ///
    /// A problem `not_found`.
    pub async fn repo_detail(&self, repo: &RepoName) -> Result<DetailView, ApiError> {
        self.get(&path(repo, &["-", "detail"])).read().await
    }

    /// Says something about the whole repository.
    ///
    /// # Errors
    ///
    /// A problem `forbidden` without the right to push, `invalid` that names the field.
    pub async fn describe_repo(
        &self,
        repo: &RepoName,
        edit: &EditDetail,
    ) -> Result<DetailView, ApiError> {
        self.patch(&path(repo, &["-", "detail"]), edit).read().await
    }
}

/// The path of a repository, part by part, and what follows.
pub(crate) fn path<'a>(repo: &'a RepoName, rest: &[&'a str]) -> Vec<&'a str> {
    let mut path = vec!["repos"];
    path.extend(repo.as_str().split('/'));
    path.extend(rest);
    path
}
