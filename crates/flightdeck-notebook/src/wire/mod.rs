//! What the capture and the converter leave on disk: the types of their documents, and a reader that trusts neither
//! paths nor sizes, because a foreign program ran where they were written. What the answers mean is not here.

mod capture;
mod conversion;
mod error;
mod feed;
mod folder;
mod npy;
#[cfg(test)]
mod tests;

pub use capture::{
    Candidate, Capture, ColumnEntry, Dataset, FileUse, Happened, Kind, Metric, NetworkUse, Package, Pick,
    Platform, Probe, Python, Reference, Seed, Step,
};
pub use conversion::{Conversion, InputMap, OutputMap, Refused, Rung, Treatment, Variant};
pub use error::WireError;
pub use feed::{FeedError, tensors};
pub use folder::{Answers, CaptureFolder, Column, Limits, Values};
pub(crate) use folder::{conversion, refusal};
pub use npy::{Elements, NpyError, read as read_npy};
