//! A request on its way to its handler, and the answer.

use super::body::{self, Held};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::RawPathParams;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use bytes::Bytes;
use flightdeck_core::{Name, Principal};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a handler answers.
pub(crate) type Answer = Result<Response<Body>, Problem>;

/// A request that was authorized.
pub(crate) struct Call {
    /// The path in the table of routes.
    pub(crate) path: &'static str,
    pub(crate) principal: Principal,
    pub(crate) params: RawPathParams,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// The largest body, as it arrives and inflated.
    pub(crate) most_bytes: usize,
    /// What the body takes among all bodies, until the request is answered.
    pub(crate) held: Held,
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

    /// The body, whole and inflated.
    pub(crate) async fn bytes(&mut self) -> Result<Bytes, Problem> {
        let (bytes, held) =
            body::read(std::mem::take(&mut self.body), &self.headers, self.most_bytes).await?;
        self.held = held;
        Ok(bytes)
    }

    /// The body as JSON, whatever its content type says.
    pub(crate) async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| Problem::bad("bad-json", error.to_string()))
    }
}

/// An answer of status 200.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Answer {
    let body = serde_json::to_vec(value).map_err(|error| Problem::internal("write the answer", &error))?;
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
