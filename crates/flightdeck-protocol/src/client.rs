//! The client of the control interface and of an endpoint's own addresses.

use crate::{
    Ack, Acked, AuditPage, EndpointDesired, EndpointList, EndpointState, ErrorBody, Flushed, Handshake,
    LiveFigures, PREFIX, PROTOCOL, PredictRequest, PredictResponse, Token, WindowBatch, oip,
};
use flightdeck_core::Name;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

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
}

/// A call that did not succeed.
#[derive(Debug, Error)]
pub enum ControlError {
    /// Nobody answers there.
    #[error("the runner at {base} does not answer")]
    Away {
        /// The runner's address.
        base: String,
        /// What the network says.
        #[source]
        source: reqwest::Error,
    },
    /// The runner refused, and said why.
    #[error("{}", .body.error)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the runner said.
        body: ErrorBody,
    },
    /// Something answers that is not a runner of this protocol.
    #[error("what answers at {base} is not a Flightdeck runner: {found}")]
    NotARunner {
        /// The address.
        base: String,
        /// What was found instead.
        found: String,
    },
    /// The runner speaks another version of the control interface.
    #[error("the runner speaks version {theirs} of the control interface, this program version {PROTOCOL}")]
    Protocol {
        /// Its version.
        theirs: u32,
    },
    /// A file that should be sent cannot be read.
    #[error("cannot read {}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The call was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl ControlError {
    /// A stable kebab-case name; what the runner said when it said something.
    pub fn code(&self) -> &str {
        match self {
            Self::Away { .. } => "runner-away",
            Self::Refused { body, .. } if !body.code.is_empty() => &body.code,
            Self::Refused { .. } => "runner-refused",
            Self::NotARunner { .. } => "not-a-runner",
            Self::Protocol { .. } => "runner-protocol",
            Self::File { .. } => "unreadable",
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Away { .. } => Some("Start the runner, or check its address."),
            Self::Refused { body, .. } => body.hint.as_deref(),
            Self::NotARunner { .. } => Some("Check the address; another program may have taken the port."),
            Self::Protocol { .. } => Some("Bring both programs to the same version."),
            Self::File { .. } => Some("Check that the file is still there and that you may read it."),
            Self::Cancelled => None,
        }
    }
}

/// Chooses who does the cryptography of TLS, for every client of this process. Choosing twice changes nothing.
pub fn provide_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl Control {
    /// Speaks to the runner at `base`, such as `http://127.0.0.1:43121`. Nothing is sent yet.
    pub fn new(base: impl Into<String>, token: Option<Token>) -> Self {
        // A runner is spoken to directly: a proxy of the environment would see the token.
        provide_tls();
        let http = Client::builder().no_proxy().connect_timeout(CONNECT).build().unwrap_or_default();
        let base = base.into().trim_end_matches('/').to_owned();
        Self { http, base, token }
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
        self.send(self.http.get(format!("{}/v2/models/{name}", self.base)).timeout(ANSWER)).await
    }

    /// An inference through the Open Inference Protocol.
    pub async fn infer(
        &self,
        name: &Name,
        request: &oip::InferRequest,
    ) -> Result<oip::InferResponse, ControlError> {
        let url = format!("{}/v2/models/{name}/infer", self.base);
        self.send(self.http.post(url).timeout(ANSWER).json(request)).await
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
        let request = self.http.request(method, format!("{}{PREFIX}{path}", self.base)).timeout(ANSWER);
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
        ControlError::Away { base: self.base.clone(), source: source.without_url() }
    }

    pub(crate) fn stranger(&self, found: String) -> ControlError {
        ControlError::NotARunner { base: self.base.clone(), found }
    }
}
