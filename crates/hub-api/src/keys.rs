//! Access keys of users.

use hub_model::AccessKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time;

/// An access key: everything but its secret half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    /// The public half: 20 capital letters and digits.
    pub access_key: String,
    /// What its owner calls it.
    pub name: String,
    /// Whether it may not be used.
    pub disabled: bool,
    /// When it was made.
    pub created_at: String,
    /// When it ends; null for never.
    pub expires_at: Option<String>,
    /// When it was last used, some minutes late; null for never.
    pub last_used_at: Option<String>,
}

/// An access key that was made: the only time that its secret half is shown.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedKey {
    /// The key.
    #[serde(flatten)]
    pub key: KeyView,
    /// Name of its owner.
    pub user: String,
    /// The secret half: 40 letters and digits. It signs, and is never sent.
    pub secret_key: String,
    /// What `docker login -u ANYTHING@ACCESSKEY` takes as its password: a signature.
    pub registry_password: String,
}

/// Makes an access key: `POST /keys`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateKey {
    /// What to call it.
    pub name: String,
    /// When it is to end, RFC 3339; never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// Disables an access key, or enables it: `PATCH /keys/{ak}`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditKey {
    /// Whether it may not be used.
    pub disabled: bool,
}

impl From<AccessKey> for KeyView {
    fn from(key: AccessKey) -> Self {
        Self {
            access_key: key.key_id.into(),
            name: key.name,
            disabled: key.disabled,
            created_at: time(key.created_at_ms),
            expires_at: key.expires_at_ms.map(time),
            last_used_at: key.used_at_ms.map(time),
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_model::AccessKeyId;

    use super::*;

    #[test]
    fn an_access_key_shows_its_secret_half_once() {
        let key = AccessKey {
            id: 7,
            user_id: 1,
            key_id: AccessKeyId::parse("HUB0123456789ABCDEFG").unwrap(),
            name: "ci".into(),
            disabled: false,
            created_at_ms: 1_763_712_000_000,
            expires_at_ms: Some(1_763_712_060_000),
            used_at_ms: None,
        };
        let made = CreatedKey {
            key: key.into(),
            user: "alice".into(),
            secret_key: "s".into(),
            registry_password: "p".into(),
        };
        insta::assert_json_snapshot!(made, @r#"
        {
          "accessKey": "HUB0123456789ABCDEFG",
          "name": "ci",
          "disabled": false,
          "createdAt": "2025-11-21T08:00:00.000Z",
          "expiresAt": "2025-11-21T08:01:00.000Z",
          "lastUsedAt": null,
          "user": "alice",
          "secretKey": "s",
          "registryPassword": "p"
        }
        "#);
    }
}
