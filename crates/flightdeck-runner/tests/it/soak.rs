//! Overload for a while, with versions switched, models' processes killed and windows pulled all the time: whatever happens, an
//! answer is right, what is not answered says so, and what was counted is what was answered.
//!
//! Half a minute in the tests; `cargo xtask soak` asks for more by `FLIGHTDECK_SOAK_SECONDS`. `FLIGHTDECK_SOAK_SEED` makes one run
//! do what another did, as far as clocks allow.

mod changes;
mod clients;
mod ledger;

use crate::support::{Built, Server, build, desired, endpoint, linear, model, other};
use clients::{Answer, Form};
use flightdeck_core::Digest;
use flightdeck_protocol::{EndpointDesired, Isolation, Serving};
use ledger::Ledger;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Everything that takes part.
struct Soak {
    server: Server,
    /// What a version answers, by its digits.
    formulas: BTreeMap<String, fn([f32; 4]) -> f32>,
    /// Two versions of each endpoint, which answer differently.
    versions: BTreeMap<&'static str, [Digest; 2]>,
    ledger: Ledger,
    end: Instant,
}

/// Endpoints that are asked: a fast one, one with too much to do, one in a process of its own that is killed.
const FAST: &str = "fast";
const BUSY: &str = "busy";
const APART: &str = "apart";
/// Deployed and removed again and again, and asked nothing.
const PASSING: &str = "passing";

/// What `slow.onnx` answers.
fn slow(row: [f32; 4]) -> f32 {
    row.iter().sum()
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r18_r19_a_soak_at_overload_loses_nothing_and_answers_nothing_wrong() {
    let seconds = number("FLIGHTDECK_SOAK_SECONDS", 25);
    let seed = number("FLIGHTDECK_SOAK_SEED", 0x00f1_1947);
    println!("soaking for {seconds} s, FLIGHTDECK_SOAK_SEED={seed}");
    let folder = tempfile::tempdir().unwrap();
    let soak = Arc::new(prepare(folder.path(), Duration::from_secs(seconds)).await);
    let mut tasks = Vec::new();
    for (client, (form, name)) in load().into_iter().enumerate() {
        tasks.push(tokio::spawn(clients::ask_until_the_end(
            Arc::clone(&soak),
            (form, name),
            seed + client as u64,
        )));
    }
    tasks.push(tokio::spawn(changes::change_until_the_end(Arc::clone(&soak), seed)));
    tasks.push(tokio::spawn(changes::kill_until_the_end(Arc::clone(&soak))));
    tasks.push(tokio::spawn(ledger::pull_until_the_end(Arc::clone(&soak))));
    tasks.push(tokio::spawn(ledger::weigh_until_the_end(Arc::clone(&soak))));
    for task in tasks {
        task.await.unwrap();
    }
    soak.server.control.flush().await.unwrap();
    ledger::pull(&soak).await;
    soak.ledger.check();
}

/// Who asks what: the busy one gets several times what it can do.
fn load() -> Vec<(Form, &'static str)> {
    let each = |times: usize, name| Form::ALL.into_iter().cycle().take(times).map(move |form| (form, name));
    each(6, FAST).chain(each(48, BUSY)).chain(each(6, APART)).collect()
}

async fn prepare(folder: &std::path::Path, time: Duration) -> Soak {
    let server = Server::start(folder).await;
    let pair = |first: Built, second: Built| [first, second];
    let fast = pair(build(&model("linear"), None, b"1"), build(&model("other"), None, b"2"));
    let busy = pair(build(&model("slow"), None, b"1"), build(&model("slow"), None, b"2"));
    let mut formulas: BTreeMap<String, fn([f32; 4]) -> f32> = BTreeMap::new();
    formulas.insert(fast[0].root.hex(), linear);
    formulas.insert(fast[1].root.hex(), other);
    formulas.insert(busy[0].root.hex(), slow);
    formulas.insert(busy[1].root.hex(), slow);
    for package in fast.iter().chain(&busy) {
        server.upload(package).await;
    }
    let roots = |pair: &[Built; 2]| [pair[0].root, pair[1].root];
    let versions = BTreeMap::from([
        (FAST, roots(&fast)),
        (BUSY, roots(&busy)),
        (APART, roots(&fast)),
        (PASSING, roots(&fast)),
    ]);
    for name in [FAST, BUSY, APART] {
        server.control.put_endpoint(&endpoint(name), &wanted(name, versions[name][0])).await.unwrap();
    }
    Soak { server, formulas, versions, ledger: Ledger::default(), end: Instant::now() + time }
}

/// What an endpoint should be with this champion.
fn wanted(name: &str, champion: Digest) -> EndpointDesired {
    let isolation = if name == APART { Isolation::Process } else { Isolation::InProcess };
    let serving = Serving { isolation, ..Serving::default() };
    EndpointDesired { serving, window_seconds: 2, ..desired(champion) }
}

impl Soak {
    fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }

    /// Judges an answer to these rows.
    fn judge(&self, name: &'static str, rows: &[[f32; 4]], answer: Answer) {
        match answer {
            Answer::Refused(how) => self.ledger.refused(name, how),
            Answer::Failed(how) => self.ledger.broken(name, how),
            Answer::Given { version, values } => match self.formulas.get(&version) {
                None => self.ledger.broken(name, format!("nobody deployed {version}")),
                Some(formula) => {
                    let expected: Vec<f32> = rows.iter().map(|row| formula(*row)).collect();
                    // Together with others the last bits may differ.
                    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4 * b.abs().max(1.0);
                    if values.len() == expected.len() && values.iter().zip(&expected).all(near) {
                        self.ledger.answered(name, rows.len());
                    } else {
                        self.ledger.broken(name, format!("{rows:?}: {values:?} is not {expected:?}"));
                    }
                }
            },
        }
    }
}
