//! A kernel of ours, from start to end. Running code in it is `execute`.

use crate::channels::{Channels, Heard, is_about};
use crate::config::{Config, Isolation, Transport};
use crate::error::KernelError;
use crate::launch::{Folder, Launched, launch};
use crate::process::Process;
use flightdeck_core::Cancel;
use jupyter_protocol::messaging::{
    JupyterMessage, JupyterMessageContent, KernelInfoRequest, ShutdownRequest,
};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How often it is looked whether the job was cancelled.
pub(crate) const TICK: Duration = Duration::from_millis(50);
/// A request may be lost while the kernel is not ready; it is sent again after this.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// How long a kernel may take to leave in good order.
const FAREWELL: Duration = Duration::from_secs(3);
/// A port of ours may be taken in the moment between choosing and binding it.
const TRIES: usize = 3;

/// A running kernel of ours. Dropped, it is killed with everything it started.
#[derive(Debug)]
pub struct Kernel {
    pub(crate) channels: Channels,
    pub(crate) process: Process,
    // After the process: the folder goes when nobody uses it any more.
    _folder: Folder,
    network: Isolation,
    language: String,
    implementation: String,
}

impl Kernel {
    /// Starts a kernel and waits until it answers.
    pub async fn start(config: &Config, cancel: &Cancel) -> Result<Self, KernelError> {
        let mut tries = 1;
        loop {
            match start_once(config, cancel).await {
                Err(KernelError::Start { tail, .. })
                    if config.transport == Transport::Loopback && tries < TRIES && is_port_taken(&tail) =>
                {
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    /// Whether the code can reach the network.
    pub fn network(&self) -> &Isolation {
        &self.network
    }

    /// The language, as the kernel names it.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// Name and version, such as `ipython 9.1.0`.
    pub fn implementation(&self) -> &str {
        &self.implementation
    }

    /// The id of the process and of its group.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Whether the kernel has not ended, as far as it was noticed. A cell that does not react to an interrupt is
    /// ended together with its kernel.
    pub fn is_running(&self) -> bool {
        self.process.is_running()
    }

    /// Lets the kernel leave in good order, for a few seconds; then it is killed. Nothing of it is left.
    pub async fn shutdown(mut self) {
        if self.process.is_running() {
            self.process.end_descendants();
            let request = ShutdownRequest { restart: false };
            // A kernel that cannot be told is killed all the same.
            let _ = self.channels.control(request.into()).await;
            let _ = timeout(FAREWELL, self.process.ended()).await;
        }
        self.process.kill().await;
    }
}

async fn start_once(config: &Config, cancel: &Cancel) -> Result<Kernel, KernelError> {
    let Launched { mut process, info, folder } = launch(config).await?;
    let deadline = Instant::now() + config.start_limit;
    let ready = async {
        let mut channels = Channels::connect(&info).await?;
        let about = ready(&mut channels).await?;
        Ok((channels, about))
    };
    let result = tokio::select! {
        ready = ready => ready,
        _ = process.ended() => Err(KernelError::Cancelled), // replaced below by what it died of
        () = cancelled(cancel) => Err(KernelError::Cancelled),
        () = tokio::time::sleep_until(deadline) => {
            let tail = process.last_words().await;
            Err(KernelError::Silent { seconds: config.start_limit.as_secs(), tail })
        }
    };
    if !process.is_running() {
        return Err(early_death(config, process, &folder).await);
    }
    let (channels, about) = result?;
    let network = folder.isolation(config);
    Ok(Kernel {
        channels,
        process,
        _folder: folder,
        network,
        language: about.language,
        implementation: about.name,
    })
}

async fn early_death(config: &Config, mut process: Process, folder: &Folder) -> KernelError {
    if folder.says_no_ipykernel() {
        return KernelError::NoIpykernel { interpreter: config.interpreter.clone() };
    }
    match process.death().await {
        KernelError::Died { memory: false, status, tail } => KernelError::Start { status, tail },
        death => death,
    }
}

/// What a kernel says of itself.
struct About {
    language: String,
    name: String,
}

/// Ready is a kernel that was heard on shell and on iopub: ipykernel 7 greets a new subscriber, 5 and 6 do not, and
/// whatever they publish before the subscription is in place is lost. So it is asked until both have answered.
async fn ready(channels: &mut Channels) -> Result<About, KernelError> {
    let mut about = None;
    let mut published = false;
    let mut asked = Vec::new();
    loop {
        let request = JupyterMessage::new(KernelInfoRequest {}, None);
        asked.push(request.header.msg_id.clone());
        channels.send(request).await?;
        let until = Instant::now() + ASK_AGAIN;
        while let Ok(heard) = tokio::time::timeout_at(until, channels.hear()).await {
            match heard {
                Heard::Shell(message) if asked.iter().any(|id| is_about(&message, id)) => {
                    about = about.or(introduction(message.content)?);
                }
                Heard::Published(_) => published = true,
                _ => {}
            }
            if published && let Some(about) = about.take() {
                return Ok(about);
            }
        }
    }
}

fn introduction(content: JupyterMessageContent) -> Result<Option<About>, KernelError> {
    let JupyterMessageContent::KernelInfoReply(reply) = content else { return Ok(None) };
    let language = reply.language_info.name;
    if !language.eq_ignore_ascii_case("python") {
        return Err(KernelError::NotPython { language });
    }
    Ok(Some(About { language, name: format!("{} {}", reply.implementation, reply.implementation_version) }))
}

/// Returns when the job was cancelled.
pub(crate) async fn cancelled(cancel: &Cancel) {
    while !cancel.is_cancelled() {
        sleep(TICK).await;
    }
}

fn is_port_taken(tail: &str) -> bool {
    tail.contains("Address already in use") || tail.contains("Address in use") || tail.contains("10048")
}
