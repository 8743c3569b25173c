//! Asking a server for something: bounded answers, no redirects, and waiting that can be stopped.

use std::time::Duration;

use flightdeck_core::Cancel;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode, header};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{Access, Address, RegistryError};
use crate::text::shown;

/// A server that says nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How soon a wait ends after it was asked to.
const BEAT: Duration = Duration::from_millis(200);
/// Answers that are not files are short.
const ANSWER_BYTES: usize = 16 << 20;

/// A server, and who asks.
pub(super) struct Server {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    pub(super) address: Address,
    access: Access,
}

/// The content of a file on its way.
pub(super) struct Stream {
    body: Incoming,
    server: String,
}

impl Server {
    pub(super) fn new(address: Address, access: Access) -> Result<Self, RegistryError> {
        let provider = rustls::crypto::ring::default_provider();
        let unreachable =
            |error: String| RegistryError::Unreachable { server: address.to_string(), problem: error };
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)
            .map_err(|error| unreachable(error.to_string()))?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), address, access })
    }

    /// The JSON that the interface answers.
    pub(super) async fn ask(&self, path: &str, what: &str, cancel: &Cancel) -> Result<Value, RegistryError> {
        let mut stream = self.fetch(path, what, cancel).await?;
        let bytes = stream.short(cancel).await?;
        serde_json::from_slice(&bytes).map_err(|_| self.answer("it is not JSON"))
    }

    /// A file.
    pub(super) async fn fetch(
        &self,
        path: &str,
        what: &str,
        cancel: &Cancel,
    ) -> Result<Stream, RegistryError> {
        let server = self.address.to_string();
        let mut request = Request::get(format!("{server}{path}"))
            .header(header::USER_AGENT, "flightdeck")
            .header(header::ACCEPT, "*/*");
        if let Some(value) = self.access.header() {
            request = request.header(header::AUTHORIZATION, value);
        }
        let request =
            request.body(Empty::new()).map_err(|_| self.answer("it leads to an impossible address"))?;
        let response = wait(&server, cancel, self.client.request(request)).await?;
        let response = response.map_err(|error| RegistryError::Unreachable {
            server: server.clone(),
            problem: shown(&deepest(&error)),
        })?;
        self.checked(response, what, cancel).await
    }

    async fn checked(
        &self,
        response: Response<Incoming>,
        what: &str,
        cancel: &Cancel,
    ) -> Result<Stream, RegistryError> {
        let server = self.address.to_string();
        let status = response.status();
        let location = response
            .headers()
            .get(header::LOCATION)
            .map(|value| shown(&String::from_utf8_lossy(value.as_bytes())));
        let mut stream = Stream { body: response.into_body(), server: server.clone() };
        match status {
            StatusCode::OK => Ok(stream),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(RegistryError::Denied { server, status: status.as_u16() })
            }
            StatusCode::NOT_FOUND => Err(RegistryError::NotFound { server, what: what.to_owned() }),
            _ if status.is_redirection() => Err(RegistryError::Redirect {
                server,
                location: location.unwrap_or_else(|| "nowhere".into()),
            }),
            _ => {
                let text = stream.short(cancel).await.unwrap_or_default();
                // A missing alias is a bad request in MLflow 2 and 3.
                let missing = [&b"RESOURCE_DOES_NOT_EXIST"[..], b"Registered model alias"];
                if missing.iter().any(|word| text.windows(word.len()).any(|window| window == *word)) {
                    return Err(RegistryError::NotFound { server, what: what.to_owned() });
                }
                let message = shown(&String::from_utf8_lossy(&text));
                Err(RegistryError::Status { server, status: status.as_u16(), message })
            }
        }
    }

    pub(super) fn answer(&self, problem: &'static str) -> RegistryError {
        RegistryError::Answer { server: self.address.to_string(), problem }
    }
}

impl Stream {
    /// The next part; nothing at the end.
    pub(super) async fn next(&mut self, cancel: &Cancel) -> Result<Option<Bytes>, RegistryError> {
        loop {
            match wait(&self.server, cancel, self.body.frame()).await? {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    // Trailers carry nothing.
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Some(Err(error)) => {
                    let problem = shown(&deepest(&error));
                    return Err(RegistryError::Unreachable { server: self.server.clone(), problem });
                }
            }
        }
    }

    async fn short(&mut self, cancel: &Cancel) -> Result<Vec<u8>, RegistryError> {
        let mut bytes = Vec::new();
        while let Some(part) = self.next(cancel).await? {
            bytes.extend_from_slice(&part);
            if bytes.len() > ANSWER_BYTES {
                return Err(RegistryError::Answer { server: self.server.clone(), problem: "it is too long" });
            }
        }
        Ok(bytes)
    }
}

/// Waits for a server, but not for ever, and not after being asked to stop.
async fn wait<T>(server: &str, cancel: &Cancel, work: impl Future<Output = T>) -> Result<T, RegistryError> {
    let started = Instant::now();
    let mut work = std::pin::pin!(work);
    loop {
        if cancel.is_cancelled() {
            return Err(RegistryError::Cancelled);
        }
        if let Ok(done) = timeout(BEAT, &mut work).await {
            return Ok(done);
        }
        if started.elapsed() > PATIENCE {
            return Err(RegistryError::Silent { server: server.to_owned(), seconds: PATIENCE.as_secs() });
        }
    }
}

/// The error that the others wrap: it says the cause.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
