//! `flightdeck-runner doctor`: what would keep a server from serving, looked at before or beside it.
//!
//! Nothing is changed: a server may be running on the folder. Each finding says what to do.

mod certificate;
mod folder;
mod parts;

use crate::config::{self, Settings};
use clap::Args;
use serde::Serialize;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `doctor`.
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    /// The folder of the server.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The configuration file that it is started with.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one JSON document instead of lines.
    #[arg(long)]
    pub json: bool,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Ok,
    /// It serves, but something should be done.
    Warn,
    /// It does not serve.
    Fail,
}

/// What was looked at, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    status: Status,
    message: String,
    /// What to do.
    hint: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, message: message.into(), hint: None }
    }

    fn warn(check: &'static str, message: impl Into<String>, hint: &str) -> Self {
        Self { check, status: Status::Warn, message: message.into(), hint: Some(hint.into()) }
    }

    fn fail(check: &'static str, message: impl Into<String>, hint: &str) -> Self {
        Self { check, status: Status::Fail, message: message.into(), hint: Some(hint.into()) }
    }
}

/// The document of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    checks: &'a [Finding],
}

/// Looks at everything. Exit 0 when it would serve, 1 when something keeps it from that.
pub fn doctor(args: &DoctorArgs) -> ExitCode {
    let findings = findings(args);
    let ok = findings.iter().all(|finding| finding.status != Status::Fail);
    // Nobody reads it: then there is nobody to tell.
    let _ = print(args, &Report { ok, checks: &findings });
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn findings(args: &DoctorArgs) -> Vec<Finding> {
    let data = args.data.as_path();
    let mut findings = vec![parts::runtime(), parts::config(args.config.as_deref())];
    findings.extend(folder::checks(data));
    findings.extend([parts::state(data), parts::packages(data), parts::address(args)]);
    findings.extend([parts::clock(data), parts::open_files(), certificate::check(args)]);
    findings
}

/// The settings of the configuration file, or the defaults.
fn settings(args: &DoctorArgs) -> Settings {
    args.config.as_deref().and_then(|file| config::read(file).ok()).unwrap_or_default()
}

fn print(args: &DoctorArgs, report: &Report<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer(&mut out, report)?;
        return writeln!(out);
    }
    for Finding { check, status, message, hint } in report.checks {
        let word = match status {
            Status::Ok => "ok  ",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
        };
        writeln!(out, "{word}  {check}: {message}")?;
        if let Some(hint) = hint {
            writeln!(out, "      {hint}")?;
        }
    }
    Ok(())
}
