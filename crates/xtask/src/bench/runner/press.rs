//! One load on one server, and what it costs there.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::ground::{GENERATOR, Side, through};
use crate::bench::models::Kind;
use crate::bench::proc::fine_cpu_s;
use crate::process::output;

/// How long a side may take until it answers.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Binary,
    Grpc,
}

impl Form {
    pub(crate) const ALL: [Self; 3] = [Self::Json, Self::Binary, Self::Grpc];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Binary => "binary",
            Self::Grpc => "grpc",
        }
    }
}

/// What is asked, how, and by how many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) kind: Kind,
    pub(crate) rows: usize,
    pub(crate) form: Form,
    pub(crate) connections: usize,
}

pub(crate) struct Generator {
    pub(crate) load: PathBuf,
}

/// One server under one load.
#[derive(Clone, Debug)]
pub(crate) struct Pressed {
    pub(crate) cpu_us: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) rps: f64,
    pub(crate) answer: Vec<f64>,
}

impl Generator {
    /// Loads a model of a side for a time; every answer has to be right.
    pub(crate) fn press(&self, side: &Side, model: &str, cell: Cell, seconds: f64) -> Result<Pressed> {
        let line = self.line(side, model, cell, &[("--seconds", seconds.to_string())])?;
        let (errors, wrong) = (line.number("errors")?, line.number("wrong")?);
        ensure!(errors == 0.0 && wrong == 0.0, "{model} answered badly: {}", line.said);
        line.pressed()
    }

    /// Waits until a side answers.
    pub(crate) fn wait(&self, side: &Side, model: &str, cell: Cell) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.press(side, model, Cell { connections: 1, ..cell }, 0.05) {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > end => return Err(error),
                Err(_) => std::thread::park_timeout(Duration::from_millis(50)),
            }
        }
    }

    /// Loads a model as the options say, and tells all that the generator found.
    pub(crate) fn line(
        &self,
        side: &Side,
        model: &str,
        cell: Cell,
        options: &[(&str, String)],
    ) -> Result<Line> {
        let address = if cell.form == Form::Grpc { side.grpc } else { side.http.address };
        let scheme = if side.is_tls { "https" } else { "http" };
        let mut load = through(GENERATOR, &self.load);
        // What is not a name is the path itself.
        let path =
            if model.starts_with('/') { model.to_owned() } else { format!("/v2/models/{model}/infer") };
        load.arg(format!("{scheme}://{address}{path}"))
            .args(["--form", cell.form.name(), "--input", "x"])
            .args(["--shape", &format!("{},{}", cell.rows, cell.kind.columns())])
            .args(["--connections", &cell.connections.to_string()]);
        if let Some(token) = &side.http.token {
            load.args(["--token", token]);
        }
        for (name, value) in options {
            load.args([name, value.as_str()]);
        }
        let before = fine_cpu_s(side.pid())?;
        let said = output(&mut load)?;
        let cpu_s = fine_cpu_s(side.pid())? - before;
        Ok(Line { said: serde_json::from_str(&said)?, cpu_s })
    }
}

/// What the generator said, and the processor time of the server meanwhile.
pub(crate) struct Line {
    pub(crate) said: Value,
    cpu_s: f64,
}

impl Line {
    pub(crate) fn number(&self, field: &str) -> Result<f64> {
        self.said[field].as_f64().with_context(|| format!("the generator printed no {field}: {}", self.said))
    }

    pub(crate) fn pressed(&self) -> Result<Pressed> {
        let requests = self.number("requests")?;
        ensure!(requests > 0.0, "nothing was answered: {}", self.said);
        Ok(Pressed {
            cpu_us: self.cpu_s * 1e6 / requests,
            p50_us: self.number("p50_us")?,
            p99_us: self.number("p99_us")?,
            rps: self.number("rps")?,
            answer: serde_json::from_value(self.said["answer"].clone())?,
        })
    }
}
