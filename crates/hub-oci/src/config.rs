//! Configurations of images, read leniently: one odd field must not cost the others.

use std::collections::BTreeMap;
use std::io::{self, Read};

use hub_model::Digest;
use serde_json::Value;

use crate::{ExtractError, ImageStore};

/// Largest configuration that is read, in bytes. Source: `docs/sources.md#extraction-limits`.
pub(crate) const MAX_CONFIG_BYTES: u64 = 8 << 20;

/// What we read of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ImageConfig {
    /// Operating system, architecture and variant.
    pub(crate) platform: Option<(String, String, Option<String>)>,
    /// When the image was built, as written.
    pub(crate) created: Option<String>,
    /// Who built it.
    pub(crate) author: Option<String>,
    /// Labels.
    pub(crate) labels: BTreeMap<String, String>,
    /// What runs.
    pub(crate) entrypoint: Vec<String>,
    /// Its arguments.
    pub(crate) cmd: Vec<String>,
    /// Ports, sorted.
    pub(crate) exposed_ports: Vec<String>,
    /// User to run as.
    pub(crate) user: Option<String>,
    /// Folder to start in.
    pub(crate) workdir: Option<String>,
    /// The whole document, for charts.
    pub(crate) json: Value,
}

impl ImageConfig {
    /// Reads a configuration; what is no JSON object says nothing.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let inner = json.get("config").unwrap_or(&Value::Null);
        let platform = text(&json, "os").zip(text(&json, "architecture"));
        let mut exposed_ports: Vec<_> = inner
            .get("ExposedPorts")
            .and_then(Value::as_object)
            .map(|ports| ports.keys().cloned().collect())
            .unwrap_or_default();
        exposed_ports.sort_by_key(|port: &String| {
            let number = port.split('/').next().and_then(|number| number.parse::<u32>().ok());
            (number, port.clone())
        });
        let labels = inner.get("Labels").and_then(Value::as_object);
        Self {
            platform: platform.map(|(os, arch)| (os, arch, text(&json, "variant"))),
            created: text(&json, "created"),
            author: text(&json, "author"),
            labels: labels
                .into_iter()
                .flatten()
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect(),
            entrypoint: texts(inner, "Entrypoint"),
            cmd: texts(inner, "Cmd"),
            exposed_ports,
            user: text(inner, "User"),
            workdir: text(inner, "WorkingDir"),
            json,
        }
    }

    /// Reads the configuration of a digest; `Err` with a remark when it is too large or not here.
    pub(crate) fn load(
        digest: &Digest,
        store: &dyn ImageStore,
        most: u64,
    ) -> Result<Result<Self, String>, ExtractError> {
        let read = small_blob(digest, store, most)?;
        Ok(read.map(|bytes| Self::parse(&bytes)).map_err(|why| format!("configuration: {why}")))
    }
}

/// Reads a whole blob of at most `most` bytes; `Err` with a remark when it is larger or not here.
pub(crate) fn small_blob(
    digest: &Digest,
    store: &dyn ImageStore,
    most: u64,
) -> Result<Result<Vec<u8>, String>, ExtractError> {
    let failed = |source| ExtractError::Store { digest: digest.clone(), source };
    let reader = match store.blob(digest) {
        Ok(reader) => reader,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Err(format!("`{digest}` is not stored here")));
        }
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    reader.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Ok(Err(format!("`{digest}` is larger than {most} bytes")));
    }
    Ok(Ok(bytes))
}

fn text(json: &Value, key: &str) -> Option<String> {
    json.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn texts(json: &Value, key: &str) -> Vec<String> {
    match json.get(key) {
        Some(Value::Array(list)) => {
            list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_odd_field_does_not_cost_the_others() {
        let config = ImageConfig::parse(
            br#"{"os":"linux","architecture":7,"created":"2026-01-01T00:00:00Z","config":{
                "Labels":{"a":"b","c":3},"ExposedPorts":{"8443/tcp":{},"80/tcp":{}},
                "Entrypoint":["/x"],"Cmd":null,"User":""}}"#,
        );
        assert_eq!(config.platform, None);
        assert_eq!(config.labels.into_iter().collect::<Vec<_>>(), [("a".into(), "b".into())]);
        assert_eq!(config.exposed_ports, ["80/tcp", "8443/tcp"]);
        assert_eq!((config.entrypoint, config.user), (vec!["/x".to_owned()], None));
        for bytes in [&b""[..], b"{}", b"[]", b"\xff\xfe", br#"{"config":[]}"#] {
            assert!(ImageConfig::parse(bytes).labels.is_empty());
        }
    }
}
