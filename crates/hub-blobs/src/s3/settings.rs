//! Where a bucket is, and how to get in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use secrecy::{ExposeSecret as _, SecretString};

/// Where a bucket is, and how to get in.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// Address of the service, `https://host[:port]`; without it, Amazon's own.
    pub endpoint: Option<String>,
    /// Name of the bucket.
    pub bucket: String,
    /// Region that requests are signed for.
    pub region: String,
    /// What every key begins with, without slashes at its ends; may be empty.
    pub prefix: String,
    /// Name of the key; without it, the role of the machine is asked for.
    pub access_key_id: Option<String>,
    /// The key's secret.
    pub secret_access_key: Option<SecretString>,
    /// The token that belongs to a key for some hours.
    pub session_token: Option<SecretString>,
    /// Whether the bucket stands in the path (`host/bucket/key`) rather than in the host.
    pub path_style: bool,
    /// Whether `http://` will do.
    pub allow_http: bool,
    /// How long the service may be silent in an answer, and how long a failed request is tried
    /// again.
    pub timeout: Duration,
}

impl Default for S3Settings {
    fn default() -> Self {
        Self {
            endpoint: None,
            bucket: String::new(),
            region: "us-east-1".to_owned(),
            prefix: String::new(),
            access_key_id: None,
            secret_access_key: None,
            session_token: None,
            path_style: true,
            allow_http: false,
            timeout: Duration::from_mins(1),
        }
    }
}

impl S3Settings {
    /// The client, with the hub's own notion of patience.
    pub(super) fn client(&self) -> Result<Arc<AmazonS3>, object_store::Error> {
        let options = ClientOptions::new()
            // A download lasts as long as its reader likes: only silence is limited.
            .with_timeout_disabled()
            .with_read_timeout(self.timeout)
            .with_connect_timeout(self.timeout.min(Duration::from_secs(5)))
            .with_allow_http(self.allow_http)
            // Whoever fetches a blob from the bucket gets bytes, never a page.
            .with_default_content_type("application/octet-stream");
        let retry = RetryConfig {
            backoff: BackoffConfig { max_backoff: Duration::from_secs(2), ..Default::default() },
            max_retries: 5,
            retry_timeout: self.timeout,
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_virtual_hosted_style_request(!self.path_style)
            .with_allow_http(self.allow_http)
            .with_client_options(options)
            .with_retry(retry)
            .with_conditional_put(S3ConditionalPut::ETagMatch);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
        }
        if let Some(id) = &self.access_key_id {
            builder = builder.with_access_key_id(id);
        }
        if let Some(secret) = &self.secret_access_key {
            builder = builder.with_secret_access_key(secret.expose_secret());
        }
        if let Some(token) = &self.session_token {
            builder = builder.with_token(token.expose_secret());
        }
        builder.build().map(Arc::new)
    }
}

impl fmt::Display for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = self.endpoint.as_deref().unwrap_or("s3");
        write!(f, "{endpoint}/{}/{}", self.bucket, self.prefix)
    }
}
