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
    let stated = std::env::var_os("FLIGHTDECK_TAURI_DRIVER").map(PathBuf::from);
    let cached = || cache().join("tools/tauri-driver-2.1.0/bin/tauri-driver");
    let found = Some(stated.unwrap_or_else(cached)).filter(|path| path.is_file());
    found.unwrap_or_else(|| panic!("tauri-driver is not installed: run `cargo xtask setup`"))
}

/// The real cache of this computer, which the set-up has filled; not that of a desk.
pub fn cache() -> PathBuf {
    let named = std::env::var_os("FLIGHTDECK_CACHE").map(PathBuf::from);
    let system = || {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
        cache.unwrap_or_default().join("flightdeck")
    };
    named.unwrap_or_else(system)
}

/// The folder of the pinned Python environments.
pub fn environments() -> PathBuf {
    std::env::var_os("FLIGHTDECK_TEST_PYTHON").map_or_else(|| cache().join("python"), PathBuf::from)
}

/// The interpreter of a pinned environment: `new` or `old`.
///
/// # Panics
/// When the set-up has not made it.
pub fn python(environment: &str) -> PathBuf {
    let inside = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    let python = environments().join(environment).join(inside);
    assert!(python.is_file(), "{} is not there: run `cargo xtask setup`", python.display());
    python
}
