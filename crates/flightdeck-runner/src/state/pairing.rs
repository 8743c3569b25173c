//! The pairing code in use: shown, tried, used up.

use flightdeck_core::Timestamp;
use flightdeck_protocol::pairing::{CODE_TRIES, Code};
use flightdeck_sqlite::{Act, Connection, Error, OptionalExtension, Result, params};

/// A code and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct StoredCode {
    pub(crate) code: Code,
    pub(crate) expires_at: Timestamp,
    /// Wrong tries.
    pub(crate) tries: u32,
}

impl StoredCode {
    pub(crate) fn read(connection: &Connection) -> Result<Option<Self>> {
        let row = connection.query_row("SELECT code, expires_ms, tries FROM pairing", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
        });
        row.optional()?
            .map(|(code, expires_ms, tries)| {
                let code = code.parse().map_err(|error| Error::value("pairing code", error))?;
                Ok(Self { code, expires_at: Timestamp::from_ms(expires_ms), tries })
            })
            .transpose()
    }

    /// Instead of any code before it.
    pub(crate) fn put(&self, act: &Act<'_>) -> Result<()> {
        let Self { code, expires_at, tries } = self;
        act.execute(
            "INSERT OR REPLACE INTO pairing VALUES (1, ?1, ?2, ?3)",
            params![code.reveal(), expires_at.as_ms(), tries],
        )?;
        Ok(())
    }

    pub(crate) fn forget(act: &Act<'_>) -> Result<()> {
        act.execute("DELETE FROM pairing", [])?;
        Ok(())
    }

    pub(crate) fn is_usable(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.tries < CODE_TRIES
    }
}
