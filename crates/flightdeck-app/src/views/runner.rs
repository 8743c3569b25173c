//! Runners, deployments and endpoints.

use super::ErrorView;
use flightdeck_core::{Digest, Name, Role, Timestamp, VersionRole};
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
    /// `embedded` or `remote`.
    pub kind: String,
    /// How it is.
    pub state: RunnerState,
    /// Its process, when it runs on this computer.
    pub pid: Option<u32>,
    /// Its version.
    pub version: Option<String>,
    /// When it last answered.
    pub last_contact: Option<Timestamp>,
    /// How many endpoints of this library it serves.
    pub endpoints: u32,
    /// The key that it was paired with: SHA-256 of its certificate's public key.
    pub fingerprint: Option<Digest>,
    /// The key that it shows instead.
    pub found: Option<Digest>,
    /// Why it cannot be talked to.
    pub problem: Option<ErrorView>,
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
    /// What answers there shows another key than the runner that was paired.
    OtherCertificate,
    /// It no longer takes the token of this computer.
    Refused,
    /// The keychain does not give the token.
    Locked,
}

/// Getting to know a runner elsewhere, or meeting it again.
#[derive(Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct PairRequest {
    /// Its name here.
    pub name: Name,
    /// Its address; the known one when absent.
    pub url: Option<String>,
    /// The code that it showed.
    pub code: String,
    /// Keep the token until the program ends instead of in the keychain.
    #[serde(default)]
    pub session_only: bool,
}

/// A runner that was parted from.
#[derive(Clone, Debug, Serialize, TS)]
pub struct RemovedView {
    /// Its name.
    pub name: Name,
    /// Whether it took the token of this computer back.
    pub revoked: bool,
    /// Endpoints that go on answering there.
    pub endpoints: u32,
}

/// Who shall be let in.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct TokenRequest {
    /// What people call its holder.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// At which endpoint; everywhere on the runner when absent.
    pub endpoint: Option<Name>,
    /// For how many days; for ever when absent.
    pub days: Option<u32>,
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct TokenView {
    /// By which it is taken back.
    pub id: String,
    /// What people call its holder.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// At which endpoint alone.
    pub endpoint: Option<Name>,
    /// For which model alone.
    pub model: Option<Name>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// A token that was made: shown once.
#[derive(Serialize)]
pub struct TokenMade {
    /// For `Authorization: Bearer`.
    pub token: String,
    /// What is remembered of it.
    #[serde(flatten)]
    pub info: TokenView,
}

/// How the models of an endpoint run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ServingView {
    /// Each request is run alone.
    #[serde(default)]
    pub never_batch: bool,
    /// In a process of their own.
    #[serde(default)]
    pub isolate: bool,
    /// Rows of one run at most; chosen by the model's speed when absent.
    #[serde(default)]
    pub max_rows: Option<u32>,
    /// Memory that a version may have, in bytes.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub memory_bytes: Option<u64>,
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
    /// The share of the traffic that it answers beside the version that answers there, in percent.
    pub canary: Option<u8>,
    /// How the endpoint's models run; as before when absent.
    pub serving: Option<ServingView>,
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
    /// `RUNNER/ENDPOINT`.
    pub address: String,
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
    /// What the version is to the traffic.
    pub role: VersionRole,
    /// Its share of the answers, in percent.
    pub share: u8,
    /// The version that answered before.
    pub previous: Option<Digest>,
    /// Whether clients need a token.
    pub token_needed: bool,
    /// Ready to paste into a terminal.
    pub curl: String,
    /// Ready to paste into Python; needs nothing but the standard library.
    pub python: String,
    /// Ready to paste into Python with `tritonclient`: tensors over gRPC.
    pub tritonclient: String,
}

/// An endpoint in a list.
#[derive(Clone, Debug, Serialize, TS)]
pub struct EndpointRow {
    /// `RUNNER/ENDPOINT`.
    pub address: String,
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
    /// How its models run.
    pub serving: ServingView,
}
