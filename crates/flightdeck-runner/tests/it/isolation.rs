//! Models that crash, hang or want all memory: they fail alone, are mended, and are left alone after three failures.

use crate::support::{
    Built, Server, build, desired, endpoint, eventually, four_columns, linear, model, request,
};
use flightdeck_engine::client::{Limit, Worker, WorkerConfig, WorkerError};
use flightdeck_protocol::{EndpointDesired, Isolation, Phase, Serving};
use std::sync::Arc;

/// A row at which the loop never ends, and one that wants fifty gigabytes.
const ENDLESS: [f32; 4] = [2000.0, 0.0, 0.0, 0.0];
const GREEDY: [f32; 4] = [-50.0, 0.0, 0.0, 0.0];

fn hostile() -> Built {
    build(&model("hostile"), None, b"")
}

fn apart() -> Serving {
    let (memory_bytes, run_seconds) = (Some(2 << 30), Some(1));
    Serving { isolation: Isolation::Process, memory_bytes, run_seconds, ..Serving::default() }
}

/// A server with `hostile` at `h` and a good model at `e`.
async fn start(folder: &tempfile::TempDir, serving: Serving) -> Server {
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let package = hostile();
    server.upload(&package).await;
    let wanted = EndpointDesired { serving, ..desired(package.root) };
    let state = server.control.put_endpoint(&endpoint("h"), &wanted).await.unwrap();
    assert_eq!((state.phase, state.versions[0].findings.len()), (Phase::Ready, 0));
    assert_eq!(server.infer("h", [1.0, 2.0, 3.0, 4.0]).await, 10.0);
    server
}

async fn fails(server: &Server, row: [f32; 4]) -> String {
    let refused = server.control.infer(&endpoint("h"), &request(&[row])).await.unwrap_err();
    assert_eq!(refused.code(), "model-failed", "{refused}");
    // Others are served.
    assert_eq!(server.infer("e", [1.0; 4]).await, linear([1.0; 4]));
    refused.to_string()
}

async fn answers(server: &Server) -> bool {
    server.control.infer(&endpoint("h"), &request(&[[1.0; 4]])).await.is_ok()
}

async fn status(server: &Server, path: &str) -> u16 {
    reqwest::get(format!("{}{path}", server.base)).await.unwrap().status().as_u16()
}

/// The model's process.
#[cfg(target_os = "linux")]
fn child(server: &Server) -> Option<String> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
    let children = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    children.collect::<String>().split_whitespace().next().map(str::to_owned)
}

#[cfg(target_os = "linux")]
fn kill(server: &Server) {
    let child = child(server).unwrap();
    assert!(std::process::Command::new("kill").args(["-9", &child]).status().unwrap().success());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn r18_a_model_that_crashes_is_started_again_and_after_three_times_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder, apart()).await;
    let state = async || server.control.endpoint(&endpoint("h")).await.unwrap();
    for time in 1..=3_u64 {
        kill(&server);
        // Noticed without a request.
        eventually(async || state().await.phase == Phase::Failed || restarts(&state().await) == time).await;
        if time < 3 {
            eventually(async || state().await.phase == Phase::Ready && child(&server).is_some()).await;
        }
    }
    eventually(async || state().await.phase == Phase::Failed).await;
    assert!(state().await.error.unwrap().error.contains("signal 9"));
    fails(&server, [1.0; 4]).await;
    assert_eq!(status(&server, "/v2/models/h/ready").await, 503);
    assert_eq!(
        (status(&server, "/v2/models/e/ready").await, status(&server, "/v2/health/ready").await),
        (200, 200)
    );
    // Tried again after a pause: it works, and stays.
    eventually(async || answers(&server).await).await;
    assert_eq!((state().await.phase, restarts(&state().await)), (Phase::Ready, 3));
    assert_eq!(status(&server, "/v2/models/h/ready").await, 200);
}

