//! Jobs: work to be done once, later.

use serde::{Deserialize, Serialize};

use crate::{Digest, RepoName};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Job {
    /// Read the metadata out of an image.
    DescribeImage {
        /// Where the image lies.
        repo: RepoName,
        /// Its manifest or index.
        digest: Digest,
    },
    /// Merge the details of every tag anew, after something was said about the repository.
    DescribeRepo {
        /// Which.
        repo: RepoName,
    },
    /// Drop uploads that nobody went on with.
    ExpireUploads,
    /// Fold what was noted about the use of organisations, and count anew what is due.
    CountUsage,
    /// Forget what was noted of acts longer ago than it is to be kept.
    ForgetAudit,
    /// Take pulls of days that have passed out of what counts as recent.
    ForgetPulls,
}

impl Job {
    /// What names the work: asking twice for the same key is one job.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::DescribeImage { repo, digest } => format!("describe:{repo}@{digest}"),
            Self::DescribeRepo { repo } => format!("describe:{repo}"),
            Self::ExpireUploads => "expire-uploads".to_owned(),
            Self::CountUsage => "count-usage".to_owned(),
            Self::ForgetAudit => "forget-audit".to_owned(),
            Self::ForgetPulls => "forget-pulls".to_owned(),
        }
    }

    /// The word of its kind, for logs and the database.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::DescribeImage { .. } => "describe_image",
            Self::DescribeRepo { .. } => "describe_repo",
            Self::ExpireUploads => "expire_uploads",
            Self::CountUsage => "count_usage",
            Self::ForgetAudit => "forget_audit",
            Self::ForgetPulls => "forget_pulls",
        }
    }
}

/// A job that this process holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedJob {
    /// Row in the database.
    pub id: i64,
    /// What is to be done.
    pub job: Job,
    /// How often it was begun, this time included.
    pub attempts: u32,
    /// How often it may be begun.
    pub max_attempts: u32,
}
