//! Scoring a file: its rows sent to an endpoint by column name, its answers written beside them.
//!
//! The rows take the same way as anybody's: they are counted, and on an endpoint that replays, at the times that they bring.

use crate::jobs::Job;
use crate::views::PredictView;
use crate::{App, Error, Result};
use flightdeck_core::{Cell, Progress, Timestamp, Unit};
use flightdeck_protocol::{Control, EventTime, PredictRequest, Prediction};
use flightdeck_store::endpoint::EndpointRecord;
use flightdeck_table::{Data, NO_TIME, Options, Table, write_csv};
use serde_json::{Map, Value};
use std::fs::File;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Rows in one request.
const BATCH: usize = 250;

impl App {
    /// Sends the rows of a CSV or Parquet file to an endpoint and writes rows and answers as CSV. `event_time` names the
    /// column that says when each row happened.
    pub async fn predict(
        &self,
        address: &str,
        file: &Path,
        out: Option<&Path>,
        event_time: Option<&str>,
        job: &Job,
    ) -> Result<PredictView> {
        let record = self.endpoint(address)?;
        if event_time.is_some() && !record.replay {
            let message = format!("{} counts rows when they arrive", record.endpoint);
            return Err(Error::input(
                "not-a-replay",
                message,
                "Deploy it with --replay to give rows their own time",
            ));
        }
        let attached = self.runner_for(&record.runner).await?;
        let table = flightdeck_table::read(file, &Options::default())?;
        let columns = self.model_columns(&record, &table)?;
        let times = event_time.map(|name| times(&table, name)).transpose()?;
        // Whether the answers can be written is known before anything is sent and counted.
        let target = out.map(Target::open).transpose()?;
        let sending = Sending { control: &attached.control, record: &record, table: &table, columns, times };
        let mut answers = Vec::with_capacity(table.rows);
        while answers.len() < table.rows {
            if job.cancel.is_cancelled() {
                let sent = answers.len();
                return Err(Error {
                    message: format!("Stopped; {sent} rows were answered and counted"),
                    ..Error::cancelled()
                });
            }
            let end = (answers.len() + BATCH).min(table.rows);
            answers.extend(sending.send(answers.len()..end).await?);
            job.report(Progress::new("predict", answers.len() as u64, Some(table.rows as u64), Unit::Rows));
        }
        let written = target.is_some();
        if let Some(target) = target {
            target.write(&table, &answers)?;
        }
        Ok(PredictView {
            endpoint: record.endpoint.clone(),
            rows: table.rows as u64,
            written: if written { answers.len() as u64 } else { 0 },
            failed: 0,
            out: out.map(|out| out.display().to_string()),
        })
    }

    /// The table's columns that the model takes; all of them must be there.
    fn model_columns(&self, record: &EndpointRecord, table: &Table) -> Result<Vec<usize>> {
        let signature: flightdeck_core::Signature =
            self.package(&record.digest)?.read(flightdeck_package::SIGNATURE)?;
        let names = signature.columns().map(|(_, column)| column.name.as_str());
        let places = names.map(|name| {
            table.columns.iter().position(|column| column.name == name).ok_or_else(|| {
                let hint = format!("The file has {}", table.names().join(", "));
                Error::input("missing-column", format!("The file has no column {name}"), hint)
            })
        });
        places.collect()
    }
}

/// What is sent where.
struct Sending<'a> {
    control: &'a Control,
    record: &'a EndpointRecord,
    table: &'a Table,
    columns: Vec<usize>,
    times: Option<Vec<Timestamp>>,
}

impl Sending<'_> {
    async fn send(&self, rows: std::ops::Range<usize>) -> Result<Vec<Prediction>> {
        let row = |row: usize| -> Map<String, Value> {
            let cell = |&column: &usize| {
                (self.table.columns[column].name.clone(), json(self.table.cell(row, column)))
            };
            self.columns.iter().map(cell).collect()
        };
        let event_time = self.times.as_ref().map(|times| EventTime::PerRow(times[rows.clone()].to_vec()));
        let request = PredictRequest { rows: rows.map(row).collect(), event_time };
        Ok(self.control.predict(&self.record.endpoint, &request).await?.predictions)
    }
}

