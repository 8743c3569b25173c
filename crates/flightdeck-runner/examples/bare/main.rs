//! The server that the runner is compared with: axum or tonic and ONNX Runtime, the model run in the handler, nothing else.
//!
//! `bare MODEL.onnx` answers `POST /v2/models/m/infer` with one FP32 input, in the same JSON and the same binary form as the
//! runner, on one port, and `ModelInfer` with raw contents on another, and prints the two addresses in one line. No
//! authorization, no counting, no limits, no metrics. `bare MODEL.onnx ROWS,COLUMNS` serves nothing: it runs the model in a loop
//! and prints what a call takes, in nanoseconds.

mod binary;
mod grpc;
mod json;
mod model;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use model::Model;
use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = Model::load(&arguments.next().ok_or("usage: bare MODEL.onnx [ROWS,COLUMNS]")?)?;
    if let Some(shape) = arguments.next() {
        let (rows, columns) = shape.split_once(',').ok_or("a shape is ROWS,COLUMNS")?;
        print(&nanoseconds(&model, &[rows.parse()?, columns.parse()?])?.to_string());
        return Ok(());
    }
    let router = Router::new().route("/v2/models/m/infer", post(infer)).with_state(model.clone());
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (http, grpc) = (TcpListener::bind(any).await?, TcpListener::bind(any).await?);
        print(&format!("{} {}", http.local_addr()?, grpc.local_addr()?));
        let http = axum::serve::ListenerExt::tap_io(http, |stream| {
            let _ = stream.set_nodelay(true);
        });
        let http = async { axum::serve(http, router).await.map_err(Box::<dyn Error>::from) };
        tokio::try_join!(http, grpc::serve(grpc, model)).map(drop)
    })
}

/// The median of what one call takes within a second.
fn nanoseconds(model: &Model, shape: &[usize]) -> Result<u64, Box<dyn Error>> {
    let values: Vec<f32> =
        (0..shape.iter().product()).map(|at: usize| (at % 17) as f32 / 8.0 - 1.0).collect();
    let end = Instant::now() + Duration::from_secs(1);
    let mut times = Vec::new();
    while Instant::now() < end {
        let start = Instant::now();
        model.run(shape, &values, |_| ())?;
        times.push(start.elapsed().as_nanos() as u64);
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

#[expect(clippy::print_stdout, reason = "the line is what it is asked for")]
fn print(line: &str) {
    println!("{line}");
}

async fn infer(
    State(model): State<Model>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, String> {
    let answer = match headers.get("inference-header-content-length") {
        None => json::infer(&model, &body),
        Some(length) => binary::infer(&model, length.to_str().ok().and_then(|n| n.parse().ok()), &body),
    };
    answer.map_err(|error| error.to_string())
}
