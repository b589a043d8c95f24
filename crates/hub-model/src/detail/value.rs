//! Values of fields, in JSON without a word about their kind.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A value of a [`Field`](super::Field), as it stands in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// `true` or `false`.
    Flag(bool),
    /// Text, a URL or a digest.
    Text(String),
    /// Texts in order.
    List(Vec<String>),
    /// Objects of texts, in order.
    Objects(Vec<BTreeMap<String, String>>),
    /// Texts by key.
    Map(BTreeMap<String, String>),
}

impl Value {
    /// Whether nothing is said. An explicit empty value means "none, on purpose".
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Flag(_) => false,
            Self::Text(text) => text.is_empty(),
            Self::List(list) => list.is_empty(),
            Self::Objects(list) => list.is_empty(),
            Self::Map(map) => map.is_empty(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for Value {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}

/// The kind is read off the JSON. Trying one after the other would print every text into an error
/// that nobody reads, for each value of each row.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, a text, a list of texts or of objects, or an object of texts")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(map)).map(Value::Map)
    }

    /// The first element says what the others are.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        match list.next_element()? {
            None => Ok(Value::List(Vec::new())),
            Some(Item::Text(first)) => {
                let rest: Vec<String> = Deserialize::deserialize(SeqAccessDeserializer::new(list))?;
                Ok(Value::List([vec![first], rest].concat()))
            }
            Some(Item::Object(first)) => {
                let rest: Vec<_> = Deserialize::deserialize(SeqAccessDeserializer::new(list))?;
                Ok(Value::Objects([vec![first], rest].concat()))
            }
        }
    }
}

/// An element of a list.
enum Item {
    Text(String),
    Object(BTreeMap<String, String>),
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Text(text) => Ok(Self::Text(text)),
            Value::Map(map) => Ok(Self::Object(map)),
            Value::Flag(_) | Value::List(_) | Value::Objects(_) => {
                Err(Error::custom("a list holds texts, or objects of texts"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_json() {
        for text in [
            "true",
            "false",
            r#""""#,
            r#""a \"text\"""#,
            "[]",
            r#"["a","b"]"#,
            r#"[{"a":"b"},{}]"#,
            "{}",
            r#"{"a":"b"}"#,
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
        }
    }

    #[test]
    fn what_is_of_no_kind_is_refused() {
        for text in [
            "1",
            "null",
            "[1]",
            "[true]",
            "[[]]",
            r#"["a",{}]"#,
            r#"[{},"a"]"#,
            r#"{"a":1}"#,
            r#"[{"a":[]}]"#,
        ] {
            serde_json::from_str::<Value>(text).expect_err(text);
        }
    }
}
