//! Starting, refusing to start, ending.

use crate::support::{PROGRAM, Server, command, eventually, four_columns, linear, request};
use flightdeck_protocol::{RUNNING_FILE, Running};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(data: &Path, arguments: &[&str]) -> Output {
    command(data).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    assert_eq!(output.stdout, b"", "standard output belongs to the line");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_folder_has_one_server() {
    let folder = tempfile::tempdir().unwrap();
    let _server = Server::start(folder.path()).await;
    let second = run(folder.path(), &[]);
    assert_eq!(second.status.code(), Some(1));
    assert!(said(&second).contains("another runner serves"), "{second:?}");
}

fn running(data: &Path) -> Running {
    serde_json::from_slice(&std::fs::read(data.join(RUNNING_FILE)).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn its_folder_says_where_it_listens_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    // Begun, it has printed its line: the file is there before that.
    let server = Server::begin(folder.path());
    let found = running(folder.path());
    assert_eq!((format!("http://{}", found.listen), found.pid), (server.base.clone(), Some(server.pid())));
    run(folder.path(), &[]);
    assert_eq!(running(folder.path()), found, "a second one that is refused leaves the note alone");
    server.control.stop().await.unwrap();
    assert_eq!(server.wait().code(), Some(0));
    assert_eq!(running(folder.path()), Running { pid: None, ..found });

    let server = Server::begin(folder.path());
    let pid = server.pid();
    assert_eq!(running(&server.kill()).pid, Some(pid), "who is killed says nothing any more");
}

#[test]
fn a_busy_port_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = run(folder.path(), &["--listen", &address]);
    assert_eq!(refused.status.code(), Some(1));
    let said = said(&refused);
    assert!(said.contains(&address) && said.contains("Choose another port"), "{said}");
}

#[test]
fn r13_other_machines_are_not_served_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("d");
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let refused = run(&data, &["--listen", listen, "--tls", "off"]);
        assert_eq!(refused.status.code(), Some(2), "{listen}");
        assert!(said(&refused).contains("127.0.0.1"), "{listen}");
    }
    assert!(!data.exists(), "nothing is touched");
    let wrong = run(&data, &["--token-stdin"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said(&wrong).contains("64 hexadecimal digits"));
    let usage = Command::new(PROGRAM).arg("serve").output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn a_folder_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = flightdeck_sqlite::rusqlite::Connection::open(folder.path().join("state.db")).unwrap();
    foreign.execute_batch("CREATE TABLE t (x); PRAGMA application_id = 7").unwrap();
    drop(foreign);
    let refused = run(folder.path(), &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("not a Flightdeck runner database"), "{refused:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_drains_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    server.infer("e", [1.0; 4]).await;
    let pid = server.pid().to_string();
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    assert_eq!(server.wait().code(), Some(0));
    let server = Server::start(folder.path()).await;
    let batch = server.control.windows(0, 10).await.unwrap();
    assert_eq!((batch.windows.len(), batch.gaps.len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_does_not_lie_about_a_damaged_package() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    server.deploy("e", &package).await;
    let data = server.kill();
    let model = data.join("artifacts/packages").join(package.root.hex()).join("model.onnx");
    let mut bytes = std::fs::read(&model).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&model, bytes).unwrap();

    let server = Server::begin(&data);
    let control = &server.control;
    let name = "e".parse().unwrap();
    let failed = async || control.endpoint(&name).await.unwrap().phase == flightdeck_protocol::Phase::Failed;
    eventually(failed).await;
    assert!(!control.ready().await.unwrap());
    let refused = control.infer(&name, &request(&[[1.0; 4]])).await.unwrap_err();
    assert_eq!(refused.code(), "model-failed");
    assert!(
        refused.to_string().contains("model.onnx") && !refused.to_string().contains("packages"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_outlives_whoever_read_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with_log(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    server.control.remove_endpoint(&"e".parse().unwrap()).await.unwrap();
    // Each refusal is logged; nobody reads that any more.
    for _ in 0..3 {
        let other = crate::support::build(&crate::support::model("bomb"), None, b"");
        server.upload(&other).await;
        let wanted = crate::support::desired(other.root);
        server.control.put_endpoint(&"b".parse().unwrap(), &wanted).await.unwrap_err();
    }
    assert!(server.control.ready().await.unwrap());
    server.control.stop().await.unwrap();
    assert_eq!(server.wait().code(), Some(0));
}
