//! Values of fields: forms, caps, and what is wrong with the ones that break them.

use std::collections::BTreeMap;

use hub_model::{Digest, Field, Value};

use crate::table::{Form, category, row_of};
use crate::text::{one_line, some_lines};

/// Longest address, in bytes. Source: `docs/sources.md#detail-fields`.
const MAX_URL_BYTES: usize = 2_048;

/// Why a value does not fit its field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {rule}")]
pub struct FieldError {
    /// The field.
    pub field: Field,
    /// The broken rule.
    pub rule: String,
}

/// Checks a value said by a person and brings it into its form. An empty value means "none, on
/// purpose" and fits every field.
///
/// ```
/// use hub_model::{Field, Value};
///
/// let words = hub_oci::check_field(Field::Keywords, Value::from(vec![" SQL ".into(), "sql".into()]));
/// assert_eq!(words, Ok(Value::from(vec!["SQL".into()])));
/// let address = hub_oci::check_field(Field::Url, Value::from("ftp://x"));
/// assert!(address.is_err());
/// ```
///
/// # Errors
///
/// The rule of the field that the value breaks.
pub fn check_field(field: Field, value: Value) -> Result<Value, FieldError> {
    if value.is_empty() {
        return Ok(value);
    }
    shape(row_of(field).form, value).map_err(|rule| FieldError { field, rule })
}

/// Brings a value into a form.
pub(crate) fn shape(form: Form, value: Value) -> Result<Value, String> {
    match (form, value) {
        (Form::Line(most), Value::Text(text)) => Ok(one_line(&text, most).into()),
        (Form::Lines(most), Value::Text(text)) => Ok(some_lines(&text, most).into()),
        // Never a digest: documents are kept once for the whole hub, so a label that named one
        // would show the picture of somebody else's private image.
        (Form::Url | Form::Icon, Value::Text(text)) => address(&text).map(Value::from),
        (Form::Document | Form::Digest, Value::Text(text)) => Digest::parse(text.trim())
            .map(|digest| digest.as_str().into())
            .map_err(|_| "must be a digest".to_owned()),
        (Form::Documents, Value::Map(map)) => documents(map),
        (Form::Flag, Value::Flag(flag)) => Ok(Value::Flag(flag)),
        (Form::Flag, Value::Text(text)) => match text.trim() {
            "true" => Ok(Value::Flag(true)),
            "false" => Ok(Value::Flag(false)),
            _ => Err("must be `true` or `false`".to_owned()),
        },
        (Form::Words { most, each }, Value::List(list)) => Ok(words(&list, most, each).into()),
        (Form::Words { most, each }, Value::Text(text)) => {
            Ok(words(&by_commas(&text), most, each).into())
        }
        (Form::Categories, Value::List(list)) => Ok(categories(&list).into()),
        (Form::Categories, Value::Text(text)) => Ok(categories(&by_commas(&text)).into()),
        (Form::Objects { most, keys }, Value::Objects(list)) => objects(list, most, keys),
        (Form::Licence, Value::Text(text)) => licence(&text),
        (Form::Map { keys }, Value::Map(map)) => Ok(Value::Map(known(map, keys))),
        (form, _) => Err(format!("must be {}", name(form))),
    }
}

const fn name(form: Form) -> &'static str {
    match form {
        Form::Document | Form::Digest => "a digest",
        Form::Documents => "an object from languages to digests",
        Form::Line(_) | Form::Lines(_) => "a text",
        Form::Url | Form::Icon => "an http or https address",
        Form::Words { .. } | Form::Categories => "a list of texts",
        Form::Flag => "`true` or `false`",
        Form::Objects { .. } => "a list of objects",
        Form::Licence => "an SPDX expression",
        Form::Map { .. } => "an object of texts",
    }
}

