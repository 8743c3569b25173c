//! What Flightdeck does: the use cases behind the window and the command line.
//!
//! A shell opens an [`App`] on a library and calls it; every answer is one of [`views`], every error an [`Error`] with a
//! message and a hint. Leaves are combined here and nowhere else: the history (`flightdeck-store`), packages, the reader of
//! ONNX files, the worker, the control interface of runners, drift and charts. What a button looks like or how a table is
//! printed is not here, and nothing here loads ONNX Runtime.

mod app;
mod charts;
mod compare;
mod deploy;
mod difference;
mod drift;
mod embedded;
mod endpoints;
mod error;
mod feed;
mod host;
mod import;
mod jobs;
mod judge;
mod library;
mod live;
mod notebook;
mod pairing;
mod predict;
mod profiling;
mod promote;
mod pull;
mod remote;
mod runners;
mod samples;
mod series;
mod serving;
mod snippets;
mod tokens;
pub mod views;
mod watch;
mod words;

pub use app::App;
pub use compare::compare;
pub use deploy::STAGES as DEPLOY_STAGES;
pub use embedded::THIS_COMPUTER;
pub use error::{Error, Kind, Result};
pub use feed::Watching;
pub use flightdeck_charts::Theme;
pub use flightdeck_drift::compare::{ColumnComparison, Comparison, ComparisonVerdict};
pub use host::{Host, Quiet, system_now};
pub use jobs::{CellMove, Job};
pub use pairing::STAGES as PAIRING_STAGES;
