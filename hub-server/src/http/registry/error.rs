//! Errors in the registry's shape: the table of codes, and the one place that chooses a status.

use std::error::Error;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::range;
use super::route::RouteError;
use crate::app::TooMany;
use crate::services::access::AccessError;
use crate::services::blobs::BlobsError;
use crate::services::images::ImageError;
use crate::services::publish::PublishError;
use crate::services::registry_tokens::{IssueError, RefreshError, VerifyError};
use crate::services::sign_in::SignInError;
use crate::services::uploads::UploadError;

/// Whether an error says that the caller may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is another error, or one that tells the caller nothing new.
    None,
    /// With credentials, or with others, it may go.
    Unauthenticated,
    /// The thing is not there for this caller.
    Hidden,
}

/// An error as the registry answers it.
#[derive(Debug)]
pub(super) struct RegistryError {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// One error of the body for each; a single one with `null` where there is none.
    details: Vec<Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    refusal: Refusal,
}

impl RegistryError {
    /// An error with one of the codes of the specification.
    ///
    /// Source: OCI distribution-spec, Error Codes.
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: Vec::new(),
            headers: Vec::new(),
            refusal: Refusal::None,
        }
    }

    /// 401; the challenge is added where the request is known.
    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message);
        error.refusal = Refusal::Unauthenticated;
        error
    }

    /// 500: the cause goes to the log, here and nowhere else, and not to the caller.
    pub(super) fn failed(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error, "request failed");
        let message = "the hub failed, its log says more";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", message)
    }

    /// 507: no room left.
    fn full(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error, "no room left");
        let message = "the hub has no room left, what was stored before is whole";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "UNKNOWN", message)
    }

    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) const fn refusal(&self) -> Refusal {
        self.refusal
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn with_challenge(self, challenge: HeaderValue) -> Self {
        self.with_header(header::WWW_AUTHENTICATE, challenge)
    }

    fn with_detail(mut self, detail: Value) -> Self {
        self.details.push(detail);
        self
    }
}

impl IntoResponse for RegistryError {
    fn into_response(self) -> Response {
        let details = if self.details.is_empty() { vec![Value::Null] } else { self.details };
        let error = |detail| json!({"code": self.code, "message": self.message, "detail": detail});
        let errors: Vec<_> = details.into_iter().map(error).collect();
        let body = json!({"errors": errors}).to_string();
        let kind = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (self.status, kind, body).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<TooMany> for RegistryError {
    fn from(error: TooMany) -> Self {
        let after = HeaderValue::from(error.retry_after_seconds);
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", error.to_string())
            .with_header(header::RETRY_AFTER, after)
    }
}

impl From<RouteError> for RegistryError {
    fn from(error: RouteError) -> Self {
        let message = error.to_string();
        match error {
            RouteError::NoSuchPath => Self::new(StatusCode::NOT_FOUND, "NAME_UNKNOWN", message),
            RouteError::Method { allow } => {
                Self::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", message)
                    .with_header(header::ALLOW, HeaderValue::from_static(allow))
            }
            RouteError::Name(_) => Self::new(StatusCode::BAD_REQUEST, "NAME_INVALID", message),
            RouteError::Digest(_) => Self::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", message),
            RouteError::Tag(_) => Self::new(StatusCode::BAD_REQUEST, "MANIFEST_INVALID", message),
        }
    }
}

impl From<AccessError> for RegistryError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Unauthenticated => Self::unauthorized("authentication required"),
            AccessError::Hidden { .. } => {
                let message = error.to_string();
                let mut hidden = Self::new(StatusCode::NOT_FOUND, "NAME_UNKNOWN", message);
                hidden.refusal = Refusal::Hidden;
                hidden
            }
            AccessError::TooLong { .. } => {
                Self::new(StatusCode::BAD_REQUEST, "NAME_INVALID", error.to_string())
            }
            AccessError::Forbidden { .. }
            | AccessError::Narrow { .. }
            | AccessError::NotAdministrator
            | AccessError::NotForRobots => {
                Self::new(StatusCode::FORBIDDEN, "DENIED", error.to_string())
            }
            AccessError::Db(_) => Self::failed(&error),
        }
    }
}

impl From<SignInError> for RegistryError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wrong | SignInError::Disabled => Self::unauthorized(error.to_string()),
            SignInError::TooMany(error) => error.into(),
            SignInError::Hash(_) | SignInError::Sealed(_) | SignInError::Db(_) => {
                Self::failed(&error)
            }
        }
    }
}

impl From<VerifyError> for RegistryError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Invalid => Self::unauthorized(error.to_string()),
            VerifyError::Db(_) => Self::failed(&error),
        }
    }
}

impl From<IssueError> for RegistryError {
    fn from(error: IssueError) -> Self {
        Self::failed(&error)
    }
}

impl From<RefreshError> for RegistryError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Unauthenticated | RefreshError::NoPassword | RefreshError::Wrong => {
                Self::unauthorized(error.to_string())
            }
            RefreshError::Db(_) => Self::failed(&error),
        }
    }
}

