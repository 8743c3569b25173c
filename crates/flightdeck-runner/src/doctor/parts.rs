//! What the server is made of: the library, its state, its packages, its address, its clock.

use super::{DoctorArgs, Finding, settings};
use crate::clock::SystemClock;
use flightdeck_core::Clock;
use flightdeck_engine::runtime::Runtime;
use flightdeck_package::Artifacts;
use flightdeck_protocol::{RUNNING_FILE, Running};
use flightdeck_sqlite::{Connection, quick_check, rusqlite};
use rusqlite::OpenFlags;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

/// The release of this program is later than that, so every right clock is, too.
const EARLIEST_MS: i64 = 1_767_225_600_000;
/// Connections need a file each, and models some.
const FEW_FILES: f64 = 1024.0;

pub(super) fn runtime() -> Finding {
    const RUNTIME: &str = "onnxruntime";
    match Runtime::load() {
        Ok(runtime) => {
            let path = flightdeck_engine::library().map(|path| path.display().to_string());
            Finding::ok(RUNTIME, format!("{} ({})", path.unwrap_or_default(), runtime.version()))
        }
        Err(error) => Finding::fail(RUNTIME, error.to_string(), error.hint()),
    }
}

pub(super) fn config(file: Option<&Path>) -> Finding {
    const CONFIG: &str = "config";
    let Some(file) = file else { return Finding::ok(CONFIG, "no file was named: the defaults") };
    match crate::config::read(file) {
        Ok(_) => Finding::ok(CONFIG, format!("{} is valid", file.display())),
        Err(error) => {
            let hint = "serve --print-config shows every setting with its default.";
            Finding::fail(CONFIG, error.to_string(), hint)
        }
    }
}

/// Looks at the state without changing it, also while a server uses it.
fn state_of(data: &Path) -> Option<rusqlite::Result<Connection>> {
    let path = data.join("state.db");
    path.exists().then(|| Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY))
}

pub(super) fn state(data: &Path) -> Finding {
    const STATE: &str = "state";
    let hint = "Nothing is lost yet: the next start moves the file aside and takes over what can be read.";
    match state_of(data) {
        None => Finding::ok(STATE, "there is none yet"),
        Some(Err(error)) => Finding::fail(STATE, error.to_string(), hint),
        Some(Ok(connection)) => match quick_check(&connection, &data.join("state.db")) {
            Ok(()) => Finding::ok(STATE, "SQLite finds it sound"),
            Err(error) => Finding::fail(STATE, error.to_string(), hint),
        },
    }
}

pub(super) fn packages(data: &Path) -> Finding {
    const PACKAGES: &str = "packages";
    let artifacts = Artifacts::look(data.join("artifacts"));
    let Ok(roots) = artifacts.list() else { return Finding::ok(PACKAGES, "there are none yet") };
    let damaged = roots.iter().filter_map(|root| {
        let verified = artifacts.package(root).and_then(|package| package.verify());
        verified.err().map(|error| error.to_string())
    });
    let damaged: Vec<String> = damaged.collect();
    if damaged.is_empty() {
        return Finding::ok(PACKAGES, format!("{}, every byte as it was", roots.len()));
    }
    Finding::fail(PACKAGES, damaged.join("; "), "Deploy these versions again: what is damaged is not served.")
}

pub(super) fn address(args: &DoctorArgs) -> Finding {
    const ADDRESS: &str = "address";
    let note = std::fs::read(args.data.join(RUNNING_FILE)).ok();
    let running = note.and_then(|note| serde_json::from_slice::<Running>(&note).ok());
    if is_locked(&args.data) {
        let place = running.map_or_else(|| "somewhere".into(), |running| running.listen);
        return Finding::ok(ADDRESS, format!("a server is running on this folder, at {place}"));
    }
    let wanted = settings(args).server.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
    match TcpListener::bind(wanted) {
        Ok(_) => Finding::ok(ADDRESS, format!("{wanted} is free")),
        Err(error) => {
            Finding::fail(ADDRESS, format!("{wanted}: {error}"), "Choose another port, or 0 for a free one.")
        }
    }
}

fn is_locked(data: &Path) -> bool {
    let lock = std::fs::OpenOptions::new().write(true).open(data.join("runner.lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
}

pub(super) fn clock(data: &Path) -> Finding {
    const CLOCK: &str = "clock";
    let now = SystemClock.now().as_ms();
    let hint = "Set this computer's clock: windows and audit rows carry its time.";
    if now < EARLIEST_MS {
        return Finding::fail(CLOCK, "the clock is years behind", hint);
    }
    let query = "SELECT max(safe_ms) FROM identity";
    let last =
        state_of(data).and_then(|state| state.ok()?.query_row(query, [], |row| row.get::<_, i64>(0)).ok());
    match last.map(|last| (last - now) / 1000) {
        Some(ahead) if ahead > 60 => {
            Finding::warn(CLOCK, format!("the server's last note is {ahead} seconds in the future"), hint)
        }
        _ => Finding::ok(CLOCK, "it goes on from the server's last note"),
    }
}

pub(super) fn open_files() -> Finding {
    const FILES: &str = "open-files";
    match crate::metrics::most_files() {
        None => Finding::ok(FILES, "no limit is known here"),
        Some(most) if most < FEW_FILES => {
            let hint = "Raise it: ulimit -n 65536, or LimitNOFILE=65536 in the systemd unit.";
            Finding::warn(FILES, format!("at most {most} at once"), hint)
        }
        Some(most) => Finding::ok(FILES, format!("at most {most} at once")),
    }
}
