//! Running models, always at arm's length.
//!
//! [`client`] starts `flightdeck-runner worker`, a child process with limits, and talks to it: that is how a desktop
//! profiles a model or takes golden outputs without ever loading ONNX Runtime itself. Behind the feature `runtime` are
//! the sessions that the worker and the server run. What a package is and whether a file may be loaded at all is
//! decided elsewhere.

pub mod client;
mod compare;
mod frame;
mod locate;
mod message;
mod packed;
pub mod rows;
mod synthesis;

#[cfg(feature = "runtime")]
mod convert;
#[cfg(feature = "runtime")]
mod limits;
#[cfg(feature = "runtime")]
pub mod measure;
#[cfg(feature = "runtime")]
mod memory;
#[cfg(feature = "runtime")]
pub mod runtime;
#[cfg(feature = "runtime")]
mod runtime_error;
#[cfg(feature = "runtime")]
pub mod trace;

pub use compare::{Comparison, Verdict, compare};
pub use frame::{FrameError, read_frame, write_frame};
pub use locate::{MissingPart, library, runner};
pub use message::{
    Failure, GoldenRequest, Latency, LoadRequest, ModelSource, OperatorTime, Preflight, PreflightRequest,
    Profile, ProfileRequest, Ran, Reply, Request, Resident, RunRequest, RunTimes, Sampled,
};
pub use packed::Carries;
pub use synthesis::synthesise;

#[cfg(feature = "runtime")]
pub use limits::{Limits, limit};
#[cfg(feature = "runtime")]
pub use memory::{Memory, memory};

/// What stands in the environment of a process that loads ONNX Runtime: as it is published, the library otherwise writes an
/// id of the device into the user's cache folder and sends events to its makers.
pub const QUIET: (&str, &str) = ("ORT_DISABLE_TELEMETRY", "1");
