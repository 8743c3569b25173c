//! Counting on frozen edges, merging, distances and the decision rule: pure functions of counts.
//!
//! A **baseline** is frozen once from training rows: edges for numbers, kept values for texts. A **counter** counts traffic
//! on it; its **windows** are merged by exact addition and travel as bytes. From them come **distances**, the familiar numbers
//! that people look at, and the verdicts of a **monitor**, whose alerts keep a promise about false alarms. `compare` puts two
//! tables side by side at once and exactly. No I/O, no clock, no randomness: every machine computes the same.

mod alert;
mod baseline;
mod codec;
pub mod compare;
mod counter;
mod counts;
mod distances;
pub mod edges;
mod exact;
mod freeze;
mod indicators;
mod latency;
pub mod measures;
mod moments;
mod monitor;
pub mod multiplicity;
mod phi;
mod rule;
mod sample;
mod search;
pub mod sequential;
mod severity;
mod sorted;
mod values;
mod watched;
pub mod words;

pub use alert::Alert;
pub use baseline::{
    Baseline, BaselineError, CategoricalBaseline, ColumnBaseline, Counted, FORMAT, KEPT_VALUES,
    NumericBaseline, ValueCount,
};
pub use codec::DecodeError;
pub use compare::{ColumnComparison, Comparison, ComparisonVerdict, Status, compare};
pub use counter::Counter;
pub use counts::{ColumnCounts, EdgeSetMismatch, WindowCounts};
pub use distances::{Distances, FEWEST_VALUES, distances};
pub use freeze::freeze;
pub use indicators::{Event, Indicator, Indicators};
pub use latency::{LATENCY_BUCKETS, Latency};
pub use moments::{Moments, Scale};
pub use monitor::{FeatureVerdict, Monitor, MonitorState, Step, StepError};
pub use phi::{Phi, Series};
pub use rule::Rule;
pub use sample::{NULL_CODE, Sample, SampleData};
pub use severity::{Severity, Verdict};
pub use values::KnownHashes;
pub use words::{alert_sentence, sentence};
