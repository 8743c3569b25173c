//! One worker process: started, asked, ended.

use super::{Death, Limit, WorkerConfig, WorkerError};
use crate::frame::{encode, receive};
use crate::{FrameError, Reply, Request};
use flightdeck_core::Progress;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

/// How much of the standard error is kept: a model may print without end.
pub(super) const LAST_WORDS_BYTES: usize = 4096;

pub(super) struct Child {
    process: tokio::process::Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    last_words: Option<JoinHandle<String>>,
}

impl Child {
    pub(super) fn start(config: &WorkerConfig) -> Result<Self, WorkerError> {
        let start = |source| WorkerError::Start { program: config.program.clone(), source };
        let mut process = Command::new(&config.program)
            .env(crate::QUIET.0, crate::QUIET.1)
            .args(arguments(config.memory_bytes, config.time.as_secs().max(1)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(start)?;
        let gone = || start(std::io::ErrorKind::BrokenPipe.into());
        let input = process.stdin.take().ok_or_else(gone)?;
        let output = process.stdout.take().ok_or_else(gone)?;
        let errors = process.stderr.take().ok_or_else(gone)?;
        let last_words = tokio::spawn(listen(errors));
        Ok(Self { process, input: Some(input), output, last_words: Some(last_words) })
    }

    pub(super) async fn ask(
        &mut self,
        request: &Request,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Reply, WorkerError> {
        let frame = encode(request)?;
        // A child that dies early breaks the pipe; how it died is told below.
        if let Some(mut input) = self.input.take() {
            let _ = input.write_all(&frame).await;
            let _ = input.flush().await;
            self.input = Some(input);
        }
        loop {
            match receive(&mut self.output).await {
                Ok(Some(Reply::Progress(report))) => progress(report),
                Ok(Some(Reply::Failed(failure))) => return Err(WorkerError::of(failure)),
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) | Err(FrameError::Pipe(_)) => return Err(self.death().await),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Ends the process and waits until it is gone.
    pub(super) async fn end(mut self) {
        drop(self.input.take());
        let _ = self.process.kill().await;
        if let Some(last_words) = self.last_words.take() {
            last_words.abort();
        }
    }

    async fn death(&mut self) -> WorkerError {
        let status = self.process.wait().await.ok();
        let last_words = match self.last_words.take() {
            Some(task) => task.await.unwrap_or_default(),
            None => String::new(),
        };
        fate(status, last_words)
    }
}

/// What makes the program a worker with limits.
pub(super) fn arguments(memory_bytes: u64, cpu_seconds: u64) -> [String; 5] {
    let [memory, time] = [memory_bytes, cpu_seconds].map(|limit| limit.to_string());
    ["worker".into(), "--memory-bytes".into(), memory, "--cpu-seconds".into(), time]
}

/// Why a worker is gone.
pub(super) fn fate(status: Option<ExitStatus>, last_words: String) -> WorkerError {
    let signal = status.and_then(signal);
    // Neither Rust nor the kernel has a code for "out of the address space I was given": Rust says this sentence and aborts,
    // and beyond the processor time the kernel sends SIGXCPU.
    if last_words.contains("memory allocation of") || last_words.contains("bad_alloc") {
        return WorkerError::Limit { limit: Limit::Memory, detail: last_words };
    }
    if signal == Some(SIGXCPU) {
        return WorkerError::Limit { limit: Limit::Time, detail: last_words };
    }
    WorkerError::Died(Death { exit_code: status.and_then(|status| status.code()), signal, last_words })
}

const SIGXCPU: i32 = 24;

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> Option<i32> {
    None
}

/// Adds words and forgets the first ones.
pub(super) fn keep(kept: &mut Vec<u8>, part: &[u8]) {
    kept.extend_from_slice(part);
    let surplus = kept.len().saturating_sub(LAST_WORDS_BYTES);
    kept.drain(..surplus);
}

/// Reads to the end and keeps the last part.
async fn listen(mut errors: ChildStderr) -> String {
    let (mut kept, mut part) = (Vec::new(), vec![0; LAST_WORDS_BYTES]);
    while let Ok(count) = errors.read(&mut part).await {
        if count == 0 {
            break;
        }
        keep(&mut kept, &part[..count]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}
