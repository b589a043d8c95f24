//! sealos: labels of cluster images, and image descriptions in YAML.
//!
//! Source: `docs/sources.md#sealos`.

use std::collections::BTreeMap;

use hub_model::{Field, Value};
use serde_json::Value as Json;

use crate::table::TABLE;
use crate::values::{address, check_field, from_json};

/// Fields, README text and remarks read out of a description.
pub type DetailYaml = (BTreeMap<Field, Value>, Option<String>, Vec<String>);

/// A text that is no description of an image.
#[derive(Debug, thiserror::Error)]
pub enum DetailYamlError {
    /// It is no YAML.
    #[error("the description is no YAML")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    /// It is no mapping.
    #[error("the description is no mapping of fields")]
    Shape,
}

/// Reads a description: a sealos Image with `spec.detail`, or a mapping of fields by JSON names.
///
/// Values that do not fit their field are left out with a remark.
///
/// ```
/// let (fields, docs, notes) =
///     hub_oci::read_detail_yaml("title: A\ndocs: '# A'\nurl: nowhere\n")?;
/// assert_eq!(fields.len(), 1);
/// assert_eq!(docs.as_deref(), Some("# A"));
/// assert_eq!(notes.len(), 1);
/// # Ok::<(), hub_oci::DetailYamlError>(())
/// ```
///
/// # Errors
///
/// When the text is no YAML, or no mapping.
pub fn read_detail_yaml(text: &str) -> Result<DetailYaml, DetailYamlError> {
    let json = parse_yaml(text)?;
    if json.get("spec").is_some_and(Json::is_object) {
        return Ok(from_image(&json));
    }
    let Json::Object(fields) = &json else { return Err(DetailYamlError::Shape) };
    let mut said = Said::default();
    for (name, value) in fields {
        match Field::parse(name) {
            Some(field) => said.take(field, value),
            None => said.2.push(format!("`{name}` is no field")),
        }
    }
    Ok(said.finish())
}

/// Reads `/metadata/config.yaml`: only the sealos form, and only what its columns name.
pub(crate) fn read_config_yaml(text: &str) -> Result<DetailYaml, DetailYamlError> {
    let json = parse_yaml(text)?;
    if json.is_object() { Ok(from_image(&json)) } else { Err(DetailYamlError::Shape) }
}

/// YAML as JSON. Descriptions are small, so the parser's caps are drawn tighter: aliases that
/// swell and nesting without end are refused within milliseconds.
pub(crate) fn parse_yaml(text: &str) -> Result<Json, DetailYamlError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_events: 100_000, max_nodes: 50_000 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 10_000 },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| DetailYamlError::Yaml(Box::new(error)))
}

fn from_image(json: &Json) -> DetailYaml {
    let mut said = Said::default();
    let spec = json.get("spec").unwrap_or(&Json::Null);
    let detail = spec.get("detail").or_else(|| json.get("detail")).unwrap_or(&Json::Null);
    for row in TABLE {
        let Some(key) = row.yaml else { continue };
        let place = if row.field == Field::Type { spec } else { detail };
        if let Some(value) = place.get(key) {
            said.take(row.field, value);
        }
    }
    said.finish()
}

#[derive(Default)]
struct Said(BTreeMap<Field, Value>, Option<String>, Vec<String>);

impl Said {
    fn take(&mut self, field: Field, json: &Json) {
        match (field, json) {
            (Field::Docs, Json::String(text)) => {
                if !text.trim().is_empty() {
                    self.1 = Some(text.clone());
                }
                return;
            }
            (Field::Docs, _) => return,
            _ => {}
        }
        let Some(value) = from_json(json).filter(|value| !value.is_empty()) else { return };
        match check_field(field, with_scheme(field, value)) {
            Ok(value) if value.is_empty() => {}
            Ok(value) => drop(self.0.insert(field, value)),
            Err(error) => self.2.push(error.to_string()),
        }
    }

    fn finish(self) -> DetailYaml {
        (self.0, self.1, self.2)
    }
}

/// `www.mysql.com` stands in real descriptions where an address belongs.
fn with_scheme(field: Field, value: Value) -> Value {
    match value {
        Value::Text(text) if field == Field::Url && !text.contains("://") => {
            let text = text.trim();
            let host = text.split('/').next().unwrap_or_default();
            let looks_like_one = host.contains('.') && !host.contains([':', '@', ' ']);
            let address = address(&format!("https://{text}")).ok().filter(|_| looks_like_one);
            Value::Text(address.unwrap_or_else(|| text.to_owned()))
        }
        other => other,
    }
}

/// The two spellings of sealos' labels.
const PREFIXES: [&str; 2] = ["sealos.io.", "apps.sealos.io/"];

