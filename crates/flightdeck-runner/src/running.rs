//! The note in the data folder that says where this server listens, for programs that did not start it.

use flightdeck_protocol::pairing::Hex32;
use flightdeck_protocol::{RUNNING_FILE, Running};
use std::io;
use std::net::SocketAddr;
use std::path::Path;

/// Says that this process listens there.
pub(crate) fn note(data: &Path, address: SocketAddr, key: Option<Hex32>) -> io::Result<()> {
    write(data, &Running { listen: address.to_string(), pid: Some(std::process::id()), key })
}

/// Says that nobody does any more.
pub(crate) fn end(data: &Path, address: SocketAddr, key: Option<Hex32>) {
    let ended = Running { listen: address.to_string(), pid: None, key };
    if let Err(error) = write(data, &ended) {
        tracing::warn!("{RUNNING_FILE} still names this process: {error}");
    }
}

/// Never seen half-written. Not forced to the disk: what it says does not outlive the system's start.
fn write(data: &Path, running: &Running) -> io::Result<()> {
    let partial = data.join(format!("{RUNNING_FILE}.new"));
    std::fs::write(&partial, serde_json::to_vec(running)?)?;
    std::fs::rename(&partial, data.join(RUNNING_FILE))
}
