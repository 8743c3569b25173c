//! Commands that work on a server's folder beside the server itself: a pairing code, a token.
//!
//! They change the state in the same database, audited as the server's own changes are; a running server notices within
//! a second.

use crate::clock::SystemClock;
use crate::pairing::{Failed, MakeError, give_token, new_code};
use crate::state;
use clap::Args;
use flightdeck_core::{Name, Role, Scope};
use flightdeck_protocol::{Bound, RUNNING_FILE, Running, TokenCreated, TokenRequest};
use flightdeck_sqlite::Database;
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use thiserror::Error;

/// Who did it, in the audit log: whoever may write to the folder.
const ACTOR: &str = "data-folder";

/// Arguments of `pair`.
#[derive(Args, Clone, Debug)]
pub struct PairArgs {
    /// The folder of the server.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

/// Arguments of `token`.
#[derive(Args, Clone, Debug)]
pub struct TokenArgs {
    /// The folder of the server.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// What its holder may do.
    #[arg(long, value_parser = role)]
    pub role: Role,
    /// One endpoint; the whole server when it is not said.
    #[arg(long, value_name = "NAME")]
    pub endpoint: Option<Name>,
    /// For how long; for ever when it is not said.
    #[arg(long, value_name = "N")]
    pub days: Option<u32>,
    /// What people call its holder.
    #[arg(long, value_name = "LABEL")]
    pub name: String,
}

#[derive(Debug, Error)]
enum BesideError {
    #[error("no server was ever started on {}. Start one first: flightdeck-runner serve --data DIR", .0.display())]
    NoServer(PathBuf),
    #[error("{error}. {}", .error.hint())]
    State { error: flightdeck_sqlite::Error },
    #[error(transparent)]
    Code(#[from] MakeError),
    #[error(transparent)]
    Token(#[from] Failed),
    #[error("cannot write the answer: {0}")]
    Write(#[from] io::Error),
}

/// Makes a new pairing code and prints it, with the server's address and key, as the line with which a server starts.
pub fn pair(args: &PairArgs) -> ExitCode {
    end(database(&args.data).and_then(|database| {
        let code = new_code(&database, ACTOR)?.reveal();
        let Running { listen, key, .. } = running(&args.data)?;
        print(&Bound { listen, grpc: None, code: Some(code), key })
    }))
}

/// Makes a token and prints it, this once.
pub fn token(args: &TokenArgs) -> ExitCode {
    let TokenArgs { data, role, endpoint, days, name } = args.clone();
    let scope = endpoint.map_or(Scope::Runner, Scope::Endpoint);
    end(database(&data).and_then(|database| {
        let (token, info) = give_token(&database, ACTOR, &TokenRequest { name, role, scope, days })?;
        print(&TokenCreated { token: token.reveal().into(), info })
    }))
}

fn role(word: &str) -> Result<Role, String> {
    serde_json::from_value(word.into())
        .map_err(|_| "one of caller, viewer, author, operator, reviewer, auditor, admin".into())
}

/// A mistyped folder must not become a new server's.
fn database(data: &Path) -> Result<Database, BesideError> {
    if !data.join(RUNNING_FILE).exists() {
        return Err(BesideError::NoServer(data.into()));
    }
    state::open(data, Arc::new(SystemClock)).map_err(|error| BesideError::State { error })
}

fn running(data: &Path) -> Result<Running, BesideError> {
    let text = std::fs::read(data.join(RUNNING_FILE))?;
    serde_json::from_slice(&text).map_err(|error| BesideError::Write(error.into()))
}

fn print(document: &impl Serialize) -> Result<(), BesideError> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, document).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

fn end(done: Result<(), BesideError>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "flightdeck-runner: {error}");
            ExitCode::from(1)
        }
    }
}
