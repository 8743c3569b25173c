//! Open windows as they last stood: replaced while they are open, gone when they are closed.

use flightdeck_core::WindowKey;
use flightdeck_sqlite::{Act, Connection, Error, Result, params};

pub(crate) struct Checkpoint;

impl Checkpoint {
    pub(crate) fn put(act: &Act<'_>, key: &WindowKey, counts: &[u8]) -> Result<()> {
        act.prepare_cached("INSERT OR REPLACE INTO checkpoint (window_key, counts) VALUES (?1, ?2)")?
            .execute(params![key_text(key)?, counts])?;
        Ok(())
    }

    pub(crate) fn remove(act: &Act<'_>, key: &WindowKey) -> Result<()> {
        act.prepare_cached("DELETE FROM checkpoint WHERE window_key = ?1")?.execute([key_text(key)?])?;
        Ok(())
    }

    pub(crate) fn clear(act: &Act<'_>) -> Result<()> {
        act.execute("DELETE FROM checkpoint", [])?;
        Ok(())
    }

    pub(crate) fn all(connection: &Connection) -> Result<Vec<(WindowKey, Vec<u8>)>> {
        let mut statement =
            connection.prepare("SELECT window_key, counts FROM checkpoint ORDER BY window_key")?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        rows.map(|row| {
            let (key, counts) = row?;
            Ok((serde_json::from_str(&key).map_err(|error| Error::value("window", error))?, counts))
        })
        .collect()
    }
}

pub(super) fn key_text(key: &WindowKey) -> Result<String> {
    serde_json::to_string(key).map_err(|error| Error::value("window", error))
}
