//! What was searched for and not found.

use hub_model::MissedSearch;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time;

/// A text that was searched for and not found. Nobody knows by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissedSearchView {
    /// What was typed, in small letters, at most 100 characters.
    pub text: String,
    /// How often.
    pub times: u64,
    /// When first.
    pub first_at: String,
    /// When last.
    pub last_at: String,
}

impl From<MissedSearch> for MissedSearchView {
    fn from(search: MissedSearch) -> Self {
        let (first_at, last_at) = (time(search.first_ms), time(search.last_ms));
        Self { text: search.text, times: search.times, first_at, last_at }
    }
}

/// Texts that were forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForgottenSearches {
    /// How many.
    pub texts: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_search_tells_its_times() {
        let search = MissedSearch {
            text: "消息队列".to_owned(),
            times: 3,
            first_ms: 1_763_712_000_000,
            last_ms: 1_763_712_001_000,
        };
        insta::assert_json_snapshot!(MissedSearchView::from(search), @r#"
        {
          "text": "消息队列",
          "times": 3,
          "firstAt": "2025-11-21T08:00:00.000Z",
          "lastAt": "2025-11-21T08:00:01.000Z"
        }
        "#);
    }
}
