//! Four times what a server can do, offered at its own pace: most is refused at once, the rest is served as before.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::ground::{GENERATOR, SERVER, through};
use super::peers::row;
use super::{Field, Scale};
use crate::bench::figures::{Figure, Limit};
use crate::bench::models::Kind;
use crate::bench::proc::rss_mib;
use crate::process::output;

/// Predicted work that a queue holds, in milliseconds: an accepted request waits for that much at most.
const QUEUED_MS: f64 = 50.0;
const ROUNDS: usize = 3;

pub(super) fn measure(field: &Field<'_>, scale: &Scale) -> Result<Vec<Figure>> {
    let data = field.ground.copy(&field.data, "overload")?;
    let side = field.ground.serve(SERVER, &data, &[])?;
    let body = field.ground.desk.path("overload.json");
    fs::write(&body, row(Kind::Convolution))?;
    let seconds = (scale.cell_s * 6.0).to_string();
    let mut found: Vec<Value> = Vec::new();
    let mut before = None;
    for _ in 0..ROUNDS.min(scale.rounds) {
        let mut overload = through(GENERATOR, &field.overload);
        overload.arg(format!("http://{}/v2/models/cnn/infer", side.http.address)).arg(&body);
        found.push(serde_json::from_str(&output(overload.args(["4", "256", &seconds]))?)?);
        // The first round brings what overload needs at all.
        before.get_or_insert(rss_mib(side.pid())?);
    }
    let after = rss_mib(side.pid())?;
    let numbers = |name: &str| -> Result<Vec<f64>> {
        let number = |round: &Value| round[name].as_f64().with_context(|| format!("no {name} in {round}"));
        found.iter().map(number).collect()
    };
    let ms =
        |name: &str| Ok::<_, anyhow::Error>(numbers(name)?.iter().map(|us| us / 1e3).collect::<Vec<_>>());
    let percent: Vec<f64> = numbers("goodput")?.iter().map(|share| share * 100.0).collect();
    let capacity = format!("capacity {:.0}/s", numbers("capacity_rps")?[0]);
    let what = |of: &str| format!("4× overload: {of}");
    Ok(vec![
        Figure::of("runner", what("goodput, of the capacity"), "%", &percent)
            .must(Limit::AtLeast(85.0))
            .aim(Limit::AtLeast(95.0))
            .note(capacity),
        Figure::of("runner", what("p99 of the accepted"), "ms", &ms("accepted_p99_us")?)
            .at_most(2.0 * QUEUED_MS + 5.0),
        Figure::of("runner", what("p99 of the refused"), "ms", &ms("refused_p99_us")?).at_most(10.0),
        Figure::of("runner", what("other answers"), "", &numbers("other")?).at_most(0.0),
        Figure::of(
            "runner",
            what("memory, of that after the first round"),
            "×",
            &[after / before.unwrap_or(after)],
        )
        .at_most(1.1),
    ])
}
