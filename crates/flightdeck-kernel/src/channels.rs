//! The channels to a kernel. Broken messages are skipped here, so that nobody else has to think of them.

use crate::error::KernelError;
use jupyter_protocol::connection_info::{ConnectionInfo, Transport};
use jupyter_protocol::messaging::{JupyterMessage, JupyterMessageContent};
use jupyter_zmq_client::{
    ClientControlConnection, ClientIoPubConnection, ClientShellConnection, ClientStdinConnection,
    RuntimeError, create_client_control_connection, create_client_iopub_connection,
    create_client_shell_connection_with_identity, create_client_stdin_connection_with_identity,
    peer_identity_for_session,
};
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

/// A kernel that is stopped does not read; a message must not wait for it for ever.
const SEND: Duration = Duration::from_secs(10);
/// How often it is looked whether the sockets are there.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// After a broken connection: the pause that keeps a row of errors from being a busy loop.
const BREATH: Duration = Duration::from_millis(20);

/// The four channels to a kernel of ours.
pub(crate) struct Channels {
    shell: ClientShellConnection,
    iopub: ClientIoPubConnection,
    stdin: ClientStdinConnection,
    control: ClientControlConnection,
}

impl std::fmt::Debug for Channels {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Channels").field("session", &self.shell.session_id).finish_non_exhaustive()
    }
}

/// A message, with the channel it came by.
#[derive(Debug)]
pub(crate) enum Heard {
    /// The answer to a request.
    Shell(JupyterMessage),
    /// Something published.
    Published(JupyterMessage),
    /// The kernel asks for a line of text.
    Asked,
    /// An answer came that cannot be read.
    UnreadableReply,
}

impl Channels {
    /// Waits until the kernel has its sockets, and connects. Drop the future to stop waiting.
    pub(crate) async fn connect(info: &ConnectionInfo) -> Result<Self, KernelError> {
        if info.transport == Transport::IPC {
            let sockets = [info.shell_port, info.iopub_port, info.stdin_port, info.control_port];
            while !sockets.iter().all(|port| Path::new(&format!("{}-{port}", info.ip)).exists()) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        open(info).await.map_err(KernelError::protocol)
    }

    /// Sends a request.
    pub(crate) async fn send(&mut self, message: JupyterMessage) -> Result<(), KernelError> {
        sent(timeout(SEND, self.shell.send(message)).await)
    }

    /// Sends a request that is heard while a cell runs.
    pub(crate) async fn control(&mut self, message: JupyterMessage) -> Result<(), KernelError> {
        sent(timeout(SEND, self.control.send(message)).await)
    }

    /// The next message. The future may be dropped and made again without losing one.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            let read = tokio::select! {
                read = self.shell.read() => read.map(Heard::Shell),
                read = self.iopub.read() => read.map(Heard::Published),
                read = self.stdin.read() => read.map(|message| match message.content {
                    JupyterMessageContent::InputRequest(_) => Heard::Asked,
                    _ => Heard::Published(message),
                }),
            };
            match read {
                Ok(heard) => return heard,
                Err(RuntimeError::ParseError { msg_type, .. }) if msg_type == "execute_reply" => {
                    return Heard::UnreadableReply;
                }
                Err(RuntimeError::ZmqError(_) | RuntimeError::IoError(_)) => tokio::time::sleep(BREATH).await,
                Err(_) => {}
            }
        }
    }
}

async fn open(info: &ConnectionInfo) -> Result<Channels, RuntimeError> {
    let session = JupyterMessage::new(jupyter_protocol::messaging::KernelInfoRequest {}, None).header.session;
    // The kernel asks for input on stdin at the address that the request came from on shell.
    let identity = peer_identity_for_session(&session)?;
    Ok(Channels {
        iopub: create_client_iopub_connection(info, "", &session).await?,
        shell: create_client_shell_connection_with_identity(info, &session, identity.clone()).await?,
        stdin: create_client_stdin_connection_with_identity(info, &session, identity).await?,
        control: create_client_control_connection(info, &session).await?,
    })
}

fn sent(result: Result<Result<(), RuntimeError>, tokio::time::error::Elapsed>) -> Result<(), KernelError> {
    match result {
        Ok(sent) => sent.map_err(KernelError::protocol),
        Err(_) => Err(KernelError::protocol("it does not take messages")),
    }
}

/// Whether a message answers, or was published for, the request with this id.
pub(crate) fn is_about(message: &JupyterMessage, id: &str) -> bool {
    message.parent_header.as_ref().is_some_and(|parent| parent.msg_id == id)
}
