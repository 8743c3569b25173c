//! The client of the control interface and of an endpoint's own addresses.

use crate::control_error::tls_error;
use crate::pin::{Seen, tls};
use crate::{
    Ack, Acked, AuditPage, ControlError, EndpointDesired, EndpointList, EndpointState, ErrorBody, Flushed,
    Handshake, LiveFigures, PREFIX, PROTOCOL, PredictRequest, PredictResponse, Refuse, Refused, Token,
    WindowBatch, oip,
};
use flightdeck_core::Name;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_mins(1);
/// A deployment loads and tries the model before it answers.
const DEPLOY: Duration = Duration::from_mins(15);

/// Talks to one runner. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Control {
    http: Client,
    base: String,
    token: Option<Token>,
    /// What its handshakes saw, when a key is demanded.
    seen: Option<Arc<Seen>>,
}

/// Chooses who does the cryptography of TLS, for every client of this process. Choosing twice changes nothing.
pub fn provide_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl Control {
    /// Speaks to the runner at `base`, such as `http://127.0.0.1:43121`. Nothing is sent yet.
    pub fn new(base: impl Into<String>, token: Option<Token>) -> Self {
        Self::over(base, token, None)
    }

    pub(crate) fn over(base: impl Into<String>, token: Option<Token>, seen: Option<Arc<Seen>>) -> Self {
        provide_tls();
        // A runner is spoken to directly: a proxy of the environment would see the token. And what it answers is its own:
        // a redirect would take the token elsewhere.
        let client = Client::builder().no_proxy().redirect(Policy::none()).connect_timeout(CONNECT);
        let client = match seen.clone().map(tls) {
            Some(Ok(tls)) => client.https_only(true).tls_backend_preconfigured(tls),
            // Without TLS of ours, none at all: a client that trusts whom the system trusts is not what was asked for.
            Some(Err(_)) => client.https_only(true).tls_certs_only([]),
            None => client,
        };
        let base = base.into().trim_end_matches('/').to_owned();
        Self { http: client.build().unwrap_or_default(), base, token, seen }
    }

    /// The runner's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Who answers; an error when it speaks another version of the interface.
    pub async fn handshake(&self) -> Result<Handshake, ControlError> {
        let found: Handshake = self.get("/handshake").await?;
        if found.protocol == PROTOCOL {
            Ok(found)
        } else {
            Err(ControlError::Protocol { theirs: found.protocol })
        }
    }

    /// Whether it lives and everything it should serve is warm.
    pub async fn ready(&self) -> Result<bool, ControlError> {
        let request = self.http.get(format!("{}/v2/health/ready", self.base)).timeout(ANSWER);
        let answer = request.send().await.map_err(|source| self.away(source))?;
        Ok(answer.status() == StatusCode::OK)
    }

    /// Whether anybody answers there, whoever it is.
    pub(crate) async fn alive(&self) -> Result<(), ControlError> {
        let request = self.http.get(format!("{}/v2/health/live", self.base)).timeout(CONNECT);
        request.send().await.map(|_| ()).map_err(|source| self.away(source))
    }

    /// All endpoints.
    pub async fn endpoints(&self) -> Result<Vec<EndpointState>, ControlError> {
        Ok(self.get::<EndpointList>("/endpoints").await?.endpoints)
    }

    /// One endpoint.
    pub async fn endpoint(&self, name: &Name) -> Result<EndpointState, ControlError> {
        self.get(&format!("/endpoints/{name}")).await
    }

    /// Makes an endpoint what it should be. Answers after trial, loading and switch; on failure nothing changed.
    pub async fn put_endpoint(
        &self,
        name: &Name,
        desired: &EndpointDesired,
    ) -> Result<EndpointState, ControlError> {
        let request = self.request(Method::PUT, &format!("/endpoints/{name}")).timeout(DEPLOY).json(desired);
        self.send(request).await
    }

    /// Removes an endpoint; its open windows are closed first.
    pub async fn remove_endpoint(&self, name: &Name) -> Result<EndpointState, ControlError> {
        self.send(self.request(Method::DELETE, &format!("/endpoints/{name}"))).await
    }

    /// What an endpoint is doing now.
    pub async fn live(&self, name: &Name) -> Result<LiveFigures, ControlError> {
        self.get(&format!("/endpoints/{name}/live")).await
    }

    /// Windows closed after `cursor`, at most `limit`.
    pub async fn windows(&self, cursor: u64, limit: usize) -> Result<WindowBatch, ControlError> {
        self.get(&format!("/windows?after={cursor}&limit={limit}")).await
    }

    /// Tells the runner that everything up to `cursor` is safe here.
    pub async fn ack(&self, cursor: u64) -> Result<Acked, ControlError> {
        self.post("/windows/ack", &Ack { cursor }).await
    }

    /// Tells the runner that a record cannot be used here. After a few times it is set aside, so that those behind it come
    /// through.
    pub async fn refuse(&self, refuse: &Refuse) -> Result<Refused, ControlError> {
        self.post("/windows/refuse", refuse).await
    }

    /// Closes open windows now.
    pub async fn flush(&self) -> Result<Flushed, ControlError> {
        self.post("/flush", &()).await
    }

    /// What was done after `seq`.
    pub async fn audit(&self, seq: u64) -> Result<AuditPage, ControlError> {
        self.get(&format!("/audit?after={seq}")).await
    }

    /// Stops the runner: it drains, closes its windows and exits.
    pub async fn stop(&self) -> Result<(), ControlError> {
        self.post::<_, serde_json::Value>("/stop", &()).await.map(|_| ())
    }

    /// Predictions for rows by column name.
    pub async fn predict(&self, name: &Name, rows: &PredictRequest) -> Result<PredictResponse, ControlError> {
        self.post(&format!("/endpoints/{name}/predict"), rows).await
    }

    /// Predictions for the rows of a CSV text with a header.
    pub async fn predict_csv(&self, name: &Name, csv: String) -> Result<PredictResponse, ControlError> {
        let request = self.request(Method::POST, &format!("/endpoints/{name}/predict"));
        self.send(request.header("content-type", "text/csv").body(csv)).await
    }

    /// Metadata of a served model.
    pub async fn model(&self, name: &Name) -> Result<oip::ModelMetadata, ControlError> {
        self.send(self.ask(Method::GET, &format!("/v2/models/{name}"))).await
    }

    /// An inference through the Open Inference Protocol.
    pub async fn infer(
        &self,
        name: &Name,
        request: &oip::InferRequest,
    ) -> Result<oip::InferResponse, ControlError> {
        self.send(self.ask(Method::POST, &format!("/v2/models/{name}/infer")).json(request)).await
    }

    pub(crate) async fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, ControlError> {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post<B: Serialize + ?Sized, A: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<A, ControlError> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.ask(method, &format!("{PREFIX}{path}"))
    }

    /// Away from this computer predictions need the token, too.
    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base)).timeout(ANSWER);
        match &self.token {
            Some(token) => request.bearer_auth(token.reveal()),
            None => request,
        }
    }

    pub(crate) async fn send<A: DeserializeOwned>(&self, request: RequestBuilder) -> Result<A, ControlError> {
        let answer = request.send().await.map_err(|source| self.away(source))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|source| self.away(source))?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| self.stranger(error.to_string()));
        }
        let body: ErrorBody =
            serde_json::from_slice(&body).map_err(|_| self.stranger(format!("it answered {status}")))?;
        Err(ControlError::Refused { status: status.as_u16(), body })
    }

    fn away(&self, source: reqwest::Error) -> ControlError {
        let base = self.base.clone();
        if let Some((expected, found)) = self.seen.as_ref().and_then(|seen| seen.take_other()) {
            return ControlError::OtherCertificate { base, expected, found };
        }
        match tls_error(&source) {
            Some(rustls::Error::InvalidMessage(_)) => self.stranger("it does not speak TLS".into()),
            Some(error) => self.stranger(format!("TLS cannot be agreed on, {error}")),
            None => ControlError::Away { base, source: source.without_url() },
        }
    }

    pub(crate) fn stranger(&self, found: String) -> ControlError {
        ControlError::NotARunner { base: self.base.clone(), found }
    }
}
