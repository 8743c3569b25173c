//! Trying a proof, and the token that a right one gets.

use super::{MakeError, new_token};
use crate::http::fingerprint;
use crate::state::{StoredCode, StoredToken};
use flightdeck_core::{Role, Scope, Timestamp};
use flightdeck_protocol::pairing::{CODE_TRIES, Hex32, PairRequest};
use flightdeck_protocol::{Token, TokenInfo, TokenRequest};
use flightdeck_sqlite::{Act, Database, Error};
use serde::Serialize;
use thiserror::Error;

/// Most letters in the name of a token.
const NAME_CHARS: usize = 100;
/// Milliseconds of a day.
const DAY_SECONDS: i64 = 86_400;

/// Why somebody is not let in.
#[derive(Debug, Error)]
pub(crate) enum Failed {
    /// There is no code, or it has expired, was used, or was tried too often.
    #[error("there is no pairing code that could be used")]
    NoCode,
    /// The proof is of another code or another key.
    #[error("the pairing code is wrong, or somebody stands between you and this runner")]
    Wrong,
    /// A name that is no name.
    #[error("a name has 1 to {NAME_CHARS} characters and no control characters")]
    Name,
    #[error(transparent)]
    Make(#[from] MakeError),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Make(error.into())
    }
}

/// What a right proof gets.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) token: Token,
    pub(crate) info: TokenInfo,
    pub(crate) proof: Hex32,
}

/// Tries a proof against the code that stands in the database. A wrong one is counted, whatever else happens.
pub(crate) fn give(database: &Database, request: &PairRequest, key: Hex32) -> Result<Given, Failed> {
    let name = name(&request.name)?;
    let (token, now) = (new_token()?, database.clock().now());
    let tried = database.record(|act| {
        let Some(stored) = StoredCode::read(act)?.filter(|stored| stored.is_usable(now)) else {
            return Ok::<_, Error>(Err(Failed::NoCode));
        };
        if request.proof.is_equal(&stored.code.client_proof(&key.0, &request.nonce)) {
            return Ok(Ok(stored.code));
        }
        let tries = stored.tries + 1;
        StoredCode { tries, ..stored }.put(act)?;
        tracing::warn!(tries, most = CODE_TRIES, "a wrong pairing code");
        Ok(Err(Failed::Wrong))
    })?;
    let code = tried?;
    let request_of = TokenRequest { name, role: Role::Admin, scope: Scope::Runner, days: None };
    let stored = stored(&token, request_of, now);
    let actor = stored.info.id.clone();
    // Two right proofs at once: one of them finds the code gone, and gets nothing.
    let is_first = database.act(&actor, "pair", "runner", |act| {
        let is_here = StoredCode::read(act)?.is_some_and(|still| still.code == code);
        if !is_here {
            return Err(Failed::NoCode);
        }
        StoredCode::forget(act)?;
        note(act, &stored.info)?;
        stored.insert(act).map_err(Failed::from)
    });
    is_first?;
    let proof = code.server_proof(&key.0, &request.nonce, token.reveal());
    Ok(Given { token, info: stored.info, proof })
}

/// Makes a token that somebody asked for who may.
pub(crate) fn give_token(
    database: &Database,
    actor: &str,
    request: &TokenRequest,
) -> Result<(Token, TokenInfo), Failed> {
    let name = name(&request.name)?;
    let token = new_token()?;
    let stored = stored(&token, TokenRequest { name, ..request.clone() }, database.clock().now());
    database.act(actor, "make-token", &stored.info.id, |act| {
        note(act, &stored.info)?;
        stored.insert(act)
    })?;
    Ok((token, stored.info))
}

fn stored(token: &Token, request: TokenRequest, now: Timestamp) -> StoredToken {
    let (hash, id) = fingerprint(token);
    let TokenRequest { name, role, scope, days } = request;
    let expires_at = days.map(|days| now.plus_seconds(i64::from(days) * DAY_SECONDS));
    let info = TokenInfo { id, name, role, scope, created_at: now, expires_at, revoked_at: None };
    StoredToken { info, hash }
}

fn note(act: &Act<'_>, info: &TokenInfo) -> Result<(), Error> {
    act.note("name", info.name.clone());
    act.note("role", json(&info.role)?);
    act.note("scope", json(&info.scope)?);
    act.note("expires_at", json(&info.expires_at)?);
    Ok(())
}

fn json(value: &impl Serialize) -> Result<serde_json::Value, Error> {
    serde_json::to_value(value).map_err(|error| Error::value("token", error))
}