impl From<BlobsError> for RegistryError {
    fn from(error: BlobsError) -> Self {
        let message = error.to_string();
        match error {
            BlobsError::Access(error) => error.into(),
            BlobsError::Unknown { digest, .. } | BlobsError::Damaged { digest, .. } => {
                Self::new(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", message)
                    .with_detail(json!({"digest": digest}))
            }
            BlobsError::InUse { digest, .. } => {
                Self::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", message)
                    .with_detail(json!({"digest": digest}))
            }
            BlobsError::Db(_) | BlobsError::Store(_) => Self::failed(&error),
        }
    }
}

impl From<UploadError> for RegistryError {
    fn from(error: UploadError) -> Self {
        let message = error.to_string();
        let invalid = |status| Self::new(status, "BLOB_UPLOAD_INVALID", message.clone());
        match error {
            UploadError::Access(error) => error.into(),
            UploadError::Unknown { .. } => {
                Self::new(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", message)
            }
            UploadError::OutOfOrder { offset, .. } => invalid(StatusCode::RANGE_NOT_SATISFIABLE)
                .with_header(header::RANGE, range::received(offset)),
            UploadError::Size { .. } => Self::new(StatusCode::BAD_REQUEST, "SIZE_INVALID", message),
            UploadError::Busy { .. } => invalid(StatusCode::CONFLICT),
            UploadError::BrokeOff { .. } => invalid(StatusCode::BAD_REQUEST),
            UploadError::WrongDigest { expected, found } => {
                Self::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", message)
                    .with_detail(json!({"expected": expected, "found": found}))
            }
            UploadError::TooMany(error) => error.into(),
            UploadError::Quota(_) => Self::new(StatusCode::FORBIDDEN, "DENIED", message),
            UploadError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", message)
            }
            UploadError::Full(_) => Self::full(&error),
            UploadError::Db(ref db) if db.is_full() => Self::full(&error),
            UploadError::Collected { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNKNOWN", message)
                    .with_header(header::RETRY_AFTER, HeaderValue::from_static("2"))
            }
            UploadError::Stopped { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNKNOWN", message)
                    .with_header(header::RETRY_AFTER, HeaderValue::from_static("5"))
            }
            UploadError::Db(_) | UploadError::Store(_) => Self::failed(&error),
        }
    }
}

impl From<PublishError> for RegistryError {
    fn from(error: PublishError) -> Self {
        let message = error.to_string();
        let bad = |code, message: String| Self::new(StatusCode::BAD_REQUEST, code, message);
        match error {
            PublishError::Access(error) => error.into(),
            PublishError::Manifest(_) => bad("MANIFEST_INVALID", message),
            PublishError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "MANIFEST_INVALID", message)
            }
            PublishError::TooManyTags { .. } => {
                Self::new(StatusCode::URI_TOO_LONG, "UNSUPPORTED", message)
            }
            PublishError::WrongDigest { expected, found } => bad("DIGEST_INVALID", message)
                .with_detail(json!({"expected": expected, "found": found})),
            PublishError::Missing { digests } => {
                let error = bad("MANIFEST_BLOB_UNKNOWN", message);
                digests.iter().fold(error, |e, digest| e.with_detail(json!({"digest": digest})))
            }
            PublishError::WrongSize { digest, .. } => {
                bad("SIZE_INVALID", message).with_detail(json!({"digest": digest}))
            }
            PublishError::Quota(_) => Self::new(StatusCode::FORBIDDEN, "DENIED", message),
            PublishError::Db(ref db) if db.is_full() => Self::full(&error),
            PublishError::Db(_) | PublishError::Lost(_) => Self::failed(&error),
        }
    }
}

impl From<ImageError> for RegistryError {
    fn from(error: ImageError) -> Self {
        let message = error.to_string();
        let bad = |code, message| Self::new(StatusCode::BAD_REQUEST, code, message);
        match error {
            ImageError::Access(error) => error.into(),
            ImageError::Unknown { reference, .. } => {
                Self::new(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", message)
                    .with_detail(json!({"reference": reference}))
            }
            ImageError::NoDocument { .. } => {
                Self::new(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", message)
            }
            ImageError::Name(_)
            | ImageError::Cursor { .. }
            | ImageError::Icon
            | ImageError::Field { .. }
            | ImageError::ByDocument { .. } => bad("MANIFEST_INVALID", message),
            ImageError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", message)
            }
            ImageError::Db(_) | ImageError::Blob(_) => Self::failed(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_one_of_the_specification() {
        let known = ["NAME_UNKNOWN", "UNSUPPORTED", "NAME_INVALID", "DIGEST_INVALID"];
        let name = || hub_model::Tag::parse("-").unwrap_err();
        for error in [
            RouteError::NoSuchPath,
            RouteError::Method { allow: "GET" },
            RouteError::Name(name()),
            RouteError::Digest(name()),
        ] {
            assert!(known.contains(&RegistryError::from(error).code));
        }
    }

    #[test]
    fn each_missing_blob_is_an_error_of_its_own() {
        let digests = ["1", "2"].map(|digit| {
            hub_model::Digest::parse(&format!("sha256:{}", digit.repeat(64))).unwrap()
        });
        let error = RegistryError::from(PublishError::Missing { digests: digests.to_vec() });
        assert_eq!((error.status.as_u16(), error.code), (400, "MANIFEST_BLOB_UNKNOWN"));
        assert_eq!(error.details, digests.map(|digest| json!({"digest": digest})));
    }
}
