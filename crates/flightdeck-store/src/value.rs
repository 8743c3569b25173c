//! How the vocabulary stands in columns.

use flightdeck_core::{Digest, Name, Timestamp};
use flightdeck_sqlite::rusqlite::types::{FromSqlError, Type};
use flightdeck_sqlite::rusqlite::{self, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) fn name(row: &Row<'_>, column: &str) -> rusqlite::Result<Name> {
    let text: String = row.get(column)?;
    text.parse().map_err(failed)
}

pub(crate) fn digest(row: &Row<'_>, column: &str) -> rusqlite::Result<Digest> {
    let text: String = row.get(column)?;
    text.parse().map_err(failed)
}

pub(crate) fn optional_digest(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Digest>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(failed)).transpose()
}

pub(crate) fn timestamp(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_ms)
}

pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(failed)
}

/// A unit enum's serde word, read back.
pub(crate) fn word<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_value(serde_json::Value::String(text)).map_err(failed)
}

pub(crate) fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// A unit enum's serde word.
pub(crate) fn to_word(value: &impl Serialize) -> rusqlite::Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(other) => Err(rusqlite::Error::ToSqlConversionFailure(format!("{other} is not a word").into())),
        Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    let error = FromSqlError::Other(Box::new(error));
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
}
