//! The drift of two files, at once and without any runner.

use crate::{Error, Result};
use flightdeck_core::ColumnKind;
use flightdeck_drift::compare::Comparison;
use flightdeck_drift::{Sample, SampleData};
use flightdeck_table::{Data, Options, Table};
use std::path::Path;

/// Compares the columns of two CSV or Parquet files. `categorical` names columns that are counted by value although they
/// hold numbers. Columns of times are left out: later data has later times.
pub fn compare(baseline: &Path, current: &Path, categorical: &[String]) -> Result<Comparison> {
    let (baseline, current) = std::thread::scope(|scope| {
        let other = scope.spawn(|| read(current));
        (read(baseline), other.join())
    });
    let internal = |_| Error::failed("internal", "Reading a file ended unexpectedly", "Report this as a bug");
    let (baseline, current) = (baseline?, current.map_err(internal)??);
    if let Some(name) = categorical.iter().find(|name| baseline.column(name).is_none()) {
        let known = baseline.names().join(", ");
        return Err(Error::input(
            "no-such-column",
            format!("There is no column {name}"),
            format!("There is {known}"),
        ));
    }
    if !baseline.columns.iter().any(|column| current.column(&column.name).is_some()) {
        let hint = format!("The baseline has {}", baseline.names().join(", "));
        return Err(Error::input("no-common-column", "The two files have no column in common", hint));
    }
    Ok(flightdeck_drift::compare::compare(&samples(&baseline, categorical), &samples(&current, categorical)))
}

fn read(path: &Path) -> Result<Table> {
    flightdeck_table::read(path, &Options::default()).map_err(|error| {
        let mut error = Error::from(error);
        error.message = format!("{}: {}", crate::import::file_name(path), error.message);
        error
    })
}

fn samples<'a>(table: &'a Table, categorical: &[String]) -> Vec<Sample<'a>> {
    let columns = table.columns.iter().filter_map(|column| {
        let declared = categorical.contains(&column.name);
        let (kind, data) = match &column.data {
            Data::Number(numbers) => {
                let kind = if declared { ColumnKind::Categorical } else { ColumnKind::Numeric };
                (kind, SampleData::Numbers { values: &numbers.values, nulls: numbers.nulls })
            }
            Data::Text(texts) => {
                let data =
                    SampleData::Values { codes: &texts.codes, values: &texts.values, nulls: texts.nulls };
                (ColumnKind::Categorical, data)
            }
            Data::Time(_) => return None,
        };
        Some(Sample { name: &column.name, kind, data })
    });
    columns.collect()
}
