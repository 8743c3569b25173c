//! Asking a kernel that is somebody else's.

use super::connection::{self, Connection, Heartbeat};
use crate::channels::is_about;
use crate::kernel::cancelled;
use crate::literal::printed;
use crate::output::plain;
use flightdeck_core::Cancel;
use jupyter_protocol::MediaType;
use jupyter_protocol::messaging::{
    ExecuteReply, ExecuteRequest, ExpressionResult, JupyterMessage, JupyterMessageContent, KernelInfoRequest,
};
use jupyter_zmq_client::{
    ClientControlConnection, ClientShellConnection, create_client_control_connection,
    create_client_shell_connection_with_identity, peer_identity_for_session,
};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;
use thiserror::Error;
use tokio::time::timeout;

const ASK: &str = include_str!("../../python/ask.py");
/// How long a heartbeat may take.
const ANSWER: Duration = Duration::from_secs(1);
/// A kernel that is idle answers at once, also on a computer that is not; one that has not by now runs a cell.
const BETWEEN_CELLS: Duration = Duration::from_secs(2);
/// After a broken message: the pause that keeps a row of errors from being a busy loop.
const BREATH: Duration = Duration::from_millis(20);
/// While waiting for a long answer, how often it is looked whether the kernel is still there.
const PULSE: Duration = Duration::from_secs(3);

/// Why a live kernel gave no answer.
#[derive(Debug, Error)]
pub enum LiveError {
    /// The connection file is gone, or is none.
    #[error("That notebook is not open any more")]
    Gone,
    /// A cell is running.
    #[error("The notebook is running a cell")]
    Busy,
    /// It is there and answers nothing: a kernel from before ipykernel 6 that runs a cell, or one with another key.
    #[error("The kernel of that notebook does not answer; it may be running a cell")]
    Unreachable,
    /// It speaks another language.
    #[error("The kernel speaks {language}, not Python")]
    NotPython {
        /// The language it named.
        language: String,
    },
    /// The code or the expression raised.
    #[error("{name}: {value}")]
    Raised {
        /// The exception's class.
        name: String,
        /// Its message.
        value: String,
    },
    /// No answer in time. What was asked may still run when the kernel comes to it.
    #[error("No answer within {seconds} s")]
    Silent {
        /// How long was waited.
        seconds: u64,
    },
    /// The job was cancelled. What was asked may still run when the kernel comes to it.
    #[error("Stopped waiting for the notebook")]
    Cancelled,
}

impl LiveError {
    /// A stable kebab-case name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Gone => "live-gone",
            Self::Busy => "live-busy",
            Self::Unreachable => "live-unreachable",
            Self::NotPython { .. } => "not-python",
            Self::Raised { .. } => "live-raised",
            Self::Silent { .. } => "live-silent",
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Gone => "Open the notebook and run it, or import its file",
            Self::Busy => "Wait until its cell has finished, and try again",
            Self::Unreachable => "Wait until its cell has finished, or import the notebook's file",
            Self::Silent { .. } => "Import the notebook's file instead",
            Self::NotPython { .. } => "Export the model to ONNX in its own language and import that file",
            Self::Raised { .. } => "Run the cells that fit the model first, or import the notebook's file",
            Self::Cancelled => "",
        }
    }
}

/// A connection beside the user's own client.
pub struct Live {
    shell: ClientShellConnection,
    control: ClientControlConnection,
    heartbeat: Heartbeat,
}

/// What a kernel says of itself, and whether it was free to say it.
pub(crate) struct Mood {
    pub(crate) is_idle: bool,
    pub(crate) language: String,
}

impl Live {
    /// Connects to the kernel behind a connection file.
    pub async fn attach(connection_file: &Path) -> Result<Self, LiveError> {
        Self::connect(&connection::read(connection_file).ok_or(LiveError::Gone)?).await
    }

    pub(crate) async fn connect(found: &Connection) -> Result<Self, LiveError> {
        let mut heartbeat = Heartbeat::connect(&found.info, ANSWER).await.ok_or(LiveError::Gone)?;
        if !heartbeat.beats(ANSWER).await {
            return Err(LiveError::Gone);
        }
        let session = JupyterMessage::new(KernelInfoRequest {}, None).header.session;
        let identity = peer_identity_for_session(&session).map_err(|_| LiveError::Unreachable)?;
        let channels = async {
            Ok::<_, jupyter_zmq_client::RuntimeError>((
                create_client_shell_connection_with_identity(&found.info, &session, identity).await?,
                create_client_control_connection(&found.info, &session).await?,
            ))
        };
        let opened = timeout(ANSWER, channels).await.ok().and_then(Result::ok);
        let (shell, control) = opened.ok_or(LiveError::Unreachable)?;
        Ok(Self { shell, control, heartbeat })
    }