fn json(cell: Cell) -> Value {
    match cell {
        Cell::Missing => Value::Null,
        Cell::Bool(value) => value.into(),
        Cell::Integer(value) => value.into(),
        Cell::Number(value) => value.into(),
        Cell::Text(text) => text.into(),
    }
}

fn times(table: &Table, name: &str) -> Result<Vec<Timestamp>> {
    let known = || format!("The file has {}", table.names().join(", "));
    let column = table
        .column(name)
        .ok_or_else(|| Error::input("missing-column", format!("The file has no column {name}"), known()))?;
    let parsed: Option<Vec<Timestamp>> = match &column.data {
        Data::Time(times) => {
            times.ms.iter().map(|ms| (*ms != NO_TIME).then(|| Timestamp::from_ms(*ms))).collect()
        }
        Data::Text(texts) => (0..table.rows).map(|row| Timestamp::parse(texts.get(row)?)).collect(),
        Data::Number(_) => None,
    };
    parsed.ok_or_else(|| {
        Error::input(
            "bad-time",
            format!("Column {name} does not hold a time in each row"),
            "Use times such as 2026-07-01",
        )
    })
}

/// A file that is written beside its place and put there when it is whole. A device or a pipe is written to as it is: it
/// is somebody else's, and nothing may take its place.
struct Target {
    path: PathBuf,
    out: Out,
}

enum Out {
    File(NamedTempFile),
    Device(File),
}

impl Target {
    fn open(path: &Path) -> Result<Self> {
        let is_device = std::fs::metadata(path).is_ok_and(|facts| !facts.is_file() && !facts.is_dir());
        if is_device {
            let device = File::options().write(true).open(path).map_err(|error| unwritable(path, &error))?;
            return Ok(Self { path: path.into(), out: Out::Device(device) });
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder).map_err(|error| unwritable(path, &error))?;
        Ok(Self { path: path.into(), out: Out::File(file) })
    }

    /// The file's own columns, then the answers.
    fn write(self, table: &Table, answers: &[Prediction]) -> Result<()> {
        let first = answers.first().cloned().unwrap_or_default();
        let classes: Vec<String> = first.scores.iter().flatten().map(|(class, _)| class.clone()).collect();
        let mut header: Vec<String> = table.names().iter().map(ToString::to_string).collect();
        header.extend(first.label.is_some().then(|| "prediction".to_owned()));
        header.extend(first.value.is_some().then(|| "prediction".to_owned()));
        header.extend(classes.iter().map(|class| format!("score_{class}")));
        let rows = answers.iter().enumerate().map(|(row, answer)| {
            let mut cells = table.row(row);
            cells.extend(answer_cells(answer, &classes));
            cells
        });
        match self.out {
            Out::Device(device) => drop(write_csv(&mut std::io::BufWriter::new(device), &header, rows)?),
            Out::File(file) => {
                write_csv(&mut std::io::BufWriter::new(&file), &header, rows)?;
                file.persist(&self.path).map_err(|error| unwritable(&self.path, &error.error))?;
            }
        }
        Ok(())
    }
}

fn answer_cells(answer: &Prediction, classes: &[String]) -> Vec<Cell> {
    let number = |value: Option<f64>| value.map_or(Cell::Missing, Cell::Number);
    let score =
        |class| number(answer.scores.as_ref().and_then(|scores| scores.get(class).copied().flatten()));
    let label = answer.label.clone().map(Cell::Text).into_iter();
    label.chain(answer.value.map(number)).chain(classes.iter().map(score)).collect()
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    let hint = "Check that the folder exists and may be written to, and that the disk is not full";
    Error::failed("unwritable", format!("Cannot write {}: {error}", path.display()), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_stays_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("nowhere");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        Target::open(&link).unwrap().write(&Table::default(), &[]).unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    }
}
