//! Runners, and who is let in there.

use super::{answer, print};
use crate::args::RunnerCommand;
use flightdeck_app::views::{PairRequest, RunnerView, TokenRequest, TokenView};
use flightdeck_app::{App, Job, Result};
use flightdeck_core::Name;
use serde::Serialize;

/// The runners of a library, as `--json` prints them.
#[derive(Serialize)]
struct Runners {
    runners: Vec<RunnerView>,
}

/// The tokens of a runner, as `--json` prints them.
#[derive(Serialize)]
struct Tokens {
    tokens: Vec<TokenView>,
}

/// Runs one of them.
pub(crate) async fn run(app: &App, command: RunnerCommand, json: bool) -> Result<()> {
    match command {
        RunnerCommand::List => {}
        RunnerCommand::Start { name } => {
            app.runner_start(&name).await?;
        }
        RunnerCommand::Stop { name } => {
            app.runner_stop(&name).await?;
        }
        RunnerCommand::Flush { name } => {
            app.flush(&name).await?;
        }
        RunnerCommand::Add { name, url, code } => {
            app.runner_add(
                &PairRequest { name, url: Some(url), code, session_only: false },
                &Job::unwatched(),
            )
            .await?;
        }
        RunnerCommand::Pair { name, code, url } => {
            app.runner_pair(&PairRequest { name, url, code, session_only: false }, &Job::unwatched()).await?;
        }
        RunnerCommand::Remove { name } => {
            let removed = app.runner_remove(&name).await?;
            if !json {
                print::removed(&removed);
            }
        }
        RunnerCommand::Token { runner, role, endpoint, days, name } => {
            return token(app, &runner, &TokenRequest { name, role, endpoint, days }, json).await;
        }
        RunnerCommand::Tokens { runner } => {
            let tokens = Tokens { tokens: app.runner_tokens(&runner).await? };
            answer(json, &tokens, |tokens| print::tokens(&tokens.tokens));
            return Ok(());
        }
        RunnerCommand::Revoke { runner, id } => {
            answer(json, &app.runner_revoke(&runner, &id).await?, print::revoked);
            return Ok(());
        }
    }
    let runners = Runners { runners: app.runners().await? };
    answer(json, &runners, |runners| print::runners(&runners.runners));
    Ok(())
}

async fn token(app: &App, runner: &Name, request: &TokenRequest, json: bool) -> Result<()> {
    answer(json, &app.runner_token(runner, request).await?, print::token);
    Ok(())
}
