//! From columns to records: what does not parse is an error, never a panic.

use std::error::Error;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Takes over the error of a parser.
pub(crate) fn parsed<T, E>(result: Result<T, E>) -> Result<T, sqlx::Error>
where
    E: Error + Send + Sync + 'static,
{
    result.map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Takes over the answer of a parser that only knows its words.
pub(crate) fn known<T>(word: &str, found: Option<T>) -> Result<T, sqlx::Error> {
    found.ok_or_else(|| sqlx::Error::Decode(format!("`{word}` has no meaning here").into()))
}

/// A column that may be empty.
pub(crate) fn maybe<T, E>(
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, sqlx::Error>
where
    E: Error + Send + Sync + 'static,
{
    parsed(text.map(parse).transpose())
}

/// Where a list goes on, as a caller said it: PostgreSQL refuses text with a zero byte, and since
/// no name holds one, what stands in front of it marks the same place.
pub(crate) fn mark(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

/// A stored number that counts something.
pub(crate) fn count(number: i64) -> Result<u64, sqlx::Error> {
    parsed(u64::try_from(number))
}

/// A count as it is stored. No count of ours comes near the limit.
pub(crate) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Reads a column of JSON.
pub(crate) fn json<T: DeserializeOwned>(text: &str) -> Result<T, sqlx::Error> {
    parsed(serde_json::from_str(text))
}

/// Writes a column of JSON.
pub(crate) fn json_text<T: Serialize>(value: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// The record of a row that may be missing.
pub(crate) fn one<R, T>(row: Option<R>) -> Result<Option<T>, sqlx::Error>
where
    T: TryFrom<R, Error = sqlx::Error>,
{
    row.map(T::try_from).transpose()
}

/// The records of rows.
pub(crate) fn all<R, T>(rows: Vec<R>) -> Result<Vec<T>, sqlx::Error>
where
    T: TryFrom<R, Error = sqlx::Error>,
{
    rows.into_iter().map(T::try_from).collect()
}
