//! Every model, number of rows, form and number of connections, on our server and on the bare one by turns.

use anyhow::{Result, ensure};

use super::Scale;
use super::ground::Side;
use super::press::{Cell, Form, Generator, Pressed};
use crate::bench::figures::{Figure, Limit, Sides};
use crate::bench::models::Kind;

/// Both sides of a cell, round by round.
#[derive(Default)]
pub(super) struct Measured {
    cpu: Sides,
    p50: Sides,
    p99: Sides,
    rps: Sides,
}

impl Measured {
    fn add(&mut self, ours: &Pressed, theirs: &Pressed) {
        self.cpu.add(ours.cpu_us, theirs.cpu_us);
        self.p50.add(ours.p50_us, theirs.p50_us);
        self.p99.add(ours.p99_us, theirs.p99_us);
        self.rps.add(ours.rps, theirs.rps);
    }
}

/// The cells of the table, quickest to slowest.
pub(super) fn cells(scale: &Scale) -> Vec<Cell> {
    let mut cells = Vec::new();
    for kind in Kind::ALL {
        for rows in [1, 64] {
            for form in Form::ALL {
                cells.extend(scale.connections.iter().map(|connections| Cell {
                    kind,
                    rows,
                    form,
                    connections: *connections,
                }));
            }
        }
    }
    cells
}

/// Presses both sides by turns; the first round only warms them.
pub(super) fn duel(
    generator: &Generator,
    cell: Cell,
    (ours, theirs): ((&Side, &str), (&Side, &str)),
    scale: &Scale,
) -> Result<Measured> {
    let mut measured = Measured::default();
    for round in 0..=scale.rounds {
        let seconds = if round == 0 { scale.warm_s } else { scale.cell_s };
        let theirs = generator.press(theirs.0, theirs.1, cell, seconds)?;
        let ours = generator.press(ours.0, ours.1, cell, seconds)?;
        if round == 0 {
            same(&ours, &theirs, cell)?;
        } else {
            measured.add(&ours, &theirs);
        }
    }
    Ok(measured)
}

/// Both sides say the same of the same rows.
fn same(ours: &Pressed, theirs: &Pressed, cell: Cell) -> Result<()> {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-4 * a.abs().max(1.0);
    let same = ours.answer.len() == theirs.answer.len() && ours.answer.iter().zip(&theirs.answer).all(near);
    ensure!(same, "{cell:?}: {:?} is not {:?}", ours.answer, theirs.answer);
    Ok(())
}

/// A cell in words.
pub(super) fn name(cell: Cell, against: &str) -> String {
    let Cell { kind, rows, form, connections } = cell;
    let plural = if rows == 1 { "row" } else { "rows" };
    format!("{} {rows} {plural} {} c={connections}, against {against}", kind.name(), form.name())
}

/// The figures of a cell, with the limits that are stated for it.
pub(super) fn figures(cell: Cell, against: &str, measured: &Measured) -> Vec<Figure> {
    let Cell { rows, form, connections, .. } = cell;
    let what = |of: &str| format!("{of}, {}", name(cell, against));
    let ratio = |of: &str, sides: &Sides, unit| Figure::ratio("runner", what(of), sides, unit);
    let mut cpu = ratio("CPU/request", &measured.cpu, "µs");
    let mut p50 = ratio("p50", &measured.p50, "µs");
    if against == "bare" {
        match (form, rows) {
            (Form::Json, 1) if connections >= 8 => {
                cpu = cpu.must(Limit::AtMost(1.5)).aim(Limit::AtMost(1.2));
            }
            (Form::Json, 1) => p50 = p50.must(Limit::AtMost(1.3)).aim(Limit::AtMost(1.1)),
            (Form::Json, _) => {}
            _ => cpu = cpu.must(Limit::AtMost(1.3)).aim(Limit::AtMost(1.15)),
        }
    }
    let p99 = ratio("p99", &measured.p99, "µs");
    vec![cpu, p50, p99, ratio("requests/s", &measured.rps, "/s")]
}
