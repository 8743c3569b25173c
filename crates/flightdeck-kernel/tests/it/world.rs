//! The environments, and a kernel in one of them.

use flightdeck_core::Cancel;
use flightdeck_kernel::{Config, Execute, Kernel, KernelError, Outcome, Output, Stream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Both environments: ipykernel 7 and 6.
pub(crate) const BOTH: [&str; 2] = ["new", "old"];

/// The folder that the set-up fills with Python environments.
pub(crate) fn environments() -> PathBuf {
    let named = std::env::var_os("FLIGHTDECK_TEST_PYTHON").map(PathBuf::from);
    named.unwrap_or_else(|| dirs::cache_dir().unwrap().join("flightdeck").join("python"))
}

pub(crate) fn interpreter(environment: &str) -> PathBuf {
    environments().join(environment).join("bin").join("python")
}

/// A notebook's folder and a place for sockets.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) runtime: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), runtime: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn config(&self, environment: &str) -> Config {
        Config::new(&interpreter(environment), self.folder.path(), self.runtime.path())
    }

    pub(crate) async fn start(&self, environment: &str) -> Kernel {
        start(&self.config(environment)).await.unwrap()
    }
}

pub(crate) async fn start(config: &Config) -> Result<Kernel, KernelError> {
    Kernel::start(config, &Cancel::default()).await
}

pub(crate) fn cell(code: &str) -> Execute {
    Execute { code: code.into(), silent: false, history: true, limit: Duration::from_mins(1) }
}

/// Runs a cell and keeps what it showed.
pub(crate) async fn shown(kernel: &mut Kernel, code: &str) -> (Outcome, Vec<Output>) {
    let mut outputs = Vec::new();
    let outcome =
        kernel.execute(cell(code), &Cancel::default(), &mut |output| outputs.push(output)).await.unwrap();
    (outcome, outputs)
}

pub(crate) async fn run(kernel: &mut Kernel, code: &str) -> Outcome {
    shown(kernel, code).await.0
}

/// What came by one stream, put together.
pub(crate) fn text(outputs: &[Output], wanted: Stream) -> String {
    let of = |output: &Output| match output {
        Output::Text { stream, text } if *stream == wanted => text.clone(),
        _ => String::new(),
    };
    outputs.iter().map(of).collect()
}

/// Whether any process of a group is left.
pub(crate) fn group_is_alive(group: u32) -> bool {
    let group = rustix::process::Pid::from_raw(i32::try_from(group).unwrap()).unwrap();
    rustix::process::test_kill_process_group(group).is_ok()
}

/// Waits for something that another process does; fails after ten seconds.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), wait).await.is_ok(), "{what}");
}

/// An executable script.
pub(crate) fn script(folder: &Path, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join("python");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}
