//! A job is never left behind by whoever had the session.

use super::*;
use crate::serving::Sample;
use flightdeck_core::{Signature, Task, TensorData};
use flightdeck_engine::runtime::{Runtime, SessionOptions, Source};
use flightdeck_package::Tolerance;
use flightdeck_protocol::Serving;
use std::path::Path;

fn row() -> Vec<Tensor> {
    vec![Tensor { name: "x".into(), shape: vec![1, 4], data: TensorData::Fp32(vec![1.0; 4]) }]
}

#[tokio::test]
async fn a_job_that_found_the_session_taken_by_who_only_looks_is_run() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/linear.onnx");
    let session = Runtime::load().unwrap().session(Source::File(&model), SessionOptions::default());
    let signature = Signature { task: Task::Other, inputs: Vec::new(), outputs: Vec::new() };
    let tolerance = Tolerance { absolute: 1e-5, relative: 1e-4 };
    let sample = Sample { inputs: row(), tolerance, time: Duration::from_mins(1) };
    let lane = Lane::new(Engine::Here(session.unwrap()), (&signature, &Serving::default()), &sample).unwrap();

    let engine = lane.engine.try_lock().unwrap();
    let (answer, outputs) = oneshot::channel();
    let (inputs, queued) = (Arc::new(row()), Instant::now());
    lane.waiting_rows.fetch_add(1, Ordering::AcqRel);
    lock(&lane.queue).push_back(Job { inputs, rows: 1, queued, deadline: None, answer });
    assert!(!lane.drain(true), "somebody has the session");
    lane.let_go(engine);
    let outputs = tokio::time::timeout(Duration::from_mins(1), outputs).await;
    assert_eq!(outputs.unwrap().unwrap().unwrap().len(), 1);
}
