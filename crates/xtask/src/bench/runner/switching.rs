//! Versions that are switched under load, and a champion beside a shadow.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::json;

use super::ground::{BOTH, SERVER};
use super::starting::put;
use super::{Field, SMALL, Scale};
use crate::bench::figures::{Figure, Sides};
use crate::bench::http::Server;

/// A steady round and one with switches, by turns.
pub(super) fn swaps(field: &Field<'_>, scale: &Scale) -> Result<Vec<Figure>> {
    let data = field.ground.copy(&field.data, "swaps")?;
    let side = field.ground.serve(SERVER, &data, &[])?;
    let each = scale.swaps.div_ceil(scale.rounds);
    let seconds = each as f64 * 0.1;
    let (mut p99, mut failed) = (Sides::default(), Vec::new());
    // Both are warm before.
    for version in [&field.versions[1], &field.versions[0]] {
        put(&side.http, "linear", &json!({"champion": version}))?;
    }
    field.generator.press(&side, "linear", SMALL, scale.warm_s)?;
    for _ in 0..scale.rounds {
        let steady = field.generator.press(&side, "linear", SMALL, seconds)?;
        let line = thread::scope(|scope| {
            let (http, versions) = (&side.http, &field.versions);
            let switching = scope.spawn(move || switch(http, versions, each, seconds));
            let options = [("--seconds", seconds.to_string())];
            let line = field.generator.line(&side, "linear", SMALL, &options);
            switching.join().map_err(|_| anyhow!("the thread that switches panicked"))??;
            line
        })?;
        p99.add(line.number("p99_us")?, steady.p99_us);
        failed.push(line.number("errors")? + line.number("wrong")?);
    }
    let count = format!("{} switches", each * scale.rounds);
    Ok(vec![
        Figure::of("runner", "requests failed while versions are switched", "", &[failed.iter().sum()])
            .at_most(0.0)
            .note(&count),
        Figure::ratio("runner", format!("p99 while versions are switched ({count})"), &p99, "µs")
            .at_most(2.0),
    ])
}

/// Switches to the other version again and again, evenly spread.
fn switch(http: &Server, versions: &[String; 2], count: usize, seconds: f64) -> Result<()> {
    let begin = Instant::now();
    for number in 0..count {
        let at = begin + Duration::from_secs_f64(seconds * (number as f64 + 0.5) / count as f64);
        thread::park_timeout(at.saturating_duration_since(Instant::now()));
        put(http, "linear", &json!({"champion": versions[(number + 1) % 2]}))
            .with_context(|| format!("switch {number}"))?;
    }
    let took = begin.elapsed().as_secs_f64();
    ensure!(took <= seconds * 1.5, "{count} switches took {took:.1} s instead of {seconds:.1}");
    Ok(())
}

/// Two cores for the server, of which one client uses a part.
pub(super) fn shadow(field: &Field<'_>, scale: &Scale) -> Result<Vec<Figure>> {
    let data = field.ground.copy(&field.data, "shadow")?;
    let side = field.ground.serve(BOTH, &data, &[])?;
    let [champion, other] = &field.versions;
    let policy = json!({
        "champion": champion, "challengers": [{"version": other, "challenge": "shadow"}],
    });
    put(&side.http, "shadowed", &policy)?;
    let cell = super::Cell { connections: 1, ..SMALL };
    let mut p50 = Sides::default();
    for round in 0..=2 * scale.rounds {
        let alone = field.generator.press(&side, "linear", cell, scale.cell_s)?;
        let beside = field.generator.press(&side, "shadowed", cell, scale.cell_s)?;
        if round > 0 {
            p50.add(beside.p50_us, alone.p50_us);
        }
    }
    Ok(vec![Figure::ratio("runner", "champion's p50 beside a shadow, c=1", &p50, "µs").at_most(1.03)])
}
