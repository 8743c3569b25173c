//! What clients of the Open Inference Protocol ask besides predictions.

use crate::support::{Server, build, four_columns, linear, model};
use serde_json::{Value, json};

async fn get(server: &Server, path: &str) -> (u16, Value) {
    let answer = reqwest::get(format!("{}{path}", server.base)).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn post(server: &Server, path: &str, body: &'static str) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{}{path}", server.base)).body(body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_listed_and_described() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let linear = four_columns("linear", linear);
    server.deploy("churn", &linear).await;
    server.deploy("classes", &build(&model("classes"), None, b"")).await;
    let version = linear.root.hex();
    assert_eq!(get(&server, "/v2/models").await, (200, json!({ "models": ["churn", "classes"] })));
    for body in ["", "{}", r#"{"ready":true}"#] {
        let (status, index) = post(&server, "/v2/repository/index", body).await;
        let first = json!({ "name": "churn", "version": version, "state": "READY", "reason": "" });
        assert_eq!((status, index.as_array().unwrap().len(), &index[0]), (200, 2, &first));
    }
    assert_eq!(post(&server, "/v2/repository/index", "{").await.0, 400);
    let (status, config) = get(&server, "/v2/models/churn/config").await;
    assert_eq!(
        (status, &config["name"], &config["platform"]),
        (200, &json!("churn"), &json!("onnxruntime_onnx"))
    );
    assert_eq!(config["input"], json!([{ "name": "x", "data_type": "TYPE_FP32", "dims": [4] }]));
    assert_eq!(config["output"], json!([{ "name": "y", "data_type": "TYPE_FP32", "dims": [1] }]));
    assert!(config["max_batch_size"].as_u64().unwrap() >= 1);
    let (_, config) = get(&server, "/v2/models/classes/config").await;
    assert_eq!(config["input"][1], json!({ "name": "city", "data_type": "TYPE_STRING", "dims": [1] }));
    assert_eq!(get(&server, &format!("/v2/models/churn/versions/{version}/config")).await.0, 200);
    let (status, none) = get(&server, "/v2/models/churn/stats").await;
    assert_eq!((status, &none["model_stats"][0]["inference_count"]), (200, &json!(0)));
    let row = r#"{"inputs":[{"name":"x","datatype":"FP32","shape":[2,4],"data":[1,2,3,4,5,6,7,8]}]}"#;
    assert_eq!(post(&server, "/v2/models/churn/infer", row).await.0, 200);
    for path in
        ["/v2/models/churn/stats", "/v2/models/stats", &format!("/v2/models/churn/versions/{version}/stats")]
    {
        let (_, stats) = get(&server, path).await;
        let first = &stats["model_stats"][0];
        assert_eq!((&first["name"], &first["version"]), (&json!("churn"), &json!(version)), "{stats}");
        assert_eq!((&first["inference_count"], &first["execution_count"]), (&json!(2), &json!(1)), "{stats}");
        for part in ["success", "queue", "compute_input", "compute_infer", "compute_output"] {
            assert_eq!(first["inference_stats"][part]["count"], 1, "{part}: {stats}");
        }
        assert!(first["last_inference"].as_u64().unwrap() > 1_700_000_000_000);
    }
    // A name in escapes is the same name.
    assert_eq!(get(&server, "/v2/models/ch%75rn/config").await.0, 200);
    assert_eq!(
        get(&server, "/v2/models/%63hurn/ready").await,
        (200, json!({ "name": "churn", "ready": true }))
    );
    let (_, server_metadata) = get(&server, "/v2").await;
    let extensions = server_metadata["extensions"].as_array().unwrap();
    for extension in ["binary_tensor_data", "parameters", "statistics"] {
        assert!(extensions.contains(&json!(extension)), "{server_metadata}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_3_r15_every_refusal_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    for (path, expected) in [
        ("/v2/systemsharedmemory/region/r/register", 404),
        ("/v2/cudasharedmemory/region/r/register", 404),
        ("/v2/repository/models/e/load", 404),
        ("/v2/repository/models/e/unload", 404),
        ("/v2/models/e/generate", 404),
        ("/v2/models/e/generate_stream", 404),
        ("/v2/logging", 404),
        ("/nowhere", 404),
        ("/v2", 405),
        ("/v2/models/e", 405),
        ("/v2/models/nobody/infer", 404),
        ("/v2/models/e/versions/9/infer", 404),
        ("/v2/models/%ff/infer", 400),
        ("/v2/models/e/infer", 400),
    ] {
        let body = r#"{"key":"k","url":"http://169.254.169.254/","offset":0,"byte_size":1}"#;
        let (status, answer) = post(&server, path, body).await;
        let sentence = answer["error"].as_str().unwrap();
        assert_eq!(status, expected, "{path}: {answer}");
        assert!(!sentence.is_empty() && !sentence.contains("169.254"), "{path}: {answer}");
        assert!(answer["code"].is_string(), "{path}: {answer}");
    }
    assert_eq!(get(&server, "/v2/systemsharedmemory/status").await.1["code"], "not-served");
    for path in ["/v2/models/nobody/config", "/v2/models/nobody/ready", "/v2/models/e/versions/9/config"] {
        assert_eq!(get(&server, path).await.0, 404, "{path}");
    }
}
