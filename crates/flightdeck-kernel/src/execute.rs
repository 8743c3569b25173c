//! Running one piece of code in a kernel of ours: outputs as they come, a limit on time, cancelling, death.

use crate::channels::{Heard, is_about};
use crate::error::KernelError;
use crate::kernel::{Kernel, TICK};
use crate::literal::printed;
use crate::output::{Output, Sink, head, plain};
use crate::process::Process;
use crate::traceback;
use flightdeck_core::Cancel;
use jupyter_protocol::messaging::{
    ErrorOutput, ExecuteReply, ExecuteRequest, ExecutionState, ExpressionResult, JupyterMessage,
    JupyterMessageContent, ReplyStatus,
};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// A cell that was interrupted may take this long to stop; then the kernel is killed.
const AFTER_INTERRUPT: Duration = Duration::from_secs(5);
/// The kernel drops what it cannot publish fast enough, even "idle": after the reply, silence this long is the end.
const AFTER_REPLY: Duration = Duration::from_secs(2);
/// Values are for programs; a kernel that takes longer for one hangs.
const VALUE: Duration = Duration::from_mins(1);
/// Some converters raise with tens of thousands of lines.
const MESSAGE_BYTES: usize = 8 << 10;
const TRACEBACK_ENTRIES: usize = 60;

/// What to run.
#[derive(Clone, Debug)]
pub struct Execute {
    /// The code.
    pub code: String,
    /// Without output of the last expression, without history.
    pub silent: bool,
    /// Whether it counts and is remembered; a notebook's cells do.
    pub history: bool,
    /// How long it may take.
    pub limit: Duration,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// To its end.
    Done,
    /// With an exception.
    Failed {
        /// Its class.
        name: String,
        /// Its message.
        value: String,
        /// As `IPython` prints it, a frame an entry, without ANSI sequences.
        traceback: Vec<String>,
        /// The line of this very cell, from 1, when the traceback names one.
        line: Option<u32>,
    },
    /// It was cancelled. The kernel is still there, unless [`Kernel::is_running`] says otherwise.
    Interrupted,
    /// It took longer than its limit. The kernel is still there, unless [`Kernel::is_running`] says otherwise.
    TimedOut,
    /// It asked for input, which nobody can give.
    Asked,
}

/// Why a cell is being stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Cancelled,
    TimedOut,
    Asked,
}

impl Kernel {
    /// Runs code and passes on what it shows. An exception in it is an outcome; errors are about the kernel.
    pub async fn execute(
        &mut self,
        request: Execute,
        cancel: &Cancel,
        emit: &mut (dyn FnMut(Output) + Send),
    ) -> Result<Outcome, KernelError> {
        let Execute { code, silent, history, limit } = request;
        let content = ExecuteRequest { silent, store_history: history, ..quiet(code) };
        Ok(self.run(content, limit, cancel, Sink::new(emit)).await?.0)
    }

    /// The value of an expression: a string as its characters, anything else as its `repr`.
    pub async fn value(&mut self, expression: &str) -> Result<String, KernelError> {
        let asked = HashMap::from([("value".to_owned(), expression.to_owned())]);
        let content = ExecuteRequest { silent: true, user_expressions: Some(asked), ..quiet(String::new()) };
        let mut nothing = |_| {};
        let (_, reply) = self.run(content, VALUE, &Cancel::default(), Sink::new(&mut nothing)).await?;
        let results = reply.and_then(|reply| reply.user_expressions).unwrap_or_default();
        let result = results.into_values().next();
        text_of(result).unwrap_or_else(|| Err(KernelError::protocol("a value was asked for and none came")))
    }

    async fn run(
        &mut self,
        content: ExecuteRequest,
        limit: Duration,
        cancel: &Cancel,
        sink: Sink<'_>,
    ) -> Result<(Outcome, Option<ExecuteReply>), KernelError> {
        if !self.process.is_running() {
            return Err(self.process.death().await);
        }
        let message = JupyterMessage::new(content, None);
        let mut run = Run::new(message.header.msg_id.clone(), limit, sink);
        tokio::select! {
            sent = self.channels.send(message) => sent?,
            _ = self.process.ended() => {}
        }
        let mut tick = tokio::time::interval(TICK);
        while !run.is_over() {
            tokio::select! {
                heard = self.channels.hear() => run.hear(heard, &self.process).await,
                _ = self.process.ended() => break,
                _ = tick.tick() => run.look(cancel, &mut self.process).await,
            }
        }
        match run.stop {
            _ if self.process.is_running() => Ok(run.outcome()),
            Some((Why::Cancelled, _)) => Ok((Outcome::Interrupted, None)),
            Some((Why::TimedOut, _)) => Ok((Outcome::TimedOut, None)),
            Some((Why::Asked, _)) => Ok((Outcome::Asked, None)),
            None => Err(self.process.death().await),
        }
    }
}

/// A request that leaves no trace and asks nothing.
fn quiet(code: String) -> ExecuteRequest {
    ExecuteRequest {
        code,
        silent: false,
        store_history: false,
        user_expressions: None,
        allow_stdin: false,
        stop_on_error: true,
    }
}

