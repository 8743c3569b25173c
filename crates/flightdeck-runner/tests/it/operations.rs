//! What an operator does beside a running server: asks how it is, copies its state, puts a copy back.

use crate::support::{PROGRAM, Server, eventually, four_columns, linear};
use flightdeck_protocol::GapReason;
use flightdeck_sqlite::rusqlite;
use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str], data: &Path) -> Output {
    Command::new(PROGRAM).args(arguments).arg("--data").arg(data).output().unwrap()
}

/// What the doctor says: status and message by check.
fn doctor(data: &Path) -> (Option<i32>, impl Fn(&str) -> (String, String) + use<>) {
    let output = run(&["doctor", "--json"], data);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap().clone();
    assert_eq!(report["ok"], output.status.success());
    for check in &checks {
        assert_eq!(
            check["hint"].is_null(),
            check["status"] == "ok",
            "what is not well says what to do: {check}"
        );
    }
    let find = move |name: &str| {
        let check = checks.iter().find(|check| check["check"] == name).expect(name);
        let text = |key: &str| check[key].as_str().unwrap().to_owned();
        (text("status"), text("message"))
    };
    (output.status.code(), find)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_what_is_wrong_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (code, found) = doctor(&folder.path().join("none"));
    assert_eq!((code, found("folder").0.as_str()), (Some(0), "ok"));
    assert!(found("onnxruntime").1.contains("libonnxruntime"), "{:?}", found("onnxruntime"));

    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    server.deploy("e", &package).await;
    let (code, found) = doctor(folder.path());
    assert_eq!(code, Some(0));
    for check in ["folder", "writable", "state", "packages", "address", "clock", "certificate"] {
        assert_eq!(found(check).0, "ok", "{check}: {:?}", found(check));
    }
    assert!(found("address").1.contains(server.base.trim_start_matches("http://")));
    assert_eq!(server.infer("e", [1.0; 4]).await, linear([1.0; 4]));

    let data = server.kill();
    let model = data.join("artifacts/packages").join(package.root.hex()).join("model.onnx");
    let mut bytes = std::fs::read(&model).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&model, bytes).unwrap();
    std::fs::write(data.join("state.db"), b"not a database at all, but long enough".repeat(200)).unwrap();
    for part in ["state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(data.join(part));
    }
    let (code, found) = doctor(&data);
    assert_eq!((code, found("state").0.as_str(), found("packages").0.as_str()), (Some(1), "fail", "fail"));
    assert!(found("packages").1.contains("model.onnx"));
    let lines = String::from_utf8(run(&["doctor"], &data).stdout).unwrap();
    assert!(lines.contains("FAIL  state: ") && lines.contains("ok    "), "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_running_server_serves_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("copy.db"));
    let server = Server::start(&data).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    server.infer("e", [1.0; 4]).await;
    server.control.flush().await.unwrap();
    let backup = |data: &Path| run(&["backup", "--out", out.to_str().unwrap()], data);
    let output = backup(&data);
    assert!(output.status.success(), "{output:?}");
    let before = server.control.handshake().await.unwrap();
    server.deploy("later", &four_columns("linear", linear)).await;
    server.control.stop().await.unwrap();
    assert_eq!(server.wait().code(), Some(0));

    let fresh = folder.path().join("fresh");
    std::fs::create_dir(&fresh).unwrap();
    std::fs::copy(&out, fresh.join("state.db")).unwrap();
    std::fs::rename(data.join("artifacts"), fresh.join("artifacts")).unwrap();
    let server = Server::start(&fresh).await;
    assert_eq!(server.infer("e", [1.0; 4]).await, linear([1.0; 4]));
    assert!(server.control.endpoint(&"later".parse().unwrap()).await.is_err(), "it came after the copy");
    // The epochs that came after the copy are used up by the other one.
    assert_ne!(server.control.handshake().await.unwrap().runner_id, before.runner_id);
    let batch = server.control.windows(0, 10).await.unwrap();
    assert_eq!((batch.windows.len(), &batch.windows[0].origin.producer), (1, &before.runner_id));

    let none = backup(&folder.path().join("none"));
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8(none.stderr).unwrap().contains("state.db"), "and nothing was made");
    assert!(!folder.path().join("none").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_open_at_a_backup_is_a_gap_in_the_copy_and_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("copy.db"));
    let server = Server::start(&data).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    server.infer("e", [1.0; 4]).await;
    // The window is open; what it counts so far is on the disk every second.
    let open = rusqlite::Connection::open(data.join("state.db")).unwrap();
    let kept = || open.query_row("SELECT count(*) FROM checkpoint", [], |row| row.get::<_, u32>(0)).unwrap();
    eventually(async || kept() == 1).await;
    let output = run(&["backup", "--out", out.to_str().unwrap()], &data);
    assert!(output.status.success(), "{output:?}");

    let fresh = folder.path().join("fresh");
    std::fs::create_dir(&fresh).unwrap();
    std::fs::copy(&out, fresh.join("state.db")).unwrap();
    server.control.flush().await.unwrap();
    assert_eq!(server.control.windows(0, 10).await.unwrap().windows.len(), 1, "it counts where it was");
    std::fs::rename(server.kill().join("artifacts"), fresh.join("artifacts")).unwrap();
    let copy = Server::start(&fresh).await;
    let batch = copy.control.windows(0, 10).await.unwrap();
    let counted: Vec<_> = batch.gaps.iter().map(|gap| (gap.reason, gap.count)).collect();
    assert_eq!(batch.windows, []);
    assert!(counted.contains(&(GapReason::Damaged, Some(1))), "{counted:?}");
}
