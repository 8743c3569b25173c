//! The main job without a window: a model file becomes an endpoint whose drift is seen.

use flightdeck_journeys::{Desk, sample};
use serde_json::{Value, json};
use std::process::Command;

fn imported(desk: &Desk) -> Value {
    let model = sample("flights/flights-late.onnx");
    let training = sample("flights/training.csv");
    desk.json([model.as_os_str(), training.as_os_str()].iter().fold(
        vec!["import".into()],
        |mut all, path| {
            if all.len() == 2 {
                all.push("--baseline".into());
            }
            all.push(path.to_os_string());
            all
        },
    ))
}

fn post(url: &str, body: &Value) -> (u16, Value) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let answer = reqwest::Client::new().post(url).json(body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    })
}

#[test]
fn a_model_file_becomes_a_watched_endpoint() {
    let desk = Desk::new();
    let version = imported(&desk);
    assert_eq!((&version["model"], &version["version"]), (&json!("flights-late"), &json!(1)));
    assert_eq!(version["signature"]["task"], "binary");
    assert_eq!(version["parity"], Value::Null);
    assert_eq!(imported(&desk)["already"], true);

    let profile = desk.json(["profile", "flights-late"]);
    let batches: Vec<&Value> =
        profile["latency_us"].as_array().unwrap().iter().map(|l| &l["batch"]).collect();
    assert_eq!(batches, [&json!(1), &json!(8), &json!(32)]);
    assert!(profile["rows_per_s"].as_f64().unwrap() > 1000.0);

    let deployed = desk.json(["deploy", "flights-late", "--replay", "--window", "3600", "--step", "day"]);
    assert_eq!(deployed["digest"], version["digest"]);
    assert!(deployed["url"].as_str().unwrap().ends_with("/v2/models/flights-late"));

    // The snippet is what a person pastes: it must answer as it stands.
    let pasted = Command::new("sh").arg("-c").arg(deployed["curl"].as_str().unwrap()).output().unwrap();
    let answer: Value = serde_json::from_slice(&pasted.stdout).unwrap();
    assert!(["0", "1"].contains(&answer["predictions"][0]["label"].as_str().unwrap()), "{answer}");
    let script = deployed["python"].as_str().unwrap();
    let run = Command::new("python3").arg("-c").arg(script).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(desk.json(["live", "flights-late"])["rows"], 2);
    // Tried out today, a replayed history still begins where its rows do.
    desk.json(["runner", "flush"]);
    assert_eq!(desk.json(["drift", "flights-late"])["rows"], 0);
}

#[test]
fn answers_are_those_of_the_original_model() {
    let desk = Desk::new();
    let model = sample("diabetes/diabetes-progression.onnx");
    let training = sample("diabetes/training.csv");
    desk.json([
        "import".as_ref(),
        model.as_os_str(),
        "--name".as_ref(),
        "progression".as_ref(),
        "--baseline".as_ref(),
        training.as_os_str(),
    ]);
    let deployed = desk.json(["deploy", "progression"]);
    let out = desk.home().join("scored.csv");
    let traffic = sample("diabetes/traffic.csv");
    let scored = desk.json([
        "predict".as_ref(),
        "progression".as_ref(),
        traffic.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
    ]);
    let lines: Vec<String> = std::fs::read_to_string(&out).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(scored["rows"].as_u64().unwrap() as usize, lines.len() - 1);
    // The same rows as one tensor through the Open Inference Protocol give the same numbers.
    let header: Vec<&str> = lines[0].split(',').collect();
    let columns: Vec<usize> = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
        .iter()
        .map(|name| header.iter().position(|column| column == name).unwrap())
        .collect();
    let answer = header.iter().position(|column| *column == "prediction").unwrap();
    let cell = |line: &str, column: usize| line.split(',').nth(column).unwrap().parse::<f64>().unwrap();
    let data: Vec<f64> = lines[1..].iter().flat_map(|line| columns.iter().map(|c| cell(line, *c))).collect();
    let rows = lines.len() - 1;
    let body =
        json!({"inputs": [{"name": "measurements", "datatype": "FP32", "shape": [rows, 10], "data": data}]});
    let (status, infer) = post(&format!("{}/infer", deployed["url"].as_str().unwrap()), &body);
    assert_eq!(status, 200, "{infer}");
    let outputs = infer["outputs"][0]["data"].as_array().unwrap();
    for (line, output) in lines[1..].iter().zip(outputs) {
        let (by_name, by_tensor) = (cell(line, answer), output.as_f64().unwrap());
        assert!((by_name - by_tensor).abs() <= 1e-5 * by_tensor.abs(), "{by_name} and {by_tensor}");
    }
}