    /// Runs code and then reads an expression, in one silent request: nothing is counted, remembered or printed, and
    /// no input can be asked for. A string comes back as its characters, anything else as its `repr`.
    ///
    /// The code sees the user's names; what it assigns itself, only the expression sees, and only at its top level.
    ///
    /// A kernel that runs a cell is not asked: that is [`LiveError::Busy`].
    pub async fn ask(
        &mut self,
        code: &str,
        expression: &str,
        limit: Duration,
        cancel: &Cancel,
    ) -> Result<String, LiveError> {
        let mood = self.mood().await?;
        if !mood.is_idle {
            return Err(LiveError::Busy);
        }
        if !mood.language.eq_ignore_ascii_case("python") {
            return Err(LiveError::NotPython { language: mood.language });
        }
        let message = JupyterMessage::new(silent_request(code, expression), None);
        let id = message.header.msg_id.clone();
        self.shell.send(message).await.map_err(|_| LiveError::Gone)?;
        tokio::select! {
            reply = reply_to(&mut self.shell, &id) => answer(reply),
            () = stopped(&mut self.heartbeat) => Err(LiveError::Gone),
            () = cancelled(cancel) => Err(LiveError::Cancelled),
            () = tokio::time::sleep(limit) => Err(LiveError::Silent { seconds: limit.as_secs() }),
        }
    }

    /// Whether it runs a cell. Shell answers only between cells; control answers always, since ipykernel 6.
    pub(crate) async fn mood(&mut self) -> Result<Mood, LiveError> {
        let on_shell = JupyterMessage::new(KernelInfoRequest {}, None);
        let on_control = JupyterMessage::new(KernelInfoRequest {}, None);
        // An answer to an earlier question may still come, when a cell that was in its way has ended.
        let id = on_shell.header.msg_id.clone();
        self.shell.send(on_shell).await.map_err(|_| LiveError::Gone)?;
        self.control.send(on_control).await.map_err(|_| LiveError::Gone)?;
        let mut known = None;
        let heard = timeout(BETWEEN_CELLS, async {
            loop {
                let (on_shell, read) = tokio::select! {
                    biased;
                    read = self.shell.read() => (true, read),
                    read = self.control.read() => (false, read),
                };
                let Ok(message) = read else {
                    tokio::time::sleep(BREATH).await;
                    continue;
                };
                let is_answer = is_about(&message, &id);
                match message.content {
                    JupyterMessageContent::KernelInfoReply(reply) if on_shell && is_answer => {
                        return reply.language_info.name;
                    }
                    JupyterMessageContent::KernelInfoReply(reply) => known = Some(reply.language_info.name),
                    _ => {}
                }
            }
        });
        match heard.await {
            Ok(language) => Ok(Mood { is_idle: true, language }),
            Err(_) => known.map(|language| Mood { is_idle: false, language }).ok_or(LiveError::Unreachable),
        }
    }
}

/// One expression, so that no name is left; with no code of its own, so that no hook of `IPython` runs.
fn silent_request(code: &str, expression: &str) -> ExecuteRequest {
    // JSON strings, as written here, are Python's string literals too.
    let literal = |text: &str| serde_json::Value::from(text).to_string();
    let asked = format!(
        "(lambda own: (exec({}, own), own['ask']({}, {}, globals()))[1])({{}})",
        literal(ASK),
        literal(code),
        literal(expression)
    );
    ExecuteRequest {
        code: String::new(),
        silent: true,
        store_history: false,
        user_expressions: Some(HashMap::from([("value".to_owned(), asked)])),
        allow_stdin: false,
        // The user's next cells must not be dropped because ours raised.
        stop_on_error: false,
    }
}

async fn reply_to(shell: &mut ClientShellConnection, id: &str) -> ExecuteReply {
    loop {
        match shell.read().await {
            Ok(message) if is_about(&message, id) => {
                if let JupyterMessageContent::ExecuteReply(reply) = message.content {
                    return reply;
                }
            }
            Ok(_) => {}
            Err(_) => tokio::time::sleep(BREATH).await,
        }
    }
}

/// Returns when the kernel has no pulse any more.
async fn stopped(heartbeat: &mut Heartbeat) {
    loop {
        tokio::time::sleep(PULSE).await;
        if !heartbeat.beats(PULSE).await {
            return;
        }
    }
}

/// What `ask.py` gives back.
#[derive(Deserialize)]
struct Answer {
    name: Option<String>,
    value: String,
}

fn answer(reply: ExecuteReply) -> Result<String, LiveError> {
    let result = reply.user_expressions.and_then(|results| results.into_values().next());
    let Some(ExpressionResult::Ok { data, .. }) = result else { return Err(LiveError::Unreachable) };
    let text = data.content.iter().find_map(|form| match form {
        MediaType::Plain(text) => Some(printed(text)),
        _ => None,
    });
    match text.and_then(|text| serde_json::from_str(&text).ok()) {
        Some(Answer { name: None, value }) => Ok(value),
        Some(Answer { name: Some(name), value }) => {
            Err(LiveError::Raised { name: plain(&name), value: plain(&value).chars().take(500).collect() })
        }
        None => Err(LiveError::Unreachable),
    }
}
