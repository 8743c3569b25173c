//! Other people's clients, unmodified, against a real server: `tritonclient` and `KServe`'s. Their tests are in
//! Python, in `tests/python/conformance`, and run in the environment `clients` of the set-up.

use crate::support::{Server, build, every_type, four_columns, linear, model};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each in an interpreter of its own: both bring messages of the same names, and only one can.
const SUITES: [&str; 2] = ["triton_client", "kserve_client"];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the stage `clients` of `cargo xtask test`, which has their environment"]
async fn unmodified_clients_are_answered() {
    let python = std::env::var_os("FLIGHTDECK_TEST_PYTHON")
        .map(PathBuf::from)
        .expect("the environments of the set-up");
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("linear", &four_columns("linear", linear)).await;
    server.deploy("classes", &build(&model("classes"), None, b"")).await;
    server.deploy("whole", &build(&every_type("whole"), None, b"")).await;
    server.deploy("half", &build(&every_type("half"), None, b"")).await;
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/python/conformance");
    for suite in SUITES {
        let mut command = Command::new(python.join("clients/bin/python"));
        command.current_dir(suites.join(suite)).env("FLIGHTDECK_HOST", server.base.replace("http://", ""));
        command.args(["-B", "-m", "unittest", "discover", "-s", ".", "-p", "test_*.py"]);
        // Its output is inherited, so that its closing line is seen.
        let status = tokio::task::block_in_place(|| command.status()).unwrap();
        assert!(status.success(), "{suite}");
    }
}
