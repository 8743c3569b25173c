//! The Open Inference Protocol over gRPC, and `grpc.health.v1`: another form of the same questions.
//!
//! Requests come through the one table of routes like all others, on the same port, and a prediction takes the same way
//! through `data`. What is here is the form: messages to tensors and back, and problems as statuses. The framing is
//! tonic's; its limits are those of any body.

mod deadline;
mod describe;
mod health;
mod infer;
mod service;
mod status;
mod stream;

pub(crate) use status::{is_grpc, refusal, unknown_method};

use crate::app::App;
use crate::http::{Answer, Call};
use crate::problem::Problem;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, Uri};
use bytes::Bytes;
use flightdeck_grpc::MAX_MESSAGE_BYTES;
use flightdeck_grpc::health::health_server::HealthServer;
use flightdeck_grpc::inference::grpc_inference_service_server::GrpcInferenceServiceServer;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;
use tonic::codec::CompressionEncoding;
use tonic::codegen::Service as _;

use health::Health;
use service::Service;

/// Before each message: whether it is compressed, and its length.
const FRAME_BYTES: usize = 5;

/// A call with one request and one answer.
pub(crate) async fn inference(app: Arc<App>, mut call: Call) -> Answer {
    check_form(&call)?;
    let start = Instant::now();
    let body = whole(&mut call).await?;
    serve(app, call, body.into(), start).await
}

/// A call whose requests and answers are streams: the body is read as it comes.
pub(crate) async fn stream(app: Arc<App>, mut call: Call) -> Answer {
    check_form(&call)?;
    let body = std::mem::take(&mut call.body);
    serve(app, call, body, Instant::now()).await
}

/// `grpc.health.v1`.
pub(crate) async fn health(app: Arc<App>, mut call: Call) -> Answer {
    check_form(&call)?;
    let body = whole(&mut call).await?;
    let mut server = HealthServer::new(Health::new(app)).max_decoding_message_size(MAX_MESSAGE_BYTES);
    settled(server.call(request(&mut call, body.into())).await)
}

async fn serve(app: Arc<App>, mut call: Call, body: Body, start: Instant) -> Answer {
    let deadline = deadline::of(&call.headers, start);
    let encoding = encoding(&call.headers);
    let most_bytes = call.most_bytes.min(MAX_MESSAGE_BYTES);
    let request = request(&mut call, body);
    let service = Service::new(app, call.principal, start, deadline);
    let mut server = GrpcInferenceServiceServer::new(service)
        .max_decoding_message_size(most_bytes)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Deflate);
    // Every client says that it can read compressed answers. Compressed are those to compressed requests: who sends
    // them has chosen to spend time for size.
    if let Some(encoding) = encoding {
        server = server.send_compressed(encoding);
    }
    settled(server.call(request).await)
}

fn encoding(headers: &HeaderMap) -> Option<CompressionEncoding> {
    match headers.get("grpc-encoding")?.as_bytes() {
        b"gzip" => Some(CompressionEncoding::Gzip),
        b"deflate" => Some(CompressionEncoding::Deflate),
        _ => None,
    }
}

fn check_form(call: &Call) -> Result<(), Problem> {
    if is_grpc(&call.headers) {
        return Ok(());
    }
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Err(Problem::new(status, "grpc-only", "this address speaks gRPC")
        .hint("Use a gRPC client, or POST /v2/models/NAME/infer."))
}

/// The body of a call with one request, whole. Its frame claims no more than is there, so that nothing is allocated for a
/// claim.
async fn whole(call: &mut Call) -> Result<Bytes, Problem> {
    let body = call.bytes().await?;
    let claimed = body.get(1..FRAME_BYTES).and_then(|length| length.try_into().ok()).map(u32::from_be_bytes);
    if claimed.is_none_or(|claimed| claimed as usize != body.len() - FRAME_BYTES) {
        return Err(Problem::bad("bad-request", "the body is not one gRPC message"));
    }
    Ok(body)
}

/// The request as the generated server takes it: its path says which method is meant.
fn request(call: &mut Call, body: Body) -> Request<Body> {
    let mut request = Request::new(body);
    *request.uri_mut() = Uri::from_static(call.path);
    *request.headers_mut() = std::mem::take(&mut call.headers);
    request
}

/// An answer of the generated server, with what the framing refused in our words.
fn settled(answer: Result<axum::http::Response<tonic::body::Body>, Infallible>) -> Answer {
    let answer = answer.unwrap_or_else(|never| match never {});
    match status::of_framing(answer.headers()) {
        Some(problem) => Err(problem),
        None => Ok(answer.map(Body::new)),
    }
}
