//! Requests as a collector sees them.

use crate::support::{Server, endpoint, four_columns, linear, request};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// A collector that takes everything. It ends with the process.
fn collector() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut length = 0;
            let mut line = String::new();
            while stream.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
            if sender.send(serde_json::from_slice(&body).unwrap()).is_err() {
                return;
            }
        }
    });
    (address, received)
}

fn attribute(span: &Value, key: &str) -> Option<String> {
    let found = span["attributes"].as_array().unwrap().iter().find(|attribute| attribute["key"] == key)?;
    let value = &found["value"];
    value["stringValue"].as_str().or(value["intValue"].as_str()).map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_span_of_its_callers_trace_and_says_nothing_of_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let (address, received) = collector();
    let config = folder.path().join("runner.toml");
    std::fs::write(&config, format!("[otel]\nendpoint = \"{address}\"\n")).unwrap();
    let data = folder.path().join("data");
    let server = Server::start_with(&data, &["--config", config.to_str().unwrap()]).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let client = reqwest::Client::new();
    let body = serde_json::to_vec(&request(&[[1.0; 4]])).unwrap();
    let canary = "canary-7141";
    for (path, flags) in [("e", "01"), ("e", "00"), (canary, "01")] {
        let post =
            client.post(format!("{}/v2/models/{path}/infer?q={canary}", server.base)).body(body.clone());
        post.header("traceparent", format!("00-{TRACE}-{CALLER}-{flags}")).send().await.unwrap();
    }
    server.control.infer(&endpoint("e"), &request(&[[1.0; 4]])).await.unwrap();
    server.control.stop().await.unwrap();
    assert_eq!(server.wait().code(), Some(0));
    // What waited was sent before the end.
    let bodies: Vec<Value> = received.try_iter().collect();
    assert!(!bodies.iter().any(|body| body.to_string().contains(canary)), "{bodies:?}");
    let spans =
        bodies.iter().flat_map(|body| body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap());
    let spans: Vec<&Value> = spans.filter(|span| span["name"] == "POST /v2/models/{name}/infer").collect();
    let traced: Vec<_> = spans.iter().filter(|span| span["traceId"] == TRACE).collect();
    let told: Vec<_> = traced
        .iter()
        .map(|span| {
            (attribute(span, "http.response.status_code").unwrap(), attribute(span, "flightdeck.endpoint"))
        })
        .collect();
    assert_eq!(
        told,
        [("200".into(), Some("e".into())), ("404".into(), None)],
        "one was not recorded by its caller"
    );
    assert!(traced.iter().all(|span| span["parentSpanId"] == CALLER && span["kind"] == 2));
    let [own] = spans.iter().filter(|span| span["traceId"] != TRACE).collect::<Vec<_>>()[..] else {
        panic!()
    };
    assert!(own["parentSpanId"].is_null() && own["traceId"].as_str().unwrap().len() == 32);
    let time = |key: &str| own[key].as_str().unwrap().parse::<u64>().unwrap();
    assert!(time("endTimeUnixNano") > time("startTimeUnixNano"));
}

#[test]
fn a_collector_that_cannot_be_is_refused_before_anything_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("runner.toml");
    std::fs::write(&config, "[otel]\nendpoint = \"https://elsewhere:4318\"\n").unwrap();
    let data = folder.path().join("data");
    let refused =
        crate::support::command(&data).args(["--config", config.to_str().unwrap()]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("http://HOST:PORT") && !data.exists());
}