fn restarts(state: &flightdeck_protocol::EndpointState) -> u64 {
    let found = state.versions[0].findings.iter().find(|finding| finding.code == "model-restarted");
    found.map_or(0, |finding| finding.error.split(' ').find_map(|word| word.parse().ok()).unwrap())
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn r18_a_model_that_hangs_or_wants_all_memory_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder, apart()).await;
    assert!(fails(&server, ENDLESS).await.contains("longer than 1 seconds"));
    eventually(async || answers(&server).await).await;
    assert!(fails(&server, GREEDY).await.contains("more memory"));
    eventually(async || answers(&server).await).await;
    let before = child(&server).unwrap();
    let data = server.kill();
    eventually(async || !std::path::Path::new(&format!("/proc/{before}")).exists()).await;
    // As it was before the end.
    let server = Server::start(&data).await;
    assert!(answers(&server).await && child(&server).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn r18_an_endless_run_in_the_server_is_ended_and_the_third_is_the_last_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving { run_seconds: Some(1), ..Serving::default() };
    let server = start(&folder, serving).await;
    assert!(fails(&server, ENDLESS).await.contains("longer than 1 seconds"));
    assert!(answers(&server).await);
    for _ in 0..3 {
        fails(&server, ENDLESS).await;
    }
    assert_eq!(status(&server, "/v2/models/h/ready").await, 503);
    assert!(!answers(&server).await, "the circuit is open");
    eventually(async || answers(&server).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_share_runs_in_a_process_of_its_own_too() {
    let folder = tempfile::tempdir().unwrap();
    let server = Arc::new(start(&folder, Serving { max_rows: Some(8), ..apart() }).await);
    let requests: Vec<_> = (0..100_u16)
        .map(|n| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let row = [f32::from(n), 1.0, 2.0, 3.0];
                let answer = server.control.infer(&endpoint("h"), &request(&[row; 3])).await;
                answer.is_ok_and(|answer| {
                    let flightdeck_core::TensorData::Fp32(values) = &answer.outputs[0].data else { panic!() };
                    assert_eq!(*values, [f32::from(n) + 6.0; 3]);
                    true
                })
            })
        })
        .collect();
    let mut done = 0;
    for request in requests {
        done += u32::from(request.await.unwrap());
    }
    assert!(done >= 8, "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_depend_on_each_other_are_run_as_they_were_sent() {
    let folder = tempfile::tempdir().unwrap();
    let server = Arc::new(Server::start(folder.path()).await);
    let state = server.deploy("t", &build(&model("together"), None, b"")).await;
    let codes: Vec<_> = state.versions[0].findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["not-batched"]);
    let requests: Vec<_> = (0..40_u16)
        .map(|n| {
            let server = Arc::clone(&server);
            // A row by itself is its own mean; of many, also more than one run would take, half are one above it.
            tokio::spawn(async move {
                let rows: Vec<[f32; 4]> =
                    (0..2 * n).map(|row| [f32::from(row % 2) * 2.0, 0.0, 0.0, 0.0]).collect();
                let rows = if n == 0 { vec![[7.0; 4]] } else { rows };
                let answer = server.control.infer(&endpoint("t"), &request(&rows)).await.unwrap();
                let flightdeck_core::TensorData::Fp32(values) = &answer.outputs[0].data else { panic!() };
                let expected = if n == 0 { 0.0 } else { 1.0 };
                assert!(values.iter().all(|value| value.abs() == expected), "{n}: {values:?}");
            })
        })
        .collect();
    for request in requests {
        request.await.unwrap();
    }
}

#[cfg(unix)]
#[test]
fn r18_what_a_model_prints_is_not_kept() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("loud");
    std::fs::write(&program, "#!/bin/sh\nhead -c 1000000000 /dev/zero >&2\necho the end >&2\nexit 3\n")
        .unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let loud = Worker::new(WorkerConfig::with_program(program)).lodge("p".into());
    let Err(WorkerError::Died(death)) = loud else { panic!("it loaded") };
    assert!(death.last_words.len() <= 4096 && death.last_words.ends_with("the end\n"));
}

#[cfg(unix)]
#[test]
fn r18_a_model_that_never_ends_loading_is_ended() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("silent");
    std::fs::write(&program, "#!/bin/sh\nexec sleep 3600\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let time = std::time::Duration::from_millis(200);
    let silent = Worker::new(WorkerConfig { time, ..WorkerConfig::with_program(program) }).lodge("p".into());
    let Err(error) = silent else { panic!("it loaded") };
    assert!(matches!(error, WorkerError::Limit { limit: Limit::Time, .. }), "{error:?}");
}
