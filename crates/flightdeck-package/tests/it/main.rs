//! Packages and parts as another crate uses them, on a real disk.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod artifacts;
mod full_disk;
mod parts;
mod root_digest;

use flightdeck_core::Digest;
use flightdeck_package::{MANIFEST, MODEL, Manifest, Staging};
use sha2::{Digest as _, Sha256};

fn sha256(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

/// Writes the two files that every package has.
fn fill(staging: &mut Staging, model: &[u8]) -> Result<(), flightdeck_package::PackageError> {
    let manifest =
        Manifest { format: 1, model: MODEL.into(), facts: serde_json::json!({ "ir_version": 10 }) };
    staging.write_json(MANIFEST, &manifest)?;
    staging.write(MODEL, model)?;
    Ok(())
}