#[test]
fn every_row_is_counted_exactly_once() {
    let desk = Desk::new();
    imported(&desk);
    let deployed = desk.json(["deploy", "flights-late", "--replay", "--window", "3600", "--step", "day"]);
    let quiet = sample("flights/quiet.parquet");
    let sent = desk.json([
        "predict".as_ref(),
        "flights-late".as_ref(),
        quiet.as_os_str(),
        "--event-time".as_ref(),
        "time".as_ref(),
    ]);
    desk.json(["runner", "flush"]);
    let drift = desk.json(["drift", "flights-late"]);
    assert_eq!(drift["rows"], sent["rows"]);
    assert_eq!(drift["alerts"], json!([]), "the season it was trained on is quiet");
    // Pulling again, and from another process, changes nothing.
    assert_eq!(desk.json(["drift", "flights-late"])["rows"], sent["rows"]);
    // A row without a column is an answer that names it, and is not counted.
    let (status, refused) =
        post(deployed["predict_url"].as_str().unwrap(), &json!({"rows": [{"temp": 1.0}]}));
    assert_eq!(status, 400);
    assert!(refused["error"].as_str().unwrap().contains("dewp"), "{refused}");
    desk.json(["runner", "flush"]);
    assert_eq!(desk.json(["drift", "flights-late"])["rows"], sent["rows"]);
}

#[test]
fn a_second_version_takes_over_and_the_endpoint_can_be_taken_away() {
    let desk = Desk::new();
    let first = imported(&desk);
    desk.json(["deploy", "flights-late"]);
    // The same model with fewer rows of training data is another version.
    let training = std::fs::read_to_string(sample("flights/training.csv")).unwrap();
    let fewer = desk.home().join("fewer.csv");
    std::fs::write(&fewer, training.lines().take(5_000).collect::<Vec<_>>().join("\n")).unwrap();
    let model = sample("flights/flights-late.onnx");
    let second = desk.json(["import".as_ref(), model.as_os_str(), "--baseline".as_ref(), fewer.as_os_str()]);
    assert_eq!(second["version"], 2);
    let deployed = desk.json(["deploy", "flights-late"]);
    assert_eq!((&deployed["digest"], &deployed["previous"]), (&second["digest"], &first["digest"]));
    let models = desk.json(["models"]);
    let states: Vec<&Value> = models[0]["versions"].as_array().unwrap().iter().map(|v| &v["state"]).collect();
    assert_eq!(states, [&json!("serving"), &json!("ready")]);
    desk.json(["undeploy", "flights-late"]);
    let (status, _) = post(deployed["predict_url"].as_str().unwrap(), &json!({"rows": []}));
    assert_eq!(status, 404);
    let (code, error) = desk.refused(["live", "flights-late"]);
    assert_eq!((code, error["code"].as_str().unwrap()), (2, "no-endpoint"));
}

#[test]
fn two_files_are_compared_without_a_library() {
    let desk = Desk::new();
    let (training, traffic) = (sample("flights/training.csv"), sample("flights/traffic.parquet"));
    let compared = desk.json(["compare".as_ref(), training.as_os_str(), traffic.as_os_str()]);
    let drifted: Vec<&str> =
        compared["drifted"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(drifted.contains(&"temp") && drifted.contains(&"dewp"), "{drifted:?}");
    assert!(!drifted.contains(&"origin"), "{drifted:?}");
    assert!(!desk.library().exists(), "a comparison needs no library");
    let same = desk.json(["compare".as_ref(), training.as_os_str(), training.as_os_str()]);
    assert_eq!(same["drifted"], json!([]));
    let failing =
        desk.run(["compare".as_ref(), training.as_os_str(), traffic.as_os_str(), "--fail-on-drift".as_ref()]);
    assert_eq!(failing.code, Some(1));
}
