//! Files as people have them and as enemies make them.

#![expect(clippy::doc_markdown, reason = "the names of libraries and formats are words of this room")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod archives;
mod folders;
mod kinds;
mod registry;
mod zips;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The beginning of every ONNX model: a version, a producer, a graph.
pub(crate) const ONNX: &[u8] = b"\x08\x08\x12\x08skl2onnx\x3a\x04\x0a\x02\x0a\x00\x42\x04\x0a\x00\x10\x0d";

pub(crate) fn write(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

/// The interpreter of the newer of the two prepared environments.
pub(crate) fn python() -> PathBuf {
    let prepared = std::env::var_os("FLIGHTDECK_TEST_PYTHON").map(PathBuf::from);
    let folder =
        prepared.or_else(|| dirs::cache_dir().map(|cache| cache.join("flightdeck").join("python"))).unwrap();
    let new = folder.join("new");
    let found = [new.join("bin").join("python"), new.join("Scripts").join("python.exe")];
    found
        .into_iter()
        .find(|path| path.exists())
        .expect("`cargo xtask setup` prepares the Python environments")
}

/// Runs a script with a path as its argument.
pub(crate) fn run(python: &Path, script: &str, path: &Path) {
    let answer = Command::new(python).args(["-c", script]).arg(path).output().unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
}
