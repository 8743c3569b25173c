//! What the use cases answer: the shapes that the window shows and that `--json` prints.
//!
//! The names of the `--json` documents are a contract (`docs/json.md`); the window's generated TypeScript types come
//! from the same structs. A value that does not exist is `null`, never NaN or 0. Nothing here computes anything.

mod import;
mod job;
mod library;
mod live;
mod notebook;
mod runner;

pub use import::{BaselinePlan, Corrections, ImportPlan, ImportView, MatchedColumn, ParityRow, ParityView};
pub use job::{ErrorView, Event, JobState, JobView};
pub use library::{
    BaselineColumnView, BaselineView, BatchLatency, FactsView, GoldenView, LineageRow, ModelView,
    OperatorShare, ProfileView, ShowView, VersionRow, VersionState,
};
pub use live::{
    AgreementView, AlertView, DriftView, FeatureCharts, FeatureDrift, GapView, LatencyView, LiveCharts,
    LiveVersion, LiveView, PredictView,
};
pub use notebook::{
    CandidateView, CellRecord, CellState, CellView, ChangedCell, ConversionRow, DifferenceView,
    EnvironmentView, FileRow, GitView, KernelPlan, KernelView, LiveCandidate, MetricRow, MissingFileView,
    MissingPackage, NotebookPlan, OriginView, OutputView, WatchView,
};
pub use runner::{
    DeployRequest, DeployView, EndpointRow, PairRequest, RemovedView, RuleStep, RunnerState, RunnerView,
    ServingView, TokenMade, TokenRequest, TokenView,
};
