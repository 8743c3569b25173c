//! A worker that loads one model and keeps it: asked again and again, by a thread that waits for it.
//!
//! Loading has an end. Nothing here bounds the time of a run: whoever wants that kills the child from another thread.

use super::child::{LAST_WORDS_BYTES, arguments, fate, keep};
use super::{Alarm, Limit, WorkerConfig, WorkerError};
use crate::{
    FrameError, LoadRequest, Reply, Request, Resident, RunRequest, RunTimes, read_frame, write_frame,
};
use flightdeck_core::Tensor;
use std::io::{BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// A child with a model. Dropped, it is killed.
pub struct Lodger {
    killer: Killer,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    last_words: Option<JoinHandle<String>>,
    resident: Resident,
    times: RunTimes,
}

/// Ends the child from any thread.
#[derive(Clone)]
pub struct Killer(Arc<Mutex<Child>>);

impl Killer {
    /// Kills the child. Whoever waits for its answer hears that it died.
    pub fn kill(&self) {
        // One that is gone already cannot be killed, which is as well.
        let _ = self.lock().kill();
    }

    /// The child's process id.
    pub fn id(&self) -> u32 {
        self.lock().id()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lodger {
    pub(super) fn start(config: &WorkerConfig, package: PathBuf) -> Result<Self, WorkerError> {
        let start = |source| WorkerError::Start { program: config.program.clone(), source };
        let mut command = Command::new(&config.program);
        command.env(crate::QUIET.0, crate::QUIET.1);
        // It serves for as long as it is wanted: its processor time has no end.
        command.args(arguments(config.memory_bytes, u64::MAX));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        own_group(&mut command);
        let mut process = command.spawn().map_err(start)?;
        let gone = || start(std::io::ErrorKind::BrokenPipe.into());
        let input = process.stdin.take().ok_or_else(gone)?;
        let output = BufReader::new(process.stdout.take().ok_or_else(gone)?);
        let errors = process.stderr.take().ok_or_else(gone)?;
        let last_words = thread::Builder::new().name("last-words".into()).spawn(move || listen(errors));
        let mut lodger = Self {
            killer: Killer(Arc::new(Mutex::new(process))),
            input: Some(input),
            output,
            last_words: last_words.ok(),
            resident: Resident { load_ms: 0.0, inputs: Vec::new() },
            times: RunTimes::default(),
        };
        let killer = lodger.killer();
        let alarm = Alarm::after(config.time, move || killer.kill()).map_err(start)?;
        match lodger.ask(&Request::Load(LoadRequest { package })) {
            Ok(Reply::Loaded(resident)) => lodger.resident = resident,
            Err(_) if alarm.is_over() => {
                return Err(WorkerError::Limit { limit: Limit::Time, detail: String::new() });
            }
            Ok(other) => return Err(WorkerError::unexpected(&other)),
            Err(error) => return Err(error),
        }
        Ok(lodger)
    }

    /// What it loaded.
    pub const fn resident(&self) -> &Resident {
        &self.resident
    }

    /// How it died, when nobody had asked it anything.
    pub fn is_dead(&mut self) -> Option<WorkerError> {
        let ended = self.killer.lock().try_wait();
        matches!(ended, Ok(Some(_))).then(|| self.death())
    }

    /// A handle that ends it.
    pub fn killer(&self) -> Killer {
        self.killer.clone()
    }

    /// Runs the model. After any error other than [`WorkerError::Failed`] the child is of no use any more.
    pub fn run(&mut self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, WorkerError> {
        match self.ask(&Request::Run(RunRequest { inputs }))? {
            Reply::Ran(ran) => {
                self.times = ran.times;
                Ok(ran.outputs)
            }
            other => Err(WorkerError::unexpected(&other)),
        }
    }

    /// What the parts of the last run took that succeeded, in the child.
    pub const fn times(&self) -> RunTimes {
        self.times
    }

    fn ask(&mut self, request: &Request) -> Result<Reply, WorkerError> {
        if let Some(input) = &mut self.input {
            match write_frame(input, request) {
                // A child that dies early breaks the pipe; how it died is told below.
                Ok(()) | Err(FrameError::Pipe(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        loop {
            match read_frame(&mut self.output) {
                Ok(Some(Reply::Progress(_))) => {}
                Ok(Some(Reply::Failed(failure))) => return Err(WorkerError::of(failure)),
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) | Err(FrameError::Pipe(_)) => return Err(self.death()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn death(&mut self) -> WorkerError {
        self.killer.kill();
        let status = self.killer.lock().wait().ok();
        let last_words = self.last_words.take().and_then(|thread| thread.join().ok());
        fate(status, last_words.unwrap_or_default())
    }
}

impl Drop for Lodger {
    fn drop(&mut self) {
        drop(self.input.take());
        self.killer.kill();
        let _ = self.killer.lock().wait();
    }
}

/// A signal to the server's group does not end its models before their requests are answered.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

/// Reads to the end and keeps the last part.
fn listen(mut errors: ChildStderr) -> String {
    let (mut kept, mut part) = (Vec::new(), vec![0; LAST_WORDS_BYTES]);
    while let Ok(count) = errors.read(&mut part) {
        if count == 0 {
            break;
        }
        keep(&mut kept, &part[..count]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}
