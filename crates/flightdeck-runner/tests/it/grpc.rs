//! The protocol over gRPC: what it answers, what it refuses, and that both are as over HTTP.

use crate::support::{GOLDEN_ROWS, Server, build, endpoint, every_type, floats, four_columns, linear, model};
use flightdeck_core::{Tensor, TensorData};
use flightdeck_grpc::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use flightdeck_grpc::inference::infer_parameter::ParameterChoice;
use flightdeck_grpc::inference::model_infer_request::InferRequestedOutputTensor;
use flightdeck_grpc::inference::{
    InferParameter, ModelConfigRequest, ModelInferRequest, ModelMetadataRequest, ModelReadyRequest,
    ModelStatisticsRequest, RepositoryIndexRequest, ServerMetadataRequest, ServerReadyRequest,
};
use flightdeck_grpc::{MAX_MESSAGE_BYTES, answer, request, tensors};
use half::{bf16, f16};
use serde_json::{Value, json};
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

type Client = GrpcInferenceServiceClient<Channel>;

/// A connection, as a gRPC client has one.
pub(crate) async fn channel(server: &Server) -> Channel {
    Channel::from_shared(server.base.clone()).unwrap().connect().await.unwrap()
}

async fn client(server: &Server) -> Client {
    GrpcInferenceServiceClient::new(channel(server).await)
        .max_decoding_message_size(usize::MAX)
        .max_encoding_message_size(usize::MAX)
}

fn rows(rows: &[[f32; 4]]) -> Vec<Tensor> {
    vec![floats("x", 4, rows.concat())]
}

