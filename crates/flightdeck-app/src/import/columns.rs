//! Matching a baseline's columns with a model's: by name, and where the model has no names of its own, by position.

use crate::views::MatchedColumn;
use crate::{Error, Result};
use flightdeck_core::{Column, ColumnKind, DataType, Finding, Severity, Signature};
use flightdeck_drift::{Baseline, Sample, SampleData};
use flightdeck_table::{Data, Options, Table};
use std::path::Path;

/// A baseline file, read and matched.
pub(crate) struct Matched {
    pub(crate) table: Table,
    /// The column whose rising times order the rows.
    pub(crate) time_column: Option<usize>,
    /// For each column of the table the model's column it belongs to.
    places: Vec<Option<String>>,
    pub(crate) findings: Vec<Finding>,
}

/// Reads the file and finds the model's columns in it. Columns that the model took by position get the file's names.
pub(crate) fn matched(path: &Path, signature: &mut Signature) -> Result<Matched> {
    let table = read(path, signature)?;
    Matched::new(table, signature)
}

impl Matched {
    /// Finds the model's columns in a table.
    pub(crate) fn new(table: Table, signature: &mut Signature) -> Result<Self> {
        let time_column = rising(&table);
        matched_table(table, time_column, signature)
    }

    /// The column that the rows are ordered by in time.
    pub(crate) fn time_column_name(&self) -> Option<String> {
        self.time_column.map(|index| self.table.columns[index].name.clone())
    }
}

fn matched_table(table: Table, time_column: Option<usize>, signature: &mut Signature) -> Result<Matched> {
    let mut findings = Vec::new();
    let wanted: Vec<String> = signature.columns().map(|(_, column)| column.name.clone()).collect();
    let known = wanted.iter().filter(|name| table.column(name).is_some()).count();
    if known < wanted.len() {
        take_names_by_position(signature, &table, time_column, &mut findings)?;
    }
    let places: Vec<Option<String>> = table
        .columns
        .iter()
        .map(|column| signature.columns().any(|(_, c)| c.name == column.name).then(|| column.name.clone()))
        .collect();
    check_types(signature, &table)?;
    let extra: Vec<&str> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(i, _)| places[*i].is_none() && Some(*i) != time_column)
        .map(|(_, column)| column.name.as_str())
        .collect();
    if !extra.is_empty() {
        findings.push(Finding::new(
            "columns-not-used",
            Severity::Info,
            format!("The model does not take {}", listed(&extra)),
            "Nothing has to be done: labels and other columns are left aside",
        ));
    }
    findings.extend(poor_columns(signature, &table));
    if table.rows == 0 {
        return Err(Error::input(
            "baseline-empty",
            "The baseline has no rows",
            "Give the data the model was trained on",
        ));
    }
    if table.rows < 200 {
        let rows = if table.rows == 1 { "1 row".into() } else { format!("{} rows", table.rows) };
        findings.push(Finding::new(
            "small-baseline",
            Severity::Warning,
            format!("The baseline has {rows}: drift is found late with fewer than 200"),
            "Use the whole training data",
        ));
    }
    Ok(Matched { table, time_column, places, findings })
}

/// Texts stay texts where the model takes texts, however much they look like numbers.
fn read(path: &Path, signature: &Signature) -> Result<Table> {
    let table = flightdeck_table::read(path, &Options::default())?;
    let as_text: Vec<String> = signature
        .columns()
        .filter(|(input, _)| input.data_type == DataType::Bytes)
        .filter(|(_, column)| table.column(&column.name).is_some_and(|c| !matches!(c.data, Data::Text(_))))
        .map(|(_, column)| column.name.clone())
        .collect();
    if as_text.is_empty() {
        return Ok(table);
    }
    Ok(flightdeck_table::read(path, &Options { as_text, ..Options::default() })?)
}

/// The first column of times that never go back, when there is one.
fn rising(table: &Table) -> Option<usize> {
    table.columns.iter().position(|column| match &column.data {
        Data::Time(times) => times.nulls == 0 && times.ms.is_sorted() && times.ms.first() != times.ms.last(),
        _ => false,
    })
}

