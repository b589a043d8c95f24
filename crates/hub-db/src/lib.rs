//! All SQL of the hub (skeleton: bodies follow).
#![allow(missing_docs, unused_variables, clippy::all, clippy::pedantic, clippy::todo, clippy::allow_attributes)]
use hub_model::*;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

#[derive(Debug, Clone)]
pub enum Db { Lite(Lite), Pg(PgPool) }
#[derive(Debug, Clone)]
#[allow(dead_code)]
pub struct Lite { reader: SqlitePool, writer: SqlitePool }
#[derive(Debug)]
pub enum Change { Lite(Transaction<'static, Sqlite>), Pg(Transaction<'static, Postgres>) }
#[derive(Debug, thiserror::Error)]
#[error("could not {doing}")]
pub struct DbError { doing: &'static str, #[source] source: sqlx::Error }
impl DbError { pub fn is_conflict(&self) -> bool { todo!() } pub fn is_full(&self) -> bool { todo!() } }

#[derive(Clone)]
pub struct NewUser { pub name: UserName, pub password_hash: Option<String>, pub admin: bool, pub created_at_ms: i64 }
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepoFilter { All, Visible { orgs: Vec<OrgName> } }
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoEdit { pub visibility: Visibility, pub keep: bool, pub official: bool, pub latest_mode: LatestMode, pub updated_at_ms: i64 }
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest { pub tag: Option<Tag>, pub semver: Option<Tag>, pub tags: u64, pub pushed_at_ms: i64, pub updated_at_ms: i64 }
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseImage { pub repo: RepoName, pub visibility: Visibility, pub digest: Digest, pub chain: Digest, pub tag: Option<Tag> }
impl Db {
    pub async fn open(url: &str) -> Result<Self, DbError> { todo!() }
    pub async fn close(&self) { todo!() }
    pub fn engine(&self) -> &'static str { todo!() }
    pub async fn user(&self, name: &UserName) -> Result<Option<User>, DbError> { todo!() }
    pub async fn user_by_id(&self, id: i64) -> Result<Option<User>, DbError> { todo!() }
    pub async fn users(&self) -> Result<i64, DbError> { todo!() }
    pub async fn password_hash(&self, user_id: i64) -> Result<Option<String>, DbError> { todo!() }
    pub async fn org(&self, name: &OrgName) -> Result<Option<Org>, DbError> { todo!() }
    pub async fn orgs(&self, after: Option<&str>, limit: i64) -> Result<Vec<Org>, DbError> { todo!() }
    pub async fn count_orgs(&self) -> Result<i64, DbError> { todo!() }
    pub async fn orgs_of(&self, user_id: i64) -> Result<Vec<(Org, Role)>, DbError> { todo!() }
    pub async fn role(&self, org: &OrgName, user_id: i64) -> Result<Option<Role>, DbError> { todo!() }
    pub async fn members(&self, org_id: i64) -> Result<Vec<Member>, DbError> { todo!() }
    pub async fn repo(&self, name: &RepoName) -> Result<Option<Repo>, DbError> { todo!() }
    pub async fn repos_by_id(&self, ids: &[i64]) -> Result<Vec<Repo>, DbError> { todo!() }
    pub async fn repos(&self, filter: &RepoFilter, org: Option<&OrgName>, after: Option<&str>, limit: i64) -> Result<Vec<Repo>, DbError> { todo!() }
    pub async fn count_repos(&self, filter: &RepoFilter, org: Option<&OrgName>) -> Result<i64, DbError> { todo!() }
    pub async fn recent_repos(&self, filter: &RepoFilter, limit: i64) -> Result<Vec<Repo>, DbError> { todo!() }
    pub async fn starred(&self, repo_id: i64, user_id: i64) -> Result<bool, DbError> { todo!() }
    pub async fn add_pulls(&self, pulls: &[(i64, u64)]) -> Result<(), DbError> { todo!() }
    pub async fn blob_in(&self, repo_id: i64, digest: &Digest) -> Result<Option<u64>, DbError> { todo!() }
    pub async fn blob(&self, digest: &Digest) -> Result<Option<u64>, DbError> { todo!() }
    pub async fn repos_with_blob(&self, digest: &Digest, limit: i64) -> Result<Vec<Repo>, DbError> { todo!() }
    pub async fn blob_used(&self, repo_id: i64, digest: &Digest) -> Result<bool, DbError> { todo!() }
    pub async fn manifest(&self, repo_id: i64, digest: &Digest) -> Result<Option<Manifest>, DbError> { todo!() }
    pub async fn manifest_head(&self, repo_id: i64, digest: &Digest) -> Result<Option<(String, u64)>, DbError> { todo!() }
    pub async fn referrers(&self, repo_id: i64, subject: &Digest) -> Result<Vec<Referrer>, DbError> { todo!() }
    pub async fn base_of(&self, chains: &[Digest], not_repo: i64) -> Result<Option<BaseImage>, DbError> { todo!() }
    pub async fn img(&self, repo_id: i64, tag: &Tag) -> Result<Option<Img>, DbError> { todo!() }
    pub async fn imgs(&self, repo_id: i64, before: Option<(i64, &str)>, limit: i64) -> Result<Vec<Img>, DbError> { todo!() }
    pub async fn count_imgs(&self, repo_id: i64) -> Result<i64, DbError> { todo!() }
    pub async fn tags(&self, repo_id: i64, last: Option<&str>, limit: i64) -> Result<Vec<Tag>, DbError> { todo!() }
    pub async fn tag_digest(&self, repo_id: i64, tag: &Tag) -> Result<Option<Digest>, DbError> { todo!() }
    pub async fn imgs_of(&self, repo_id: i64, digest: &Digest) -> Result<Vec<Img>, DbError> { todo!() }
    pub async fn latest_imgs(&self, repo_ids: &[i64]) -> Result<Vec<Img>, DbError> { todo!() }
    pub async fn details(&self, repo_id: i64, scope: &DetailScope) -> Result<Option<Detail>, DbError> { todo!() }
    pub async fn document(&self, digest: &Digest) -> Result<Option<Document>, DbError> { todo!() }
    pub async fn upload(&self, id: &str) -> Result<Option<Upload>, DbError> { todo!() }
    pub async fn lease_upload(&self, id: &str, holder: &str, now_ms: i64, until_ms: i64) -> Result<bool, DbError> { todo!() }
    pub async fn save_upload(&self, upload: &Upload, holder: &str) -> Result<bool, DbError> { todo!() }
    pub async fn stale_uploads(&self, before_ms: i64, limit: i64) -> Result<Vec<String>, DbError> { todo!() }
    pub async fn token_by_hash(&self, secret_hash: &str) -> Result<Option<(Token, User)>, DbError> { todo!() }
    pub async fn tokens_of(&self, user_id: i64, kind: TokenKind) -> Result<Vec<Token>, DbError> { todo!() }
    pub async fn touch_tokens(&self, used: &[(i64, i64)]) -> Result<(), DbError> { todo!() }
    pub async fn setting(&self, key: &str) -> Result<Option<Vec<u8>>, DbError> { todo!() }
    pub async fn letters_after(&self, seq: i64, limit: i64) -> Result<Vec<Letter>, DbError> { todo!() }
    pub async fn last_letter(&self) -> Result<i64, DbError> { todo!() }
    pub async fn drop_letters_before(&self, at_ms: i64) -> Result<(), DbError> { todo!() }
    pub async fn claim_job(&self, holder: &str, now_ms: i64, until_ms: i64) -> Result<Option<ClaimedJob>, DbError> { todo!() }
    pub async fn renew_job(&self, id: i64, holder: &str, until_ms: i64) -> Result<bool, DbError> { todo!() }
    pub async fn finish_job(&self, id: i64, holder: &str) -> Result<(), DbError> { todo!() }
    pub async fn fail_job(&self, id: i64, holder: &str, error: &str, retry_at_ms: Option<i64>) -> Result<(), DbError> { todo!() }
    pub async fn open_jobs(&self) -> Result<i64, DbError> { todo!() }
    pub async fn next_job_at(&self) -> Result<Option<i64>, DbError> { todo!() }
    pub async fn take_lease(&self, name: &str, holder: &str, now_ms: i64, until_ms: i64) -> Result<bool, DbError> { todo!() }
    pub async fn give_back_lease(&self, name: &str, holder: &str) -> Result<(), DbError> { todo!() }
    pub async fn search_doc(&self, name: &str) -> Result<Option<SearchDoc>, DbError> { todo!() }
    pub async fn search_docs(&self, after: &str, limit: i64) -> Result<Vec<SearchDoc>, DbError> { todo!() }
    pub async fn migrate(&self) -> Result<(), DbError> { todo!() }
    pub async fn ping(&self) -> Result<(), DbError> { todo!() }
    pub async fn change(&self) -> Result<Change, DbError> { todo!() }
}
impl Change {
    pub async fn commit(self) -> Result<(), DbError> { todo!() }
    pub async fn add_user(&mut self, user: &NewUser) -> Result<User, DbError> { todo!() }
    pub async fn set_password(&mut self, user_id: i64, password_hash: &str) -> Result<(), DbError> { todo!() }
    pub async fn set_disabled(&mut self, user_id: i64, disabled: bool) -> Result<(), DbError> { todo!() }
    pub async fn add_org(&mut self, org: &NewOrg) -> Result<Org, DbError> { todo!() }
    pub async fn edit_org(&mut self, org_id: i64, display_name: &str, description: &str) -> Result<(), DbError> { todo!() }
    pub async fn delete_org(&mut self, org_id: i64) -> Result<(), DbError> { todo!() }
    pub async fn set_member(&mut self, org_id: i64, user_id: i64, role: Role, at_ms: i64) -> Result<(), DbError> { todo!() }
    pub async fn remove_member(&mut self, org_id: i64, user_id: i64) -> Result<bool, DbError> { todo!() }
    pub async fn count_owners(&mut self, org_id: i64) -> Result<i64, DbError> { todo!() }
    pub async fn add_repo(&mut self, repo: &NewRepo) -> Result<Repo, DbError> { todo!() }
    pub async fn lock_repo(&mut self, name: &RepoName) -> Result<Option<Repo>, DbError> { todo!() }
    pub async fn edit_repo(&mut self, repo_id: i64, edit: &RepoEdit) -> Result<(), DbError> { todo!() }
    pub async fn set_latest(&mut self, repo_id: i64, latest: &Latest) -> Result<(), DbError> { todo!() }
    pub async fn delete_repo(&mut self, repo_id: i64) -> Result<(), DbError> { todo!() }
    pub async fn star(&mut self, repo_id: i64, user_id: i64) -> Result<bool, DbError> { todo!() }
    pub async fn unstar(&mut self, repo_id: i64, user_id: i64) -> Result<bool, DbError> { todo!() }
    pub async fn put_blob(&mut self, digest: &Digest, size: u64, at_ms: i64) -> Result<(), DbError> { todo!() }
    pub async fn link_blob(&mut self, repo_id: i64, digest: &Digest) -> Result<(), DbError> { todo!() }
    pub async fn blobs_in(&mut self, repo_id: i64, digests: &[Digest]) -> Result<Vec<(Digest, u64)>, DbError> { todo!() }
    pub async fn unlink_blob(&mut self, repo_id: i64, digest: &Digest) -> Result<bool, DbError> { todo!() }
    pub async fn put_manifest(&mut self, manifest: &Manifest) -> Result<(), DbError> { todo!() }
    pub async fn link_manifest(&mut self, repo_id: i64, digest: &Digest, at_ms: i64, by: &str) -> Result<(), DbError> { todo!() }
    pub async fn manifests_in(&mut self, repo_id: i64, digests: &[Digest]) -> Result<Vec<Digest>, DbError> { todo!() }
    pub async fn unlink_manifest(&mut self, repo_id: i64, digest: &Digest) -> Result<bool, DbError> { todo!() }
    pub async fn put_img(&mut self, img: &NewImg) -> Result<i64, DbError> { todo!() }
    pub async fn img(&mut self, repo_id: i64, tag: &Tag) -> Result<Option<Img>, DbError> { todo!() }
    pub async fn imgs_of(&mut self, repo_id: i64, digest: &Digest) -> Result<Vec<Img>, DbError> { todo!() }
    pub async fn all_imgs(&mut self, repo_id: i64) -> Result<Vec<(Tag, ImgState, i64, bool)>, DbError> { todo!() }
    pub async fn img_before(&mut self, repo_id: i64, pushed_at_ms: i64, not: &Tag) -> Result<Option<Img>, DbError> { todo!() }
    pub async fn set_detail(&mut self, img_id: i64, detail: &Detail, extraction: &Extraction, notes: &[String]) -> Result<(), DbError> { todo!() }
    pub async fn delete_img(&mut self, repo_id: i64, tag: &Tag) -> Result<bool, DbError> { todo!() }
    pub async fn delete_imgs_of(&mut self, repo_id: i64, digest: &Digest) -> Result<Vec<Tag>, DbError> { todo!() }
    pub async fn put_details(&mut self, repo_id: i64, scope: &DetailScope, detail: &Detail, at_ms: i64) -> Result<(), DbError> { todo!() }
    pub async fn drop_details(&mut self, repo_id: i64, scope: &DetailScope) -> Result<(), DbError> { todo!() }
    pub async fn details(&mut self, repo_id: i64, scope: &DetailScope) -> Result<Option<Detail>, DbError> { todo!() }
    pub async fn put_document(&mut self, document: &Document) -> Result<(), DbError> { todo!() }
    pub async fn add_upload(&mut self, upload: &Upload) -> Result<(), DbError> { todo!() }
    pub async fn delete_upload(&mut self, id: &str) -> Result<bool, DbError> { todo!() }
    pub async fn add_token(&mut self, token: &NewToken) -> Result<Token, DbError> { todo!() }
    pub async fn delete_token(&mut self, user_id: i64, id: i64) -> Result<bool, DbError> { todo!() }
    pub async fn delete_tokens(&mut self, user_id: i64, kind: TokenKind) -> Result<(), DbError> { todo!() }
    pub async fn init_setting(&mut self, key: &str, value: &[u8]) -> Result<Vec<u8>, DbError> { todo!() }
    pub async fn tell(&mut self, kind: LetterKind, subject: &str, at_ms: i64) -> Result<(), DbError> { todo!() }
    pub async fn enqueue(&mut self, job: &Job, run_at_ms: i64) -> Result<(), DbError> { todo!() }
}
