//! From a package to answers, and from one version to the next.

use crate::support::{
    Built, GOLDEN_ROWS, Server, build, desired, endpoint, floats, four_columns, linear, model, other,
    request, time,
};
use flightdeck_core::{Cancel, Tensor, TensorData};
use flightdeck_package::{Golden, Tolerance};
use flightdeck_protocol::{ControlError, EndpointDesired, Phase, PredictRequest, Serving, Verdict};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_uploaded_deployed_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    let state = server.deploy("e", &package).await;
    assert_eq!((state.phase, state.previous), (Phase::Ready, None));
    assert_eq!(state.url, format!("{}/v2/models/e", server.base));
    let comparison = state.preflight.unwrap().comparison.unwrap();
    assert_eq!((comparison.rows, comparison.beyond, comparison.verdict), (3, 0, Verdict::Agree));

    let rows = [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.5]];
    let answer = server.control.infer(&endpoint("e"), &request(&rows)).await.unwrap();
    assert_eq!(answer.outputs, [floats("y", 1, rows.map(linear).to_vec())]);
    assert_eq!((answer.model_name.as_str(), answer.model_version), ("e", package.root.hex()));
    let metadata = server.control.model(&endpoint("e")).await.unwrap();
    assert_eq!(metadata.inputs[0].shape, [-1, 4]);

    let again =
        server.control.upload(package.root, &package.files, &mut |_| {}, &Cancel::default()).await.unwrap();
    assert!(again.already);
    let audit = server.control.audit(0).await.unwrap();
    let actions: Vec<_> = audit.rows.iter().map(|row| (row.action.as_str(), row.object.clone())).collect();
    assert_eq!(actions, [("store-package", package.root.to_string()), ("deploy", "e".into())]);
    assert_eq!(audit.rows[1].detail["version"], package.root.to_string());
    assert!(audit.rows.iter().all(|row| row.actor.starts_with("token-")));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_by_column_name_get_answers_by_class_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("c", &build(&model("classes"), None, b"")).await;
    let rows: PredictRequest = serde_json::from_str(
        r#"{"rows": [{"city": "Rome", "age": 10}, {"age": 10.0, "city": "Bonn"}, {"city": "Rome", "age": null}]}"#,
    )
    .unwrap();
    let answer = server.control.predict(&endpoint("c"), &rows).await.unwrap();
    // 1 / (1 + exp(-(0.1 · 10 + 2 - 3))) is a half; without Rome it is 1 / (1 + exp(2)).
    let yes = |row: usize| answer.predictions[row].scores.as_ref().unwrap()["yes"];
    assert!((yes(0).unwrap() - 0.5).abs() < 1e-6, "{answer:?}");
    assert!((yes(1).unwrap() - 0.119_202_92).abs() < 1e-6, "{answer:?}");
    assert_eq!(yes(2), None);
    assert_eq!(answer.predictions[1].label.as_deref(), Some("no"));

    let csv =
        server.control.predict_csv(&endpoint("c"), "age,city\n10,Bonn\n10,Rome\n".into()).await.unwrap();
    assert_eq!(csv.predictions[0], answer.predictions[1]);
    assert_eq!(csv.predictions[1], answer.predictions[0]);
    let value = server.control.predict_csv(&endpoint("c"), "age\n10\n".into()).await.unwrap_err();
    assert_eq!((value.code(), value.to_string().contains("city")), ("missing-column", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_fails_its_trial_leaves_the_old_one_serving() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let good = four_columns("linear", linear);
    server.deploy("e", &good).await;
    // Golden outputs of another model: what a computer that calculates differently would look like.
    let wrong = four_columns("other", linear);
    server.upload(&wrong).await;
    let refused = server.control.put_endpoint(&endpoint("e"), &desired(wrong.root)).await.unwrap_err();
    assert_eq!(refused.code(), "preflight-differs");
    assert!(refused.to_string().starts_with("3 of 3 golden rows"), "{refused}");
    let missing = desired(flightdeck_core::Digest::from_bytes([9; 32]));
    let refused = server.control.put_endpoint(&endpoint("e"), &missing).await.unwrap_err();
    assert_eq!(refused.code(), "package-missing");
    let state = server.control.endpoint(&endpoint("e")).await.unwrap();
    assert_eq!((state.desired.policy.champion, state.phase), (good.root, Phase::Ready));
    assert_eq!(server.infer("e", [1.0, 1.0, 1.0, 1.0]).await, linear([1.0; 4]));
    assert_eq!(server.control.audit(0).await.unwrap().rows.last().unwrap().action, "store-package");
}

/// Texts are cut into words by an operator that ONNX Runtime brings itself, after letters were made small by the rules of
/// a language that a small system does not have.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_pipeline_of_scikit_learn_answers_as_it_did_there() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("t", &build(&model("text"), None, b"")).await;
    let rows: PredictRequest = serde_json::from_str(
        r#"{"rows": [{"text": "late CREW"}, {"text": "on Time"}, {"text": "ÄÖ Straße"}]}"#,
    )
    .unwrap();
    let answer = server.control.predict(&endpoint("t"), &rows).await.unwrap();
    // What `predict` and `predict_proba` of the pipeline gave in Python.
    let expected = [("bad", 0.510_467_65), ("good", 0.392_171_19), ("bad", 0.516_537_43)];
    for (found, (label, bad)) in answer.predictions.iter().zip(expected) {
        assert_eq!(found.label.as_deref(), Some(label));
        let score = found.scores.as_ref().unwrap()["bad"].unwrap();
        assert!((score - bad).abs() < 1e-6, "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o11_r18_a_model_that_wants_all_memory_is_stopped_in_its_child() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let bomb = build(&model("bomb"), None, b"");
    server.upload(&bomb).await;
    let refused = server.control.put_endpoint(&endpoint("bomb"), &desired(bomb.root)).await.unwrap_err();
    assert_eq!(refused.code(), "memory-limit", "{refused}");
    assert!(matches!(refused, ControlError::Refused { status: 422, .. }));
    assert_eq!(server.infer("e", [2.0; 4]).await, linear([2.0; 4]));
    assert_eq!(server.control.endpoints().await.unwrap().len(), 1);
}

fn versions() -> [Built; 2] {
    [four_columns("linear", linear), four_columns("other", other)]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_while_versions_are_switched() {
    let folder = tempfile::tempdir().unwrap();
    let server = Arc::new(Server::start(folder.path()).await);
    let packages = versions();
    for package in &packages {
        server.deploy("e", package).await;
    }
    let done = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let (server, done) = (Arc::clone(&server), Arc::clone(&done));
            let answers = packages.each_ref().map(|package| package.root.hex());
            tokio::spawn(async move {
                let row = [client as f32, 1.0, 2.0, 3.0];
                let mut count = 0_u32;
                while !done.load(Ordering::Relaxed) {
                    let answer = server.control.infer(&endpoint("e"), &request(&[row])).await.unwrap();
                    let expected = if answer.model_version == answers[0] { linear(row) } else { other(row) };
                    assert_eq!(answer.outputs[0].data, TensorData::Fp32(vec![expected]));
                    count += 1;
                }
                count
            })
        })
        .collect();
    for swap in 0..100 {
        let wanted = &packages[swap % 2];
        let start = std::time::Instant::now();
        let state = server.control.put_endpoint(&endpoint("e"), &desired(wanted.root)).await.unwrap();
        assert_eq!((state.versions[0].version, state.preflight), (wanted.root, None));
        // The version before is kept warm: going back loads nothing.
        assert!(start.elapsed().as_secs_f64() < 1.0, "{:?}", start.elapsed());
    }
    done.store(true, Ordering::Relaxed);
    for client in clients {
        assert!(client.await.unwrap() > 0);
    }
    let state = server.control.endpoint(&endpoint("e")).await.unwrap();
    assert_eq!(state.previous, Some(packages[0].root));
}

#[tokio::test(flavor = "multi_thread")]
async fn r16_a_part_is_resumed_and_a_wrong_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    let file = &package.files.iter().find(|local| local.file.path == "model.onnx").unwrap().file;
    let bytes = std::fs::read(package.package.path.join(&file.path)).unwrap();
    let (blob, total) = (file.sha256.hex(), bytes.len());
    let put = async |offset: usize, part: Vec<u8>| {
        let url = format!("{}/flightdeck/v1/blobs/{blob}?offset={offset}&total={total}", server.base);
        let answer =
            reqwest::Client::new().put(url).bearer_auth("ab".repeat(32)).body(part).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(put(0, bytes[..50].to_vec()).await, (200, r#"{"received":50}"#.into()));
    assert_eq!(put(0, bytes[..50].to_vec()).await.0, 409);
    assert_eq!(put(60, bytes[60..].to_vec()).await.0, 409);
    let mut wrong = bytes[50..].to_vec();
    wrong[0] ^= 1;
    assert_eq!(put(50, wrong).await.0, 422);
    assert_eq!(put(0, bytes[..50].to_vec()).await.0, 200);
    server.deploy("e", &package).await;
    assert_eq!(server.infer("e", [1.0; 4]).await, linear([1.0; 4]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_removed_and_its_rows_stay_counted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    server.infer("e", [1.0; 4]).await;
    server.control.remove_endpoint(&endpoint("e")).await.unwrap();
    let gone = server.control.infer(&endpoint("e"), &request(&[[1.0; 4]])).await.unwrap_err();
    assert!(matches!(gone, ControlError::Refused { status: 404, .. }), "{gone}");
    server.control.flush().await.unwrap();
    let rows: u64 = crate::counts::pulled(&server, 0).await.iter().map(|(_, counts)| counts.rows).sum();
    assert_eq!(rows, 1);
    assert_eq!(server.control.audit(0).await.unwrap().rows.last().unwrap().action, "remove-endpoint");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_change_without_another_trial() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    server.deploy("e", &package).await;
    let mut wanted = desired(package.root);
    wanted.window_seconds = 3600;
    let state = server.control.put_endpoint(&endpoint("e"), &wanted).await.unwrap();
    assert_eq!((state.preflight, state.desired.window_seconds, state.previous), (None, 3600, None));
    for (seconds, nearest) in [(0, "1 and 2 seconds"), (50 * 60, "1800 and 3600 seconds")] {
        wanted.window_seconds = seconds;
        let refused = server.control.put_endpoint(&endpoint("e"), &wanted).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.to_string().contains(nearest)),
            ("bad-window", true),
            "{refused}"
        );
    }
    assert!(state.changed_at > time("2020-01-01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn how_models_run_is_a_setting_that_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    let first = server.deploy("e", &package).await;
    let serving = Serving { batch: false, max_rows: Some(4), ..Serving::default() };
    let wanted = EndpointDesired { serving, ..desired(package.root) };
    let state = server.control.put_endpoint(&endpoint("e"), &wanted).await.unwrap();
    assert_eq!((state.desired.serving, state.preflight, state.previous), (serving, None, None));
    assert!(state.versions[0].loaded_at >= first.versions[0].loaded_at);
    assert_eq!(server.infer("e", [1.0; 4]).await, linear([1.0; 4]));
    let audit = server.control.audit(0).await.unwrap();
    let expected = serde_json::json!({"batch": false, "max_rows": 4});
    assert_eq!(audit.rows.last().unwrap().detail["serving"], expected);

    let wrong = Serving { run_seconds: Some(0), ..serving };
    let wrong = EndpointDesired { serving: wrong, ..wanted.clone() };
    let refused = server.control.put_endpoint(&endpoint("e"), &wrong).await.unwrap_err();
    assert_eq!((refused.code(), refused.to_string().contains("run_seconds")), ("bad-serving", true));
    let server = Server::start(&server.kill()).await;
    assert_eq!(server.control.endpoint(&endpoint("e")).await.unwrap().desired, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_whose_golden_rows_have_another_form_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let label = Tensor::new("z", vec![3], TensorData::Int64(vec![1, 2, 3])).unwrap();
    let golden = Golden {
        inputs: vec![floats("x", 4, GOLDEN_ROWS.concat())],
        original: None,
        local: vec![label],
        tolerance: Tolerance { absolute: 1.0, relative: 1.0 },
    };
    let package = build(&model("linear"), Some(golden), b"");
    server.upload(&package).await;
    let refused = server.control.put_endpoint(&endpoint("e"), &desired(package.root)).await.unwrap_err();
    assert_eq!(refused.code(), "preflight-differs");
}
