//! Each command: one call of a use case, then its answer in words or as a document.

use crate::args::{
    Cli, Command, CompareArgs, DeployArgs, ImportArgs, LibraryCommand, PredictArgs, WatchArgs,
};
use crate::output;
use crate::progress::{self, Stream};
use flightdeck_app::views::{Corrections, DeployRequest};
use flightdeck_app::{App, Error, Quiet, Result};
use flightdeck_core::ColumnKind;
use serde::Serialize;
use std::process::ExitCode;
use std::sync::Arc;

mod print;
mod runner;

/// Runs one command.
pub(crate) fn run(cli: Cli) -> Result<ExitCode> {
    let command = match cli.command {
        Command::Compare(args) => return compare(&args, cli.json),
        Command::InLibrary(command) => command,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Error::failed("internal", error.to_string(), "Try again"))?;
    let library = cli.library.map_or_else(App::default_library, Ok)?;
    runtime.block_on(async {
        let app = App::open(&library, Arc::new(Quiet))?;
        perform(&app, command, cli.json).await
    })?;
    Ok(ExitCode::SUCCESS)
}

fn compare(args: &CompareArgs, json: bool) -> Result<ExitCode> {
    let comparison = flightdeck_app::compare(&args.baseline, &args.current, &args.categorical)?;
    answer(json, &comparison, print::comparison);
    let drifted = args.fail_on_drift && !comparison.drifted.is_empty();
    Ok(if drifted { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn perform(app: &App, command: LibraryCommand, json: bool) -> Result<()> {
    match command {
        LibraryCommand::Import(args) => import(app, args, json).await?,
        LibraryCommand::Kernels => answer(json, &app.kernels().await?, |kernels| print::kernels(kernels)),
        LibraryCommand::Watch(args) => watch(app, args, json).await?,
        LibraryCommand::Models => answer(json, &app.models()?, |models| print::models(models)),
        LibraryCommand::Show { model } => {
            answer(json, &app.show(&model.model, model.version)?, print::show);
        }
        LibraryCommand::Profile { model } => {
            let profile = app.profile(&model.model, model.version, &progress::job(Stream::Terminal)).await;
            progress::clear();
            answer(json, &profile?, print::profile);
        }
        LibraryCommand::Runner { command } => runner::run(app, command, json).await?,
        LibraryCommand::Deploy(args) => {
            let deployed = app.deploy(&request(args), &progress::job(Stream::Terminal)).await;
            progress::clear();
            answer(json, &deployed?, print::deployed);
        }
        LibraryCommand::Promote { endpoint, version } => {
            answer(json, &app.promote(&endpoint, version).await?, print::deployed);
        }
        LibraryCommand::Rollback { endpoint } => {
            answer(json, &app.rollback(&endpoint).await?, print::deployed);
        }
        LibraryCommand::Undeploy { endpoint } => {
            answer(json, &app.undeploy(&endpoint).await?, print::undeployed);
        }
        LibraryCommand::Live { endpoint } => {
            app.pull().await?;
            answer(json, &app.live(&endpoint).await?, print::live);
        }
        LibraryCommand::Drift { endpoint, since } => {
            answer(json, &app.drift(&endpoint, since).await?, print::drift);
        }
        LibraryCommand::Predict(args) => predict(app, &args, json).await?,
        LibraryCommand::Alerts => answer(json, &app.alerts().await?, |alerts| print::alerts(alerts)),
        LibraryCommand::Sample => {
            let deployed = app.try_sample(&progress::job(Stream::Terminal)).await;
            progress::clear();
            answer(json, &deployed?, print::deployed);
        }
    }
    Ok(())
}

fn request(args: DeployArgs) -> DeployRequest {
    DeployRequest {
        shadow: args.shadow,
        canary: args.canary,
        serving: args.serving.asked(),
        model: args.model.model,
        version: args.model.version,
        runner: args.to,
        endpoint: args.endpoint,
        window_seconds: args.window,
        replay: args.replay,
        step: args.step.map(Into::into),
    }
}

async fn predict(app: &App, args: &PredictArgs, json: bool) -> Result<()> {
    let PredictArgs { endpoint, file, out, event_time } = args;
    let job = progress::job(Stream::Terminal);
    let predicted = app.predict(endpoint, file, out.as_deref(), event_time.as_deref(), &job).await;
    progress::clear();
    answer(json, &predicted?, print::predicted);
    Ok(())
}

/// Imports; with `--json` as a stream of lines whose last one is the result.
async fn import(app: &App, args: ImportArgs, json: bool) -> Result<()> {
    let kinds = kinds(args.categorical, args.numeric)?;
    let corrections = Corrections {
        name: args.name,
        task: args.task.map(Into::into),
        roles: args.role,
        kinds,
        python: args.python.as_deref().map(absolute).transpose()?,
        pick: args.pick,
        only_needed: args.only_needed,
        network: args.allow_network,
        files: args.files,
        build_environment: args.build_environment,
        consent: args.consent,
        run_anyway: args.run_anyway,
        accept_data: args.accept_data,
        lenient: false,
    };
    let paths: Vec<_> = args.path.into_iter().chain(args.baseline).collect();
    let stream = if json { Stream::JsonLines } else { Stream::Terminal };
    let job = progress::job(stream);
    let imported = match &args.kernel {
        Some(kernel) => app.import_kernel(kernel, corrections, &job).await,
        None => app.import(&paths, corrections, &job).await,
    };
    progress::clear();
    let imported = imported?;
    if json {
        output::line(&imported);
    } else {
        print::imported(&imported);
    }
    Ok(())
}

/// The interpreter as a path that means the same everywhere. Its link is kept: an environment is told by it.
fn absolute(path: &std::path::Path) -> Result<String> {
    let path = std::path::absolute(path);
    path.map(|path| path.display().to_string())
        .map_err(|error| Error::input("bad-arguments", error.to_string(), "Name the interpreter by its path"))
}

/// Says what is watched, or takes changes in until it is stopped.
async fn watch(app: &App, args: WatchArgs, json: bool) -> Result<()> {
    if let Some(model) = args.model {
        let watch = app.set_watch(&model, !args.off, !args.no_profile, !args.no_shadow)?;
        answer(json, &watch, print::watch);
        return Ok(());
    }
    let watches = app.watches()?;
    if !json {
        print::watches(&watches);
    }
    let told = |outcome: Result<flightdeck_app::views::ImportView>| match (outcome, json) {
        (Ok(imported), true) => output::line(&imported),
        (Ok(imported), false) => print::imported(&imported),
        (Err(error), true) => output::line(&error.view()),
        (Err(error), false) => print::failed(&error),
    };
    tokio::select! {
        ended = app.keep_watching(told) => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

/// How columns are counted where the caller knows better.
fn kinds(categorical: Vec<String>, numeric: Vec<String>) -> Result<Vec<(String, ColumnKind)>> {
    if let Some(both) = numeric.iter().find(|column| categorical.contains(column)) {
        let message = format!("Column {both} cannot be both categorical and numeric");
        return Err(Error::input("bad-arguments", message, "Name it with one of the two options"));
    }
    let by_value = categorical.into_iter().map(|column| (column, ColumnKind::Categorical));
    Ok(by_value.chain(numeric.into_iter().map(|column| (column, ColumnKind::Numeric))).collect())
}

fn answer<T: Serialize>(json: bool, value: &T, print: impl Fn(&T)) {
    if json {
        output::document(value);
    } else {
        print(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrections_of_columns_do_not_contradict_each_other() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let found = kinds(names(&["hour"]), names(&["code"])).unwrap();
        assert_eq!(found, [("hour".into(), ColumnKind::Categorical), ("code".into(), ColumnKind::Numeric)]);
        let refused = kinds(names(&["a", "b"]), names(&["b"])).unwrap_err();
        assert_eq!((refused.exit_code(), refused.message.contains('b')), (2, true));
    }
}