fn said(status: &Status) -> (Code, &str, &str) {
    let code = status.metadata().get("flightdeck-code").map_or("", |code| code.to_str().unwrap());
    (status.code(), code, status.message())
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_raw_and_those_of_http_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let mut client = client(&server).await;
    let mut raw = request("e", "", &rows(&GOLDEN_ROWS));
    raw.id = "ü-1".into();
    let typed = ModelInferRequest {
        model_name: "e".into(),
        inputs: tensors(&rows(&GOLDEN_ROWS)).unwrap(),
        ..ModelInferRequest::default()
    };
    let expected = vec![floats("y", 1, GOLDEN_ROWS.map(linear).to_vec())];
    for (asked, id) in [(raw, "ü-1"), (typed, "")] {
        let found = client.model_infer(asked).await.unwrap().into_inner();
        assert_eq!((found.model_name.as_str(), found.id.as_str()), ("e", id));
        assert_eq!(found.model_version.len(), 64);
        assert!(found.outputs.iter().all(|output| output.contents.is_none()));
        assert_eq!(answer(found).unwrap(), expected);
    }
    let live = server.control.live(&endpoint("e")).await.unwrap();
    assert_eq!((live.requests, live.rows), (2, 6));
    let asked = ModelStatisticsRequest { name: "e".into(), ..ModelStatisticsRequest::default() };
    let counted = client.model_statistics(asked).await.unwrap().into_inner();
    let [counted] = &counted.model_stats[..] else { panic!("{counted:?}") };
    assert_eq!((counted.inference_count, counted.execution_count), (6, 2));
    assert_eq!(counted.inference_stats.as_ref().unwrap().success.as_ref().unwrap().count, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_comes_back_as_it_went_and_only_what_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("whole", &build(&every_type("whole"), None, b"")).await;
    server.deploy("half", &build(&every_type("half"), None, b"")).await;
    let mut client = client(&server).await;
    let tensor = |name: &str, data| Tensor::new(format!("in_{name}"), vec![1, 2], data).unwrap();
    let whole = vec![
        tensor("bool", TensorData::Bool(vec![true, false])),
        tensor("uint8", TensorData::Uint8(vec![0, u8::MAX])),
        tensor("uint16", TensorData::Uint16(vec![0, u16::MAX])),
        tensor("uint32", TensorData::Uint32(vec![0, u32::MAX])),
        tensor("uint64", TensorData::Uint64(vec![0, u64::MAX])),
        tensor("int8", TensorData::Int8(vec![i8::MIN, i8::MAX])),
        tensor("int16", TensorData::Int16(vec![i16::MIN, i16::MAX])),
        tensor("int32", TensorData::Int32(vec![i32::MIN, i32::MAX])),
        tensor("int64", TensorData::Int64(vec![i64::MIN, i64::MAX])),
        tensor("fp32", TensorData::Fp32(vec![0.1, f32::NEG_INFINITY])),
        tensor("fp64", TensorData::Fp64(vec![0.1, f64::MAX])),
        tensor("bytes", TensorData::Bytes(vec!["Zürich".into(), String::new()])),
    ];
    let half = vec![
        tensor("fp16", TensorData::Fp16(vec![f16::from_f32(0.1), f16::MAX])),
        tensor("bf16", TensorData::Bf16(vec![bf16::from_f32(0.1), bf16::MAX])),
    ];
    let outputs = |inputs: &[Tensor]| -> Vec<Tensor> {
        let output = |input: &Tensor| Tensor { name: input.name.replace("in_", "out_"), ..input.clone() };
        inputs.iter().map(output).collect()
    };
    for (name, inputs) in [("whole", &whole), ("half", &half)] {
        let found = client.model_infer(request(name, "", inputs)).await.unwrap().into_inner();
        assert_eq!(answer(found).unwrap(), outputs(inputs));
    }
    let typed = ModelInferRequest {
        model_name: "whole".into(),
        inputs: tensors(&whole).unwrap(),
        ..ModelInferRequest::default()
    };
    let found = client.model_infer(typed.clone()).await.unwrap().into_inner();
    assert_eq!(answer(found).unwrap(), outputs(&whole));
    let wanted = |name: &str| InferRequestedOutputTensor { name: name.into(), ..Default::default() };
    let some = ModelInferRequest { outputs: vec![wanted("out_bytes"), wanted("out_bool")], ..typed };
    let found = answer(client.model_infer(some).await.unwrap().into_inner()).unwrap();
    let all = outputs(&whole);
    assert_eq!(found, [all[11].clone(), all[0].clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_refused_with_the_sentence_of_http() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let mut client = client(&server).await;
    let http = reqwest::Client::new();
    let input = |name: &str, datatype: &str, shape: &[i64]| {
        let count: i64 = shape.iter().product();
        let data = vec![1; count as usize];
        json!({"inputs": [{"name": name, "datatype": datatype, "shape": shape, "data": data}]})
    };
    let cases = [
        ("nobody", input("x", "FP32", &[1, 4]), Code::NotFound),
        ("../../x", input("x", "FP32", &[1, 4]), Code::NotFound),
        ("e", input("z", "FP32", &[1, 4]), Code::InvalidArgument),
        ("e", input("x", "INT64", &[1, 4]), Code::InvalidArgument),
        ("e", input("x", "FP32", &[4]), Code::InvalidArgument),
        ("e", input("x", "FP32", &[1, 5]), Code::InvalidArgument),
        ("e", json!({"inputs": []}), Code::InvalidArgument),
    ];
    for (name, body, code) in cases {
        let url = format!("{}/v2/models/{}/infer", server.base, name.replace('/', "%2f"));
        let refused: Value = http.post(url).json(&body).send().await.unwrap().json().await.unwrap();
        let tensors: Vec<Tensor> = serde_json::from_value(body["inputs"].clone()).unwrap();
        let status = client.model_infer(request(name, "", &tensors)).await.unwrap_err();
        let expected = (code, refused["code"].as_str().unwrap(), refused["error"].as_str().unwrap());
        assert_eq!(said(&status), expected);
    }
    let mut unknown = request("e", "7", &rows(&GOLDEN_ROWS));
    assert_eq!(client.model_infer(unknown.clone()).await.unwrap_err().code(), Code::NotFound);
    unknown.model_version.clear();
    unknown.outputs = vec![InferRequestedOutputTensor { name: "z".into(), ..Default::default() }];
    assert_eq!(said(&client.model_infer(unknown.clone()).await.unwrap_err()).1, "bad-output");
    let top = InferParameter { parameter_choice: Some(ParameterChoice::Int64Param(3)) };
    unknown.outputs[0].name = "y".into();
    unknown.outputs[0].parameters.insert("classification".into(), top);
    assert_eq!(said(&client.model_infer(unknown).await.unwrap_err()).1, "classification");
    assert_eq!(server.control.live(&endpoint("e")).await.unwrap().rows, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn r5_contents_that_contradict_each_other_or_are_too_much_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let mut client = client(&server).await;
    let good = request("e", "", &rows(&GOLDEN_ROWS));
    let mut both = good.clone();
    both.inputs[0].contents = tensors(&rows(&GOLDEN_ROWS)).unwrap()[0].contents.clone();
    let mut many = good.clone();
    many.raw_input_contents.push(bytes::Bytes::new());
    let mut short = good.clone();
    short.raw_input_contents[0].truncate(47);
    let mut long = good.clone();
    long.raw_input_contents[0] = vec![0; 49].into();
    let mut claims = good.clone();
    claims.inputs[0].shape = vec![1 << 62, 4];
    let mut negative = good.clone();
    negative.inputs[0].shape = vec![-1, 4];
    for wrong in [both, many, short, long, claims, negative] {
        let status = client.model_infer(wrong.clone()).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{:?}", wrong.inputs);
    }
    let mut large = good.clone();
    large.raw_input_contents[0] = vec![0; MAX_MESSAGE_BYTES].into();
    let status = client.model_infer(large.clone()).await.unwrap_err();
    assert_eq!((said(&status).0, said(&status).1), (Code::ResourceExhausted, "body-too-large"));
    // Small on its way and large inside.
    let mut squeezing = client.clone().send_compressed(CompressionEncoding::Gzip);
    let status = squeezing.model_infer(large).await.unwrap_err();
    assert_eq!((said(&status).0, said(&status).1), (Code::ResourceExhausted, "body-too-large"));
    assert!(client.model_infer(good).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_requests_are_answered_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Deflate] {
        let plain = client(&server).await.accept_compressed(encoding);
        let mut squeezing = plain.clone().send_compressed(encoding);
        for (client, expected) in [(&mut plain.clone(), None), (&mut squeezing, Some(encoding))] {
            let found = client.model_infer(request("e", "", &rows(&GOLDEN_ROWS))).await.unwrap();
            let said = found.metadata().get("grpc-encoding").map(|said| said.to_str().unwrap().to_owned());
            assert_eq!(said, expected.map(|encoding| encoding.to_string()));
            let outputs = answer(found.into_inner()).unwrap();
            assert_eq!(outputs[0].data, TensorData::Fp32(GOLDEN_ROWS.map(linear).to_vec()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_described_and_one_that_is_not_there_is_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &build(&model("classes"), None, b"")).await;
    let mut client = client(&server).await;
    assert!(client.server_ready(ServerReadyRequest {}).await.unwrap().into_inner().ready);
    let about = client.server_metadata(ServerMetadataRequest {}).await.unwrap().into_inner();
    assert_eq!(about.name, "flightdeck");
    for (name, ready) in [("e", true), ("nobody", false), ("../e", false), ("", false), ("e\0", false)] {
        let asked = ModelReadyRequest { name: name.into(), version: String::new() };
        assert_eq!(client.model_ready(asked).await.unwrap().into_inner().ready, ready, "{name:?}");
    }
    let asked = ModelMetadataRequest { name: "e".into(), version: String::new() };
    let found = client.model_metadata(asked).await.unwrap().into_inner();
    let inputs: Vec<_> = found.inputs.iter().map(|input| (&*input.name, &*input.datatype)).collect();
    assert_eq!((inputs, found.versions.len()), (vec![("age", "FP32"), ("city", "BYTES")], 1));
    let asked = ModelConfigRequest { name: "e".into(), version: found.versions[0].clone() };
    let config = client.model_config(asked).await.unwrap().into_inner().config.unwrap();
    assert_eq!((config.input[1].data_type, config.max_batch_size > 0), (13, true));
    assert_eq!(config.input[0].dims.len() + 1, found.inputs[0].shape.len());
    let index = client.repository_index(RepositoryIndexRequest::default()).await.unwrap().into_inner();
    assert_eq!((&*index.models[0].name, &*index.models[0].state, index.models.len()), ("e", "READY", 1));
    let asked = ModelMetadataRequest { name: "../../etc/passwd".into(), version: String::new() };
    let status = client.model_metadata(asked).await.unwrap_err();
    assert_eq!(said(&status).0, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_a_wrong_token_is_refused_with_the_sentence_of_http() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let mut client = client(&server).await;
    for token in [format!("Bearer {}", "00".repeat(32)), "Bearer".into(), "none".into()] {
        let url = format!("{}/v2", server.base);
        let refused = reqwest::Client::new().get(url).header("authorization", &token).send().await.unwrap();
        let refused: Value = refused.json().await.unwrap();
        let mut asked = Request::new(request("e", "", &rows(&GOLDEN_ROWS)));
        asked.metadata_mut().insert("authorization", token.parse().unwrap());
        let status = client.model_infer(asked).await.unwrap_err();
        let expected =
            (Code::Unauthenticated, refused["code"].as_str().unwrap(), refused["error"].as_str().unwrap());
        assert_eq!(said(&status), expected);
    }
    let mut page = Request::new(ServerReadyRequest {});
    page.metadata_mut().insert("origin", "http://evil.test".parse().unwrap());
    assert_eq!(client.server_ready(page).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_grpc_and_methods_that_are_not_there_are_refused_in_their_own_form() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let client = reqwest::Client::new();
    let post = |path: &str| client.post(format!("{}/inference.GRPCInferenceService/{path}", server.base));
    let plain = post("ModelInfer").body("{}").send().await.unwrap();
    assert_eq!(plain.status(), 415);
    let body: Value = plain.json().await.unwrap();
    assert_eq!(body["code"], "grpc-only");
    let grpc = |path: &str, body: &'static [u8]| {
        post(path).header("content-type", "application/grpc").header("te", "trailers").body(body).send()
    };
    let cases: [(&str, &[u8], &str); 6] = [
        ("RepositoryModelLoad", b"\0\0\0\0\0", "12"),
        ("SystemSharedMemoryRegister", b"\0\0\0\0\0", "12"),
        ("ModelInfer", b"", "3"),
        ("ModelInfer", b"\0\xff\xff\xff\xff", "3"),
        ("ModelInfer", b"\0\0\0\0\x02\xff\xff", "3"),
        ("ModelInfer", b"\x01\0\0\0\x01a", "3"),
    ];
    for (path, body, expected) in cases {
        let answer = grpc(path, body).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["grpc-status"], expected, "{path} {body:?}");
        assert!(answer.headers().contains_key("grpc-message"));
    }
}
