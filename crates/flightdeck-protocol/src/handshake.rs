//! What a runner says of itself before anything is asked of it.

use crate::pairing::Hex32;
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
    /// The SHA-256 of its key (the certificate's `SubjectPublicKeyInfo`) when it speaks TLS: its address is `https://` then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Hex32>,
}

/// The file in a runner's data folder that says where it listens: [`Running`] as JSON.
pub const RUNNING_FILE: &str = "bound.json";

/// Where a runner listens, for whoever did not start it. A runner that was killed leaves its number behind: ask for a
/// handshake before believing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// `host:port` of HTTP.
    pub listen: String,
    /// Its process id; `None` after an orderly end.
    pub pid: Option<u32>,
    /// The SHA-256 of its key when it speaks TLS, as in [`Bound`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Hex32>,
}
