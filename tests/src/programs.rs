//! Where the built programs and the sample models are.

use std::path::{Path, PathBuf};

/// A built program: named by its environment variable, or beside the tests' own folder.
///
/// # Panics
/// When it was not built: a journey does not skip.
pub fn program(variable: &str, name: &str) -> PathBuf {
    let stated = std::env::var_os(variable).map(PathBuf::from);
    let beside = || {
        let tests = std::env::current_exe().ok()?;
        Some(tests.parent()?.parent()?.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
    };
    let found = stated.or_else(beside).filter(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is not built: run `cargo xtask test`, or name it in {variable}"))
}

/// A file of the sample models.
pub fn sample(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-models").join(file)
}

/// The driver of the real window.
///
/// # Panics
/// When the set-up has not installed it.
pub fn driver() -> PathBuf {
    let cached = || {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")))?;
        Some(cache.join("flightdeck/tools/tauri-driver-2.1.0/bin/tauri-driver"))
    };
    let stated = std::env::var_os("FLIGHTDECK_TAURI_DRIVER").map(PathBuf::from);
    let found = stated.or_else(cached).filter(|path| path.is_file());
    found.unwrap_or_else(|| panic!("tauri-driver is not installed: run `cargo xtask setup`"))
}
