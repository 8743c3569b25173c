//! The worker as a client of the engine sees it.

use crate::support::{PROGRAM, floats, four_columns, linear, model};
use flightdeck_core::{Cancel, Progress};
use flightdeck_engine::client::{Limit, Watch, Worker, WorkerConfig, WorkerError};
use flightdeck_engine::{
    GoldenRequest, ModelSource, PreflightRequest, ProfileRequest, Reply, Request, Sampled, Verdict,
    read_frame, write_frame,
};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

fn config() -> WorkerConfig {
    WorkerConfig::with_program(PROGRAM.into())
}

fn profile(name: &str) -> ProfileRequest {
    ProfileRequest {
        model: ModelSource::File(model(name)),
        signature: None,
        batches: vec![1, 8],
        rows: Sampled::Invented,
        budget_ms: 100,
    }
}

#[tokio::test]
async fn a_profile_reports_progress_and_costs() {
    let mut reports = Vec::<Progress>::new();
    let watch = Watch { progress: &mut |report| reports.push(report), cancel: &Cancel::default() };
    let found = Worker::new(config()).profile(profile("linear"), watch).await.unwrap();
    assert_eq!(found.latency_us.iter().map(|latency| latency.batch).collect::<Vec<_>>(), [1, 8]);
    assert!(found.latency_us.iter().all(|l| 0.0 < l.p50 && l.p50 <= l.p90 && l.p90 <= l.p99), "{found:?}");
    assert!(found.load_ms > 0.0 && found.rows_per_s > 0.0 && found.peak_bytes >= found.model_bytes);
    assert!(found.invented_rows);
    assert!(reports.iter().any(|report| report.stage == "load"));
    assert!(reports.iter().any(|report| report.stage == "profile" && report.total == Some(2)));
}

#[tokio::test]
async fn a_profile_says_where_the_time_goes() {
    let watch = Watch { progress: &mut |_| {}, cancel: &Cancel::default() };
    let found = Worker::new(config()).profile(profile("slow"), watch).await.unwrap();
    for batch in [1, 8] {
        let operators: Vec<_> = found.operators.iter().filter(|operator| operator.batch == batch).collect();
        // 401 products of matrices, and one mean.
        let counts: Vec<_> = operators.iter().map(|o| (o.operator.as_str(), o.count)).collect();
        assert_eq!(counts, [("MatMul", 401), ("ReduceMean", 1)], "{found:?}");
        assert!(operators[0].share > 0.9 && operators[0].us_per_run > 100.0, "{found:?}");
        let all: f64 = operators.iter().map(|operator| operator.share).sum();
        assert!((all - 1.0).abs() < 1e-9, "{found:?}");
    }
    let old = serde_json::json!({"load_ms": 1.0, "latency_us": [], "rows_per_s": 1.0, "peak_bytes": 1,
        "model_bytes": 1, "invented_rows": true});
    let old: flightdeck_engine::Profile = serde_json::from_value(old).unwrap();
    assert_eq!(old.operators, [], "a profile taken before is still read");
}

#[tokio::test]
async fn golden_outputs_and_a_trial() {
    let worker = Worker::new(config());
    let rows = [[1.0, 2.0, 3.0, 4.0], [f32::NEG_INFINITY, 0.0, 0.0, 0.0]];
    let inputs = vec![floats("x", 4, rows.concat())];
    let request = GoldenRequest { model: ModelSource::File(model("linear")), inputs };
    let watch = Watch { progress: &mut |_| {}, cancel: &Cancel::default() };
    let outputs = worker.golden(request, watch).await.unwrap();
    assert_eq!(outputs, [floats("y", 1, rows.map(linear).to_vec())]);

    let package = four_columns("linear", linear);
    let request = PreflightRequest { package: package.package.path.clone() };
    let watch = Watch { progress: &mut |_| {}, cancel: &Cancel::default() };
    let found = worker.preflight(request, watch).await.unwrap();
    assert_eq!(found.comparison.unwrap().verdict, Verdict::Agree);
}

#[tokio::test]
async fn a_file_that_is_no_model_never_reaches_onnx_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.onnx");
    std::fs::write(&path, b"\x89PNG\r\n\x1a\n").unwrap();
    let request = GoldenRequest { model: ModelSource::File(path), inputs: vec![] };
    let watch = Watch { progress: &mut |_| {}, cancel: &Cancel::default() };
    let refused = Worker::new(config()).golden(request, watch).await.unwrap_err();
    assert_eq!(refused.code(), "not-a-model");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn r18_limits_end_the_child_and_say_which() {
    let watch = Watch { progress: &mut |_| {}, cancel: &Cancel::default() };
    let memory = Worker::new(config()).profile(profile("bomb"), watch).await.unwrap_err();
    assert!(matches!(memory, WorkerError::Limit { limit: Limit::Memory, .. }), "{memory:?}");

    let short = WorkerConfig { time: Duration::from_millis(300), ..config() };
    let watch = Watch { progress: &mut |_| {}, cancel: &Cancel::default() };
    let request = ProfileRequest { budget_ms: 60_000, ..profile("slow") };
    let time = Worker::new(short).profile(request, watch).await.unwrap_err();
    assert!(matches!(time, WorkerError::Limit { limit: Limit::Time, .. }), "{time:?}");
}

#[tokio::test]
async fn a_cancelled_question_ends_its_child() {
    let cancel = Cancel::default();
    let request = ProfileRequest { budget_ms: 60_000, ..profile("slow") };
    // As soon as the child says that it measures.
    let mut stop = |report: Progress| {
        if report.stage == "profile" {
            cancel.cancel();
        }
    };
    let watch = Watch { progress: &mut stop, cancel: &cancel };
    let ended = Worker::new(config()).profile(request, watch).await.unwrap_err();
    assert!(matches!(ended, WorkerError::Cancelled), "{ended:?}");
}

#[tokio::test]
async fn a_program_that_is_no_worker_is_understood_as_none() {
    let config = WorkerConfig::with_program("/bin/true".into());
    let watch = Watch { progress: &mut |_| {}, cancel: &Cancel::default() };
    let error = Worker::new(config).profile(profile("linear"), watch).await.unwrap_err();
    assert_eq!(error.code(), "worker-died");
    let nowhere = WorkerConfig::with_program("/nowhere/runner".into());
    let watch = Watch { progress: &mut |_| {}, cancel: &Cancel::default() };
    assert_eq!(
        Worker::new(nowhere).profile(profile("linear"), watch).await.unwrap_err().code(),
        "worker-start"
    );
}

#[test]
fn a_worker_ends_with_its_parent() {
    let mut child = Command::new(PROGRAM)
        .arg("worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let request = Request::Profile(ProfileRequest { budget_ms: 3_600_000, ..profile("slow") });
    write_frame(&mut input, &request).unwrap();
    let mut output = child.stdout.take().unwrap();
    let measuring = |reply: &Reply| matches!(reply, Reply::Progress(report) if report.stage == "measure");
    while !measuring(&read_frame(&mut output).unwrap().unwrap()) {}
    // What the system does when the parent is gone.
    drop(input);
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).unwrap();
    assert!(!child.wait().unwrap().success());
}
