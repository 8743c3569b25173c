//! Pairing: who knows the code that this server showed gets a token.
//!
//! A code is shown once, holds for ten minutes and one success, and is worth nothing after five wrong proofs. A proof
//! holds for the key of this server alone: who shows the other side another key cannot use it here.

mod give;
mod rate;

pub(crate) use give::{Failed, give, give_token};
pub(crate) use rate::Rate;

use crate::state::{StoredCode, StoredToken};
use flightdeck_protocol::Token;
use flightdeck_protocol::pairing::{CODE_BYTES, CODE_SECONDS, Code};
use flightdeck_sqlite::{Act, Database, Error};
use thiserror::Error;

/// Why no code or token is made.
#[derive(Debug, Error)]
pub(crate) enum MakeError {
    #[error("the system gives no random numbers")]
    Random,
    #[error(transparent)]
    State(#[from] Error),
}

/// A token of 256 random bits.
pub(crate) fn new_token() -> Result<Token, MakeError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| MakeError::Random)?;
    Ok(Token::from_bytes(bytes))
}

/// A new code, instead of any before it, on behalf of `actor`.
pub(crate) fn new_code(database: &Database, actor: &str) -> Result<Code, MakeError> {
    let mut bytes = [0; CODE_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| MakeError::Random)?;
    let code = Code::from_bytes(bytes);
    let expires_at = database.clock().now().plus_seconds(CODE_SECONDS);
    database.act(actor, "make-pairing-code", "runner", |act: &Act<'_>| {
        StoredCode { code: code.clone(), expires_at, tries: 0 }.put(act)
    })?;
    Ok(code)
}

/// A code to show at the start, unless somebody is paired.
pub(crate) fn first_code(database: &Database) -> Result<Option<Code>, MakeError> {
    let now = database.clock().now();
    if database.read(|connection| StoredToken::has_admin(connection, now))? {
        return Ok(None);
    }
    new_code(database, "runner").map(Some)
}
