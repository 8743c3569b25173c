//! What a server holds: idle, per further model, and after many requests.

use anyhow::{Result, ensure};

use super::ground::{SERVER, Side};
use super::starting::add;
use super::{Field, SMALL, Scale};
use crate::bench::figures::{Figure, Limit};
use crate::bench::models::Kind;
use crate::bench::proc::rss_mib;

/// Endpoints that are added to see what one costs.
const FURTHER: usize = 8;
/// What ONNX Runtime itself holds per session of the small model.
const SESSION_MIB: f64 = 0.4;

/// After `starting` prepared a folder with one endpoint.
pub(super) fn further(field: &Field<'_>) -> Result<Vec<Figure>> {
    let data = field.ground.copy(&field.ground.desk.path("one"), "further")?;
    let side = field.ground.serve(SERVER, &data, &[])?;
    field.generator.press(&side, "linear", SMALL, 0.05)?;
    let idle = rss_mib(side.pid())?;
    let bare = field.ground.bare(&field.bare, Kind::Linear)?;
    field.generator.press(&bare, "m", SMALL, 0.05)?;
    let note = format!("bare: {:.1} MiB", rss_mib(bare.pid())?);
    let names: Vec<String> = (0..FURTHER).map(|number| format!("further-{number}")).collect();
    add(&side.http, &names, &field.versions[1])?;
    let each = (rss_mib(side.pid())? - idle) / FURTHER as f64;
    Ok(vec![
        Figure::of("runner", "memory (RSS), idle with 1 small model", "MiB", &[idle])
            .at_most(64.0)
            .aim(Limit::AtMost(48.0))
            .note(note),
        Figure::of("runner", "memory per further small model", "MiB", &[each]).at_most(SESSION_MIB + 1.0),
    ])
}

/// Requests of 1 to 64 rows: few, then many.
pub(super) fn growth(field: &Field<'_>, ours: &Side, scale: &Scale) -> Result<Vec<Figure>> {
    let few = 10_000.min(scale.requests / 10);
    let mixed = |requests: usize| -> Result<f64> {
        let options =
            [("--mixed", "yes".into()), ("--requests", requests.to_string()), ("--seconds", "120".into())];
        let line = field.generator.line(
            ours,
            "boosting",
            super::Cell { kind: Kind::Boosting, ..SMALL },
            &options,
        )?;
        ensure!(line.number("errors")? + line.number("wrong")? == 0.0, "answered badly: {}", line.said);
        rss_mib(ours.pid())
    };
    let (before, after) = (mixed(few)?, mixed(scale.requests)?);
    let what = format!("memory after {} requests of mixed sizes, of that after {few}", scale.requests);
    let note = format!("{after:.1} of {before:.1} MiB");
    Ok(vec![Figure::of("runner", what, "×", &[after / before]).at_most(1.2).note(note)])
}
