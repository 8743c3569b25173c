//! `tauri-driver`, which lets tests drive the real window over WebDriver.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;

use anyhow::Result;

use crate::place::Place;
use crate::process::run;

const VERSION: &str = "2.1.0";

/// The driver's path; built on first use, into the cache.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    let root = place.cache.join("tools").join(format!("tauri-driver-{VERSION}"));
    let driver = root.join("bin").join(format!("tauri-driver{EXE_SUFFIX}"));
    if !driver.is_file() {
        println!("building tauri-driver {VERSION}");
        run(place
            .cargo()
            .args([
                "install",
                "--quiet",
                "--locked",
                "tauri-driver",
                "--version",
                VERSION,
                "--no-track",
                "--root",
            ])
            .arg(&root))?;
    }
    Ok(driver)
}
