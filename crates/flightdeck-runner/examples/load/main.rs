//! A closed-loop load generator for the three forms of the protocol: every connection sends its next request when the last
//! one was answered.
//!
//! `load URL [--form json|binary|grpc] [--input NAME] [--shape ROWS,COLUMNS] [--mixed yes] [--connections N] [--seconds S]
//! [--requests N] [--token T] [--pin DIGEST]`, with the URL of `…/v2/models/NAME/infer` in every form. Prints one line of JSON: `{"form", "connections",
//! "seconds", "requests", "errors", "wrong", "rps", "p50_us", "p99_us", "answer"}`. Answers other than 200 are errors and are
//! not timed; answers whose numbers differ from the first one's by more than batching explains are wrong. Mixed requests have 1 to 64 rows. Open-loop load is
//! not here.

mod answers;
mod body;
mod grpc;
mod http;
mod options;
mod stream;

use answers::Answers;
use flightdeck_core::Tensor;
use options::{Form, Options};
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What one connection needs.
struct Load {
    options: Options,
    /// What is asked, in turns.
    asks: Vec<Ask>,
    end: Instant,
    sent: Cell<usize>,
}

/// A request as it is sent (head and body, or the message in its frame), and what it was answered.
struct Ask {
    bytes: bytes::Bytes,
    answers: RefCell<Answers>,
}

impl Load {
    /// What is asked next, until there is no time or nothing left.
    fn next(&self) -> Option<&Ask> {
        let sent = self.sent.replace(self.sent.get() + 1);
        let is_over = sent >= self.options.requests || Instant::now() >= self.end;
        if is_over { None } else { self.asks.get(sent % self.asks.len()) }
    }
}

/// What one connection found.
#[derive(Default)]
struct Measured {
    times_us: Vec<u32>,
    errors: u64,
    wrong: u64,
}

impl Measured {
    /// Counts one answer; `None` is one that says no.
    fn note(&mut self, ask: &Ask, start: Instant, answer: Option<&answers::Answer<'_>>) {
        match answer {
            None => self.errors += 1,
            Some(answer) if ask.answers.borrow_mut().is_right(answer) => {
                self.times_us.push(start.elapsed().as_micros() as u32);
            }
            Some(_) => self.wrong += 1,
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read(std::env::args().skip(1))?;
    let ask = |tensor: &Tensor| -> Result<Ask, Box<dyn Error>> {
        let bytes = match options.form {
            Form::Json | Form::Binary => http::request(&options, tensor)?,
            Form::Grpc => grpc::request(&options, tensor)?,
        };
        Ok(Ask { bytes, answers: RefCell::default() })
    };
    let asks = body::tensors(&options)?.iter().map(ask).collect::<Result<_, _>>()?;
    let seconds = options.seconds;
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let load = Rc::new(Load { options, asks, end, sent: Cell::new(0) });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = tokio::task::LocalSet::new().block_on(&runtime, press(Rc::clone(&load)))?;
    report(measured, &load);
    Ok(())
}

async fn press(load: Rc<Load>) -> std::io::Result<Measured> {
    let connections: Vec<_> = (0..load.options.connections)
        .map(|_| {
            let load = Rc::clone(&load);
            tokio::task::spawn_local(async move {
                match load.options.form {
                    Form::Json | Form::Binary => http::converse(&load).await,
                    Form::Grpc => grpc::converse(&load).await,
                }
            })
        })
        .collect();
    let mut all = Measured::default();
    for connection in connections {
        let one = connection.await.map_err(std::io::Error::other)??;
        all.times_us.extend(one.times_us);
        all.errors += one.errors;
        all.wrong += one.wrong;
    }
    Ok(all)
}

#[expect(clippy::print_stdout, reason = "the line is what it is asked for")]
fn report(mut measured: Measured, load: &Load) {
    measured.times_us.sort_unstable();
    let times = &measured.times_us;
    let quantile =
        |q: f64| times.get(((times.len() as f64 * q) as usize).min(times.len().saturating_sub(1))).copied();
    let Options { form, connections, seconds, .. } = &load.options;
    let line = serde_json::json!({
        "form": form.name(),
        "connections": connections,
        "seconds": seconds,
        "requests": times.len(),
        "errors": measured.errors,
        "wrong": measured.wrong,
        "rps": times.len() as f64 / seconds,
        "p50_us": quantile(0.5),
        "p99_us": quantile(0.99),
        "answer": load.asks.first().map(|ask| ask.answers.borrow().first()),
    });
    println!("{line}");
}
