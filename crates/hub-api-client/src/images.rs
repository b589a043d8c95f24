//! Tags of a repository.

use hub_api::{DeclareImg, DetailView, EditDetail, ImgView, PageOf};
use hub_model::{RepoName, Tag};

use crate::repos::path;
use crate::{ApiError, Client};

impl Client {
    /// A page of the tags of a repository, newest upload first.
    ///
    /// # Errors
    ///
    /// A problem `not_found`.
    pub async fn imgs(
        &self,
        repo: &RepoName,
        before: Option<&str>,
        limit: Option<u32>,
    ) -> Result<PageOf<ImgView>, ApiError> {
        self.get(&path(repo, &["-", "tags"]))
            .query("before", before)
            .query("limit", limit)
            .read()
            .await
    }

    /// One image, by a tag or `latest`.
    ///
    /// # Errors
    ///
    /// A problem `not_found`.
    pub async fn img(&self, repo: &RepoName, tag: &str) -> Result<ImgView, ApiError> {
        self.get(&path(repo, &["-", "tags", tag])).read().await
    }

    /// Writes an image down before it is pushed.
    ///
    /// # Errors
    ///
    /// A problem `conflict` when the tag is there already.
    pub async fn declare(
        &self,
        repo: &RepoName,
        tag: &Tag,
        img: &DeclareImg,
    ) -> Result<ImgView, ApiError> {
        self.put(&path(repo, &["-", "tags", tag.as_str()]), img).read().await
    }

    /// Deletes a tag.
    ///
    /// # Errors
    ///
    /// A problem `not_found`, or `forbidden`.
    pub async fn delete_tag(&self, repo: &RepoName, tag: &Tag) -> Result<(), ApiError> {
        self.delete(&path(repo, &["-", "tags", tag.as_str()])).done().await
    }

    /// What an image says, and what people said about it.
    ///
    /// # Errors
    ///
    /// A problem `not_found`.
    pub async fn detail(&self, repo: &RepoName, tag: &str) -> Result<DetailView, ApiError> {
        self.get(&path(repo, &["-", "tags", tag, "detail"])).read().await
    }

    /// Says something about an image.
    ///
    /// # Errors
    ///
    /// A problem `forbidden` without the right to push, `invalid` that names the field.
    pub async fn describe(
        &self,
        repo: &RepoName,
        tag: &Tag,
        edit: &EditDetail,
    ) -> Result<DetailView, ApiError> {
        self.patch(&path(repo, &["-", "tags", tag.as_str(), "detail"]), edit).read().await
    }

    /// The README of an image, Markdown; `None` when it has none.
    ///
    /// # Errors
    ///
    /// A problem `not_found` when the image is not there.
    pub async fn docs(&self, repo: &RepoName, tag: &str) -> Result<Option<String>, ApiError> {
        let text = self.get(&path(repo, &["-", "tags", tag, "docs"])).text().await;
        match text {
            Err(ApiError::Problem { problem }) if problem.code == "no_docs" => Ok(None),
            other => other.map(Some),
        }
    }
}