fn name(text: &str) -> Result<String, Failed> {
    let text = text.trim();
    let fits = (1..=NAME_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text.into()) } else { Err(Failed::Name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pairing::{first_code, new_code};
    use crate::state;
    use flightdeck_core::Clock;
    use flightdeck_protocol::pairing::{CODE_SECONDS, Code};
    use flightdeck_sqlite::AuditRow;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    const KEY: Hex32 = Hex32([1; 32]);

    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_ms(self.0.load(Ordering::Relaxed))
        }
    }

    struct Runner {
        database: Database,
        clock: Arc<Hand>,
        _folder: tempfile::TempDir,
    }

    fn runner() -> Runner {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(Hand(AtomicI64::new(1_000_000))));
        let database = state::open(folder.path(), Arc::<Hand>::clone(&clock)).unwrap();
        Runner { database, clock, _folder: folder }
    }

    fn asks(code: &Code, key: Hex32) -> PairRequest {
        let nonce = Hex32([9; 32]);
        PairRequest { name: "desk".into(), nonce, proof: code.client_proof(&key.0, &nonce) }
    }

    impl Runner {
        fn give(&self, request: &PairRequest) -> Result<Given, Failed> {
            give(&self.database, request, KEY)
        }

        fn actions(&self) -> Vec<String> {
            let rows: Vec<AuditRow> = self.database.read(|c| AuditRow::after(c, 0, 100)).unwrap();
            rows.into_iter().map(|row| row.action).collect()
        }
    }

    #[test]
    fn k6_a_code_is_good_for_one_token_and_proves_the_runner() {
        let runner = runner();
        let code = first_code(&runner.database).unwrap().unwrap();
        let request = asks(&code, KEY);
        let given = runner.give(&request).unwrap();
        assert_eq!((given.info.role, given.info.expires_at), (Role::Admin, None));
        assert_eq!(given.proof, code.server_proof(&KEY.0, &request.nonce, given.token.reveal()));
        assert!(matches!(runner.give(&request), Err(Failed::NoCode)), "used");
        assert!(first_code(&runner.database).unwrap().is_none(), "somebody is paired");
        assert_eq!(runner.actions(), ["make-pairing-code", "pair"]);
        let all = runner.database.read(StoredToken::all).unwrap();
        assert_eq!((all.len(), all[0].hash), (1, fingerprint(&given.token).0));
    }

    #[test]
    fn k6_ten_thousand_guesses_and_a_relay_get_nothing() {
        let runner = runner();
        let code = new_code(&runner.database, "a").unwrap();
        assert!(
            matches!(runner.give(&asks(&code, Hex32([2; 32]))), Err(Failed::Wrong)),
            "seen through another key"
        );
        let mut wrong = 1;
        for guess in 0..10_000_u32 {
            let mut bytes = [0; 13];
            bytes[..4].copy_from_slice(&guess.to_be_bytes());
            match runner.give(&asks(&Code::from_bytes(bytes), KEY)) {
                Err(Failed::Wrong) => wrong += 1,
                Err(Failed::NoCode) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(wrong, CODE_TRIES);
        assert!(
            matches!(runner.give(&asks(&code, KEY)), Err(Failed::NoCode)),
            "the right one comes too late"
        );
        let next = new_code(&runner.database, "a").unwrap();
        assert!(runner.give(&asks(&code, KEY)).is_err() && runner.give(&asks(&next, KEY)).is_ok());
    }

    #[test]
    fn k6_a_code_ends() {
        let runner = runner();
        let code = new_code(&runner.database, "a").unwrap();
        let later = |seconds: i64| runner.clock.0.store(1_000_000 + seconds * 1000, Ordering::Relaxed);
        later(CODE_SECONDS);
        assert!(matches!(runner.give(&asks(&code, KEY)), Err(Failed::NoCode)));
        later(CODE_SECONDS - 1);
        assert!(runner.give(&asks(&code, KEY)).is_ok());
    }

    #[test]
    fn a_token_has_a_name_and_may_have_an_end() {
        let runner = runner();
        let ask = |name: &str, days| {
            let request = TokenRequest { name: name.into(), role: Role::Caller, scope: Scope::Runner, days };
            give_token(&runner.database, "me", &request)
        };
        let (_, info) = ask(" shop ", Some(2)).unwrap();
        assert_eq!(
            (info.name.as_str(), info.expires_at),
            ("shop", Some(Timestamp::from_ms(1_000_000 + 2 * 86_400_000)))
        );
        for wrong in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert!(matches!(ask(wrong, None), Err(Failed::Name)), "{wrong:?}");
        }
        assert!(first_code(&runner.database).unwrap().is_some(), "a caller cannot control the server");
    }
}