/// The text of an expression's result, or nothing when there is no text.
fn text_of(result: Option<ExpressionResult>) -> Option<Result<String, KernelError>> {
    match result? {
        ExpressionResult::Ok { data, .. } => data.content.iter().find_map(|form| match form {
            jupyter_protocol::MediaType::Plain(text) => Some(Ok(printed(text))),
            _ => None,
        }),
        ExpressionResult::Error { ename, evalue, .. } => {
            Some(Err(KernelError::Raised { name: plain(&ename), value: plain(head(&evalue, MESSAGE_BYTES)) }))
        }
    }
}

/// One request on its way.
struct Run<'a> {
    id: String,
    deadline: Instant,
    sink: Sink<'a>,
    reply: Option<ExecuteReply>,
    replied: Option<Instant>,
    is_idle: bool,
    raised: Option<ErrorOutput>,
    /// Why it was interrupted, and until when it may take to stop.
    stop: Option<(Why, Instant)>,
}

impl<'a> Run<'a> {
    fn new(id: String, limit: Duration, sink: Sink<'a>) -> Self {
        let now = Instant::now();
        // A limit beyond what the clock can say is none.
        let deadline = now.checked_add(limit).unwrap_or(now + Duration::from_hours(24 * 365));
        Self { id, deadline, sink, reply: None, replied: None, is_idle: false, raised: None, stop: None }
    }

    fn is_over(&self) -> bool {
        self.replied.is_some_and(|at| self.is_idle || at.elapsed() > AFTER_REPLY)
    }

    async fn hear(&mut self, heard: Heard, process: &Process) {
        match heard {
            Heard::Shell(message) if is_about(&message, &self.id) => {
                if let JupyterMessageContent::ExecuteReply(reply) = message.content {
                    self.reply = Some(reply);
                    self.replied = Some(Instant::now());
                }
            }
            Heard::UnreadableReply => self.replied = Some(Instant::now()),
            Heard::Asked => self.interrupt(Why::Asked, process),
            Heard::Published(message) if is_about(&message, &self.id) => {
                self.published(message.content).await;
            }
            Heard::Shell(_) | Heard::Published(_) => {}
        }
    }

    async fn published(&mut self, content: JupyterMessageContent) {
        self.replied = self.replied.map(|_| Instant::now());
        match content {
            JupyterMessageContent::Status(status) => {
                self.is_idle |= status.execution_state == ExecutionState::Idle;
            }
            JupyterMessageContent::ErrorOutput(error) => self.raised = Some(error),
            content => self.sink.take(content).await,
        }
    }

    /// Looks at the clock and at the wish to stop.
    async fn look(&mut self, cancel: &Cancel, process: &mut Process) {
        process.look();
        let now = Instant::now();
        match self.stop {
            Some((_, until)) if now > until => process.kill().await,
            None if cancel.is_cancelled() => self.interrupt(Why::Cancelled, process),
            None if now > self.deadline => self.interrupt(Why::TimedOut, process),
            Some(_) | None => {}
        }
    }

    fn interrupt(&mut self, why: Why, process: &Process) {
        if self.stop.is_none() {
            process.interrupt();
            // Without signals there is nothing to wait for.
            let patience = if cfg!(unix) { AFTER_INTERRUPT } else { Duration::ZERO };
            self.stop = Some((why, Instant::now() + patience));
        }
    }

    fn outcome(self) -> (Outcome, Option<ExecuteReply>) {
        let outcome = match (self.stop, failure(self.raised, self.reply.as_ref())) {
            // A cell that ended in the very moment it was to be stopped has ended.
            (_, None) => Outcome::Done,
            (Some((Why::Cancelled, _)), _) => Outcome::Interrupted,
            (Some((Why::TimedOut, _)), _) => Outcome::TimedOut,
            (Some((Why::Asked, _)), _) => Outcome::Asked,
            (None, Some(Outcome::Failed { name, .. })) if name == "StdinNotImplementedError" => {
                Outcome::Asked
            }
            (None, Some(failed)) => failed,
        };
        (outcome, self.reply)
    }
}

/// The exception, from what was published or else from the reply.
fn failure(published: Option<ErrorOutput>, reply: Option<&ExecuteReply>) -> Option<Outcome> {
    let count = reply.map(|reply| reply.execution_count.0 as i64);
    let (name, value, frames) = match (published, reply) {
        (Some(error), _) => (error.ename, error.evalue, error.traceback),
        (None, Some(ExecuteReply { error: Some(error), .. })) => {
            (error.ename.clone(), error.evalue.clone(), error.traceback.clone())
        }
        (None, Some(reply)) if reply.status == ReplyStatus::Aborted => {
            ("Aborted".into(), "The kernel did not run the code".into(), Vec::new())
        }
        (None, _) => return None,
    };
    let traceback: Vec<String> =
        frames.iter().take(TRACEBACK_ENTRIES).map(|frame| plain(head(frame, MESSAGE_BYTES))).collect();
    let line = count.and_then(|count| traceback::line(&traceback, count));
    Some(Outcome::Failed { name: plain(&name), value: plain(head(&value, MESSAGE_BYTES)), traceback, line })
}