fn take_names_by_position(
    signature: &mut Signature,
    table: &Table,
    time_column: Option<usize>,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let names: Vec<String> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(i, _)| Some(*i) != time_column)
        .map(|(_, column)| column.name.clone())
        .collect();
    let unnamed = signature
        .inputs
        .iter()
        .all(|input| input.columns.iter().all(|column| is_unnamed(column) || input.columns.len() == 1))
        && signature.inputs.len() == 1;
    let wanted = signature.columns().count();
    if !unnamed || names.len() < wanted {
        return Err(wrong_columns(signature, table));
    }
    for (column, name) in signature.inputs[0].columns.iter_mut().zip(&names) {
        column.name.clone_from(name);
    }
    findings.push(Finding::new(
        "columns-by-position",
        Severity::Warning,
        format!("The model names no columns: the first {wanted} of the baseline were taken in their order"),
        "Check that the file has the columns in the order the model was trained with",
    ));
    Ok(())
}

/// `f0` and `x0` are what readers call columns that have no name.
fn is_unnamed(column: &Column) -> bool {
    ["f", "x"].iter().any(|letter| column.name == format!("{letter}{}", column.index))
}

fn wrong_columns(signature: &Signature, table: &Table) -> Error {
    let missing: Vec<&str> = signature
        .columns()
        .map(|(_, column)| column.name.as_str())
        .filter(|name| table.column(name).is_none())
        .collect();
    Error::input(
        "baseline-columns",
        format!("The baseline has no column {}", listed(&missing)),
        format!(
            "It has {}. Give the data the model was trained on, with its column names",
            listed(&table.names())
        ),
    )
}

fn check_types(signature: &Signature, table: &Table) -> Result<()> {
    for (input, column) in signature.columns() {
        let Some(found) = table.column(&column.name) else { continue };
        let fits = match (&found.data, input.data_type) {
            (_, DataType::Bytes) | (Data::Number(_), _) => true,
            (Data::Text(texts), _) => texts.values.iter().all(|text| truth(text).is_some()),
            (Data::Time(_), _) => false,
        };
        if !fits {
            let place = match first_text(&found.data) {
                Some((row, text)) => {
                    let text: String = text.chars().take(40).collect();
                    format!(": row {row} has \"{}\"", text.escape_debug())
                }
                None => String::new(),
            };
            let message = format!(
                "Column {} of the baseline holds {}s, and the model takes numbers{place}",
                column.name,
                holds(&found.data)
            );
            return Err(Error::input("baseline-columns", message, "Give the data as the model takes it"));
        }
    }
    Ok(())
}

/// Columns that the training data says little about.
fn poor_columns(signature: &Signature, table: &Table) -> Vec<Finding> {
    let named = |keep: fn(&Data) -> bool| -> Vec<&str> {
        let known = signature.columns().filter_map(|(_, column)| table.column(&column.name));
        known.filter(|column| keep(&column.data)).map(|column| column.name.as_str()).collect()
    };
    let finding = |code, names: &[&str], what: &str, hint: &str| {
        (!names.is_empty())
            .then(|| Finding::new(code, Severity::Warning, format!("{what}: {}", listed(names)), hint))
    };
    let empty = named(|data| data.nulls() == data.len() as u64);
    let constant = named(is_constant);
    let empty = finding(
        "empty-column",
        &empty,
        "Without a single value in the training data",
        "Any value in traffic will count as drift; give data that has the column",
    );
    let constant = finding(
        "constant-column",
        &constant,
        "With one and the same value in all of the training data",
        "Any other value in traffic will count as drift; check that the column was meant so",
    );
    empty.into_iter().chain(constant).collect()
}

fn is_constant(data: &Data) -> bool {
    let several = data.len() > 1 && data.nulls() < data.len() as u64;
    several
        && match data {
            Data::Number(numbers) => {
                let mut values = numbers.values.iter().filter(|value| !value.is_nan());
                let first = values.next();
                values.all(|value| Some(value) == first)
            }
            Data::Text(texts) => texts.values.len() == 1,
            Data::Time(_) => false,
        }
}

/// The first row, counted from 1, whose text is not a number, with the text.
fn first_text(data: &Data) -> Option<(usize, &str)> {
    let Data::Text(texts) = data else { return None };
    let texts = (0..texts.codes.len()).filter_map(|row| Some((row + 1, texts.get(row)?)));
    texts.into_iter().find(|(_, text)| text.trim().parse::<f64>().is_err())
}

