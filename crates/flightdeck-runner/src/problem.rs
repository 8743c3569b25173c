//! What is answered when a request does not succeed: a status, a code, a sentence and a hint, never an internal.

use crate::http::request_id;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use flightdeck_engine::client::WorkerError;
use flightdeck_engine::runtime::RuntimeError;
use flightdeck_package::PackageError;
use flightdeck_protocol::ErrorBody;
use serde::Serialize;
use std::borrow::Cow;

/// The code of an answer that came too late.
pub(crate) const DEADLINE: &str = "deadline";

/// Why a request does not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// When to come back, in seconds, where that is known better than a second.
    pub(crate) retry_after: Option<u32>,
}

/// What is answered.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    body: ErrorBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), hint: None, retry_after: None }
    }

    /// The request is wrong.
    pub(crate) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// What is asked for is not there.
    pub(crate) fn unknown(what: &str, name: &str) -> Self {
        let name: String = name.chars().take(80).collect();
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            format!("there is no {what} \"{}\"", name.escape_debug()),
        )
    }

    /// There is too much to do at the moment.
    pub(crate) fn overload() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overload", "too many rows are waiting for this model")
            .hint("Send less at once, or again after the time in Retry-After.")
    }

    /// The client does not wait any longer.
    pub(crate) fn late() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, DEADLINE, "the deadline passed before the answer was there")
            .hint("Ask with a longer timeout, or send fewer rows at once.")
    }

    /// The fault is ours. The log has the details, the answer has none of them.
    pub(crate) fn internal(context: &str, error: &dyn std::fmt::Display) -> Self {
        tracing::error!(request = request_id(), context, "{error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", format!("the server failed to {context}"))
            .hint("The server's log says why.")
    }

    /// Tells when to come back.
    pub(crate) fn after(mut self, wait: std::time::Duration) -> Self {
        self.retry_after = Some(wait.as_secs_f64().ceil().clamp(1.0, 3600.0) as u32);
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn body(&self) -> ErrorBody {
        ErrorBody {
            error: self.message.clone(),
            code: self.code.clone().into_owned(),
            hint: self.hint.clone(),
        }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        // With the id, whoever runs the server finds what its log says about a fault of ours.
        let request_id = self.status.is_server_error().then(request_id).flatten();
        let body = serde_json::to_vec(&Told { body: self.body(), request_id }).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => headers.insert(
                header::RETRY_AFTER,
                self.retry_after.map_or(HeaderValue::from_static("1"), HeaderValue::from),
            ),
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            _ => None,
        };
        response
    }
}

impl From<flightdeck_sqlite::Error> for Problem {
    fn from(error: flightdeck_sqlite::Error) -> Self {
        use flightdeck_sqlite::Error;
        let hint = error.hint();
        match error {
            Error::Full => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", error.to_string()).hint(hint)
            }
            _ => Self::internal("keep its state", &error),
        }
    }
}

impl From<PackageError> for Problem {
    fn from(error: PackageError) -> Self {
        let code = error.code();
        let status = match error {
            PackageError::StorageFull { .. } => StatusCode::INSUFFICIENT_STORAGE,
            PackageError::Write { .. } | PackageError::Read { .. } => {
                return Self::internal("read or write a package", &error);
            }
            PackageError::NoPackage { .. } => StatusCode::NOT_FOUND,
            PackageError::WrongOffset { .. } | PackageError::PartIncomplete { .. } => StatusCode::CONFLICT,
            PackageError::PartTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        // A message names files of the package, and where this one would name a path of the server it was caught above.
        let message = match error {
            PackageError::StorageFull { free_bytes, .. } => match free_bytes {
                Some(free) => format!("the runner's disk is full: {free} bytes are free"),
                None => "the runner's disk is full".into(),
            },
            _ => error.to_string(),
        };
        Self::new(status, code, message).hint(error.hint())
    }
}

impl From<RuntimeError> for Problem {
    fn from(error: RuntimeError) -> Self {
        let status = match &error {
            RuntimeError::Inputs(_) | RuntimeError::Run(_) => StatusCode::BAD_REQUEST,
            RuntimeError::Missing(_) | RuntimeError::Library(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        // ONNX Runtime's words name files and source lines: they go into the log.
        tracing::warn!("{error}");
        let message = match &error {
            RuntimeError::Inputs(message) => message.clone(),
            RuntimeError::Run(_) => "the model cannot answer these inputs".into(),
            RuntimeError::Load(_) => "the model cannot be loaded".into(),
            RuntimeError::Locale(_) => "the model's texts need a locale that this system lacks".into(),
            RuntimeError::Memory(_) => "there is not enough memory for the model".into(),
            RuntimeError::Unsupported { name, kind } => format!("\"{name}\" is {kind}, which is not served"),
            RuntimeError::Missing(_) | RuntimeError::Library(_) => {
                "ONNX Runtime is not installed here".into()
            }
        };
        Self::new(status, error.code(), message).hint(error.hint())
    }
}

impl From<WorkerError> for Problem {
    fn from(error: WorkerError) -> Self {
        tracing::warn!("preflight: {error}");
        if let WorkerError::Died(death) = &error {
            tracing::warn!(last_words = death.last_words, "the worker died");
        }
        let status = match &error {
            WorkerError::Missing(_) | WorkerError::Start { .. } | WorkerError::Nonsense(_) => {
                return Self::internal("try the model in a child process", &error);
            }
            WorkerError::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let (code, hint) = (error.code().to_owned(), error.hint().to_owned());
        let message = match code.as_str() {
            // ONNX Runtime's words again.
            "model-load" => "the model cannot be loaded".into(),
            "model-run" => "the model cannot answer its own golden rows".into(),
            _ => error.to_string(),
        };
        Self { status, code: code.into(), message, hint: Some(hint), retry_after: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r14_an_internal_fault_shows_no_path() {
        let error = std::io::Error::other("/srv/secret/state.db is gone");
        let problem = Problem::internal("keep its state", &error);
        assert!(!serde_json::to_string(&problem.body()).unwrap().contains("secret"));
        let run = Problem::from(RuntimeError::Run("at /onnxruntime/core/x.cc:17".into()));
        assert!(!run.message.contains("onnxruntime") && run.status == StatusCode::BAD_REQUEST);
    }

    #[test]
    fn r10_names_are_shown_escaped_and_cut() {
        let problem = Problem::unknown("model", &format!("a\n\u{1b}[31m{}", "x".repeat(10_000)));
        assert!(problem.message.len() < 200 && !problem.message.contains(['\n', '\u{1b}']));
    }
}
