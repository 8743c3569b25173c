//! The server that the runner is compared with: axum and ONNX Runtime, the model run in the handler, nothing else.
//!
//! `bare MODEL.onnx [ADDR]` answers `POST /v2/models/m/infer` with one FP32 input, in the same JSON as the runner, and prints
//! the address it listens on. No authorization, no counting, no limits, no metrics.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use ort::session::Session;
use ort::value::TensorRef;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Deserialize)]
struct Request {
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    shape: Vec<usize>,
    data: Vec<f32>,
}

#[derive(Serialize)]
struct Response {
    model_name: &'static str,
    model_version: &'static str,
    outputs: Vec<Output>,
}

#[derive(Serialize)]
struct Output {
    name: String,
    datatype: &'static str,
    shape: Vec<i64>,
    data: Data,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

type Shared = Arc<Mutex<Session>>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("usage: bare MODEL.onnx [ADDR]")?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".into());
    let environment = ort::init_from(flightdeck_engine::library()?)?.build()?;
    let session = Session::builder(&environment)?
        .with_intra_threads(1)
        .map_err(|error| error.to_string())?
        .with_intra_op_spinning(false)
        .map_err(|error| error.to_string())?
        .commit_from_file(model)?;
    let router =
        Router::new().route("/v2/models/m/infer", post(infer)).with_state(Arc::new(Mutex::new(session)));
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        announce(&listener.local_addr()?.to_string());
        Ok(axum::serve(
            axum::serve::ListenerExt::tap_io(listener, |stream| {
                let _ = stream.set_nodelay(true);
            }),
            router,
        )
        .await?)
    })
}

#[expect(clippy::print_stdout, reason = "the address is what it is asked for")]
fn announce(address: &str) {
    println!("{address}");
}

async fn infer(State(session): State<Shared>, body: bytes::Bytes) -> Result<Json<Response>, String> {
    let request: Request = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    run(&session, &request).map(Json).map_err(|error| error.to_string())
}

fn run(session: &Shared, request: &Request) -> ort::Result<Response> {
    let input = request.inputs.first().ok_or_else(|| ort::Error::new("no input"))?;
    let value = TensorRef::from_array_view((input.shape.as_slice(), input.data.as_slice()))?;
    let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
    let outputs = session.run(ort::inputs![value])?;
    let outputs = outputs.iter().map(|(name, value)| {
        let name = name.to_owned();
        if let Ok((shape, data)) = value.try_extract_tensor::<f32>() {
            let data = Data::Floats(data.to_vec());
            return Ok(Output { name, datatype: "FP32", shape: shape.to_vec(), data });
        }
        let (shape, data) = value.try_extract_tensor::<i64>()?;
        Ok(Output { name, datatype: "INT64", shape: shape.to_vec(), data: Data::Integers(data.to_vec()) })
    });
    Ok(Response { model_name: "m", model_version: "1", outputs: outputs.collect::<ort::Result<_>>()? })
}
