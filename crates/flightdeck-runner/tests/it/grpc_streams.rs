//! Streams over gRPC, health that is watched, time that runs out, and who answers.

use crate::challengers::{pair, put, start, with};
use crate::grpc::channel;
use crate::support::{Server, build, endpoint, eventually, floats, four_columns, linear, model};
use flightdeck_core::Challenge;
use flightdeck_grpc::health::HealthCheckRequest;
use flightdeck_grpc::health::health_check_response::ServingStatus;
use flightdeck_grpc::health::health_client::HealthClient;
use flightdeck_grpc::inference::ModelInferRequest;
use flightdeck_grpc::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use flightdeck_grpc::inference::infer_parameter::ParameterChoice;
use flightdeck_grpc::{answer, request};
use flightdeck_protocol::STICKY_KEY;
use futures_util::{StreamExt, stream};
use prost::Message;
use serde_json::{Value, json};
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Request};

async fn client(server: &Server) -> GrpcInferenceServiceClient<Channel> {
    GrpcInferenceServiceClient::new(channel(server).await)
}

fn numbered(name: &str, number: u32) -> ModelInferRequest {
    let mut asked = request(name, "", &[floats("x", 4, vec![number as f32; 4])]);
    asked.id = number.to_string();
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_answered_in_order_and_goes_on_after_a_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    let asked = stream::iter((0..200).map(|number| {
        let name = if number % 10 == 7 { "nobody" } else { "e" };
        numbered(name, number)
    }));
    let answers = client(&server).await.model_stream_infer(asked).await.unwrap().into_inner();
    let answers: Vec<_> = answers.map(Result::unwrap).collect().await;
    assert_eq!(answers.len(), 200);
    for (number, found) in answers.into_iter().enumerate() {
        let response = found.infer_response.unwrap();
        assert_eq!(response.id, number.to_string());
        let last = response.parameters["triton_final_response"].parameter_choice.as_ref();
        assert_eq!(last, Some(&ParameterChoice::BoolParam(true)));
        if number % 10 == 7 {
            assert_eq!(found.error_message, "there is no model \"nobody\"");
        } else {
            assert_eq!(found.error_message, "");
            let expected = floats("y", 1, vec![linear([number as f32; 4])]);
            assert_eq!(answer(response).unwrap(), [expected]);
        }
    }
    assert_eq!(server.control.live(&endpoint("e")).await.unwrap().rows, 180);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_its_stream_takes_its_work_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    // A stream without an end: as many requests as are taken.
    let asked = stream::iter(0_u32..).map(|number| numbered("e", number % 1000));
    let mut answers = client(&server).await.model_stream_infer(asked).await.unwrap().into_inner();
    for _ in 0..100 {
        answers.next().await.unwrap().unwrap();
    }
    drop(answers);
    let rows = async || server.control.live(&endpoint("e")).await.unwrap().rows;
    // A stream that went on would be seen between one of these and the next.
    let mut quiet = 0;
    eventually(async || {
        let before = rows().await;
        server.infer("e", [1.0; 4]).await;
        quiet = if rows().await == before + 1 { quiet + 1 } else { 0 };
        quiet == 5
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_follows_readiness_and_a_watcher_does_not_hold_the_end_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let mut health = HealthClient::new(channel(&server).await);
    let asked = |service: &str| HealthCheckRequest { service: service.into() };
    for service in ["", "inference.GRPCInferenceService"] {
        let found = health.check(asked(service)).await.unwrap().into_inner();
        assert_eq!(found.status(), ServingStatus::Serving);
    }
    assert_eq!(health.check(asked("other")).await.unwrap_err().code(), Code::NotFound);
    let mut unknown = health.watch(asked("other")).await.unwrap().into_inner();
    assert_eq!(unknown.next().await.unwrap().unwrap().status(), ServingStatus::ServiceUnknown);
    let mut watched = health.watch(asked("")).await.unwrap().into_inner();
    assert_eq!(watched.next().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let (asking, held) = tokio::sync::mpsc::channel(1);
    let held = stream::unfold(held, async |mut held| held.recv().await.map(|asked| (asked, held)));
    let mut idle = client(&server).await.model_stream_infer(held).await.unwrap().into_inner();
    server.control.stop().await.unwrap();
    assert_eq!(watched.next().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    assert!(watched.next().await.is_none());
    assert!(idle.next().await.is_none());
    drop::<tokio::sync::mpsc::Sender<ModelInferRequest>>(asking);
    assert!(server.wait().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn r19_an_answer_that_comes_too_late_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("s", &build(&model("slow"), None, b"")).await;
    let mut client = client(&server).await;
    let asked = || request("s", "", &[floats("x", 4, vec![1.0; 64])]);
    // By hand: a client of tonic gives up by itself and does not hear what is said.
    let message = asked().encode_to_vec();
    let frame = [&[0], &(message.len() as u32).to_be_bytes()[..], &message].concat();
    let url = format!("{}/inference.GRPCInferenceService/ModelInfer", server.base);
    let post = reqwest::Client::new().post(url).header("content-type", "application/grpc");
    let late = post.header("grpc-timeout", "1m").body(frame).send().await.unwrap();
    let said = |name: &str| late.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((said("grpc-status"), said("flightdeck-code")), ("4".to_owned(), "deadline".to_owned()));
    let mut patient = Request::new(asked());
    patient.set_timeout(Duration::from_mins(1));
    assert!(client.model_infer(patient).await.is_ok());
    let mut impatient = asked();
    let us =
        flightdeck_grpc::inference::InferParameter { parameter_choice: Some(ParameterChoice::Int64Param(1)) };
    impatient.parameters.insert("timeout".into(), us);
    let status = client.model_infer(impatient).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(status.metadata().get("flightdeck-code").unwrap(), "deadline");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stays_with_its_version_over_http_and_over_grpc() {
    let folder = tempfile::tempdir().unwrap();
    let [champion, canary] = pair();
    let server = start(&folder, &[&champion, &canary]).await;
    put(&server, &with(&champion, &[(&canary, Challenge::Canary(50))])).await;
    let mut client = client(&server).await;
    let mut seen = std::collections::BTreeSet::new();
    for user in 0..40 {
        let key = format!("user-{user}");
        let mut asked = Request::new(numbered("e", 1));
        asked.metadata_mut().insert(STICKY_KEY, key.parse().unwrap());
        let found = client.model_infer(asked).await.unwrap().into_inner().model_version;
        let body =
            json!({"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 4]}]});
        let post = reqwest::Client::new().post(format!("{}/v2/models/e/infer", server.base)).json(&body);
        let answer: Value = post.header(STICKY_KEY, key).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["model_version"], found);
        seen.insert(found);
    }
    assert_eq!(seen.len(), 2);
}
