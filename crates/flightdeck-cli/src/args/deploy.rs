//! How a version is brought to an endpoint.

use super::VersionArg;
use clap::{Args, ValueEnum};
use flightdeck_app::views::{RuleStep, ServingView};
use flightdeck_core::Name;

#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    /// MODEL or MODEL@VERSION.
    pub(crate) model: VersionArg,
    /// The runner.
    #[arg(long, default_value = flightdeck_app::THIS_COMPUTER)]
    pub(crate) to: Name,
    /// The endpoint's name; the model's when absent.
    #[arg(long)]
    pub(crate) endpoint: Option<Name>,
    /// Length of a counting window: 1 to 3600 seconds, of which an hour is a whole multiple.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) window: Option<u32>,
    /// Run beside the version that answers: see everything, answer nothing.
    #[arg(long, conflicts_with = "canary")]
    pub(crate) shadow: bool,
    /// Answer so many percent of the requests beside the version that answers: 1 to 99.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub(crate) canary: Option<u8>,
    #[command(flatten)]
    pub(crate) serving: ServingArgs,
    /// Rows bring their own time as `event_time`.
    #[arg(long)]
    pub(crate) replay: bool,
    /// How often the drift rule judges; when absent as before, each hour at first.
    #[arg(long, value_enum)]
    pub(crate) step: Option<StepArg>,
}

/// How the endpoint's models run. As before when none is given; what is given holds for all of its versions.
#[derive(Debug, Args)]
pub(crate) struct ServingArgs {
    /// Run each request alone: its answer does not depend, in the last bits, on who else asks.
    #[arg(long)]
    pub(crate) never_batch: bool,
    /// Run in a process of its own, with limits: a crash takes nothing else with it.
    #[arg(long)]
    pub(crate) isolate: bool,
    /// Rows of one run at most; chosen by the model's speed when absent.
    #[arg(long, value_name = "N")]
    pub(crate) max_rows: Option<u32>,
    /// Memory that a version may have.
    #[arg(long, value_name = "BYTES")]
    pub(crate) memory: Option<u64>,
    /// Go back to none of these settings.
    #[arg(long, conflicts_with_all = ["never_batch", "isolate", "max_rows", "memory"])]
    pub(crate) default_serving: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum StepArg {
    Hour,
    Day,
}

impl ServingArgs {
    /// What was asked for; `None` when nothing was.
    pub(crate) fn asked(&self) -> Option<ServingView> {
        let Self { never_batch, isolate, max_rows, memory, default_serving } = *self;
        let view = ServingView { never_batch, isolate, max_rows, memory_bytes: memory };
        (default_serving || view != ServingView::default()).then_some(view)
    }
}

impl From<StepArg> for RuleStep {
    fn from(step: StepArg) -> Self {
        match step {
            StepArg::Hour => Self::Hour,
            StepArg::Day => Self::Day,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command, LibraryCommand};
    use clap::Parser;

    fn parsed(arguments: &[&str]) -> Result<DeployArgs, clap::Error> {
        let arguments = ["flightdeck", "deploy", "m"].iter().chain(arguments);
        Cli::try_parse_from(arguments).map(|cli| match cli.command {
            Command::InLibrary(LibraryCommand::Deploy(deploy)) => deploy,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn a_step_is_passed_on_only_when_it_is_asked_for() {
        let step = |arguments| parsed(arguments).unwrap().step.map(RuleStep::from);
        assert_eq!(step(&[]), None);
        assert_eq!(step(&["--step", "hour"]), Some(RuleStep::Hour));
        assert_eq!(step(&["--step", "day"]), Some(RuleStep::Day));
    }

    #[test]
    fn settings_are_passed_on_only_when_one_is_asked_for() {
        let asked = |arguments| parsed(arguments).unwrap().serving.asked();
        assert_eq!(asked(&[]), None);
        assert_eq!(asked(&["--default-serving"]), Some(ServingView::default()));
        let all =
            asked(&["--never-batch", "--isolate", "--max-rows", "64", "--memory", "1000000000"]).unwrap();
        let expected = ServingView {
            never_batch: true,
            isolate: true,
            max_rows: Some(64),
            memory_bytes: Some(1_000_000_000),
        };
        assert_eq!(all, expected);
    }

    #[test]
    fn a_canary_takes_a_part_and_is_no_shadow() {
        assert_eq!(parsed(&["--canary", "10"]).unwrap().canary, Some(10));
        for wrong in [&["--canary", "0"][..], &["--canary", "100"], &["--canary", "5", "--shadow"]] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }
}