/// An absolute http or https address, as it was written.
pub(crate) fn address(text: &str) -> Result<String, String> {
    let text = text.trim();
    let rule = || Err("must be an absolute http or https address".to_owned());
    let Some((scheme, rest)) = text.split_once("://") else { return rule() };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return rule();
    }
    if text.len() > MAX_URL_BYTES {
        return Err(format!("must have at most {MAX_URL_BYTES} bytes"));
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let odd =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\\' | '`');
    let named = host.starts_with('[') || host.starts_with(|c: char| c.is_alphanumeric());
    if !named || text.chars().any(odd) { rule() } else { Ok(text.to_owned()) }
}

/// Parts of a comma list.
pub(crate) fn by_commas(text: &str) -> Vec<String> {
    text.split([',', '\n']).map(str::to_owned).collect()
}

/// Words: clean, not empty, each once whatever its case, in order.
fn words(list: &[String], most: usize, each: usize) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for word in list {
        let word = one_line(word, each);
        if kept.len() < most && !word.is_empty() && seen.insert(word.to_lowercase()) {
            kept.push(word);
        }
    }
    kept
}

/// The curated categories among words.
pub(crate) fn categories(list: &[String]) -> Vec<String> {
    let curated: Vec<_> =
        list.iter().filter_map(|word| category(word.trim())).map(str::to_owned).collect();
    words(&curated, 3, 64)
}

fn documents(map: BTreeMap<String, String>) -> Result<Value, String> {
    if map.len() > crate::readme::MAX_TRANSLATIONS {
        return Err(format!("must have at most {} languages", crate::readme::MAX_TRANSLATIONS));
    }
    if map.values().any(|digest| Digest::parse(digest).is_err()) {
        return Err("must be an object from languages to digests".to_owned());
    }
    let is_tag = |tag: &String| {
        (2..=16).contains(&tag.len())
            && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if map.keys().all(is_tag) {
        Ok(Value::Map(map))
    } else {
        Err("must have languages as keys, such as `zh-CN`".to_owned())
    }
}

fn objects(
    list: Vec<BTreeMap<String, String>>,
    most: usize,
    keys: &[&str],
) -> Result<Value, String> {
    let mut kept = Vec::new();
    for object in list.into_iter().take(most) {
        let mut object = known(object, keys);
        if let Some(url) = object.get_mut("url") {
            *url = address(url).map_err(|rule| format!("holds an address that {rule}"))?;
        } else if keys.contains(&"url") {
            return Err("must hold objects with `url`".to_owned());
        }
        if !object.is_empty() {
            kept.push(object);
        }
    }
    Ok(Value::Objects(kept))
}

fn known(object: BTreeMap<String, String>, keys: &[&str]) -> BTreeMap<String, String> {
    object
        .into_iter()
        .filter(|(key, _)| keys.contains(&key.as_str()))
        .map(|(key, text)| (key, one_line(&text, MAX_URL_BYTES)))
        .filter(|(_, text)| !text.is_empty())
        .collect()
}

fn licence(text: &str) -> Result<Value, String> {
    let text = one_line(text, 257);
    let fits =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '-' | '+' | '(' | ')' | ':');
    if text.chars().count() > 256 || !text.chars().all(fits) {
        return Err("must be an SPDX expression of at most 256 characters".to_owned());
    }
    Ok(text.into())
}

/// A value of a field out of JSON or YAML.
pub(crate) fn from_json(json: &serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    Some(match json {
        Json::Null => return None,
        Json::Bool(flag) => Value::Flag(*flag),
        Json::Number(number) => Value::Text(number.to_string()),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(list) if list.iter().any(Json::is_object) => {
            Value::Objects(list.iter().filter_map(Json::as_object).map(texts).collect())
        }
        Json::Array(list) => Value::List(list.iter().filter_map(scalar).collect()),
        Json::Object(object) => Value::Map(texts(object)),
    })
}

fn texts(object: &serde_json::Map<String, serde_json::Value>) -> BTreeMap<String, String> {
    object.iter().filter_map(|(key, value)| Some((key.clone(), scalar(value)?))).collect()
}

/// The text of a scalar.
pub(crate) fn scalar(json: &serde_json::Value) -> Option<String> {
    match json {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_absolute_and_http() {
        for good in ["https://a", "HTTP://a.b/c?d#e", "https://[::1]:8/x", "https://数据.cn/"] {
            assert_eq!(address(good).as_deref(), Ok(good), "{good}");
        }
        let long = format!("https://a/{}", "x".repeat(2_048));
        for bad in [
            "",
            "www.a.com",
            "/a",
            "javascript:alert(1)",
            "ftp://a",
            "https://",
            "https:///x",
            "https://a b",
            "https://a\u{0}",
            "data:image/png;base64,AA",
            "https://a/\"onload=",
            &long,
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_of_people_are_brought_into_form() {
        let check = |field, value: Value| check_field(field, value);
        let list = |words: &[&str]| Value::List(words.iter().map(|&word| word.into()).collect());
        assert_eq!(check(Field::Title, "a\nb\u{202e}".into()), Ok("a b".into()));
        assert_eq!(check(Field::Title, "x".repeat(200).into()), Ok("x".repeat(128).into()));
        assert_eq!(check(Field::Keywords, "a, b,,A".into()), Ok(list(&["a", "b"])));
        assert_eq!(check(Field::Categories, list(&["storage", "x"])), Ok(list(&["Storage"])));
        assert_eq!(check(Field::Deprecated, "true".into()), Ok(Value::Flag(true)));
        assert_eq!(
            check(Field::Licenses, "MIT OR Apache-2.0".into()),
            Ok("MIT OR Apache-2.0".into())
        );
        assert_eq!(check(Field::Docs, "".into()), Ok("".into()));
        for (field, value) in [
            (Field::Deprecated, Value::from("yes")),
            (Field::Docs, "# text".into()),
            (Field::Url, "www.mysql.com".into()),
            (Field::Icon, "MySQL icon".into()),
            (Field::Licenses, "see <LICENSE>".into()),
            (Field::BaseDigest, "sha256:0".into()),
            (Field::Links, list(&["x"])),
            (Field::Title, Value::Flag(true)),
            (Field::Links, Value::Objects(vec![[("title".into(), "x".into())].into()])),
            (Field::DocsI18n, Value::Map([("zh".into(), "x".into())].into())),
        ] {
            let error = check(field, value).unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{field}` ")), "{error}");
        }
        let many = Value::List((0..99).map(|n| n.to_string()).collect());
        assert!(matches!(check(Field::Keywords, many), Ok(Value::List(kept)) if kept.len() == 32));
    }
}
