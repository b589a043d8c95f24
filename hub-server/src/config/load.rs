//! Reads the settings from their four sources.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::Config;
use super::print::KEYS;

/// What every variable of ours begins with.
const PREFIX: &str = "HUB_SERVER_";

/// Why the settings are refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A key that means nothing.
    #[error("{origin} sets `{key}`, which is no setting{}", hint(.nearest.as_deref()))]
    Unknown {
        /// Where it stands.
        origin: String,
        /// The key.
        key: String,
        /// The known key that is spelled most like it.
        nearest: Option<String>,
    },
    /// A value of the wrong form.
    #[error("{origin} gives `{key}` a value of the wrong form")]
    Value {
        /// Where it stands.
        origin: String,
        /// The key.
        key: String,
        /// What is wrong.
        #[source]
        source: Box<figment::Error>,
    },
    /// A file that cannot be read.
    #[error("could not read {}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(": did you mean `{name}`?")).unwrap_or_default()
}

/// Settings given on the command line.
#[derive(Debug, Clone, Default)]
pub struct Flags(Vec<(&'static str, String)>);

impl Flags {
    /// Notes one, when it is given.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: Option<String>) -> Self {
        self.0.extend(value.map(|value| (key, value)));
        self
    }
}

/// Settings, and where each of them comes from.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    pub(super) figment: Figment,
}

/// Names the file of settings when no flag does.
const FILE: &str = "HUB_SERVER_CONFIG";

/// Reads the settings: `file` or else the one that `HUB_SERVER_CONFIG` names, the environment,
/// `flags`.
///
/// # Errors
///
/// [`ConfigError::Unknown`] names the nearest known key.
pub fn load(file: Option<&Path>, flags: Flags) -> Result<Loaded, ConfigError> {
    let variables: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    load_from(file, &variables, flags)
}

pub(super) fn load_from(
    file: Option<&Path>,
    variables: &[(String, String)],
    flags: Flags,
) -> Result<Loaded, ConfigError> {
    let mut figment = aws(variables);
    let named = variables.iter().find(|(name, _)| name == FILE).map(|(_, path)| Path::new(path));
    if let Some(path) = file.or(named) {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        figment =
            figment.merge(Named { name: path.display().to_string(), values: toml(&text, path)? });
    }
    for (name, value) in variables {
        let Some((key, value)) = variable(name, value)? else { continue };
        figment = figment.merge(Named { name: name.clone(), values: nested(&key, &value) });
    }
    for (key, value) in flags.0 {
        let name = "the command line".to_owned();
        figment = figment.merge(Named { name, values: nested(key, &value) });
    }
    let config = figment.extract().map_err(explain)?;
    Ok(Loaded { config, figment })
}

/// Where Amazon's own programs look for these settings; ours win over them. Of two names for one
/// setting the later wins.
const AWS: [(&str, &str); 7] = [
    ("AWS_DEFAULT_REGION", "blobs.s3.region"),
    ("AWS_REGION", "blobs.s3.region"),
    ("AWS_ENDPOINT_URL", "blobs.s3.endpoint"),
    ("AWS_ENDPOINT_URL_S3", "blobs.s3.endpoint"),
    ("AWS_ACCESS_KEY_ID", "blobs.s3.access_key_id"),
    ("AWS_SECRET_ACCESS_KEY", "blobs.s3.secret_access_key"),
    ("AWS_SESSION_TOKEN", "blobs.s3.session_token"),
];

fn aws(variables: &[(String, String)]) -> Figment {
    let find = |name| variables.iter().find(|(variable, _)| variable == name);
    AWS.iter().fold(Figment::new(), |figment, &(name, key)| match find(name) {
        Some((_, value)) => {
            let text = Value::from(value.as_str());
            figment.merge(Named { name: name.to_owned(), values: placed(key, text) })
        }
        None => figment,
    })
}

fn toml(text: &str, path: &Path) -> Result<Dict, ConfigError> {
    let values = Toml::string(text).data().map_err(|error| ConfigError::Value {
        origin: path.display().to_string(),
        key: error.path.join("."),
        source: Box::new(error),
    })?;
    Ok(values.into_values().next().unwrap_or_default())
}

