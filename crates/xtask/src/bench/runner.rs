//! `flightdeck-runner serve` with everything on (a token, counting, windows, audit) against axum or tonic and ONNX Runtime with
//! nothing around them: the same models, the same rows, each server alone on one core and the generator on another, by turns.
//!
//! Then what a server costs beside its requests: starting, memory, switching versions, a shadow, too much to do. With
//! `--peers` also other servers, installed as their users install them.

mod ground;
mod matrix;
mod memory;
mod overload;
mod peers;
mod press;
mod starting;
mod switching;

use anyhow::{Context, Result, ensure};

use super::figures::Figure;
use super::models::Kind;
use super::{Bench, Wish};
use crate::process::output;
use ground::{Ground, SERVER, Side, through};
use press::{Cell, Form, Generator};

/// How long everything takes.
struct Scale {
    connections: &'static [usize],
    rounds: usize,
    warm_s: f64,
    cell_s: f64,
    /// Rounds of what is started or switched.
    starts: usize,
    swaps: usize,
    /// Requests for the question whether memory grows.
    requests: usize,
}

const FULL: Scale = Scale {
    connections: &[1, 8, 32, 64],
    rounds: 3,
    warm_s: 0.15,
    cell_s: 0.5,
    starts: 7,
    swaps: 100,
    requests: 1_000_000,
};

const QUICK: Scale = Scale {
    connections: &[1, 32],
    rounds: 1,
    warm_s: 0.05,
    cell_s: 0.1,
    starts: 2,
    swaps: 6,
    requests: 20_000,
};

pub(super) fn measure(bench: &Bench<'_>, wish: &Wish) -> Result<Vec<Figure>> {
    let cores = std::thread::available_parallelism()?.get();
    ensure!(cfg!(target_os = "linux") && cores >= 2, "this needs Linux and two cores, one for each side");
    let scale = if wish.quick { &QUICK } else { &FULL };
    let field = Field::lay(bench)?;
    let mut figures = field.loops()?;
    let ours = field.ground.serve(SERVER, &field.data, &[])?;
    figures.extend(field.duels(&ours, scale)?);
    if wish.peers {
        figures.extend(peers::measure(&field, &ours, scale));
    }
    let mut part = |what: &str, measured: Result<Vec<Figure>>| match measured {
        Ok(more) => figures.extend(more),
        Err(error) => figures.push(Figure::failed("runner", what, &error)),
    };
    part("with TLS", field.encrypted(&ours, scale));
    part("memory after many requests", memory::growth(&field, &ours, scale));
    drop(ours);
    part("starting", starting::measure(&field, scale));
    part("switching versions", switching::swaps(&field, scale));
    part("beside a shadow", switching::shadow(&field, scale));
    part("overload", overload::measure(&field, scale));
    part("memory", memory::further(&field));
    // What has a target stands first; the rest of the matrix is for whoever asks why.
    figures.sort_by_key(|figure| !figure.is_judged());
    Ok(figures)
}

/// Everything that the parts share.
struct Field<'a> {
    ground: Ground<'a>,
    generator: Generator,
    bare: std::path::PathBuf,
    overload: std::path::PathBuf,
    /// The three models deployed under their own names.
    data: std::path::PathBuf,
    /// Two versions of the small one, by their digests.
    versions: [String; 2],
}

impl<'a> Field<'a> {
    fn lay(bench: &'a Bench<'a>) -> Result<Self> {
        let bare = bench.example("flightdeck-runner", "bare", &[])?;
        let load = bench.example("flightdeck-runner", "load", &[])?;
        let overload = bench.example("flightdeck-runner", "overload", &[])?;
        let ground = Ground::prepare(bench)?;
        let mut digests = Vec::new();
        for kind in Kind::ALL.into_iter().chain([Kind::Convolution]) {
            digests.push(ground.import(kind, &ground.training(kind))?);
        }
        let other = ground.desk.path("models/other.csv");
        let rows = std::fs::read_to_string(ground.training(Kind::Linear))?;
        std::fs::write(&other, rows.lines().take(300).collect::<Vec<_>>().join("\n"))?;
        let second = ground.import(Kind::Linear, &other)?;
        let data = ground.deploy(&[
            ("linear@1", "linear"),
            ("boosting", "boosting"),
            ("mlp", "mlp"),
            ("cnn", "cnn"),
            ("linear@2", "second"),
        ])?;
        let first = digests.into_iter().next().context("nothing was imported")?;
        Ok(Self { ground, generator: Generator { load }, bare, overload, data, versions: [first, second] })
    }

    /// ONNX Runtime called in a loop: what no server can be cheaper than.
    fn loops(&self) -> Result<Vec<Figure>> {
        let mut figures = Vec::new();
        for kind in Kind::ALL {
            for rows in [1, 64] {
                let mut calls = through(SERVER, &self.bare);
                self.ground.desk.surround(&mut calls);
                calls.arg(self.ground.model(kind)).arg(format!("{rows},{}", kind.columns()));
                let nanoseconds: f64 = output(&mut calls)?.trim().parse()?;
                let what = format!("ONNX Runtime in a loop, {} {rows} rows", kind.name());
                figures.push(Figure::of("runner", what, "µs", &[nanoseconds / 1e3]));
            }
        }
        Ok(figures)
    }

    fn duels(&self, ours: &Side, scale: &Scale) -> Result<Vec<Figure>> {
        let mut figures = Vec::new();
        let mut bare: Option<(Kind, Side)> = None;
        for cell in matrix::cells(scale) {
            if bare.as_ref().is_none_or(|(kind, _)| *kind != cell.kind) {
                bare = Some((cell.kind, self.ground.bare(&self.bare, cell.kind)?));
            }
            let Some((_, theirs)) = &bare else { continue };
            let sides = ((ours, cell.kind.name()), (theirs, "m"));
            match matrix::duel(&self.generator, cell, sides, scale) {
                Ok(measured) => figures.extend(matrix::figures(cell, "bare", &measured)),
                Err(error) => figures.push(Figure::failed("runner", matrix::name(cell, "bare"), &error)),
            }
        }
        Ok(figures)
    }

    /// The same server with TLS beside itself without.
    fn encrypted(&self, plain: &Side, scale: &Scale) -> Result<Vec<Figure>> {
        const CONNECTIONS: usize = 32;
        let data = self.ground.copy(&self.data, "tls")?;
        let tls = self.ground.begin(SERVER, &data, &["--tls", "on"])?;
        let mut figures = Vec::new();
        for cell in matrix::cells(scale).into_iter().filter(|cell| cell.connections == CONNECTIONS) {
            let name = cell.kind.name();
            self.generator.wait(&tls, name, cell)?;
            let measured = matrix::duel(&self.generator, cell, ((&tls, name), (plain, name)), scale)?;
            figures.extend(matrix::figures(cell, "itself without TLS", &measured));
        }
        Ok(figures)
    }
}

/// The load that most rows are stated for.
const SMALL: Cell = Cell { kind: Kind::Linear, rows: 1, form: Form::Json, connections: 8 };
