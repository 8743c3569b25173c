//! What endpoints should be.

use flightdeck_core::{Digest, Name, Timestamp};
use flightdeck_protocol::EndpointDesired;
use flightdeck_sqlite::{Act, Connection, Error, Result, params};

/// An endpoint as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredEndpoint {
    pub(crate) name: Name,
    pub(crate) desired: EndpointDesired,
    /// The champion before the last change of champion.
    pub(crate) previous: Option<Digest>,
    pub(crate) changed_at: Timestamp,
}

impl StoredEndpoint {
    pub(crate) fn all(connection: &Connection) -> Result<Vec<Self>> {
        let mut statement =
            connection.prepare("SELECT name, desired, previous, changed_ms FROM endpoint ORDER BY name")?;
        let rows = statement.query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, Option<String>>(2)?,
                row.get(3)?,
            ))
        })?;
        rows.map(|row| {
            let (name, desired, previous, changed_ms) = row?;
            let bad = |error: &dyn std::fmt::Display| Error::value("endpoint", error);
            Ok(Self {
                name: name.parse().map_err(|error| bad(&error))?,
                desired: serde_json::from_str(&desired).map_err(|error| bad(&error))?,
                previous: previous.map(|text| text.parse()).transpose().map_err(|error| bad(&error))?,
                changed_at: Timestamp::from_ms(changed_ms),
            })
        })
        .collect()
    }

    /// Removes what is not an endpoint, in a state that was damaged.
    pub(crate) fn remove_unreadable(act: &Act<'_>) -> Result<()> {
        let mut statement = act.prepare("SELECT rowid, name, desired FROM endpoint")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        for row in rows {
            let (id, name, desired) = row?;
            if name.parse::<Name>().is_err() || serde_json::from_str::<EndpointDesired>(&desired).is_err() {
                tracing::error!(name = %name.escape_debug(), "an endpoint cannot be read and is left out");
                act.execute("DELETE FROM endpoint WHERE rowid = ?1", [id])?;
            }
        }
        Ok(())
    }

    pub(crate) fn put(&self, act: &Act<'_>) -> Result<()> {
        let desired =
            serde_json::to_string(&self.desired).map_err(|error| Error::value("endpoint", error))?;
        let previous = self.previous.map(|digest| digest.to_string());
        act.execute(
            "INSERT OR REPLACE INTO endpoint (name, desired, previous, changed_ms) VALUES (?1, ?2, ?3, ?4)",
            params![self.name.as_str(), desired, previous, self.changed_at.as_ms()],
        )?;
        act.changed("endpoint", self.name.as_str())
    }

    pub(crate) fn remove(act: &Act<'_>, name: &Name) -> Result<()> {
        act.execute("DELETE FROM endpoint WHERE name = ?1", [name.as_str()])?;
        act.changed("endpoint", name.as_str())
    }
}
