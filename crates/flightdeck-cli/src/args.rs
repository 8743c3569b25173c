//! What the command line understands.

mod deploy;
mod runner;

pub(crate) use deploy::DeployArgs;
pub(crate) use runner::RunnerCommand;

use clap::{Args, Parser, Subcommand, ValueEnum};
use flightdeck_core::{Name, OutputRole, Timestamp};
use std::path::PathBuf;
use std::str::FromStr;

/// From an exported model to a watched endpoint, without a window.
#[derive(Debug, Parser)]
#[command(name = "flightdeck", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The library's folder.
    #[arg(long, global = true, value_name = "DIR", env = "FLIGHTDECK_LIBRARY")]
    pub(crate) library: Option<PathBuf>,
    /// Print one JSON document instead of a table.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    InLibrary(LibraryCommand),
    /// The drift of two CSV or Parquet files, without any runner.
    Compare(CompareArgs),
}

/// What needs a library.
#[derive(Debug, Subcommand)]
pub(crate) enum LibraryCommand {
    /// Import a notebook, or a model's file, best with the data it was trained on.
    Import(ImportArgs),
    /// Notebooks that are open now, whose models can be taken.
    Kernels,
    /// Make each saved change of a model's file its next version; without a model, do so until stopped.
    Watch(WatchArgs),
    /// All models with their versions.
    Models,
    /// Everything about one version.
    Show {
        /// MODEL or MODEL@VERSION.
        model: VersionArg,
    },
    /// Measure what a version costs on this computer.
    Profile {
        /// MODEL or MODEL@VERSION.
        model: VersionArg,
    },
    /// Runners: where versions answer.
    Runner {
        #[command(subcommand)]
        command: RunnerCommand,
    },
    /// Make a version answer at an endpoint.
    Deploy(DeployArgs),
    /// Make the canary, or the shadow, of an endpoint answer everything.
    Promote {
        /// ENDPOINT or RUNNER/ENDPOINT.
        endpoint: String,
        /// Which of the versions beside, when there are several.
        #[arg(long, value_name = "VERSION")]
        version: Option<u32>,
    },
    /// End a canary; without one, make the version before answer again.
    Rollback {
        /// ENDPOINT or RUNNER/ENDPOINT.
        endpoint: String,
    },
    /// Take an endpoint away; its history stays.
    Undeploy {
        /// ENDPOINT or RUNNER/ENDPOINT.
        endpoint: String,
    },
    /// What an endpoint is doing now.
    Live {
        /// ENDPOINT or RUNNER/ENDPOINT.
        endpoint: String,
    },
    /// How far an endpoint's traffic is from training.
    Drift {
        /// ENDPOINT or RUNNER/ENDPOINT.
        endpoint: String,
        /// Only what was counted since then, such as 2026-07-01.
        #[arg(long, value_name = "TIME", value_parser = time)]
        since: Option<Timestamp>,
    },
    /// Send the rows of a CSV or Parquet file to an endpoint and write its answers.
    Predict(PredictArgs),
    /// Alerts of all endpoints, newest first.
    Alerts,
    /// Try the sample: real flights, from an exported model to the drift found, in a few seconds and without Python.
    Sample,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct ImportArgs {
    /// A notebook, a model's file, or an `MLflow` address such as `models:/name@alias`.
    #[arg(required_unless_present = "kernel", conflicts_with = "kernel")]
    pub(crate) path: Option<PathBuf>,
    /// Take a model from a notebook that is open now: its id in `kernels`.
    #[arg(long, value_name = "ID", conflicts_with_all = ["baseline", "python", "only_needed", "allow_network", "files", "build_environment", "consent", "run_anyway"])]
    pub(crate) kernel: Option<String>,
    /// With --kernel: data whose columns match is what the model was fitted on.
    #[arg(long, requires = "kernel")]
    pub(crate) accept_data: bool,
    /// The interpreter that runs the notebook; found when absent.
    #[arg(long, value_name = "INTERPRETER")]
    pub(crate) python: Option<PathBuf>,
    /// The variable that holds the model, when there are several.
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) pick: Option<String>,
    /// Run only the cells that the model needs.
    #[arg(long)]
    pub(crate) only_needed: bool,
    /// Let the notebook use the network this once.
    #[arg(long)]
    pub(crate) allow_network: bool,
    /// Where a file is that the notebook misses, as the notebook writes it and as it is: WRITTEN=FILE.
    #[arg(long = "file", value_name = "WRITTEN=FILE", value_parser = written)]
    pub(crate) files: Vec<(String, String)>,
    /// Build an environment with what the notebook imports when none has it.
    #[arg(long)]
    pub(crate) build_environment: bool,
    /// Run the notebook although a package or a file seems to be missing.
    #[arg(long)]
    pub(crate) run_anyway: bool,
    /// Open a file that can carry code, such as a pickle, in the sandbox.
    #[arg(long)]
    pub(crate) consent: bool,
    /// The model's name; the file's when absent.
    #[arg(long)]
    pub(crate) name: Option<Name>,
    /// CSV or Parquet file of the data it was trained on.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// What kind of answer it gives, when the proposal is wrong.
    #[arg(long, value_enum)]
    pub(crate) task: Option<TaskArg>,
    /// What an output means, when the proposal is wrong: OUTPUT=label, scores, value or other.
    #[arg(long, value_name = "OUTPUT=ROLE", value_parser = role)]
    pub(crate) role: Vec<(String, OutputRole)>,
    /// A column to count by value although it holds numbers.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) categorical: Vec<String>,
    /// A column to count as numbers although it was taken for values.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) numeric: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// The model.
    pub(crate) model: Option<Name>,
    /// Stop watching it.
    #[arg(long)]
    pub(crate) off: bool,
    /// Do not profile new versions.
    #[arg(long)]
    pub(crate) no_profile: bool,
    /// Do not run new versions as a shadow.
    #[arg(long)]
    pub(crate) no_shadow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// ENDPOINT or RUNNER/ENDPOINT.
    pub(crate) endpoint: String,
    /// The rows, with the model's columns by name.
    pub(crate) file: PathBuf,
    /// Where rows and answers are written as CSV.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The column that says when each row happened, on an endpoint deployed with --replay.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) event_time: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// What it was.
    pub(crate) baseline: PathBuf,
    /// What it is now.
    pub(crate) current: PathBuf,
    /// A column to count by value although it holds numbers.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) categorical: Vec<String>,
    /// Exit with 1 when a column drifted.
    #[arg(long)]
    pub(crate) fail_on_drift: bool,
}

