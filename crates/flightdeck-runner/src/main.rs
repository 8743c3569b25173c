//! The program `flightdeck-runner`: reads its arguments and calls the library.

use clap::{Parser, Subcommand};
use flightdeck_runner::{
    BackupArgs, DoctorArgs, PairArgs, ServeArgs, TokenArgs, WorkerArgs, backup, doctor, pair, quiet, serve,
    token, worker,
};
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
    Serve(Box<ServeArgs>),
    /// Make a new pairing code for a server, which may be running.
    Pair(PairArgs),
    /// Make a token for a server, which may be running, and print it, this once.
    Token(TokenArgs),
    /// Say what would keep a server from serving, and what to do.
    Doctor(DoctorArgs),
    /// Copy the state of a server, which may be running.
    Backup(BackupArgs),
    /// Measure and try models for a parent process, over standard input and output.
    Worker(WorkerArgs),
}

fn main() -> ExitCode {
    if let Some(code) = quiet() {
        return code;
    }
    match Cli::parse().command {
        Command::Serve(args) => serve(&args),
        Command::Doctor(args) => doctor(&args),
        Command::Backup(args) => backup(&args),
        Command::Pair(args) => pair(&args),
        Command::Token(args) => token(&args),
        Command::Worker(args) => worker(args),
    }
}
