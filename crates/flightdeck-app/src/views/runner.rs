//! Runners, deployments and endpoints.

use flightdeck_core::{Digest, Name, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A runner this desktop knows.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct RunnerView {
    /// Its name; `this-computer` for the embedded one.
    pub name: Name,
    /// Its address, when it runs.
    pub url: Option<String>,
    /// Its gRPC address.
    pub grpc: Option<String>,
    /// `embedded`.
    pub kind: String,
    /// How it is.
    pub state: RunnerState,
    /// Its process, when it runs on this computer.
    pub pid: Option<u32>,
    /// Its version.
    pub version: Option<String>,
    /// When it last answered.
    pub last_contact: Option<Timestamp>,
    /// How many endpoints it serves.
    pub endpoints: u32,
}

/// How a runner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RunnerState {
    /// It answers and is ready.
    Ready,
    /// It answers and is still loading.
    Starting,
    /// It does not run.
    Stopped,
    /// It should run and does not answer.
    Away,
}

/// What is asked of a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct DeployRequest {
    /// The model.
    pub model: Name,
    /// The version; the newest when absent.
    pub version: Option<u32>,
    /// The runner.
    pub runner: Name,
    /// The endpoint's name; the model's when absent.
    pub endpoint: Option<Name>,
    /// Whether it runs beside the version that answers there: sees everything, answers nothing.
    #[serde(default)]
    pub shadow: bool,
    /// Length of a counting window in seconds, a divisor of 3,600; 60 when absent.
    pub window_seconds: Option<u32>,
    /// Whether rows bring their own time.
    #[serde(default)]
    #[ts(type = "boolean")]
    pub replay: bool,
    /// How often the drift rule judges; each hour when absent.
    pub step: Option<RuleStep>,
}

/// How often the drift rule judges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RuleStep {
    /// Each hour.
    #[default]
    Hour,
    /// Each day: for traffic whose hours differ much from each other.
    Day,
}

impl RuleStep {
    /// Its length in seconds.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }
}

/// A deployment that answers.
#[derive(Clone, Debug, Serialize, TS)]
pub struct DeployView {
    /// The endpoint.
    pub endpoint: Name,
    /// Its runner.
    pub runner: Name,
    /// The endpoint's own address.
    pub url: String,
    /// The address that takes rows by column name.
    pub predict_url: String,
    /// `host:port` of gRPC.
    pub grpc: Option<String>,
    /// The model.
    pub model: Name,
    /// The version's number.
    pub version: u32,
    /// The version's identity.
    pub digest: Digest,
    /// The version that answered before.
    pub previous: Option<Digest>,
    /// Ready to paste into a terminal.
    pub curl: String,
    /// Ready to paste into Python; needs nothing but the standard library.
    pub python: String,
}

/// An endpoint in a list.
#[derive(Clone, Debug, Serialize, TS)]
pub struct EndpointRow {
    /// Its name.
    pub endpoint: Name,
    /// Its runner.
    pub runner: Name,
    /// The model that answers.
    pub model: Option<Name>,
    /// The version that answers.
    pub version: Option<u32>,
    /// Open alerts.
    pub open_alerts: u32,
    /// Whether its runner answers now.
    pub reachable: bool,
}
