//! Labels that come after predictions: kept until they are taken, and joined by the id of the request as counts.

use flightdeck_core::{Name, Timestamp, VersionRole};
use flightdeck_protocol::{Errors, LabelBatch, LabelLine, LabelRecord, LabelsTaken, Outcome};
use flightdeck_sqlite::{Act, Connection, Error, OptionalExtension, Result, params};

/// Predictions that wait for labels at one endpoint; the oldest make room.
const MAX_PREDICTIONS: i64 = 200_000;
/// Labels that nobody has taken yet, of all endpoints; the oldest make room.
const MAX_LABELS: i64 = 200_000;
/// Counts of an endpoint; those of the oldest windows make room.
const MAX_OUTCOMES: i64 = 100_000;
/// A label that comes so long after its prediction is late.
const LATE_MS: i64 = 86_400_000;

/// What was predicted for a row of a request that had an id.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Predicted {
    pub(crate) id: String,
    pub(crate) label: Option<String>,
    pub(crate) value: Option<f64>,
}

/// Who predicted it, and when.
#[derive(Clone, Debug)]
pub(crate) struct By<'a> {
    pub(crate) endpoint: &'a Name,
    pub(crate) version: &'a str,
    pub(crate) role: VersionRole,
    pub(crate) at: Timestamp,
    /// The window that it is counted in.
    pub(crate) start: Timestamp,
}

pub(crate) struct Label;

impl Label {
    /// Remembers a prediction. An id that comes again means its last request.
    pub(crate) fn expect(act: &Act<'_>, by: &By<'_>, predicted: &Predicted) -> Result<()> {
        act.prepare_cached(
            "INSERT OR REPLACE INTO prediction (endpoint, id, version, role, at_ms, start_ms, label, value)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            by.endpoint.as_str(),
            predicted.id,
            by.version,
            by.role.as_str(),
            by.at.as_ms(),
            by.start.as_ms(),
            predicted.label,
            predicted.value.filter(|value| value.is_finite()),
        ])?;
        Ok(())
    }

    /// Takes labels and joins them.
    pub(crate) fn take(
        act: &Act<'_>,
        endpoint: &Name,
        lines: &[LabelLine],
        now: Timestamp,
    ) -> Result<LabelsTaken> {
        let mut taken = LabelsTaken::default();
        for line in lines {
            match known(act, endpoint, &line.id)? {
                Some(label) if label == line.label => taken.duplicate += 1,
                Some(_) => taken.conflicting += 1,
                None => {
                    let at = line.at.unwrap_or(now);
                    act.prepare_cached(
                        "INSERT INTO label (endpoint, id, label, at_ms, received_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![endpoint.as_str(), line.id, line.label, at.as_ms(), now.as_ms()])?;
                    match join(act, endpoint, line)? {
                        None => taken.unknown += 1,
                        Some(predicted_ms) => {
                            taken.joined += 1;
                            taken.late += u64::from(now.as_ms() - predicted_ms >= LATE_MS);
                        }
                    }
                }
            }
        }
        count(act, endpoint.as_str(), &taken)?;
        act.changed("label", endpoint.as_str())?;
        Ok(taken)
    }

    /// Labels after a cursor.
    pub(crate) fn after(connection: &Connection, cursor: u64, limit: usize) -> Result<LabelBatch> {
        let mut statement = connection.prepare_cached(
            "SELECT cursor, endpoint, id, label, at_ms, received_ms FROM label WHERE cursor > ?1 ORDER BY cursor LIMIT ?2",
        )?;
        let after = i64::try_from(cursor).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![after, limit as i64 + 1])?;
        let dropped = told(connection, "", "label-dropped")?;
        let mut batch = LabelBatch { labels: Vec::new(), cursor, more: false, dropped };
        while let Some(row) = rows.next()? {
            if batch.labels.len() == limit {
                batch.more = true;
                break;
            }
            batch.cursor = row.get::<_, i64>(0)? as u64;
            let endpoint: String = row.get(1)?;
            batch.labels.push(LabelRecord {
                endpoint: endpoint.parse().map_err(|error| Error::value("label", error))?,
                id: row.get(2)?,
                label: row.get(3)?,
                at: Timestamp::from_ms(row.get(4)?),
                received_at: Timestamp::from_ms(row.get(5)?),
            });
        }
        Ok(batch)
    }

    /// Forgets labels up to a cursor.
    pub(crate) fn forget(act: &Act<'_>, cursor: u64) -> Result<u64> {
        let cursor = i64::try_from(cursor).unwrap_or(i64::MAX);
        Ok(act.execute("DELETE FROM label WHERE cursor <= ?1", [cursor])? as u64)
    }

    /// Counts of an endpoint, oldest window first.
    pub(crate) fn outcomes(connection: &Connection, endpoint: &Name) -> Result<Vec<Outcome>> {
        let mut statement = connection.prepare_cached(
            "SELECT version, role, start_ms, number, label, predicted, rows, sum, sum_abs, sum_squares FROM outcome
             WHERE endpoint = ?1 ORDER BY start_ms, version, role, number, label, predicted",
        )?;
        let mut rows = statement.query([endpoint.as_str()])?;
        let mut outcomes = Vec::new();
        while let Some(row) = rows.next()? {
            let (version, role): (String, String) = (row.get(0)?, row.get(1)?);
            let bad = |error: &dyn std::fmt::Display| Error::value("outcome", error);
            let number: bool = row.get(3)?;
            let errors = Errors { sum: row.get(7)?, sum_abs: row.get(8)?, sum_squares: row.get(9)? };
            let text = |place| row.get::<_, String>(place).map(|text| (!number).then_some(text));
            outcomes.push(Outcome {
                version: version.parse().map_err(|error| bad(&error))?,
                role: serde_json::from_value(role.into()).map_err(|error| bad(&error))?,
                start: Timestamp::from_ms(row.get(2)?),
                label: text(4)?,
                predicted: text(5)?,
                rows: row.get::<_, i64>(6)? as u64,
                errors: number.then_some(errors),
            });
        }
        Ok(outcomes)
    }

    /// Makes room: in each ring the oldest go, and what belonged to endpoints that are gone.
    pub(crate) fn tidy(act: &Act<'_>, endpoints: &[&str]) -> Result<()> {
        let known = serde_json::to_string(endpoints).map_err(|error| Error::value("endpoint", error))?;
        for table in ["prediction", "outcome"] {
            let gone = format!("DELETE FROM {table} WHERE endpoint NOT IN (SELECT value FROM json_each(?1))");
            act.execute(&gone, [&known])?;
        }
        for endpoint in endpoints {
            act.execute(
                "DELETE FROM prediction WHERE endpoint = ?1 AND seq <= (SELECT seq FROM prediction
                 WHERE endpoint = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
                params![endpoint, MAX_PREDICTIONS],
            )?;
            act.execute(
                "DELETE FROM outcome WHERE endpoint = ?1 AND start_ms <= (SELECT start_ms FROM outcome
                 WHERE endpoint = ?1 ORDER BY start_ms DESC LIMIT 1 OFFSET ?2)",
                params![endpoint, MAX_OUTCOMES],
            )?;
        }
        let dropped = act.execute(
            "DELETE FROM label WHERE cursor <= (SELECT cursor FROM label ORDER BY cursor DESC LIMIT 1 OFFSET ?1)",
            [MAX_LABELS],
        )?;
        add(act, "", "label-dropped", dropped as u64)
    }
}

