//! Settings as `config print` shows them: value and origin, secrets masked.

use secrecy::{ExposeSecret, SecretString};

use super::{Config, Loaded, LogFormat};

/// A key and how its value is read.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) secret: bool,
    /// Whether the value is a text, also when it looks like a number or a truth value.
    pub(super) text: bool,
    value: fn(&Config) -> String,
}

/// Every setting, in the order of the sections.
pub(super) const KEYS: &[Key] = &[
    text("data", |c| c.data.display().to_string()),
    text("listen.address", |c| c.listen.address.to_string()),
    text("listen.public_url", |c| {
        c.listen.public_url.as_ref().map_or_else(String::new, ToString::to_string)
    }),
    text("listen.tls_cert", |c| file(c.listen.tls_cert.as_deref())),
    text("listen.tls_key", |c| file(c.listen.tls_key.as_deref())),
    plain("listen.tls_reload_seconds", |c| c.listen.tls_reload_seconds.to_string()),
    text("listen.trusted_proxies", |c| c.listen.trusted_proxies.to_string()),
    plain("listen.write_timeout_seconds", |c| c.listen.write_timeout_seconds.to_string()),
    plain("listen.max_header_bytes", |c| c.listen.max_header_bytes.to_string()),
    plain("listen.max_connections", |c| c.listen.max_connections.to_string()),
    plain("listen.header_timeout_seconds", |c| c.listen.header_timeout_seconds.to_string()),
    plain("listen.drain_seconds", |c| c.listen.drain_seconds.to_string()),
    plain("listen.stop_timeout_seconds", |c| c.listen.stop_timeout_seconds.to_string()),
    plain("listen.max_body_bytes", |c| c.listen.max_body_bytes.to_string()),
    Key {
        name: "database.url",
        secret: true,
        text: true,
        value: |c| c.database_url().expose_secret().to_owned(),
    },
    text("blobs.store", |c| c.blobs.store.as_str().to_owned()),
    text("blobs.dir", |c| c.blobs_dir().display().to_string()),
    plain("blobs.redirect", |c| c.blobs.redirect.to_string()),
    plain("blobs.redirect_min_bytes", |c| c.blobs.redirect_min_bytes.to_string()),
    plain("blobs.redirect_seconds", |c| c.blobs.redirect_seconds.to_string()),
    text("blobs.x_accel_redirect", |c| c.blobs.x_accel_redirect.clone().unwrap_or_default()),
    text("blobs.s3.endpoint", |c| c.blobs.s3.endpoint.clone().unwrap_or_default()),
    text("blobs.s3.bucket", |c| c.blobs.s3.bucket.clone()),
    text("blobs.s3.region", |c| c.blobs.s3.region.clone()),
    text("blobs.s3.prefix", |c| c.blobs.s3.prefix.clone()),
    text("blobs.s3.access_key_id", |c| c.blobs.s3.access_key_id.clone().unwrap_or_default()),
    Key {
        name: "blobs.s3.secret_access_key",
        secret: true,
        text: true,
        value: |c| hidden(c.blobs.s3.secret_access_key.as_ref()),
    },
    Key {
        name: "blobs.s3.session_token",
        secret: true,
        text: true,
        value: |c| hidden(c.blobs.s3.session_token.as_ref()),
    },
    plain("blobs.s3.path_style", |c| c.blobs.s3.path_style.to_string()),
    plain("blobs.s3.allow_http", |c| c.blobs.s3.allow_http.to_string()),
    plain("blobs.s3.timeout_seconds", |c| c.blobs.s3.timeout_seconds.to_string()),
    text("search.dir", |c| c.index_dir().display().to_string()),
    plain("search.log_missed", |c| c.search.log_missed.to_string()),
    plain("cache.max_bytes", |c| c.cache.max_bytes.to_string()),
    plain("auth.session_days", |c| c.auth.session_days.to_string()),
    plain("auth.token_seconds", |c| c.auth.token_seconds.to_string()),
    plain("auth.verified_seconds", |c| c.auth.verified_seconds.to_string()),
    text("auth.key_file", |c| c.key_file().display().to_string()),
    plain("auth.token_days_max", |c| c.auth.token_days_max.to_string()),
    text("auth.registration", |c| c.auth.registration.as_str().to_owned()),
    text("oidc.issuer", |c| c.oidc.issuer.clone().unwrap_or_default()),
    text("oidc.client_id", |c| c.oidc.client_id.clone()),
    Key {
        name: "oidc.client_secret",
        secret: true,
        text: true,
        value: |c| hidden(c.oidc.client_secret.as_ref()),
    },
    text("oidc.scopes", |c| c.oidc.scopes.join(" ")),
    text("oidc.name", |c| c.oidc.name.clone()),
    text("oidc.username_claim", |c| c.oidc.username_claim.clone()),
    text("oidc.groups_claim", |c| c.oidc.groups_claim.clone()),
    plain("oidc.register", |c| c.oidc.register.to_string()),
    text("oidc.groups", |c| c.oidc.roles_text()),
    text("oidc.admin_group", |c| c.oidc.admin_group.clone()),
    plain("oidc.only", |c| c.oidc.only.to_string()),
    plain("registry.max_manifest_bytes", |c| c.registry.max_manifest_bytes.to_string()),
    plain("registry.max_blob_bytes", |c| c.registry.max_blob_bytes.to_string()),
    plain("registry.idle_timeout_seconds", |c| c.registry.idle_timeout_seconds.to_string()),
    plain("registry.upload_hours", |c| c.registry.upload_hours.to_string()),
    plain("registry.sparse_index", |c| c.registry.sparse_index.to_string()),
    plain("registry.sparse_image", |c| c.registry.sparse_image.to_string()),
    plain("gc.interval_minutes", |c| c.gc.interval_minutes.to_string()),
    plain("gc.grace_hours", |c| c.gc.grace_hours.to_string()),
    plain("gc.untagged_days", |c| c.gc.untagged_days.to_string()),
    plain("gc.reports", |c| c.gc.reports.to_string()),
    plain("scrub.bytes_per_second", |c| c.scrub.bytes_per_second.to_string()),
    plain("scrub.every_days", |c| c.scrub.every_days.to_string()),
    plain("audit.days", |c| c.audit.days.to_string()),
    plain("quota.org_bytes", |c| c.quota.org_bytes.to_string()),
    plain("quota.org_repos", |c| c.quota.org_repos.to_string()),
    plain("quota.org_tags", |c| c.quota.org_tags.to_string()),
    plain("quota.recount_hours", |c| c.quota.recount_hours.to_string()),
    plain("limits.uploads", |c| c.limits.uploads.to_string()),
    plain("limits.uploads_per_user", |c| c.limits.uploads_per_user.to_string()),
    plain("limits.sessions_per_user", |c| c.limits.sessions_per_user.to_string()),
    plain("limits.tokens_per_minute", |c| c.limits.tokens_per_minute.to_string()),
    plain("limits.upload_starts_per_minute", |c| c.limits.upload_starts_per_minute.to_string()),
    plain("limits.searches_per_minute", |c| c.limits.searches_per_minute.to_string()),
    plain("limits.wrong_passwords", |c| c.limits.wrong_passwords.to_string()),
    plain("limits.orgs_per_user", |c| c.limits.orgs_per_user.to_string()),
    plain("limits.registrations_per_hour", |c| c.limits.registrations_per_hour.to_string()),
    plain("limits.anonymous_pulls_per_hour", |c| c.limits.anonymous_pulls_per_hour.to_string()),
    text("log.format", |c| match c.log.format {
        LogFormat::Text => "text".to_owned(),
        LogFormat::Json => "json".to_owned(),
    }),
    text("log.level", |c| c.log.level.clone()),
];