/// MODEL or MODEL@VERSION.
#[derive(Clone, Debug)]
pub(crate) struct VersionArg {
    pub(crate) model: Name,
    pub(crate) version: Option<u32>,
}

impl FromStr for VersionArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (model, version) =
            text.split_once('@').map_or((text, None), |(model, version)| (model, Some(version)));
        let model = model.parse::<Name>().map_err(|error| error.to_string())?;
        let version = version.map(|version| {
            version
                .parse::<u32>()
                .ok()
                .filter(|version| *version > 0)
                .ok_or(format!("\"{version}\" is not a version"))
        });
        Ok(Self { model, version: version.transpose()? })
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TaskArg {
    Binary,
    Multiclass,
    Regression,
    Anomaly,
    Other,
}

impl From<TaskArg> for flightdeck_core::Task {
    fn from(task: TaskArg) -> Self {
        match task {
            TaskArg::Binary => Self::Binary,
            TaskArg::Multiclass => Self::Multiclass,
            TaskArg::Regression => Self::Regression,
            TaskArg::Anomaly => Self::Anomaly,
            TaskArg::Other => Self::Other,
        }
    }
}

fn role(text: &str) -> Result<(String, OutputRole), String> {
    let (output, role) = text.split_once('=').ok_or("expected OUTPUT=ROLE")?;
    let role = match role {
        "label" => OutputRole::Label,
        "scores" => OutputRole::Scores,
        "value" => OutputRole::Value,
        "other" => OutputRole::Other,
        _ => return Err(format!("\"{role}\" is not label, scores, value or other")),
    };
    Ok((output.into(), role))
}

fn written(text: &str) -> Result<(String, String), String> {
    let (written, file) = text.split_once('=').ok_or("expected WRITTEN=FILE")?;
    let file = std::path::absolute(file).map_err(|error| error.to_string())?;
    Ok((written.into(), file.display().to_string()))
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .ok_or_else(|| format!("\"{text}\" is not a time such as 2026-07-01 or 2026-07-01T12:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
