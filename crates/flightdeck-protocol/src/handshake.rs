//! What a runner says of itself before anything is asked of it.

use serde::{Deserialize, Serialize};

/// The version of the control interface that this crate describes.
pub const PROTOCOL: u32 = 1;

/// `GET /handshake`: who answers, and what it speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    /// The version of the control interface.
    pub protocol: u32,
    /// The runner's program version.
    pub version: String,
    /// The runner's id, 128 random bits in hexadecimal, made once per data folder.
    pub runner_id: String,
    /// Counts the starts on that data folder.
    pub boot_epoch: u32,
    /// Its process id.
    pub pid: u32,
}

/// The one line that a starting runner prints on standard output, once it is bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// `host:port` of HTTP.
    pub listen: String,
    /// `host:port` of gRPC, when it is served.
    pub grpc: Option<String>,
    /// A pairing code, while nobody is paired and somebody could be.
    pub code: Option<String>,
}
