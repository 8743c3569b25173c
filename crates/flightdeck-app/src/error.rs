//! One error for everything a person can meet: what happened, what to do, and whether the call or the work was at fault.

use crate::views::{CandidateView, ErrorView};
use flightdeck_core::Finding;
use std::borrow::Cow;
use std::fmt;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whether the caller or the work was at fault: the command line's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The call must change: bad arguments, unreadable, unsupported or hostile input. Exit code 2.
    Input,
    /// Asked rightly, but it failed. Exit code 1.
    Failed,
    /// Stopped by the user. Exit code 1.
    Cancelled,
}

/// An error as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Whose fault it is.
    pub kind: Kind,
    /// A stable kebab-case word of the closed list in `docs/json.md`.
    pub code: Cow<'static, str>,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// Findings that explain it.
    pub findings: Vec<Finding>,
    /// Models to choose from.
    pub candidates: Box<[CandidateView]>,
}

impl Error {
    /// The call must change.
    pub fn input(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Kind::Input, code, message, hint)
    }

    /// The call must change; the code comes from a leaf.
    pub(crate) fn input_of(code: &str, message: String, hint: impl Into<String>) -> Self {
        Self::new(Kind::Input, code.to_owned(), message, hint)
    }

    /// It failed.
    pub fn failed(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Kind::Failed, code, message, hint)
    }

    /// The user stopped it.
    pub fn cancelled() -> Self {
        Self::new(Kind::Cancelled, "cancelled", "Stopped; nothing was changed", "")
    }

    pub(crate) fn new(
        kind: Kind,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            hint: hint.into(),
            findings: Vec::new(),
            candidates: Box::default(),
        }
    }

    /// The same error with findings that explain it.
    pub fn with_findings(mut self, findings: Vec<Finding>) -> Self {
        self.findings = findings;
        self
    }

    /// 2 when the call must change, else 1.
    pub const fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Input => 2,
            Kind::Failed | Kind::Cancelled => 1,
        }
    }

    /// What the window and `--json` get.
    pub fn view(&self) -> ErrorView {
        ErrorView {
            code: self.code.to_string(),
            message: self.message.clone(),
            hint: self.hint.clone(),
            findings: self.findings.clone(),
            candidates: self.candidates.to_vec(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The first letter made a capital: leaf errors are half-sentences, a person reads sentences.
fn sentence(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    // A digest or a file's name is not a word.
    if text.split_whitespace().next().is_some_and(|first| first.contains([':', '.', '/'])) {
        return text;
    }
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

impl From<flightdeck_sqlite::Error> for Error {
    fn from(error: flightdeck_sqlite::Error) -> Self {
        use flightdeck_sqlite::Error as Sqlite;
        let code = match &error {
            Sqlite::Foreign { .. } => "library-foreign",
            Sqlite::Newer { .. } => "library-newer",
            Sqlite::Damaged { .. } => "library-damaged",
            Sqlite::Full => "disk-full",
            Sqlite::Busy => "library-busy",
            Sqlite::Io { .. } => "library-unreachable",
            Sqlite::Value { .. } | Sqlite::Sqlite(_) => "library-error",
        };
        Self::failed(code, sentence(&error), error.hint())
    }
}

impl From<flightdeck_sqlite::rusqlite::Error> for Error {
    fn from(error: flightdeck_sqlite::rusqlite::Error) -> Self {
        flightdeck_sqlite::Error::from(error).into()
    }
}

impl From<flightdeck_package::PackageError> for Error {
    fn from(error: flightdeck_package::PackageError) -> Self {
        Self::failed(error.code(), sentence(&error), error.hint())
    }
}

impl From<flightdeck_table::TableError> for Error {
    fn from(error: flightdeck_table::TableError) -> Self {
        Self::input(error.code(), sentence(&error), error.hint())
    }
}

impl From<flightdeck_onnx::Refusal> for Error {
    fn from(error: flightdeck_onnx::Refusal) -> Self {
        Self::input(error.code(), sentence(&error), error.hint())
    }
}

impl From<flightdeck_engine::client::WorkerError> for Error {
    fn from(error: flightdeck_engine::client::WorkerError) -> Self {
        let kind = match &error {
            flightdeck_engine::client::WorkerError::Cancelled => return Self::cancelled(),
            _ => Kind::Failed,
        };
        Self::new(kind, error.code().to_owned(), sentence(&error), error.hint())
    }
}

impl From<flightdeck_engine::MissingPart> for Error {
    fn from(error: flightdeck_engine::MissingPart) -> Self {
        flightdeck_engine::client::WorkerError::from(error).into()
    }
}

impl From<flightdeck_protocol::ControlError> for Error {
    fn from(error: flightdeck_protocol::ControlError) -> Self {
        use flightdeck_protocol::ControlError;
        match &error {
            ControlError::Cancelled => Self::cancelled(),
            _ => Self::new(
                Kind::Failed,
                error.code().to_owned(),
                sentence(&error),
                error.hint().unwrap_or("Look at the runner's log, and do it again"),
            ),
        }
    }
}

impl From<flightdeck_secrets::SecretError> for Error {
    fn from(error: flightdeck_secrets::SecretError) -> Self {
        Self::new(Kind::Failed, error.code(), sentence(&error), error.hint())
    }
}

impl From<flightdeck_core::NameError> for Error {
    fn from(error: flightdeck_core::NameError) -> Self {
        Self::input("bad-name", sentence(&error), "Choose another name")
    }
}
