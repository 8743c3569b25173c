//! The program `flightdeck-runner`: reads its arguments and calls the library.

use clap::{Parser, Subcommand};
use flightdeck_runner::{ServeArgs, WorkerArgs, serve, worker};
use std::process::ExitCode;

/// Hosts versions of models: predictions, windows of counts, one audited way to change it.
#[derive(Parser)]
#[command(name = "flightdeck-runner", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until stopped.
    Serve(ServeArgs),
    /// Measure and try models for a parent process, over standard input and output.
    Worker(WorkerArgs),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(args) => serve(&args),
        Command::Worker(args) => worker(args),
    }
}