/// Whether the labels are those of a rootfs: there `version` is that of Kubernetes.
pub(crate) fn is_rootfs(texts: &BTreeMap<String, String>) -> bool {
    PREFIXES.iter().any(|prefix| {
        texts.get(&format!("{prefix}type")).is_some_and(|kind| kind.trim() == "rootfs")
    })
}

/// The facts of a cluster image among labels or annotations, with the key that makes it one.
pub(crate) fn facts(texts: &BTreeMap<String, String>) -> Option<(Value, String)> {
    let find = |name: &str| {
        PREFIXES.iter().find_map(|prefix| {
            let key = format!("{prefix}{name}");
            texts.get(&key).filter(|text| !text.trim().is_empty()).map(|text| (key, text.clone()))
        })
    };
    let (key, _) = find("type").or_else(|| find("version")).or_else(|| find("distribution"))?;
    let kind = find("type").map_or_else(|| "application".to_owned(), |(_, kind)| kind);
    let mut facts = BTreeMap::from([("type".to_owned(), kind)]);
    for name in ["version", "distribution"] {
        if let Some((_, text)) = find(name) {
            facts.insert(name.to_owned(), text);
        }
    }
    if is_rootfs(texts) {
        for (label, name) in [("version", "kubeVersion"), ("image", "lvscareImage")] {
            if let Some(text) = texts.get(label) {
                facts.insert(name.to_owned(), text.clone());
            }
        }
    }
    Some((Value::Map(facts), key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_of_sealos_are_read_as_they_are_in_the_wild() {
        let (fields, docs, notes) = read_detail_yaml(
            "apiVersion: imagehub.sealos.io/v1\nkind: Image\nmetadata:\n  name: labring.mysql.latest\n\
             spec:\n  name: labring/mysql:latest\n  type: cluster-image\n  detail:\n    \
             keywords: [ Database, storage ]\n    description: 8\n    icon: MySQL icon\n    \
             url: www.mysql.com\n    docs: |\n      # MySQL\n    ID: Unkonw\n    \
             creatTime: 1970-01-01T00:00:00Z\n    authorIcon: x\n",
        )
        .unwrap();
        assert_eq!(docs.as_deref(), Some("# MySQL\n"));
        assert_eq!(fields[&Field::Url], "https://www.mysql.com".into());
        assert_eq!(fields[&Field::Description], "8".into());
        assert_eq!(fields[&Field::Type], "cluster-image".into());
        assert_eq!(notes, ["`icon` must be an absolute http or https address"]);

        let (fields, docs, notes) =
            read_detail_yaml("spec:\n  detail:\n    keywords: [ ]\n    docs:\n").unwrap();
        assert!(fields.is_empty() && docs.is_none() && notes.is_empty());
    }

    #[test]
    fn yaml_that_swells_or_nests_without_end_is_refused() {
        use std::fmt::Write;

        let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for n in 1..12 {
            let aliases = vec![format!("*a{}", n - 1); 9].join(", ");
            writeln!(laughs, "a{n}: &a{n} [{aliases}]").unwrap();
        }
        assert!(read_detail_yaml(&laughs).is_err());
        assert!(read_detail_yaml(&"[".repeat(100_000)).is_err());
        assert!(read_detail_yaml(&"- ".repeat(100_000)).is_err());
        assert!(read_detail_yaml(&format!("a: {}", "{a: ".repeat(50_000))).is_err());
    }

    #[test]
    fn what_is_no_mapping_is_refused() {
        assert!(matches!(read_detail_yaml("- a\n"), Err(DetailYamlError::Shape)));
        assert!(matches!(read_detail_yaml("a: [\n"), Err(DetailYamlError::Yaml(_))));
        let (fields, _, notes) = read_detail_yaml("title: T\nwhatever: 1\n").unwrap();
        assert_eq!(fields.len(), 1);
        assert_eq!(notes, ["`whatever` is no field"]);
    }

    #[test]
    fn both_spellings_of_labels_make_a_cluster_image() {
        let labels = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, text)| ((*key).into(), (*text).into())).collect()
        };
        let rootfs = labels(&[
            ("sealos.io.type", "rootfs"),
            ("version", "v1.26.0"),
            ("image", "ghcr.io/labring/lvscare:v4"),
        ]);
        let (value, key) = facts(&rootfs).unwrap();
        assert_eq!(key, "sealos.io.type");
        let Value::Map(map) = value else { panic!("no map") };
        assert_eq!(map["kubeVersion"], "v1.26.0");
        assert_eq!(map["lvscareImage"], "ghcr.io/labring/lvscare:v4");

        let app = labels(&[("apps.sealos.io/version", "v1beta1"), ("version", "9")]);
        let (Value::Map(map), _) = facts(&app).unwrap() else { panic!("no map") };
        assert_eq!(map["type"], "application");
        assert!(!map.contains_key("kubeVersion"));
        assert_eq!(facts(&labels(&[("version", "9")])), None);
    }
}