fn file(path: Option<&std::path::Path>) -> String {
    path.map_or_else(String::new, |path| path.display().to_string())
}

/// Whether a secret is set, and nothing more of it.
fn hidden(secret: Option<&SecretString>) -> String {
    secret.map_or_else(String::new, |_| "***".to_owned())
}

/// A number or a truth value.
const fn plain(name: &'static str, value: fn(&Config) -> String) -> Key {
    Key { name, secret: false, text: false, value }
}

const fn text(name: &'static str, value: fn(&Config) -> String) -> Key {
    Key { name, secret: false, text: true, value }
}

/// One line of `config print`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `section.key`.
    pub key: &'static str,
    /// The effective value; a secret only as far as it is none.
    pub value: String,
    /// Where it comes from.
    pub origin: String,
}

impl Loaded {
    /// Every setting with its value and origin.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        KEYS.iter()
            .map(|key| {
                let value = (key.value)(&self.config);
                let origin = self.figment.find_metadata(key.name);
                Entry {
                    key: key.name,
                    value: if key.secret { masked(&value) } else { value },
                    origin: origin
                        .map_or_else(|| "default".to_owned(), |from| from.name.to_string()),
                }
            })
            .collect()
    }
}

/// An address without what stands before the host, and without its query: both may hold a
/// password.
fn masked(url: &str) -> String {
    let (address, query) = match url.split_once('?') {
        Some((address, _)) => (address, "?***"),
        None => (url, ""),
    };
    match (address.find("://"), address.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!("{}://***@{}{query}", &address[..scheme], &address[at + 1..])
        }
        _ => format!("{address}{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;
    use crate::config::load::load_from;

    #[test]
    fn passwords_in_addresses_are_masked() {
        assert_eq!(masked("postgres://hub:p@ss@db/hub"), "postgres://***@db/hub");
        assert_eq!(masked("postgres://u:p@h/db?password=p"), "postgres://***@h/db?***");
        assert_eq!(masked("sqlite:/data/hub.db"), "sqlite:/data/hub.db");
    }

    #[test]
    fn every_setting_stands_in_the_page_of_settings() {
        let page = include_str!("../../../docs/reference/configuration.md");
        let missing: Vec<_> =
            KEYS.iter().filter(|key| !page.contains(&format!("`{}`", key.name))).collect();
        assert!(missing.is_empty(), "{:?}", missing.iter().map(|key| key.name).collect::<Vec<_>>());
    }

    #[test]
    fn every_entry_says_where_it_comes_from() {
        let flags = Flags::default().with("log.level", Some("debug".to_owned()));
        let entries = load_from(None, &[], flags).unwrap().entries();
        let find = |key| entries.iter().find(|entry| entry.key == key).unwrap();
        assert_eq!(find("log.level").origin, "the command line");
        assert_eq!(find("auth.session_days").origin, "default");
        assert_eq!(find("database.url").value, "sqlite:hub-data/hub.db");
    }
}
