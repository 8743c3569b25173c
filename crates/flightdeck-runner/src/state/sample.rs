//! Requests that were kept as they were, where an endpoint says so, until their time or their room is over.

use super::label::{By, add};
use flightdeck_core::{Name, Timestamp};
use flightdeck_protocol::{SampleLine, Sampling};
use flightdeck_sqlite::{Act, Connection, Error, Result, params};

const DAY_SECONDS: i64 = 86_400;

/// A request as it is kept: inputs and outputs as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) id: Option<String>,
    pub(crate) inputs: String,
    pub(crate) outputs: String,
}

pub(crate) struct Sample;

impl Sample {
    pub(crate) fn keep(act: &Act<'_>, by: &By<'_>, kept: &Kept) -> Result<()> {
        let Kept { id, inputs, outputs } = kept;
        let bytes = (inputs.len() + outputs.len() + id.as_ref().map_or(0, String::len)) as i64;
        act.prepare_cached(
            "INSERT INTO sample (endpoint, version, role, at_ms, id, inputs, outputs, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            by.endpoint.as_str(),
            by.version,
            by.role.as_str(),
            by.at.as_ms(),
            id,
            inputs,
            outputs,
            bytes
        ])?;
        add(act, by.endpoint.as_str(), "sample-kept", 1)
    }

    /// Samples of an endpoint after a cursor.
    pub(crate) fn after(
        connection: &Connection,
        endpoint: &Name,
        cursor: u64,
        limit: usize,
    ) -> Result<Vec<SampleLine>> {
        let mut statement = connection.prepare_cached(
            "SELECT cursor, at_ms, version, role, id, inputs, outputs FROM sample
             WHERE endpoint = ?1 AND cursor > ?2 ORDER BY cursor LIMIT ?3",
        )?;
        let after = i64::try_from(cursor).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![endpoint.as_str(), after, limit as i64])?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next()? {
            let text = |place| row.get::<_, String>(place).map_err(Error::from);
            let bad = |error: &dyn std::fmt::Display| Error::value("sample", error);
            lines.push(SampleLine {
                cursor: row.get::<_, i64>(0)? as u64,
                at: Timestamp::from_ms(row.get(1)?),
                version: text(2)?.parse().map_err(|error| bad(&error))?,
                role: serde_json::from_value(text(3)?.into()).map_err(|error| bad(&error))?,
                id: row.get(4)?,
                inputs: serde_json::from_str(&text(5)?).map_err(|error| bad(&error))?,
                outputs: serde_json::from_str(&text(6)?).map_err(|error| bad(&error))?,
            });
        }
        Ok(lines)
    }

    /// Deletes what is past its time or its room, and everything of endpoints that do not sample any more.
    pub(crate) fn tidy(act: &Act<'_>, sampling: &[(Name, Sampling)], now: Timestamp) -> Result<()> {
        let names: Vec<&str> = sampling.iter().map(|(name, _)| name.as_str()).collect();
        let names = serde_json::to_string(&names).map_err(|error| Error::value("endpoint", error))?;
        act.execute("DELETE FROM sample WHERE endpoint NOT IN (SELECT value FROM json_each(?1))", [names])?;
        for (name, sampling) in sampling {
            let oldest = now.plus_seconds(-i64::from(sampling.days) * DAY_SECONDS);
            act.execute(
                "DELETE FROM sample WHERE endpoint = ?1 AND at_ms < ?2",
                params![name.as_str(), oldest.as_ms()],
            )?;
            shrink(act, ("endpoint = ?1", name.as_str()), sampling.max_bytes)?;
        }
        Ok(())
    }

    /// Deletes the oldest of all endpoints until the rest takes so many bytes.
    pub(crate) fn fit(act: &Act<'_>, bytes: u64) -> Result<()> {
        shrink(act, ("?1 = ''", ""), bytes)
    }
}

fn shrink(act: &Act<'_>, (which, name): (&str, &str), bytes: u64) -> Result<()> {
    // Newest first, until they take too much: that one and all before it go.
    let query = format!("SELECT cursor, bytes FROM sample WHERE {which} ORDER BY cursor DESC");
    let mut statement = act.prepare_cached(&query)?;
    let (mut rows, mut sum) = (statement.query([name])?, 0);
    while let Some(row) = rows.next()? {
        let (cursor, size): (i64, i64) = (row.get(0)?, row.get(1)?);
        sum += size as u64;
        if sum > bytes {
            let deleted = act.execute(
                &format!("DELETE FROM sample WHERE {which} AND cursor <= ?2"),
                params![name, cursor],
            )?;
            return add(act, name, "sample-dropped", deleted as u64);
        }
    }
    Ok(())
}
