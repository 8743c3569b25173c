//! What is kept beyond counts: nothing unless somebody says so, and then what was said and no more.

use crate::support::{
    Built, Server, command, desired, endpoint, eventually, four_columns, linear, model, request, token,
};
use flightdeck_core::TensorData;
use flightdeck_protocol::oip::InferRequest;
use flightdeck_protocol::{LabelBatch, LabelsTaken, Outcomes, SampleLine, Sampling, Share, Telemetry};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::path::Path;
use std::process::Stdio;

async fn deploy(server: &Server, package: &Built, telemetry: Telemetry) {
    server.upload(package).await;
    let wanted = flightdeck_protocol::EndpointDesired { telemetry, ..desired(package.root) };
    server.control.put_endpoint(&endpoint("e"), &wanted).await.unwrap();
}

async fn infer_with_id(server: &Server, id: &str, rows: &[[f32; 4]]) {
    let asked = InferRequest { id: Some(id.into()), ..request(rows) };
    server.control.infer(&endpoint("e"), &asked).await.unwrap();
}

async fn post<A: DeserializeOwned>(server: &Server, path: &str, body: String) -> Result<A, String> {
    let post = reqwest::Client::new().post(format!("{}/flightdeck/v1{path}", server.base));
    let answer = post.bearer_auth(token().reveal()).body(body).send().await.unwrap();
    let text = answer.text().await.unwrap();
    serde_json::from_str(&text).map_err(|_| text)
}

