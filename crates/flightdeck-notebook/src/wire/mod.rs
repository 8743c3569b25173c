//! What the capture and the converter leave on disk: the types of their documents, and a reader that trusts neither
//! paths nor sizes, because a foreign program ran where they were written. What the answers mean is not here.

mod candidate;
mod capture;
mod conversion;
mod error;
mod feed;
mod folder;
mod npy;
#[cfg(test)]
mod tests;

pub use candidate::{Candidate, Metric, Probe, Reference, Step};
pub use capture::{
    Capture, ColumnEntry, Dataset, FileUse, Happened, Kind, NetworkUse, Package, Pick, Platform, Python, Seed,
};
pub use conversion::{Conversion, InputMap, OutputMap, Refused, Rung, Treatment, Variant};
pub use error::WireError;
pub use feed::{FeedError, tensors};
pub use folder::{Answers, CaptureFolder, Column, Limits, Values};
pub(crate) use folder::{conversion, refusal};
pub use npy::{Elements, NpyError, read as read_npy};
