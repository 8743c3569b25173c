//! Bodies and names that nobody should send, and what is said to those who do.

use crate::support::{Server, build, endpoint, four_columns, linear, model, request};
use serde_json::Value;

async fn post(server: &Server, path: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let answer =
        reqwest::Client::new().post(format!("{}{path}", server.base)).body(body).send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {status} {text}")))
}

fn input(shape: &str, data: &str) -> String {
    format!(r#"{{"inputs":[{{"name":"x","datatype":"FP32","shape":{shape},"data":{data}}}]}}"#)
}

fn typed(datatype: &str, data: &str) -> String {
    input("[1,4]", data).replace("FP32", datatype)
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_r2_requests_that_do_not_fit_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let seventy = format!("[{}]", vec!["1"; 70].join(","));
    let good = input("[1,4]", "[1,2,3,4]");
    let cases: Vec<(String, &str)> = vec![
        (input("[-1,4]", "[1,2,3,4]"), "inputs[0].shape"),
        (input("[0,4]", "[]"), "inputs[0].shape"),
        (input("[0]", "[]"), "inputs[0].shape"),
        (input("[4]", "[1,2,3,4]"), "inputs[0].shape"),
        (input("[4611686018427387904,4]", "[1,2,3,4]"), "inputs[0].shape"),
        (input("[4611686018427387904,2]", "[1]"), "inputs[0].shape"),
        (input("[9223372036854775808,4]", "[1]"), "cannot be read"),
        (input(&seventy, "[1]"), "inputs[0].shape"),
        (input("[2,4]", "[1,2,3,4]"), "inputs[0].shape"),
        (input("[1.5,4]", "[1,2,3,4]"), "cannot be read"),
        (input("[1,4]", "[[1,2],[3,4]]"), "inputs[0].data"),
        (input("[1,4]", "[[1,2,3],4]"), "inputs[0].data"),
        (typed("FP99", "[1,2,3,4]"), "inputs[0].datatype"),
        (typed("INT64", "[1,2,3,4]"), "inputs[0].datatype"),
        (typed("BOOL", "[1,0,1,0]"), "inputs[0].datatype"),
        (input("[1,4]", "[\"1\",2,3,4]"), "inputs[0].data"),
        (input("[1,4]", "[true,2,3,4]"), "inputs[0].data"),
        (input("[1,4]", "[1e400,2,3,4]"), "cannot be read"),
        (input("[1,4]", "[NaN,2,3,4]"), "send null"),
        (input("[1,4]", "[1,2,3,4"), "cannot be read"),
        (good.replace("\"x\"", "\"z\""), "inputs[0].name"),
        (good.replace("\"name\":\"x\",", ""), "inputs[0].name"),
        (good.replace("\"datatype\":\"FP32\",", ""), "inputs[0].datatype"),
        (good.replace(",\"data\":[1,2,3,4]", ""), "inputs[0].data"),
        (r#"{"inputs":[]}"#.into(), "\"x\" is missing"),
        (r#"{"id":"1"}"#.into(), "inputs are missing"),
        ("[]".into(), "cannot be read"),
        (String::new(), "cannot be read"),
        (format!("{good} x"), "cannot be read"),
        ("[".repeat(100_000), "cannot be read"),
    ];
    for (body, said) in cases {
        let (status, answer) = post(&server, "/v2/models/e/infer", body.clone()).await;
        let shown = &body[..body.len().min(120)];
        assert_eq!(status, 400, "{shown}: {answer}");
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(said) && !error.contains('/'), "{shown}: {error}");
    }
    let (_, answer) = post(&server, "/v2/models/e/infer", input("[1,4]", "[1,2,NaN,4]")).await;
    assert!(answer["error"].as_str().unwrap().contains("send null"), "{answer}");
    let (status, _) = post(&server, "/v2/models/e/infer", good).await;
    assert_eq!(status, 200);
    assert_eq!(server.control.live(&endpoint("e")).await.unwrap().rows, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_send_besides_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let version = server.control.endpoint(&endpoint("e")).await.unwrap().versions[0].version.hex();
    // Data before the name, nested, a null, unknown members, an id, an empty list of outputs.
    let body = r#"{"id":"ü-1","x":{"y":[1]},"parameters":{"binary_data_output":false,"q":1},"outputs":[],
        "inputs":[{"data":[[1,2,3,null]],"shape":[1,4],"datatype":"FP32","name":"x","parameters":{}}]}"#;
    let (status, answer) = post(&server, "/v2/models/e/infer", body).await;
    assert_eq!(
        (status, &answer["id"], &answer["outputs"][0]["data"]),
        (200, &"ü-1".into(), &serde_json::json!([null]))
    );
    let path = format!("/v2/models/e/versions/{version}/infer");
    let (status, answer) = post(&server, &path, input("[1,4]", "[0.1,0,0,0]")).await;
    assert_eq!((status, answer.get("id")), (200, None));
    // FP32 in its shortest form: 0.1 + 0.5 rounded to single precision.
    assert_eq!(answer["outputs"][0]["data"].to_string(), "[0.6]");
    let (status, _) = post(&server, "/v2/models/e/versions/1/infer", input("[1,4]", "[0,0,0,0]")).await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn r10_names_that_are_none_are_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let long = "a".repeat(10_000);
    let names = ["..%2f..%2fx", "%2e%2e%2f", "..", "%00", &long, "%d0%b5", "e%20e", "E", "%ff"];
    for name in names {
        let path = format!("/v2/models/{name}/infer");
        let (status, answer) = post(&server, &path, "{}").await;
        assert!(matches!(status, 400 | 404), "{name}: {status}");
        assert!(answer["error"].as_str().unwrap().len() < 300, "{name}");
    }
    let put = reqwest::Client::new().put(format!("{}/flightdeck/v1/endpoints/%2e%2e%2fx", server.base));
    let answer = put.bearer_auth("ab".repeat(32)).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_integers_and_texts_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("c", &build(&model("classes"), None, b"")).await;
    let body = |city: &str| {
        format!(
            r#"{{"inputs":[{{"name":"city","datatype":"BYTES","shape":[1,1],"data":[{city}]}},
                {{"name":"age","datatype":"FP32","shape":[1,1],"data":[10]}}]}}"#
        )
    };
    let (status, answer) = post(&server, "/v2/models/c/infer", body("\"Rome\"")).await;
    assert_eq!((status, &answer["outputs"][0]["datatype"]), (200, &"BYTES".into()), "{answer}");
    for wrong in ["1", "null", "\"a\\u0000b\""] {
        let (status, answer) = post(&server, "/v2/models/c/infer", body(wrong)).await;
        assert_eq!(status, 400, "{wrong}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_a_body() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let client = reqwest::Client::new();
    let url = |path: &str| format!("{}{path}", server.base);
    let good = serde_json::to_vec(&request(&[[1.0; 4]])).unwrap();
    let infer = || client.post(url("/v2/models/e/infer")).body(good.clone());
    let cases = [
        (client.get(url("/nowhere")), 404),
        (client.delete(url("/v2")), 405),
        (client.get(url("/v2/models/nobody")), 404),
        (client.get(url("/flightdeck/v1/endpoints")), 401),
        (client.get(url("/flightdeck/v1/endpoints")).bearer_auth("00".repeat(32)), 401),
        (infer().header("origin", "http://evil.test"), 403),
        (infer().header("host", "evil.test"), 403),
        (infer().header("content-encoding", "br"), 415),
        (infer().header("inference-header-content-length", "10"), 400),
        (client.post(url("/v2/models/e/infer")).body(vec![b' '; (64 << 20) + 1]), 413),
    ];
    for (request, expected) in cases {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected);
        let body: Value = answer.json().await.unwrap();
        assert!(!body["error"].as_str().unwrap().is_empty() && !body["code"].as_str().unwrap().is_empty());
    }
    assert_eq!(infer().header("content-type", "text/nonsense").send().await.unwrap().status(), 200);
}
