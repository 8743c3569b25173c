//! What no input may do to the server, whatever its bytes: make it panic, make it allocate what it only claims to send,
//! be refused without a reason, or be accepted as something else than it says.
//!
//! Compiled for tests, which try a few thousand inputs, and with the feature `fuzz`, where libFuzzer looks for more
//! (`cargo xtask fuzz`). Not part of the product.

mod binary;
mod grpc;
mod json;
mod mutate;
mod shapes;
mod upload;

pub use mutate::{Random, mutate};

use crate::problem::Problem;
use peak_alloc::PeakAlloc;
use std::sync::{Mutex, PoisonError};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What an input may allocate beside a multiple of its own size. Other tests allocate meanwhile, libFuzzer does not.
const ROOM_BYTES: usize = if cfg!(test) { 256 << 20 } else { 4 << 20 };
/// How many times its own size an input may allocate: a digit and a comma become an eight-byte number in a growing vector,
/// a short text a whole string.
const FACTOR: usize = 64;

/// A door that bytes of strangers come in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `POST …/infer` with JSON.
    Json,
    /// `POST …/infer` with tensors as bytes.
    Binary,
    /// `ModelInfer`.
    Grpc,
    /// Parts of files, and the package made of them.
    Upload,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Json, Self::Binary, Self::Grpc, Self::Upload];

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Binary => "binary",
            Self::Grpc => "grpc",
            Self::Upload => "upload",
        }
    }

    /// Inputs to start from, most of them good ones.
    pub fn seeds(self) -> Vec<Vec<u8>> {
        match self {
            Self::Json => json::seeds(),
            Self::Binary => binary::seeds(),
            Self::Grpc => grpc::seeds(),
            Self::Upload => upload::seeds(),
        }
    }

    /// Words that inputs are made of.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Json => json::WORDS,
            Self::Binary => binary::WORDS,
            Self::Grpc => grpc::WORDS,
            Self::Upload => upload::WORDS,
        }
    }

    /// Tries one input. Panics when it does what no input may do.
    pub fn check(self, input: &[u8]) {
        let work = match self {
            Self::Json => json::check,
            Self::Binary => binary::check,
            Self::Grpc => grpc::check,
            Self::Upload => upload::check,
        };
        bounded(input.len(), || work(input));
    }
}

/// Work on an input of that size, which may take only so much memory.
fn bounded(bytes: usize, work: impl FnOnce()) {
    // One input at a time: the peak is the process's.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    work();
    let took = HEAP.peak_usage().saturating_sub(before);
    let room = ROOM_BYTES + FACTOR * bytes;
    assert!(took <= room, "an input of {bytes} bytes made the server allocate {took}");
}

/// A refusal is the sender's fault and says why.
fn check_refusal(problem: &Problem) {
    assert!(problem.status.is_client_error(), "answered {} ({})", problem.status, problem.message);
    let is_code = |code: &str| !code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    assert!(is_code(&problem.code) && !problem.message.is_empty(), "no reason: {problem:?}");
    assert!(problem.message.len() < 2_000, "a reason of {} bytes", problem.message.len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    const SEED: u64 = 0x00f1_1947_dec4;

    /// As many inputs as `count`, or as the time allows; the same ones in every run.
    fn briefly(target: Target, count: usize) {
        const TIME: Duration = Duration::from_millis(2500);
        let (start, seeds) = (Instant::now(), target.seeds());
        for seed in &seeds {
            target.check(seed);
        }
        let mut random = Random::new(SEED);
        for tried in 0..count {
            let input = mutate(&mut random, &seeds, target.words());
            let checked = std::panic::catch_unwind(|| target.check(&input));
            if let Err(panic) = checked {
                let shown = String::from_utf8_lossy(&input);
                println!("{} input {tried} of seed {SEED:#x}:\n{input:?}\n{shown}", target.name());
                std::panic::resume_unwind(panic);
            }
            if start.elapsed() > TIME {
                break;
            }
        }
    }

    #[test]
    fn r1_r2_no_json_does_what_no_input_may_do() {
        briefly(Target::Json, 10_000);
    }

    #[test]
    fn r5_no_bytes_do_what_no_input_may_do() {
        briefly(Target::Binary, 10_000);
    }

    #[test]
    fn r5_no_message_does_what_no_input_may_do() {
        briefly(Target::Grpc, 10_000);
    }

    #[test]
    fn no_upload_does_what_no_input_may_do() {
        briefly(Target::Upload, 400);
    }

    #[test]
    fn names_lead_to_targets() {
        for target in Target::ALL {
            assert_eq!(Target::named(target.name()), Some(target));
        }
        assert_eq!(Target::named("other"), None);
    }

    #[test]
    #[should_panic(expected = "made the server allocate")]
    fn memory_beyond_the_room_is_noticed() {
        bounded(10, || drop(Vec::<u8>::with_capacity(2 * ROOM_BYTES)));
    }
}
