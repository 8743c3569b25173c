//! The wire between a desktop, a runner and its clients, declared once.
//!
//! [`oip`] is the Open Inference Protocol v2 over HTTP with JSON, as any client speaks it; the other modules are the
//! control interface under [`PREFIX`], and predictions by column name. With the feature `client`, [`Control`] makes the
//! calls. What a server does with them lives in the runner.

mod audit;
mod endpoint;
mod error;
mod event_time;
mod handshake;
mod live;
pub mod oip;
mod package;
pub mod pairing;
mod predict;
mod serving;
mod telemetry;
mod token;
mod tokens;
mod window;

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod control_error;
#[cfg(feature = "client")]
mod introduction;
#[cfg(feature = "client")]
mod pin;
#[cfg(feature = "client")]
mod upload;

pub use audit::{AuditPage, AuditRow};
pub use endpoint::{
    Comparison, EndpointDesired, EndpointList, EndpointState, Phase, Preflight, STICKY_KEY, ServedVersion,
    Verdict, WindowLengthError, check_window_seconds,
};
pub use error::ErrorBody;
pub use event_time::EventTime;
pub use handshake::{Bound, Handshake, PROTOCOL, RUNNING_FILE, Running};
pub use live::{Agreement, LatencyUs, LiveFigures, LiveVersion, OpenWindow};
pub use package::{BlobState, PackageFile, PackageStored, PackageUpload};
pub use predict::{PredictRequest, PredictResponse, Prediction};
pub use serving::{Isolation, Serving, ServingError};
pub use telemetry::{
    Errors, LabelBatch, LabelLine, LabelRecord, LabelsTaken, Outcome, Outcomes, SampleLine, Sampling,
    SamplingError, Share, Telemetry,
};
pub use token::{Token, TokenError};
pub use tokens::{TokenCreated, TokenInfo, TokenList, TokenRequest};
pub use window::{Ack, Acked, Counts, Flushed, Gap, GapReason, Refuse, Refused, WindowBatch, WindowRecord};

#[cfg(feature = "client")]
pub use client::{Control, provide_tls};
#[cfg(feature = "client")]
pub use control_error::ControlError;
#[cfg(feature = "client")]
pub use introduction::Introduction;
#[cfg(feature = "client")]
pub use pin::{Pin, tls_config};
#[cfg(feature = "client")]
pub use upload::LocalFile;

/// Where the control interface lives on a runner.
pub const PREFIX: &str = "/flightdeck/v1";
