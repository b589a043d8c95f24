//! What was done and what was refused.

use hub_api::AuditPage;
use hub_model::OrgName;

use crate::{ApiError, Client};

/// Which acts are wanted; what is `None` may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFor {
    /// Of this organisation; of the whole hub otherwise, for its administrators.
    pub org: Option<OrgName>,
    /// By this actor.
    pub actor: Option<String>,
    /// Of this kind.
    pub action: Option<String>,
    /// To this target.
    pub target: Option<String>,
    /// That ended so: `done`, `denied`.
    pub outcome: Option<String>,
    /// Not before this time.
    pub since: Option<String>,
    /// Before this time.
    pub until: Option<String>,
}

impl Client {
    /// A page of acts, the newest first.
    ///
    /// # Errors
    ///
    /// A problem `forbidden` unless the caller owns the organisation or administers the hub.
    pub async fn audit(
        &self,
        wanted: &AuditFor,
        before: Option<&str>,
        limit: Option<u32>,
    ) -> Result<AuditPage, ApiError> {
        let call = match &wanted.org {
            Some(org) => self.get(&["orgs", org.as_str(), "audit"]),
            None => self.get(&["audit"]),
        };
        call.query("actor", wanted.actor.as_ref())
            .query("action", wanted.action.as_ref())
            .query("target", wanted.target.as_ref())
            .query("outcome", wanted.outcome.as_ref())
            .query("since", wanted.since.as_ref())
            .query("until", wanted.until.as_ref())
            .query("before", before)
            .query("limit", limit)
            .read()
            .await
    }
}
