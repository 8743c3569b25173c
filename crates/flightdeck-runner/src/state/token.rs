//! Who is let in, by the hash of a token. What was revoked stays, for the audit log's sake.

use flightdeck_core::{Role, Timestamp};
use flightdeck_protocol::TokenInfo;
use flightdeck_sqlite::{Act, Connection, Error, Result, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A token as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredToken {
    pub(crate) info: TokenInfo,
    pub(crate) hash: [u8; 32],
}

impl StoredToken {
    /// Every token that was ever made, oldest first.
    pub(crate) fn all(connection: &Connection) -> Result<Vec<Self>> {
        let query = "SELECT id, name, hash, role, scope, created_ms, expires_ms, revoked_ms FROM token \
                     ORDER BY created_ms, id";
        let mut statement = connection.prepare_cached(query)?;
        let rows = statement.query_map([], |row| {
            let time = |column| {
                Ok::<_, flightdeck_sqlite::rusqlite::Error>(
                    row.get::<_, Option<i64>>(column)?.map(Timestamp::from_ms),
                )
            };
            let made = Timestamp::from_ms(row.get(5)?);
            let texts: [String; 4] = [row.get(0)?, row.get(1)?, row.get(3)?, row.get(4)?];
            Ok((texts, row.get(2)?, (made, time(6)?, time(7)?)))
        })?;
        rows.map(|row| {
            let ([id, name, role, scope], hash, (created_at, expires_at, revoked_at)) = row?;
            let (role, scope) = (parse(&role)?, parse(&scope)?);
            let info = TokenInfo { id, name, role, scope, created_at, expires_at, revoked_at };
            Ok(Self { info, hash })
        })
        .collect()
    }

    /// Whether somebody can control this server with a token that is stored.
    pub(crate) fn has_admin(connection: &Connection, now: Timestamp) -> Result<bool> {
        let is_admin = |token: &Self| token.info.role == Role::Admin && token.holds(now);
        Ok(Self::all(connection)?.iter().any(is_admin))
    }

    pub(crate) fn holds(&self, now: Timestamp) -> bool {
        self.info.revoked_at.is_none() && self.info.expires_at.is_none_or(|end| now < end)
    }

    pub(crate) fn insert(&self, act: &Act<'_>) -> Result<()> {
        let TokenInfo { id, name, role, scope, created_at, expires_at, .. } = &self.info;
        let (role, scope, expires) = (text(role)?, text(scope)?, expires_at.map(Timestamp::as_ms));
        act.execute(
            "INSERT INTO token VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)",
            params![id, name, self.hash, role, scope, created_at.as_ms(), expires],
        )?;
        act.changed("token", id)
    }

    /// Whether there was such a token that was not revoked yet.
    pub(crate) fn revoke(act: &Act<'_>, id: &str, now: Timestamp) -> Result<bool> {
        let revoke = "UPDATE token SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms IS NULL";
        let found = act.execute(revoke, params![id, now.as_ms()])? > 0;
        act.changed("token", id)?;
        Ok(found)
    }
}

fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::value("token", error))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::value("token", error))
}