/// At most eight names, and how many more.
fn listed(names: &[&str]) -> String {
    let shown = names.iter().take(8).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "none".into(),
        1..=8 => shown,
        n => format!("{shown} and {} more", n - 8),
    }
}

const fn holds(data: &Data) -> &'static str {
    match data {
        Data::Number(_) => "number",
        Data::Text(_) => "text",
        Data::Time(_) => "time",
    }
}

fn truth(text: &str) -> Option<f64> {
    match text {
        "true" => Some(1.0),
        "false" => Some(0.0),
        _ => None,
    }
}

impl Matched {
    /// How each column was understood.
    pub(crate) fn views(&self, signature: &Signature) -> Vec<MatchedColumn> {
        let columns = self.table.columns.iter().zip(&self.places).enumerate();
        columns
            .map(|(index, (column, place))| MatchedColumn {
                name: column.name.clone(),
                found: holds(&column.data).into(),
                column: place.clone(),
                kind: place.as_ref().map_or(ColumnKind::Categorical, |name| kind(signature, name)),
                nulls: column.data.nulls(),
                examples: self.examples(index),
            })
            .collect()
    }

    fn examples(&self, column: usize) -> Vec<String> {
        let cells = (0..self.table.rows.min(3)).map(|row| match self.table.cell(row, column) {
            flightdeck_core::Cell::Missing => "(empty)".to_owned(),
            flightdeck_core::Cell::Bool(value) => value.to_string(),
            flightdeck_core::Cell::Integer(value) => value.to_string(),
            flightdeck_core::Cell::Number(value) => value.to_string(),
            flightdeck_core::Cell::Text(text) => text.chars().take(24).collect(),
        });
        cells.collect()
    }

    /// The table's position of a model's column.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.places.iter().position(|place| place.as_deref() == Some(name))
    }

    /// Freezes the model's columns, in the model's order.
    ///
    /// A runner counts what the model sees. Numbers that it sees in single precision are rounded so here too: a value that
    /// occurs often has a bin of its own, and would lie just beside it otherwise.
    pub(crate) fn freeze(&self, signature: &Signature) -> Baseline {
        let seen: Vec<Option<Vec<f64>>> =
            signature.columns().map(|(input, c)| self.seen(input.data_type, c)).collect();
        let samples: Vec<Sample<'_>> = signature
            .columns()
            .zip(&seen)
            .filter_map(|((_, column), seen)| {
                let data = &self.table.columns[self.position(&column.name)?].data;
                let data = match (seen, data) {
                    (Some(values), data) => SampleData::Numbers { values, nulls: data.nulls() },
                    (None, Data::Number(n)) => SampleData::Numbers { values: &n.values, nulls: n.nulls },
                    (None, Data::Text(t)) => {
                        SampleData::Values { codes: &t.codes, values: &t.values, nulls: t.nulls }
                    }
                    (None, Data::Time(_)) => return None,
                };
                Some(Sample { name: &column.name, kind: column.kind, data })
            })
            .collect();
        let times = self.time_column.and_then(|index| match &self.table.columns[index].data {
            Data::Time(times) => Some(times.ms.as_slice()),
            _ => None,
        });
        flightdeck_drift::freeze(&samples, times)
    }

    /// The numbers that the model sees where the file has others: rounded to single precision, or made of `true` and
    /// `false`.
    fn seen(&self, data_type: DataType, column: &Column) -> Option<Vec<f64>> {
        match &self.table.columns[self.position(&column.name)?].data {
            Data::Number(numbers) if data_type == DataType::Fp32 => {
                Some(numbers.values.iter().map(|value| f64::from(*value as f32)).collect())
            }
            Data::Text(texts) if column.kind == ColumnKind::Numeric => {
                let row = |row| texts.get(row).and_then(truth).unwrap_or(f64::NAN);
                Some((0..self.table.rows).map(row).collect())
            }
            _ => None,
        }
    }
}

fn kind(signature: &Signature, name: &str) -> ColumnKind {
    let found = signature.columns().find(|(_, column)| column.name == name);
    found.map_or(ColumnKind::Categorical, |(_, column)| column.kind)
}
