//! Errors of `/api/v1`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Media type of a [`Problem`].
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// An error, as RFC 9457 writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Always `about:blank`: [`Problem::code`] tells problems apart.
    #[serde(rename = "type", default = "blank")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, for people.
    pub detail: String,
    /// What went wrong, for programs: `not_found`, `forbidden`, `unauthenticated`, `conflict`,
    /// `invalid`, `no_docs`, `too_large`, `too_many`, `method_not_allowed`, `unavailable`, `server_error`.
    pub code: String,
    /// What to try next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Id of the request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Path of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What is wrong with which field of the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// What is wrong with one field of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// Name of the field, as it stands in the request.
    pub field: String,
    /// The rule it breaks.
    pub rule: String,
}

fn blank() -> String {
    "about:blank".to_owned()
}

impl Problem {
    /// A problem of this status and code.
    #[must_use]
    pub fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: blank(),
            title: title(status).to_owned(),
            status,
            detail: detail.into(),
            code: code.to_owned(),
            hint: None,
            request_id: None,
            instance: None,
            errors: Vec::new(),
        }
    }

    /// A field of the input that breaks a rule: 400.
    #[must_use]
    pub fn invalid(field: &str, rule: impl Into<String>) -> Self {
        let rule = rule.into();
        let mut problem = Self::new(400, "invalid", format!("{field}: {rule}"));
        problem.errors.push(FieldProblem { field: field.to_owned(), rule });
        problem
    }

    /// Says what to try next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The words of a status.
const fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        507 => "Insufficient Storage",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_field_is_named() {
        insta::assert_json_snapshot!(Problem::invalid("name", "starts with a lowercase letter"), @r#"
        {
          "type": "about:blank",
          "title": "Bad Request",
          "status": 400,
          "detail": "name: starts with a lowercase letter",
          "code": "invalid",
          "errors": [
            {
              "field": "name",
              "rule": "starts with a lowercase letter"
            }
          ]
        }
        "#);
    }
}
