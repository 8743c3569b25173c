//! The worker: the same program as a child with limits, answering one parent over standard input and output.
//!
//! Nothing of ONNX Runtime is loaded before the limits are set, and no model file is shown to it before our own reader
//! accepted it.

mod job;
mod resident;

use clap::Args;
use flightdeck_engine::{Failure, FrameError, Limits, Reply, Request, limit, read_frame, write_frame};
use resident::Kept;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// Arguments of `worker`.
#[derive(Args, Clone, Copy, Debug)]
pub struct WorkerArgs {
    /// Address space that it may have.
    #[arg(long, value_name = "N", default_value_t = 8 << 30)]
    pub memory_bytes: u64,
    /// Processor time that it may have.
    #[arg(long, value_name = "N", default_value_t = 600)]
    pub cpu_seconds: u64,
}

/// Answers requests until standard input ends. That is how a parent that dies ends its worker, too.
pub fn worker(args: WorkerArgs) -> ExitCode {
    let limits = Limits { memory_bytes: args.memory_bytes, cpu_seconds: args.cpu_seconds };
    let ended = limit(limits).and_then(|()| own_output()).map(|output| answer_all(&Inbox::open(), output));
    if matches!(ended, Ok(true)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Requests as they come, read on a thread of its own.
struct Inbox {
    requests: Receiver<Result<Request, FrameError>>,
    busy: Arc<AtomicBool>,
}

impl Inbox {
    fn open() -> Self {
        let (sender, requests) = channel();
        let busy = Arc::new(AtomicBool::new(false));
        let inbox = Self { requests, busy: Arc::clone(&busy) };
        thread::spawn(move || {
            while let Some(request) = read_frame(&mut io::stdin().lock()).transpose() {
                let last = request.is_err();
                busy.store(true, Ordering::Release);
                if sender.send(request).is_err() || last {
                    break;
                }
            }
            // Nobody is left to read the answer: a run of hours must not go on for it.
            if busy.load(Ordering::Acquire) {
                std::process::abort();
            }
        });
        inbox
    }
}

/// Takes standard output away from everybody else: what a library prints goes to standard error, and frames stay whole.
#[cfg(unix)]
fn own_output() -> io::Result<File> {
    let frames = rustix::io::dup(rustix::stdio::stdout())?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok(frames.into())
}

#[cfg(not(unix))]
fn own_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

fn answer_all(inbox: &Inbox, mut output: File) -> bool {
    let mut kept = Kept::default();
    for request in &inbox.requests {
        let Ok(request) = request else { return false };
        let reply = answer(request, &mut output, &mut kept);
        inbox.busy.store(false, Ordering::Release);
        if write_frame(&mut output, &reply).is_err() {
            return false;
        }
    }
    true
}

fn answer(request: Request, output: &mut File, kept: &mut Kept) -> Reply {
    let mut progress = |report| {
        // A parent that is gone is noticed with the reply.
        let _ = write_frame(output, &Reply::Progress(report));
    };
    let done = catch_unwind(AssertUnwindSafe(|| job::answer(request, kept, &mut progress)));
    match done {
        Ok(Ok(reply)) => reply,
        Ok(Err(failure)) => Reply::Failed(failure),
        Err(_) => Reply::Failed(Failure {
            code: "worker-panic".into(),
            message: "the worker failed at its work".into(),
            hint: "This is a fault in Flightdeck; its log says where.".into(),
        }),
    }
}
