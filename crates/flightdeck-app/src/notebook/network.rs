//! Whether a network can be kept away from a notebook on this computer: asked once, by trying.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Linux lets a user make a network of their own, unless its administrator forbids that; elsewhere there is no way.
pub(crate) fn can_be_kept_away() -> bool {
    static TRIED: OnceLock<bool> = OnceLock::new();
    *TRIED.get_or_init(|| cfg!(target_os = "linux") && tried())
}

fn tried() -> bool {
    let tried = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}