fn known(act: &Act<'_>, endpoint: &Name, id: &str) -> Result<Option<String>> {
    let query = "SELECT label FROM label WHERE endpoint = ?1 AND id = ?2";
    let label = act.prepare_cached(query)?.query_row([endpoint.as_str(), id], |row| row.get(0));
    Ok(label.optional()?)
}

/// Joins a label to its prediction, and says when that was made. A prediction is joined once.
fn join(act: &Act<'_>, endpoint: &Name, line: &LabelLine) -> Result<Option<i64>> {
    let found = act
        .prepare_cached(
            "DELETE FROM prediction WHERE endpoint = ?1 AND id = ?2
             RETURNING version, role, start_ms, label, value, at_ms",
        )?
        .query_row([endpoint.as_str(), &line.id], |row| {
            let (version, role): (String, String) = (row.get(0)?, row.get(1)?);
            let (label, value): (Option<String>, Option<f64>) = (row.get(3)?, row.get(4)?);
            Ok((version, role, row.get::<_, i64>(2)?, label, value, row.get::<_, i64>(5)?))
        })
        .optional()?;
    let Some((version, role, start, label, value, at)) = found else { return Ok(None) };
    let error = value.zip(line.label.trim().parse().ok()).map(|(value, truth): (f64, f64)| value - truth);
    let error = error.filter(|error| error.is_finite() && label.is_none());
    let (truth, predicted) = match error {
        Some(_) => (String::new(), String::new()),
        None => (line.label.clone(), label.or(value.map(|value| value.to_string())).unwrap_or_default()),
    };
    let sums = error.unwrap_or(0.0);
    act.prepare_cached(
        "INSERT INTO outcome VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10) ON CONFLICT DO UPDATE SET
         rows = rows + 1, sum = sum + ?8, sum_abs = sum_abs + ?9, sum_squares = sum_squares + ?10",
    )?
    .execute(params![
        endpoint.as_str(),
        version,
        role,
        start,
        error.is_some(),
        truth,
        predicted,
        sums,
        sums.abs(),
        sums * sums
    ])?;
    Ok(Some(at))
}

fn count(act: &Act<'_>, endpoint: &str, taken: &LabelsTaken) -> Result<()> {
    let LabelsTaken { joined, unknown, late, duplicate, conflicting } = *taken;
    let counts = [
        ("label-joined", joined),
        ("label-unknown", unknown),
        ("label-late", late),
        ("label-duplicate", duplicate),
        ("label-conflicting", conflicting),
    ];
    counts.into_iter().try_for_each(|(what, count)| add(act, endpoint, what, count))
}

/// Adds to a figure.
pub(super) fn add(act: &Act<'_>, endpoint: &str, what: &str, count: u64) -> Result<()> {
    if count > 0 {
        act.prepare_cached(
            "INSERT INTO telemetry_count VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET count = count + ?3",
        )?
        .execute(params![endpoint, what, count as i64])?;
    }
    Ok(())
}

/// A figure.
fn told(connection: &Connection, endpoint: &str, what: &str) -> Result<u64> {
    let query = "SELECT count FROM telemetry_count WHERE endpoint = ?1 AND what = ?2";
    let count: Option<i64> = connection.query_row(query, [endpoint, what], |row| row.get(0)).optional()?;
    Ok(count.unwrap_or(0) as u64)
}

/// All figures: endpoint, what, how many.
pub(crate) fn telemetry_counts(connection: &Connection) -> Result<Vec<(String, String, u64)>> {
    let mut statement = connection
        .prepare_cached("SELECT endpoint, what, count FROM telemetry_count ORDER BY what, endpoint")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)? as u64)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}
