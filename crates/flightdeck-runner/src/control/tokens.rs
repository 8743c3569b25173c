//! Who is let in: pairing, and tokens made, listed and taken back.

use super::blocking;
use crate::app::App;
use crate::http::{Answer, Call, json};
use crate::pairing::{Failed, give, give_token};
use crate::problem::Problem;
use crate::state::StoredToken;
use axum::http::StatusCode;
use flightdeck_protocol::pairing::{PairRequest, Paired};
use flightdeck_protocol::{TokenCreated, TokenList, TokenRequest};
use std::sync::Arc;

/// Needs no token, and no more than a proof: what it may be tried is bounded, and over one connection of TLS.
pub(crate) async fn pair(app: Arc<App>, mut call: Call) -> Answer {
    let Some(key) = app.encryption.as_ref().map(crate::tls::Encryption::fingerprint) else {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "pairing-needs-tls",
            "this server does not speak TLS",
        )
        .hint("Set tls to \"on\", or use the token of the program that started the server."));
    };
    if !app.pairing.allows() {
        return Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-tries",
            "pairing is tried too often",
        )
        .hint("Try again after the time in Retry-After."));
    }
    let request: PairRequest = call.json().await?;
    let pairing = Arc::clone(&app);
    let given = blocking(move || {
        let given = give(&pairing.database, &request, key).map_err(|failed| refused(&failed))?;
        pairing.read_tokens()?;
        Ok(given)
    })
    .await?;
    tracing::info!(token = given.info.id, "paired");
    let (token, token_id) = (given.token.reveal().to_owned(), given.info.id);
    json(&Paired { runner_id: app.identity.producer.clone(), token, token_id, proof: given.proof })
}

pub(crate) async fn tokens(app: Arc<App>, _call: Call) -> Answer {
    let tokens = blocking(move || Ok(app.database.read(StoredToken::all)?)).await?;
    json(&TokenList { tokens: tokens.into_iter().map(|token| token.info).collect() })
}

pub(crate) async fn make_token(app: Arc<App>, mut call: Call) -> Answer {
    let request: TokenRequest = call.json().await?;
    let created = blocking(move || {
        let made =
            give_token(&app.database, call.principal.id(), &request).map_err(|failed| refused(&failed))?;
        app.read_tokens()?;
        Ok(made)
    });
    let (token, info) = created.await?;
    json(&TokenCreated { token: token.reveal().into(), info })
}

/// In effect before it is answered, also for requests that are on their way to their authorization.
pub(crate) async fn revoke_token(app: Arc<App>, call: Call) -> Answer {
    let id = call.param("id").to_owned();
    let revoked = blocking(move || {
        let now = app.now();
        let found = app.database.act(call.principal.id(), "revoke-token", &cut(&id), |act| {
            if !StoredToken::revoke(act, &id, now)? {
                return Err(Problem::unknown("token", &id));
            }
            let mut all = StoredToken::all(act)?.into_iter();
            all.find(|token| token.info.id == id).ok_or_else(|| Problem::unknown("token", &id))
        });
        let revoked = found?;
        app.read_tokens()?;
        Ok(revoked.info)
    });
    json(&revoked.await?)
}

/// What does not fit into an audit row is no token's id either.
fn cut(id: &str) -> String {
    id.chars().take(64).collect()
}

fn refused(failed: &Failed) -> Problem {
    let denied = |code, failed: &Failed| Problem::new(StatusCode::FORBIDDEN, code, failed.to_string());
    match failed {
        Failed::NoCode => denied("no-pairing-code", failed)
            .hint("Make one where the runner is: flightdeck-runner pair --data DIR."),
        Failed::Wrong => denied("wrong-pairing-code", failed)
            .hint("Compare the code with what the runner shows. After five wrong tries it takes a new one."),
        Failed::Name => Problem::bad("bad-token-name", failed.to_string()),
        Failed::Make(error) => Problem::internal("make a token", error),
    }
}
