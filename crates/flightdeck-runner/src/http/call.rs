//! A request on its way to its handler, and the answer.

use crate::problem::Problem;
use axum::body::{Body, to_bytes};
use axum::extract::RawPathParams;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use flightdeck_core::{Name, Principal};
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The largest body of any request.
const MAX_BODY_BYTES: usize = 64 << 20;
/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_mins(1);

/// How long the rest of a body that is refused is read.
const LINGER: Duration = Duration::from_secs(2);

/// What a handler answers.
pub(crate) type Answer = Result<Response<Body>, Problem>;

/// A request that was authorized.
pub(crate) struct Call {
    pub(crate) principal: Principal,
    pub(crate) params: RawPathParams,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl Call {
    /// A part of the path by its name in the route.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    /// The endpoint that the path names.
    pub(crate) fn name(&self) -> Result<Name, Problem> {
        let text = self.param("name");
        text.parse().map_err(|error: flightdeck_core::NameError| Problem::bad("bad-name", error.to_string()))
    }

    /// A number from the query; `None` when it is not there.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        let pairs =
            self.query.as_deref().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next();
        let wrong = || Problem::bad("bad-query", format!("{name} is not a whole number"));
        found.map(|value| value.parse().map_err(|_| wrong())).transpose()
    }

    /// The body, whole. Its stated length is looked at before it is read.
    pub(crate) async fn bytes(&mut self) -> Result<Bytes, Problem> {
        let encoding = self.headers.get(header::CONTENT_ENCODING);
        if encoding.is_some_and(|encoding| encoding != "identity") {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "encoded-body",
                "the body is compressed",
            )
            .hint("Send it without Content-Encoding."));
        }
        let stated =
            self.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if stated.is_some_and(|length: u64| length > MAX_BODY_BYTES as u64) {
            discard(std::mem::take(&mut self.body)).await;
            return Err(too_large());
        }
        let body = std::mem::take(&mut self.body);
        match tokio::time::timeout(BODY_TIME, to_bytes(body, MAX_BODY_BYTES)).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) => Err(unread(&error)),
            Err(_) => Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "slow-body",
                "the body took too long to arrive",
            )),
        }
    }

    /// The body as JSON, whatever its content type says.
    pub(crate) async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| Problem::bad("bad-json", error.to_string()))
    }
}

/// Reads what nobody wants, for a moment and up to a limit: most clients look for an answer only when they have sent all of
/// their body, and would find a closed connection instead.
async fn discard(body: Body) {
    let mut parts = body.into_data_stream();
    let read = async {
        let mut left = 2 * MAX_BODY_BYTES;
        while let Some(Ok(part)) = parts.next().await {
            left = left.saturating_sub(part.len());
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, read).await;
}

fn unread(error: &axum::Error) -> Problem {
    use std::error::Error;
    let mut source: Option<&dyn Error> = Some(error);
    while let Some(cause) = source {
        // Told apart by its name, because the type is private to the crate that limits bodies.
        if cause.to_string() == "length limit exceeded" {
            return too_large();
        }
        source = cause.source();
    }
    Problem::bad("body-unread", "the body ended before it was complete")
}

fn too_large() -> Problem {
    let message = format!("the body is larger than {MAX_BODY_BYTES} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", message).hint("Send fewer rows at once.")
}

/// An answer of status 200.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Answer {
    let body = serde_json::to_vec(value).map_err(|error| Problem::internal("write the answer", &error))?;
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
