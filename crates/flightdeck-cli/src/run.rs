//! Each command: one call of a use case, then its answer in words or as a document.

use crate::args::{Args, Command, RunnerCommand};
use crate::output;
use crate::progress::{self, Stream};
use flightdeck_app::views::{Corrections, DeployRequest};
use flightdeck_app::{App, Error, Quiet, Result, THIS_COMPUTER};
use flightdeck_core::{ColumnKind, Name};
use serde::Serialize;
use std::process::ExitCode;
use std::sync::Arc;

mod print;

/// Runs one command.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    if let Command::Compare { baseline, current, categorical, fail_on_drift } = &args.command {
        let comparison = flightdeck_app::compare(baseline, current, categorical)?;
        answer(args.json, &comparison, print::comparison);
        let drifted = *fail_on_drift && !comparison.drifted.is_empty();
        return Ok(if drifted { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Error::failed("internal", error.to_string(), "Try again"))?;
    let library = args.library.clone().map_or_else(App::default_library, Ok)?;
    runtime.block_on(async {
        let app = App::open(&library, Arc::new(Quiet))?;
        perform(&app, args).await
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn perform(app: &App, args: Args) -> Result<()> {
    let json = args.json;
    match args.command {
        Command::Import { .. } => import(app, args).await?,
        Command::Models => answer(json, &app.models()?, |models| print::models(models)),
        Command::Show { model } => answer(json, &app.show(&model.model, model.version)?, print::show),
        Command::Profile { model } => {
            let profile = app.profile(&model.model, model.version, &progress::job(Stream::Terminal)).await;
            progress::clear();
            answer(json, &profile?, print::profile);
        }
        Command::Runner { command } => runner(app, command, json).await?,
        Command::Deploy { model, to, endpoint, window, replay, step } => {
            let request = DeployRequest {
                model: model.model,
                version: model.version,
                runner: to,
                endpoint,
                window_seconds: window,
                replay,
                step: Some(step.into()),
            };
            let deployed = app.deploy(&request, &progress::job(Stream::Terminal)).await;
            progress::clear();
            answer(json, &deployed?, print::deployed);
        }
        Command::Undeploy { endpoint } => answer(json, &app.undeploy(&endpoint).await?, print::undeployed),
        Command::Live { endpoint } => {
            app.pull().await?;
            answer(json, &app.live(&endpoint).await?, print::live);
        }
        Command::Drift { endpoint, since } => answer(json, &app.drift(&endpoint, since).await?, print::drift),
        Command::Predict { endpoint, file, out, event_time } => {
            let job = progress::job(Stream::Terminal);
            let predicted = app.predict(&endpoint, &file, out.as_deref(), event_time.as_deref(), &job).await;
            progress::clear();
            answer(json, &predicted?, print::predicted);
        }
        Command::Alerts => answer(json, &app.alerts().await?, |alerts| print::alerts(alerts)),
        Command::Compare { .. } => {}
    }
    Ok(())
}

/// Imports; with `--json` as a stream of lines whose last one is the result.
async fn import(app: &App, args: Args) -> Result<()> {
    let Command::Import { path, name, baseline, task, role, categorical } = args.command else {
        return Ok(());
    };
    let kinds = categorical.into_iter().map(|column| (column, ColumnKind::Categorical)).collect();
    let corrections = Corrections { name, task: task.map(Into::into), roles: role, kinds };
    let paths: Vec<_> = std::iter::once(path).chain(baseline).collect();
    let stream = if args.json { Stream::JsonLines } else { Stream::Terminal };
    let imported = app.import(&paths, corrections, &progress::job(stream)).await;
    progress::clear();
    let imported = imported?;
    if args.json {
        output::line(&imported);
    } else {
        print::imported(&imported);
    }
    Ok(())
}

/// The runners of a library, as `--json` prints them.
#[derive(Serialize)]
struct Runners {
    runners: Vec<flightdeck_app::views::RunnerView>,
}

async fn runner(app: &App, command: RunnerCommand, json: bool) -> Result<()> {
    match command {
        RunnerCommand::List => {}
        RunnerCommand::Start { name } => {
            known(&name)?;
            app.runner_start().await?;
        }
        RunnerCommand::Stop { name } => {
            known(&name)?;
            app.runner_stop().await?;
        }
        RunnerCommand::Flush { name } => {
            known(&name)?;
            app.flush().await?;
        }
    }
    let runners = Runners { runners: app.runners().await? };
    answer(json, &runners, |runners| print::runners(&runners.runners));
    Ok(())
}

fn known(name: &Name) -> Result<()> {
    if name.as_str() == THIS_COMPUTER {
        return Ok(());
    }
    Err(Error::input(
        "no-runner",
        format!("There is no runner {name}"),
        "Only this computer's runner, this-computer, is known here",
    ))
}

fn answer<T: Serialize>(json: bool, value: &T, print: impl Fn(&T)) {
    if json {
        output::document(value);
    } else {
        print(value);
    }
}
