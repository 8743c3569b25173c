//! Tensors as bytes, both ways, compressed or not, as the clients of other servers send and expect them.

use crate::support::{Server, build, endpoint, four_columns, linear, model};
use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use std::io::{Read, Write};

const LENGTH: &str = "inference-header-content-length";

struct Answered {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answered {
    async fn to(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Self { status, headers, body: answer.bytes().await.unwrap().to_vec() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The JSON, and what follows it.
    fn parts(&self) -> (Value, &[u8]) {
        let length = self.header(LENGTH).map_or(self.body.len(), |length| length.parse().unwrap());
        let (json, bytes) = self.body.split_at(length);
        (serde_json::from_slice(json).unwrap_or_else(|_| panic!("{:?}", self.body)), bytes)
    }
}

fn infer(server: &Server, name: &str) -> RequestBuilder {
    reqwest::Client::new().post(format!("{}/v2/models/{name}/infer", server.base))
}

/// A request of one tensor, its elements after the JSON.
fn binary(server: &Server, input: &Value, bytes: &[u8]) -> RequestBuilder {
    let json = json!({ "inputs": [input] }).to_string();
    infer(server, "e").header(LENGTH, json.len()).body([json.as_bytes(), bytes].concat())
}

fn four(rows: usize, size: &Value) -> Value {
    json!({ "name": "x", "datatype": "FP32", "shape": [rows, 4], "parameters": { "binary_data_size": size } })
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

async fn linear_server(folder: &std::path::Path) -> Server {
    let server = Server::start(folder).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_sizes_that_do_not_fill_the_body_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = linear_server(folder.path()).await;
    let row = floats(&[1.0, 2.0, 3.0, 4.0]);
    let sixteen = json!(16);
    for (rows, size, bytes) in [
        (1, json!(15), &row[..]),
        (1, json!(17), &row[..]),
        (1, json!(-16), &row[..]),
        (1, json!("16"), &row[..]),
        (1, json!(16.0), &row[..]),
        (1, json!(u64::MAX), &row[..]),
        (1, sixteen.clone(), &row[..15]),
        (1, sixteen.clone(), &[&row[..], &[0]].concat()),
        (2, sixteen.clone(), &row[..]),
        (1 << 60, sixteen.clone(), &row[..]),
        (1 << 62, sixteen.clone(), &row[..]),
        (1, json!(0), &[]),
    ] {
        let answer = Answered::to(binary(&server, &four(rows, &size), bytes)).await;
        assert_eq!(answer.status, 400, "{rows} {size} {}", answer.parts().0);
        assert!(!answer.parts().0["error"].as_str().unwrap().is_empty());
    }
    let mut both = four(1, &sixteen);
    both["data"] = json!([1, 2, 3, 4]);
    assert_eq!(Answered::to(binary(&server, &both, &row)).await.status, 400);
    let whole = json!({ "inputs": [four(1, &sixteen)] }).to_string();
    let without = infer(&server, "e").body([whole.as_bytes(), &row].concat());
    assert_eq!(Answered::to(without).await.status, 400);
    for length in ["-1", "x", "100000", "", "18446744073709551616", "1"] {
        let request = infer(&server, "e").header(LENGTH, length).body(whole.clone());
        assert_eq!(Answered::to(request).await.status, 400, "{length}");
    }
    assert_eq!(Answered::to(binary(&server, &four(1, &sixteen), &row)).await.status, 200);
    assert_eq!(server.control.live(&endpoint("e")).await.unwrap().rows, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn traps_1_and_2_without_a_content_type_and_binary_where_it_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let server = linear_server(folder.path()).await;
    let ask = |parameters: Value, outputs: Value| {
        let input =
            json!({ "name": "x", "datatype": "FP32", "shape": [2, 4], "data": [1, 2, 3, 4, 0, 0, 0, 0] });
        let body = json!({ "inputs": [input], "parameters": parameters, "outputs": outputs });
        // A body of bytes is sent without a content type.
        infer(&server, "e").body(body.to_string().into_bytes())
    };
    let wanted = |binary: bool| json!([{ "name": "y", "parameters": { "binary_data": binary } }]);
    let all = json!({ "binary_data_output": true });
    for (parameters, outputs, is_binary) in [
        (all.clone(), json!([]), true),
        (all.clone(), json!([{ "name": "y" }]), true),
        (all.clone(), wanted(false), false),
        (json!({}), wanted(true), true),
        (json!({ "binary_data_output": false, "unknown": [1] }), json!([]), false),
        (Value::Null, Value::Null, false),
    ] {
        let answer = Answered::to(ask(parameters.clone(), outputs.clone())).await;
        let (json, bytes) = answer.parts();
        assert_eq!((answer.status, &json["outputs"][0]["shape"]), (200, &json!([2, 1])), "{json}");
        assert_eq!(json.get("id"), None);
        if is_binary {
            assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
            assert_eq!(json["outputs"][0]["parameters"]["binary_data_size"], 8, "{parameters} {outputs}");
            assert_eq!((json["outputs"][0].get("data"), bytes), (None, &floats(&[30.5, 0.5])[..]));
        } else {
            assert_eq!(
                (answer.header("content-type"), answer.header(LENGTH)),
                (Some("application/json"), None)
            );
            assert_eq!(json["outputs"][0]["data"], json!([30.5, 0.5]), "{parameters} {outputs}");
        }
    }
    for (parameters, outputs) in [
        (json!({ "binary_data_output": 1 }), json!([])),
        (json!({}), json!([{ "name": "z" }])),
        (json!({}), json!([{ "name": "y", "parameters": { "classification": 3 } }])),
        (json!({}), json!([{ "name": "y", "parameters": { "shared_memory_region": "r" } }])),
    ] {
        let answer = Answered::to(ask(parameters, outputs)).await;
        assert_eq!(answer.status, 400, "{}", answer.parts().0);
    }
    let raw = infer(&server, "e").header(LENGTH, 0).body(floats(&[1.0, 2.0, 3.0, 4.0]));
    let answer = Answered::to(raw).await;
    assert_eq!((answer.status, answer.parts().1), (200, &floats(&[30.5])[..]));
}

/// One row of two elements of each type, as bytes.
fn every_type() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let nan = f64::from_bits(0x7ff8_0000_0000_0123);
    vec![
        ("bool", "BOOL", vec![1, 0]),
        ("uint8", "UINT8", vec![0, 255]),
        ("uint16", "UINT16", vec![1, 0, 255, 255]),
        ("uint32", "UINT32", [7_u32, u32::MAX].iter().flat_map(|n| n.to_le_bytes()).collect()),
        ("uint64", "UINT64", [7, u64::MAX].iter().flat_map(|n| n.to_le_bytes()).collect()),
        ("int8", "INT8", vec![128, 127]),
        ("int16", "INT16", vec![0, 128, 255, 127]),
        ("int32", "INT32", [i32::MIN, 7].iter().flat_map(|n| n.to_le_bytes()).collect()),
        ("int64", "INT64", [i64::MIN, (1 << 53) + 1].iter().flat_map(|n| n.to_le_bytes()).collect()),
        ("float16", "FP16", vec![0, 60, 1, 0]),
        ("bfloat16", "BF16", vec![128, 63, 1, 0]),
        ("float", "FP32", floats(&[f32::NAN, 0.1])),
        ("double", "FP64", [nan, 5e-324].iter().flat_map(|n| n.to_le_bytes()).collect()),
        ("string", "BYTES", "\u{3}\0\0\0Größe\0\0\0\0".replace('\u{3}', "\u{7}").into_bytes()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_travels_as_bytes_and_halves_only_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("k", &build(&model("kinds"), None, b"")).await;
    let types = every_type();
    let input = |(name, datatype, bytes): &(&str, &str, Vec<u8>)| {
        json!({ "name": format!("in_{name}"), "datatype": datatype, "shape": [1, 2],
            "parameters": { "binary_data_size": bytes.len() } })
    };
    let inputs: Vec<Value> = types.iter().map(input).collect();
    let bytes = types.iter().flat_map(|(_, _, bytes)| bytes.clone()).collect::<Vec<u8>>();
    let ask = |outputs: Value, binary: bool| {
        let parameters = json!({ "binary_data_output": binary });
        let json = json!({ "inputs": inputs, "outputs": outputs, "parameters": parameters }).to_string();
        infer(&server, "k").header(LENGTH, json.len()).body([json.as_bytes(), &bytes].concat())
    };
    let answer = Answered::to(ask(json!([]), true)).await;
    let (json, back) = answer.parts();
    assert_eq!((answer.status, back), (200, &bytes[..]), "{json}");
    // Without half precision the same comes back as JSON.
    let plain = types.iter().filter(|(_, datatype, _)| !matches!(*datatype, "FP16" | "BF16"));
    let named: Vec<Value> = plain.map(|(name, ..)| json!({ "name": format!("out_{name}") })).collect();
    let answer = Answered::to(ask(json!(named), false)).await;
    let (json, back) = answer.parts();
    let data = |place: usize| json["outputs"][place]["data"].to_string();
    assert_eq!((answer.status, back.len(), data(0)), (200, 0, "[true,false]".into()), "{json}");
    assert_eq!(
        (data(4), data(8)),
        ("[7,18446744073709551615]".into(), "[-9223372036854775808,9007199254740993]".into())
    );
    assert_eq!(
        (data(9), data(10), data(11)),
        ("[null,0.1]".into(), "[null,5e-324]".into(), "[\"Größe\",\"\"]".into())
    );
    let answer = Answered::to(ask(json!([]), false)).await;
    assert_eq!((answer.status, &answer.parts().0["code"]), (400, &json!("binary-only")));
}

#[tokio::test(flavor = "multi_thread")]
async fn half_precision_is_deployed_and_asked_by_name_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("h", &build(&model("half"), None, b"")).await;
    let metadata = server.control.model(&endpoint("h")).await.unwrap();
    assert_eq!(metadata.inputs[0].datatype.as_str(), "FP16");
    let names = ["f0", "f1", "f2", "f3"];
    let csv = format!("{}\n1,2,3,4\n", names.join(","));
    let found = server.control.predict_csv(&endpoint("h"), csv).await;
    // One, and one and a half.
    let raw = infer(&server, "h").header(LENGTH, 0).body([0, 60].repeat(8));
    let answer = Answered::to(raw).await;
    assert_eq!((answer.status, answer.parts().1), (200, &[0, 62].repeat(8)[..]));
    let json =
        json!({ "inputs": [{ "name": "x", "datatype": "FP16", "shape": [1, 4], "data": [1, 2, 3, 4] }] });
    let answer = Answered::to(infer(&server, "h").body(json.to_string())).await;
    assert_eq!((answer.status, &answer.parts().0["code"]), (400, &json!("binary-only")));
    let found = found.unwrap();
    assert_eq!(found.predictions.len(), 1, "{found:?}");
    assert_eq!(server.control.live(&endpoint("h")).await.unwrap().rows, 3);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_compressed_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let server = linear_server(folder.path()).await;
    let rows = 2000;
    let json =
        json!({ "inputs": [four(rows, &json!(rows * 16))], "parameters": { "binary_data_output": true } });
    let json = json.to_string();
    let body = [json.as_bytes(), &floats(&[1.0, 2.0, 3.0, 4.0]).repeat(rows)].concat();
    let expected = floats(&vec![30.5; rows]);
    let ask = |coding: &str, body: Vec<u8>| {
        let request = infer(&server, "e").header(LENGTH, json.len()).header("accept-encoding", coding);
        request.header("content-encoding", coding).body(body)
    };
    for (coding, body) in [("gzip", gzip(&body)), ("deflate", zlib(&body))] {
        let mut answer = Answered::to(ask(coding, body.clone())).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, Some(coding)));
        let mut plain = Vec::new();
        match coding {
            "gzip" => GzDecoder::new(&answer.body[..]).read_to_end(&mut plain).unwrap(),
            _ => ZlibDecoder::new(&answer.body[..]).read_to_end(&mut plain).unwrap(),
        };
        assert!(answer.body.len() < plain.len() / 10);
        answer.body = plain;
        assert_eq!(answer.parts().1, expected);
        for cut in [&body[..body.len() - 1], &[&body[..], b"x"].concat(), b"{}"] {
            let answer = Answered::to(ask(coding, cut.to_vec())).await;
            assert_eq!((answer.status, &answer.parts().0["code"]), (400, &json!("encoded-body")), "{coding}");
        }
    }
    assert_eq!(Answered::to(ask("br", body.clone())).await.status, 415);
    // Who asks for nothing is sent what is there.
    let plain = Answered::to(infer(&server, "e").header(LENGTH, json.len()).body(body)).await;
    assert_eq!((plain.status, plain.header("content-encoding"), plain.parts().1), (200, None, &expected[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn r6_a_bomb_is_refused_before_it_is_large() {
    let folder = tempfile::tempdir().unwrap();
    let server = linear_server(folder.path()).await;
    let bomb = gzip(&vec![b' '; 80 << 20]);
    let before = resident(server.pid());
    let asks = (0..4)
        .map(|_| Answered::to(infer(&server, "e").header("content-encoding", "gzip").body(bomb.clone())));
    for answer in futures_util::future::join_all(asks).await {
        assert_eq!((answer.status, &answer.parts().0["code"]), (413, &json!("body-too-large")));
    }
    assert!(resident(server.pid()) < before + (512 << 20));
}

/// The most memory that a process ever used.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_8_doubles_come_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("k", &build(&model("kinds"), None, b"")).await;
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from_bits(state ^ (state >> 29))
    };
    let rows = 2000;
    let doubles: Vec<f64> =
        std::iter::repeat_with(&mut next).filter(|n| n.is_finite()).take(2 * rows).collect();
    // Every other input has as many rows of zeros and empty texts.
    let inputs = every_type().into_iter().map(|(name, datatype, bytes)| {
        let input = |rest: &str| json!({ "name": format!("in_{name}"), "datatype": datatype, "shape": [rows, 2], rest: null });
        if datatype == "FP64" {
            let mut input = input("data");
            input["data"] = json!(doubles);
            return (input, vec![]);
        }
        let size = if datatype == "BYTES" { 8 } else { bytes.len() } * rows;
        let mut input = input("parameters");
        input["parameters"] = json!({ "binary_data_size": size });
        (input, vec![0; size])
    });
    let (inputs, bytes): (Vec<Value>, Vec<Vec<u8>>) = inputs.unzip();
    let json = json!({ "inputs": inputs, "outputs": [{ "name": "out_double" }] }).to_string();
    let request = infer(&server, "k").header(LENGTH, json.len());
    let answer = Answered::to(request.body([json.as_bytes(), &bytes.concat()].concat())).await;
    let (json, _) = answer.parts();
    let back: Vec<f64> = serde_json::from_value(json["outputs"][0]["data"].clone()).unwrap();
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&back), bits(&doubles));
}