async fn get<A: DeserializeOwned>(server: &Server, path: &str) -> A {
    let (status, _, text) = server.page(&format!("/flightdeck/v1{path}"), "*/*").await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_meet_their_predictions_and_every_one_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    deploy(&server, &four_columns("linear", linear), Telemetry { ids: true, sample: None }).await;
    infer_with_id(&server, "one", &[[1.0; 4]]).await;
    infer_with_id(&server, "two", &[[0.0; 4], [2.0; 4]]).await;
    // linear gives 10.5, 0.5 and 20.5.
    let lines = "id,label\none,10\ntwo#0,0.5\ntwo#1,22.5\nnobody,1\none,10\none,11\n";
    let taken: LabelsTaken = post(&server, "/endpoints/e/labels", lines.into()).await.unwrap();
    let expected = LabelsTaken { joined: 3, unknown: 1, late: 0, duplicate: 1, conflicting: 1 };
    assert_eq!(taken, expected);
    let Outcomes { outcomes } = get(&server, "/endpoints/e/outcomes").await;
    let sums = outcomes.iter().filter_map(|outcome| outcome.errors.map(|errors| (outcome.rows, errors)));
    let (rows, sum, sum_abs, squares) = sums.fold((0, 0.0, 0.0, 0.0), |(rows, a, b, c), (more, errors)| {
        (rows + more, a + errors.sum, b + errors.sum_abs, c + errors.sum_squares)
    });
    // Errors of 0.5, 0 and -2.
    assert_eq!((rows, sum, sum_abs, squares), (3, -1.5, 2.5, 4.25));

    let batch: LabelBatch = get(&server, "/labels?after=0&limit=3").await;
    assert_eq!((batch.labels.len(), batch.more, batch.labels[0].label.as_str()), (3, true, "10"));
    let rest: LabelBatch = get(&server, &format!("/labels?after={}", batch.cursor)).await;
    assert_eq!((rest.labels.len(), rest.labels[0].id.as_str(), rest.more), (1, "nobody", false));
    let ack = json!({ "cursor": rest.cursor }).to_string();
    assert_eq!(post::<serde_json::Value>(&server, "/labels/ack", ack).await.unwrap()["removed"], 4);
    assert_eq!(get::<LabelBatch>(&server, "/labels").await.labels, []);
    let wrong =
        post::<LabelsTaken>(&server, "/endpoints/e/labels", "id,label\n,x\n".into()).await.unwrap_err();
    assert!(wrong.contains("bad-label") && wrong.contains("line 1"), "{wrong}");
    // What is known survives a kill; nobody but those who may says what is true.
    let server = Server::start(&server.kill()).await;
    assert_eq!(get::<Outcomes>(&server, "/endpoints/e/outcomes").await.outcomes, outcomes);
    let anybody = reqwest::Client::new().post(format!("{}/flightdeck/v1/endpoints/e/labels", server.base));
    assert_eq!(anybody.body("id,label\na,b\n").send().await.unwrap().status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn classes_are_counted_as_pairs() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = crate::support::build(&model("classes"), None, b"");
    deploy(&server, &package, Telemetry { ids: true, sample: None }).await;
    let tensor = |name: &str, data| flightdeck_core::Tensor::new(name, vec![1, 1], data).unwrap();
    // The score of "yes" is sigmoid(0.1 · age + 2 · (city is Rome) - 3): "no" for the first, "yes" for the second.
    for (id, age, city) in [("a", 10.0, "Bonn"), ("b", 40.0, "Rome")] {
        let inputs = vec![
            tensor("age", TensorData::Fp32(vec![age])),
            tensor("city", TensorData::Bytes(vec![city.to_owned()])),
        ];
        let asked = InferRequest { id: Some(id.into()), inputs, ..InferRequest::default() };
        server.control.infer(&endpoint("e"), &asked).await.unwrap();
    }
    let lines = "{\"id\":\"a\",\"label\":\"yes\"}\n{\"id\":\"b\",\"label\":\"yes\"}\n";
    let taken: LabelsTaken = post(&server, "/endpoints/e/labels", lines.into()).await.unwrap();
    assert_eq!(taken.joined, 2);
    let Outcomes { outcomes } = get(&server, "/endpoints/e/outcomes").await;
    let mut pairs: Vec<_> =
        outcomes.iter().map(|o| (o.predicted.as_deref(), o.label.as_deref(), o.rows, o.errors)).collect();
    pairs.sort_by_key(|(predicted, ..)| *predicted);
    assert_eq!(pairs, [(Some("no"), Some("yes"), 1, None), (Some("yes"), Some("yes"), 1, None)]);
}

fn sampling(share: f64) -> Telemetry {
    let sampling = Sampling { share: Share::new(share).unwrap(), days: 7, max_bytes: 1 << 16 };
    Telemetry { sample: Some(sampling), ids: false }
}

async fn samples(server: &Server, after: u64) -> Vec<SampleLine> {
    let path = format!("/flightdeck/v1/endpoints/e/samples?after={after}");
    let (status, kind, text) = server.page(&path, "*/*").await;
    assert_eq!((status, kind.as_str()), (200, "application/jsonl"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_kept_where_it_was_said_bounded_and_gone_when_it_is_said_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    deploy(&server, &package, sampling(0.25)).await;
    for n in 0..40_u8 {
        server.infer("e", [f32::from(n), 0.0, 0.0, 0.0]).await;
    }
    let kept = samples(&server, 0).await;
    assert!((8..=12).contains(&kept.len()), "a quarter of forty: {}", kept.len());
    let first = &kept[0];
    let [input, output] =
        [&first.inputs, &first.outputs].map(|tensors| tensors[0]["data"][0].as_f64().unwrap());
    assert_eq!((output, first.version), (input + 0.5, package.root));
    assert_eq!(samples(&server, kept[4].cursor).await, kept[5..]);
    let audit = server.control.audit(0).await.unwrap().rows;
    assert_eq!(audit.last().unwrap().detail["sample"]["share"], 0.25);
    let wrong = Telemetry { sample: sampling(1.0).sample.map(|s| Sampling { days: 0, ..s }), ids: false };
    let wanted = flightdeck_protocol::EndpointDesired { telemetry: wrong, ..desired(package.root) };
    let refused = server.control.put_endpoint(&endpoint("e"), &wanted).await.unwrap_err();
    assert_eq!(refused.code(), "bad-sampling");

    deploy(&server, &package, Telemetry::default()).await;
    server.infer("e", [1.0; 4]).await;
    let server = Server::start(&server.kill()).await;
    // Tidied in the first second.
    eventually(async || samples(&server, 0).await.is_empty()).await;
}

/// Looks for a text in everything that a folder has.
fn is_found(folder: &Path, canary: &str) -> Option<String> {
    std::fs::read_dir(folder).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_found(&path, canary);
        }
        let bytes = std::fs::read(&path).unwrap();
        bytes
            .windows(canary.len())
            .any(|found| found == canary.as_bytes())
            .then(|| path.display().to_string())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_says_is_found_nowhere_while_sampling_is_off() {
    let canary = "zq-canary-7141";
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.txt");
    let data = folder.path().join("data");
    let mut verbose = command(&data);
    verbose.env("FLIGHTDECK_LOG", "info");
    let server = Server::launch(verbose, &data, Stdio::from(std::fs::File::create(&log).unwrap()));
    eventually(async || server.control.ready().await.unwrap()).await;
    let package = crate::support::build(&model("text"), None, b"");
    deploy(&server, &package, Telemetry::default()).await;
    let metadata = server.control.model(&endpoint("e")).await.unwrap();
    let inputs: Vec<_> = metadata
        .inputs
        .iter()
        .map(|input| {
            let data = if input.datatype.to_string() == "BYTES" { json!([canary]) } else { json!([1]) };
            let shape: Vec<i64> = input.shape.iter().map(|size| (*size).max(1)).collect();
            json!({ "name": input.name, "datatype": input.datatype, "shape": shape, "data": data })
        })
        .collect();
    let client = reqwest::Client::new();
    let ask = async |path: String, body: String| {
        let post = client.post(format!("{}{path}", server.base)).header("flightdeck-key", canary);
        let traced = post.header("traceparent", format!("00-{canary}")).header("x-request-id", canary);
        traced.body(body).send().await.unwrap().status().as_u16()
    };
    let good = json!({ "id": canary, "inputs": inputs }).to_string();
    assert_eq!(ask("/v2/models/e/infer".into(), good.clone()).await, 200, "{good}");
    let wrong = json!({ "id": canary, "inputs": [{ "name": canary, "datatype": canary, "shape": [1], "data": [canary] }] });
    assert_eq!(ask("/v2/models/e/infer".into(), wrong.to_string()).await, 400);
    assert_eq!(ask(format!("/v2/models/{canary}/infer?q={canary}"), good).await, 404);
    let rows = json!({ "rows": [{ canary: canary }] }).to_string();
    assert_eq!(ask("/flightdeck/v1/endpoints/e/predict".into(), rows).await, 400);
    assert_eq!(ask("/flightdeck/v1/endpoints/e/predict".into(), format!("{canary}\n{canary}\n")).await, 400);
    server.control.flush().await.unwrap();
    let (_, _, metrics) = server.page("/metrics", "*/*").await;
    assert!(!metrics.contains(canary) && metrics.contains("flightdeck_requests_total"));
    assert!(!server.page("/flightdeck/v1/windows", "*/*").await.2.contains(canary));
    assert!(!server.page("/flightdeck/v1/endpoints/e/live", "*/*").await.2.contains(canary));
    server.control.stop().await.unwrap();
    assert_eq!(server.wait().code(), Some(0));
    assert_eq!(is_found(folder.path(), canary), None);
    assert!(std::fs::read_to_string(&log).unwrap().contains("stopped"), "the log was looked at, too");
}