/// The key that a variable sets, and its value; `None` for variables that are not ours.
fn variable(name: &str, value: &str) -> Result<Option<(String, String)>, ConfigError> {
    let Some(rest) = name.strip_prefix(PREFIX).filter(|_| name != FILE) else { return Ok(None) };
    // Kubernetes gives every container HUB_SERVER_SERVICE_HOST, HUB_SERVER_PORT_8080_TCP and so on
    // when a Service is called hub-server.
    if rest.starts_with("SERVICE_") || rest == "PORT" || rest.starts_with("PORT_") {
        return Ok(None);
    }
    let rest = rest.to_lowercase();
    let mut key = rest.replacen('_', ".", 1);
    if let Some(rest) = key.strip_prefix("blobs.s3_") {
        key = format!("blobs.s3.{rest}");
    }
    let secret_file = key
        .strip_suffix("_file")
        .filter(|key| KEYS.iter().any(|known| known.secret && known.name == *key));
    let Some(key) = secret_file else { return Ok(Some((key, value.to_owned()))) };
    let path = PathBuf::from(value);
    match fs::read_to_string(&path) {
        Ok(secret) => Ok(Some((key.to_owned(), secret.trim_end().to_owned()))),
        Err(source) => Err(ConfigError::Read { path, source }),
    }
}

/// `listen.address` and a text as a table inside a table. A number or a truth value is read as one,
/// where the setting is no text.
fn nested(key: &str, value: &str) -> Dict {
    let text = KEYS.iter().any(|known| known.name == key && known.text);
    let value = match (value.parse::<u64>(), value.parse::<bool>()) {
        _ if text => Value::from(value),
        (Ok(number), _) => Value::from(number),
        (_, Ok(truth)) => Value::from(truth),
        _ => Value::from(value),
    };
    placed(key, value)
}

/// A value inside the tables that its key names.
fn placed(key: &str, value: Value) -> Dict {
    match key.split_once('.') {
        Some((section, key)) => Dict::from([(section.to_owned(), placed(key, value).into())]),
        None => Dict::from([(key.to_owned(), value)]),
    }
}

fn explain(error: figment::Error) -> ConfigError {
    let origin = error.metadata.as_ref().map_or("the program", |from| &from.name).to_owned();
    let mut path = error.path.clone();
    let Kind::UnknownField(field, _) = &error.kind else {
        return ConfigError::Value { origin, key: path.join("."), source: Box::new(error) };
    };
    // Depending on who noticed, the path ends with the field or with its section.
    if path.last() != Some(field) {
        path.push(field.clone());
    }
    let key = path.join(".");
    let nearest = KEYS
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known.name, &key), known.name))
        .filter(|(distance, known)| *distance <= known.len() / 2)
        .min()
        .map(|(_, known)| known.to_owned());
    ConfigError::Unknown { origin, key, nearest }
}

/// Values with the name of where they come from.
struct Named {
    name: String,
    values: Dict,
}

