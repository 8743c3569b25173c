//! ONNX Runtime's makers hear nothing.

use crate::support::{Server, command, four_columns, linear};
use std::process::Stdio;

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn r15_no_id_is_written_and_nothing_is_sent_to_the_makers_of_onnx_runtime() {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut program = command(folder.path());
    program.env_remove("ORT_DISABLE_TELEMETRY").env_remove("XDG_CACHE_HOME").env("HOME", home.path());
    let library = flightdeck_engine::library().unwrap();
    program.env("FLIGHTDECK_ONNXRUNTIME", library);
    let server = Server::launch(program, folder.path(), Stdio::null());
    server.deploy("e", &four_columns("linear", linear)).await;
    assert_eq!(server.infer("e", [2.0; 4]).await, linear([2.0; 4]));
    let environment = std::fs::read(format!("/proc/{}/environ", server.pid())).unwrap();
    let mut words = environment.split(|byte| *byte == 0);
    assert!(words.any(|word| word == b"ORT_DISABLE_TELEMETRY=1"));
    drop(server);
    // Without that word there is a folder with an id and a queue of events as soon as the library was loaded.
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}
