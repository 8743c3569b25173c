//! `flightdeck`: every use case without a window.
//!
//! A command is decoded, calls one use case and prints its answer: a table for people, or with `--json` one document on
//! standard output. Progress and logs go to standard error. Exit code 0: done; 1: it failed; 2: the call must change;
//! 130: stopped at once by a second Ctrl-C.

mod args;
#[macro_use]
mod output;
mod progress;
mod run;
mod table;

use args::Cli;
use clap::Parser;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let args = match Cli::try_parse() {
        Ok(args) => args,
        Err(error) => return refused(&error),
    };
    let filter = EnvFilter::try_from_env("FLIGHTDECK_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // Whoever read standard error may be gone: a failed write is not reported there.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.log_internal_errors(false).init();
    let json = args.json;
    match run::run(args) {
        Ok(code) => code,
        Err(error) => {
            output::error(&error, json);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Help and version go where they were asked for; a wrong call is exit code 2, as a document when `--json` is in it.
fn refused(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let error = flightdeck_app::Error::input("bad-arguments", message, "See `flightdeck help`");
        output::error(&error, true);
    } else {
        let _ = error.print();
    }
    ExitCode::from(2)
}
