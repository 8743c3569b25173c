//! The worker: the same program as a child with limits, answering one parent over standard input and output.
//!
//! Nothing of ONNX Runtime is loaded before the limits are set, and no model file is shown to it before our own reader
//! accepted it.

mod job;

use clap::Args;
use flightdeck_engine::{Failure, Limits, Reply, Request, limit, read_frame, write_frame};
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

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

/// Answers requests until standard input ends.
pub fn worker(args: WorkerArgs) -> ExitCode {
    let limits = Limits { memory_bytes: args.memory_bytes, cpu_seconds: args.cpu_seconds };
    let ended =
        limit(limits).and_then(|()| own_output()).map(|output| answer_all(&mut io::stdin().lock(), output));
    if matches!(ended, Ok(true)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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

fn answer_all(input: &mut impl io::Read, mut output: File) -> bool {
    loop {
        match read_frame::<Request>(input) {
            Ok(Some(request)) => {
                let reply = answer(request, &mut output);
                if write_frame(&mut output, &reply).is_err() {
                    return false;
                }
            }
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

fn answer(request: Request, output: &mut File) -> Reply {
    let mut progress = |report| {
        // A parent that is gone is noticed with the reply.
        let _ = write_frame(output, &Reply::Progress(report));
    };
    let done = catch_unwind(AssertUnwindSafe(|| job::answer(request, &mut progress)));
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
