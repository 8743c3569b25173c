//! Endpoints as they were deployed from here, with the figures that their runner last told.

use crate::value;
use flightdeck_core::{Challenge, Challenger, Digest, Name, Timestamp, TrafficPolicy};
use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result, Row, params, rusqlite};

pub(crate) const CREATE: &str = "
CREATE TABLE endpoint (
  runner TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  digest TEXT NOT NULL,
  window_seconds INTEGER NOT NULL CHECK (window_seconds BETWEEN 1 AND 3600),
  replay INTEGER NOT NULL CHECK (replay IN (0, 1)),
  step_seconds INTEGER NOT NULL CHECK (step_seconds >= 1),
  deployed_at_ms INTEGER NOT NULL,
  figures TEXT CHECK (figures IS NULL OR json_valid(figures)),
  figures_at_ms INTEGER,
  PRIMARY KEY (runner, endpoint)
) STRICT, WITHOUT ROWID;
";

/// Endpoints got a version that runs beside the one that answers, and the one that answered before.
pub(crate) const CHALLENGER: &str = "
ALTER TABLE endpoint ADD COLUMN shadow TEXT;
ALTER TABLE endpoint ADD COLUMN previous TEXT;
";

/// Endpoints got more ways to share the traffic, and settings of their own.
pub(crate) const POLICY: &str = "
ALTER TABLE endpoint ADD COLUMN policy TEXT CHECK (policy IS NULL OR json_valid(policy));
ALTER TABLE endpoint ADD COLUMN serving TEXT CHECK (serving IS NULL OR json_valid(serving));
";

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRecord {
    /// Its runner.
    pub runner: Name,
    /// Its name there.
    pub endpoint: Name,
    /// The version that answers.
    pub digest: Digest,
    /// The versions beside it.
    pub challengers: Vec<Challenger>,
    /// The version that answered before.
    pub previous: Option<Digest>,
    /// Length of a counting window in seconds.
    pub window_seconds: u32,
    /// Whether rows bring their own time.
    pub replay: bool,
    /// Length of a step of the decision rule in seconds.
    pub step_seconds: u32,
    /// How its models run, as its runner says it; `None` when nothing is set.
    pub serving: Option<String>,
    /// When it was deployed.
    pub deployed_at: Timestamp,
    /// The figures its runner last told, as a document, and when.
    pub figures: Option<(String, Timestamp)>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<EndpointRecord> {
    let figures: Option<String> = row.get("figures")?;
    let at: Option<i64> = row.get("figures_at_ms")?;
    Ok(EndpointRecord {
        runner: value::name(row, "runner")?,
        endpoint: value::name(row, "endpoint")?,
        digest: value::digest(row, "digest")?,
        challengers: challengers(row)?,
        previous: value::optional_digest(row, "previous")?,
        window_seconds: row.get("window_seconds")?,
        replay: row.get("replay")?,
        step_seconds: row.get("step_seconds")?,
        serving: row.get("serving")?,
        deployed_at: value::timestamp(row, "deployed_at_ms")?,
        figures: figures.zip(at.map(Timestamp::from_ms)),
    })
}

/// The policy as it was written; an endpoint of before knows at most a shadow.
fn challengers(row: &Row<'_>) -> rusqlite::Result<Vec<Challenger>> {
    let policy: Option<String> = row.get("policy")?;
    if let Some(policy) = policy.and_then(|policy| serde_json::from_str::<TrafficPolicy>(&policy).ok()) {
        return Ok(policy.challengers);
    }
    let shadow = value::optional_digest(row, "shadow")?;
    Ok(shadow.map(|version| Challenger { version, challenge: Challenge::Shadow }).into_iter().collect())
}

impl EndpointRecord {
    /// `RUNNER/ENDPOINT`.
    pub fn address(&self) -> String {
        format!("{}/{}", self.runner, self.endpoint)
    }

    /// Who answers, and who stands beside.
    pub fn policy(&self) -> TrafficPolicy {
        TrafficPolicy { champion: self.digest, challengers: self.challengers.clone() }
    }

    /// The version that sees everything and answers nothing.
    pub fn shadow(&self) -> Option<Digest> {
        self.challengers.iter().find(|c| c.challenge == Challenge::Shadow).map(|c| c.version)
    }

    /// The version that answers a part, and how much of it in percent.
    pub fn canary(&self) -> Option<(Digest, u8)> {
        self.challengers.iter().find_map(|c| match c.challenge {
            Challenge::Canary(percent) => Some((c.version, percent)),
            Challenge::Shadow => None,
        })
    }
}

/// Adds the endpoint or replaces it.
pub fn put(act: &Act<'_>, record: &EndpointRecord) -> Result<()> {
    act.execute(
        "INSERT OR REPLACE INTO endpoint (runner, endpoint, digest, window_seconds, replay, step_seconds,
           deployed_at_ms, shadow, previous, policy, serving) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            record.runner.as_str(),
            record.endpoint.as_str(),
            record.digest.to_string(),
            record.window_seconds,
            record.replay,
            record.step_seconds,
            record.deployed_at.as_ms(),
            record.shadow().map(|digest| digest.to_string()),
            record.previous.map(|digest| digest.to_string()),
            serde_json::to_string(&record.policy()).unwrap_or_default(),
            record.serving,
        ],
    )?;
    act.changed("endpoint", &format!("{}/{}", record.runner, record.endpoint))
}

/// Keeps the figures that its runner told.
pub fn keep_figures(
    act: &Act<'_>,
    runner: &Name,
    endpoint: &Name,
    document: &str,
    at: Timestamp,
) -> Result<()> {
    act.execute(
        "UPDATE endpoint SET figures = ?3, figures_at_ms = ?4 WHERE runner = ?1 AND endpoint = ?2",
        params![runner.as_str(), endpoint.as_str(), document, at.as_ms()],
    )?;
    Ok(())
}

/// Forgets the endpoints of a runner, which goes on without us. Their history stays.
pub fn remove_of(act: &Act<'_>, runner: &Name) -> Result<usize> {
    let removed = act.execute("DELETE FROM endpoint WHERE runner = ?1", [runner.as_str()])?;
    act.changed("endpoint", runner.as_str())?;
    Ok(removed)
}

/// Takes the endpoint away. Its history stays.
pub fn remove(act: &Act<'_>, runner: &Name, endpoint: &Name) -> Result<bool> {
    let removed = act.execute(
        "DELETE FROM endpoint WHERE runner = ?1 AND endpoint = ?2",
        [runner.as_str(), endpoint.as_str()],
    )?;
    act.changed("endpoint", &format!("{runner}/{endpoint}"))?;
    Ok(removed > 0)
}

/// All endpoints, by name.
pub fn all(connection: &Connection) -> Result<Vec<EndpointRecord>> {
    let mut statement = connection.prepare_cached("SELECT * FROM endpoint ORDER BY endpoint, runner")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One endpoint.
pub fn find(connection: &Connection, runner: &Name, endpoint: &Name) -> Result<Option<EndpointRecord>> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM endpoint WHERE runner = ?1 AND endpoint = ?2")?;
    Ok(statement.query_row([runner.as_str(), endpoint.as_str()], read).optional()?)
}