impl Provider for Named {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_file_of_settings_never_panics(
            text in "(\\[(listen|log|auth|registry|x)\\]\n)?([a-z_]{1,12} = ('\\PC{0,9}'|-?[0-9]{1,20}|true|\\[\\])\n){0,3}|\\PC{0,60}",
            value in "\\PC{0,20}",
        ) {
            let (_dir, path) = self::text(&text);
            let _ = load_from(Some(&path), &[], Flags::default());
            let variables = vars(&[("HUB_SERVER_LISTEN_ADDRESS", &value), ("HUB_SERVER_LOG_FORMAT", &value)]);
            let _ = load_from(None, &variables, Flags::default());
        }
    }

    fn text(file: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hub.toml");
        fs::write(&path, file).unwrap();
        (dir, path)
    }

    fn vars(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn flags_win_over_variables_over_the_file() {
        let (_dir, path) = text(
            "[listen]\naddress = '127.0.0.1:1'\n[log]\nlevel = 'warn'\n[auth]\nsession_days = 1",
        );
        let variables = vars(&[
            ("HUB_SERVER_LISTEN_ADDRESS", "127.0.0.1:2"),
            ("HUB_SERVER_LOG_LEVEL", "debug"),
            ("HUB_SERVER_REGISTRY_SPARSE_INDEX", "true"),
            ("HOME", "/"),
        ]);
        let flags = Flags::default().with("listen.address", Some("127.0.0.1:3".to_owned()));
        let loaded = load_from(Some(&path), &variables, flags).unwrap();
        assert_eq!(loaded.config.listen.address.port(), 3);
        assert_eq!(loaded.config.log.level, "debug");
        assert!(loaded.config.registry.sparse_index && !loaded.config.registry.sparse_image);
        assert_eq!(loaded.config.auth.session_days, 1);
        assert_eq!(loaded.config.registry.max_manifest_bytes, 4 << 20);
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let (_dir, path) = text("[listen]\nadress = '127.0.0.1:1'");
        let error = load_from(Some(&path), &[], Flags::default()).unwrap_err().to_string();
        assert!(
            error.ends_with(
                "sets `listen.adress`, which is no setting: did you mean `listen.address`?"
            ),
            "{error}"
        );
        let variables = vars(&[("HUB_SERVER_AUTH_SESION_DAYS", "3")]);
        let error = load_from(None, &variables, Flags::default()).unwrap_err().to_string();
        assert_eq!(
            error,
            "HUB_SERVER_AUTH_SESION_DAYS sets `auth.sesion_days`, which is no setting: \
             did you mean `auth.session_days`?"
        );
    }

    #[test]
    fn a_value_of_the_wrong_form_says_where_it_stands() {
        let variables = vars(&[("HUB_SERVER_LISTEN_ADDRESS", "everywhere")]);
        let error = load_from(None, &variables, Flags::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "HUB_SERVER_LISTEN_ADDRESS gives `listen.address` a value of the wrong form"
        );
    }

    #[test]
    fn a_text_that_looks_like_something_else_stays_a_text() {
        let variables = vars(&[
            ("HUB_SERVER_BLOBS_S3_BUCKET", "2024"),
            ("HUB_SERVER_BLOBS_S3_PREFIX", "true"),
            ("HUB_SERVER_LOG_LEVEL", "0"),
        ]);
        let flags = Flags::default().with("data", Some("2024".to_owned()));
        let config = load_from(None, &variables, flags).unwrap().config;
        assert_eq!(config.data, Path::new("2024"));
        let s3 = &config.blobs.s3;
        assert_eq!((&*s3.bucket, &*s3.prefix, &*config.log.level), ("2024", "true", "0"));
        // And each of the others takes a number or a truth value.
        for key in KEYS.iter().filter(|key| !key.text) {
            let set = |value: &str| {
                load_from(None, &[], Flags::default().with(key.name, Some(value.to_owned())))
            };
            assert!(set("1").is_ok() || set("true").is_ok(), "{}", key.name);
            assert!(set("text").is_err(), "{}", key.name);
        }
    }

    #[test]
    fn a_registry_token_lives_a_day_at_most() {
        let set = |seconds| {
            load_from(None, &vars(&[("HUB_SERVER_AUTH_TOKEN_SECONDS", seconds)]), Flags::default())
        };
        assert_eq!(set("86400").unwrap().config.auth.token_seconds, 86_400);
        assert!(set("86401").is_err());
    }

    #[test]
    fn variables_of_a_kubernetes_service_are_not_ours() {
        let variables = vars(&[
            ("HUB_SERVER_SERVICE_HOST", "10.0.0.1"),
            ("HUB_SERVER_PORT", "tcp://10.0.0.1:80"),
            ("HUB_SERVER_PORT_80_TCP_ADDR", "10.0.0.1"),
        ]);
        assert!(load_from(None, &variables, Flags::default()).is_ok());
    }

    #[test]
    fn amazons_variables_count_where_ours_say_nothing() {
        let variables = vars(&[
            ("AWS_REGION", "eu-north-1"),
            ("AWS_DEFAULT_REGION", "us-west-2"),
            ("AWS_ACCESS_KEY_ID", "1234"),
            ("AWS_SECRET_ACCESS_KEY", "5678"),
            ("AWS_ENDPOINT_URL", "http://theirs"),
            ("HUB_SERVER_BLOBS_S3_ENDPOINT", "http://ours"),
            ("HUB_SERVER_BLOBS_S3_ALLOW_HTTP", "true"),
            ("HUB_SERVER_BLOBS_STORE", "s3"),
        ]);
        let loaded = load_from(None, &variables, Flags::default()).unwrap();
        let (blobs, s3) = (&loaded.config.blobs, &loaded.config.blobs.s3);
        assert_eq!(blobs.store, crate::config::BlobsStore::S3);
        assert_eq!((s3.region.as_str(), s3.allow_http), ("eu-north-1", true));
        assert_eq!(s3.endpoint.as_deref(), Some("http://ours"));
        assert_eq!(s3.access_key_id.as_deref(), Some("1234"));
        let printed = format!("{:?} {:?}", loaded.config, loaded.entries());
        assert!(!printed.contains("5678"), "{printed}");
    }

    #[test]
    fn a_secret_may_stand_in_a_file() {
        let (_dir, path) = text("postgres://hub:secret@db/hub\n");
        let variables = vars(&[("HUB_SERVER_DATABASE_URL_FILE", path.to_str().unwrap())]);
        let loaded = load_from(None, &variables, Flags::default()).unwrap();
        assert!(!loaded.config.is_single());
        let printed = format!("{:?} {:?}", loaded.config, loaded.entries());
        assert!(!printed.contains("secret@"), "{printed}");
    }
}
