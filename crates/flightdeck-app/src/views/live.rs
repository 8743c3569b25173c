//! What an endpoint is doing, how far its traffic is from training, and the pictures of both.

use super::ServingView;
use flightdeck_charts::Chart;
use flightdeck_core::{Digest, Name, Timestamp, VersionRole};
use serde::Serialize;
use ts_rs::TS;

/// Figures of an endpoint now.
#[derive(Clone, Debug, Serialize, TS)]
pub struct LiveView {
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
    /// How its models run.
    pub serving: ServingView,
    /// Requests since it was deployed.
    #[ts(type = "number")]
    pub requests: u64,
    /// Rows since it was deployed.
    #[ts(type = "number")]
    pub rows: u64,
    /// Requests that failed.
    #[ts(type = "number")]
    pub errors: u64,
    /// Requests in the last 60 seconds of wall-clock time, by whoever has watched for a while.
    pub requests_per_min: Option<f64>,
    /// Time from request to answer, in microseconds.
    pub latency_us: LatencyView,
    /// Who answers.
    pub versions: Vec<LiveVersion>,
    /// The version that answered before and can answer again at once.
    pub previous: Option<u32>,
    /// Start of the newest closed window.
    pub last_window: Option<Timestamp>,
    /// Length of a counting window in seconds.
    pub window_seconds: u32,
    /// Whether rows bring their own time.
    pub replay: bool,
    /// When these figures were true; older than now when the runner is away.
    pub as_of: Timestamp,
    /// Whether the runner answered just now.
    pub reachable: bool,
    /// Times in which rows may have been answered and not counted, newest first.
    pub gaps: Vec<GapView>,
}

/// How far a shadow agrees with the version that answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, TS)]
pub struct AgreementView {
    /// Rows compared.
    #[ts(type = "number")]
    pub rows: u64,
    /// Rows with the same label; for numbers, rows that differ by no more than batching explains.
    #[ts(type = "number | null")]
    pub equal: Option<u64>,
    /// Mean absolute difference of the number, or of the scores.
    pub mean_abs: Option<f64>,
}

/// A time in which rows may have been answered and not counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct GapView {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// `killed` or `storage`.
    pub reason: String,
}

/// Quantiles of a duration in microseconds; `null` before the first request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, TS)]
pub struct LatencyView {
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
}

/// A version at an endpoint.
#[derive(Clone, Debug, Serialize, TS)]
pub struct LiveVersion {
    /// Its number in this library, when it is known here.
    pub version: Option<u32>,
    /// Its identity.
    pub digest: Digest,
    /// What it is there.
    pub role: VersionRole,
    /// Its share of the answers, in percent.
    pub share: f64,
    /// Rows it saw.
    #[ts(type = "number")]
    pub rows: u64,
    /// How far a shadow agrees with what was answered.
    pub agreement: Option<AgreementView>,
}

/// How far the traffic of an endpoint is from training.
#[derive(Clone, Debug, Serialize, TS)]
pub struct DriftView {
    /// The endpoint.
    pub endpoint: Name,
    /// Rule steps that were judged.
    #[ts(type = "number")]
    pub windows: u64,
    /// Rows counted, judged or not yet.
    #[ts(type = "number")]
    pub rows: u64,
    /// Length of a rule step in seconds.
    pub step_seconds: u32,
    /// First and last step.
    pub period: Option<[Timestamp; 2]>,
    /// The columns, those that drift most first.
    pub features: Vec<FeatureDrift>,
    /// Alerts, newest first.
    pub alerts: Vec<AlertView>,
    /// What the alert promises, in words.
    pub promise: String,
}

/// One feature of an endpoint.
#[derive(Clone, Debug, Serialize, TS)]
pub struct FeatureDrift {
    /// The column.
    pub name: String,
    /// `alert`, `watch`, `none` or `not_enough_data`.
    pub verdict: String,
    /// `none`, `small`, `moderate` or `large`.
    pub severity: String,
    /// Population stability index over the ten baseline deciles, of the whole period asked for.
    pub psi: Option<f64>,
    /// The same less what sampling alone would give.
    pub psi_adjusted: Option<f64>,
    /// Evidence of the rule, natural logarithm; alarm at `alarm_log`.
    pub evidence_log: Option<f64>,
    /// Where the alarm is on the scale of `evidence_log`.
    pub alarm_log: f64,
    /// Share of missing values.
    pub null_rate: Option<f64>,
    /// Share of values outside the range seen in training.
    pub out_of_range: Option<f64>,
    /// Whether the spread of quiet traffic is not yet known from enough windows.
    pub provisional: bool,
}

/// An alert.
#[derive(Clone, Debug, Serialize, TS)]
pub struct AlertView {
    /// Its id.
    pub id: String,
    /// The endpoint.
    pub endpoint: Name,
    /// The column.
    pub feature: String,
    /// `small`, `moderate` or `large`.
    pub severity: String,
    /// When the rule fired, by the time of the rows.
    pub opened_at: Timestamp,
    /// When it calmed down.
    pub closed_at: Option<Timestamp>,
    /// What happened, in a sentence.
    pub sentence: String,
    /// What was done about it.
    pub action: String,
}

/// What the Live place draws, in one theme.
#[derive(Clone, Debug, Serialize, TS)]
pub struct LiveCharts {
    /// Features × rule steps.
    pub heat: Chart,
    /// Requests over time; rows where they bring their own time.
    pub traffic: Chart,
    /// What `traffic` counts: `requests per minute`.
    pub traffic_unit: String,
    /// Latency over time.
    pub latency: Chart,
    /// The chosen feature.
    pub feature: Option<FeatureCharts>,
    /// Length of one column of the heat map in seconds.
    pub column_seconds: u32,
}

/// One feature then and now.
#[derive(Clone, Debug, Serialize, TS)]
pub struct FeatureCharts {
    /// The column.
    pub name: String,
    /// What moved, in a sentence.
    pub sentence: String,
    /// The familiar numbers with their units.
    pub measures: String,
    /// Its distributions.
    pub distribution: Chart,
    /// Evidence of the rule over time with its alarm line.
    pub evidence: Chart,
}

/// A file that was scored.
#[derive(Clone, Debug, Serialize, TS)]
pub struct PredictView {
    /// The endpoint.
    pub endpoint: Name,
    /// Rows sent.
    #[ts(type = "number")]
    pub rows: u64,
    /// Rows written with their answers.
    #[ts(type = "number")]
    pub written: u64,
    /// Rows that got no answer.
    #[ts(type = "number")]
    pub failed: u64,
    /// The file that was written.
    pub out: Option<String>,
}
