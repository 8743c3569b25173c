//! From rows by column name to the input tensors of a model.

use crate::{Column, DataType, Input, Signature, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One value of a row, before it is known what the model wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// No value.
    Missing,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// Rows that do not fit the signature.
#[derive(Debug, Error, PartialEq)]
pub enum RowError {
    /// A column of the model is not there.
    #[error("column \"{0}\" is missing")]
    MissingColumn(String),
    /// A column is not one of the model's.
    #[error("the model has no column \"{0}\"")]
    UnknownColumn(String),
    /// A row is longer or shorter than the list of columns.
    #[error("row {row} has {found} values, the header names {expected} columns")]
    Ragged {
        /// 0-based.
        row: usize,
        /// How many values it has.
        found: usize,
        /// How many columns are named.
        expected: usize,
    },
    /// A value is not of the column's type.
    #[error("row {row}, column \"{column}\": {value} is not a {expected} value")]
    Value {
        /// 0-based.
        row: usize,
        /// The column's name.
        column: String,
        /// What stands there.
        value: String,
        /// What the model takes.
        expected: DataType,
    },
    /// A value is missing and the model takes none in its place.
    #[error(
        "row {row}, column \"{column}\" is empty, and the model does not say what stands for a missing {expected} value"
    )]
    Missing {
        /// 0-based.
        row: usize,
        /// The column's name.
        column: String,
        /// What the model takes.
        expected: DataType,
    },
    /// The input is not a table of rows.
    #[error("input \"{0}\" is not made of columns; send tensors")]
    NotTabular(String),
}

/// The columns that are named but not the model's.
pub fn unknown_columns<'a>(signature: &Signature, columns: &'a [String]) -> Vec<&'a str> {
    let known = |name: &str| signature.columns().any(|(_, column)| column.name == name);
    columns.iter().map(String::as_str).filter(|name| !known(name)).collect()
}

/// Builds the input tensors from rows. Columns that are not the model's are passed over; every column of the model must
/// be named.
pub fn assemble(
    signature: &Signature,
    columns: &[String],
    rows: &[Vec<Cell>],
) -> Result<Vec<Tensor>, RowError> {
    if let Some((row, cells)) = rows.iter().enumerate().find(|(_, cells)| cells.len() != columns.len()) {
        return Err(RowError::Ragged { row, found: cells.len(), expected: columns.len() });
    }
    signature.inputs.iter().map(|input| tensor(input, columns, rows)).collect()
}

fn tensor(input: &Input, columns: &[String], rows: &[Vec<Cell>]) -> Result<Tensor, RowError> {
    let not_tabular = || RowError::NotTabular(input.name.clone());
    let mut ordered: Vec<&Column> = input.columns.iter().collect();
    ordered.sort_by_key(|column| column.index);
    let places = ordered.iter().map(|column| {
        let place = columns.iter().position(|name| *name == column.name);
        place.ok_or_else(|| RowError::MissingColumn(column.name.clone()))
    });
    let places = places.collect::<Result<Vec<_>, _>>()?;
    let shape = match input.shape.len() {
        1 if ordered.len() == 1 => vec![rows.len()],
        2 => vec![rows.len(), ordered.len()],
        _ => return Err(not_tabular()),
    };
    let mut data = TensorData::with_capacity(input.data_type, rows.len() * ordered.len());
    for (row, cells) in rows.iter().enumerate() {
        for (column, place) in ordered.iter().zip(&places) {
            push(&mut data, &cells[*place], column)
                .map_err(|problem| problem.at(row, column, input.data_type))?;
        }
    }
    Tensor::new(&input.name, shape, data).map_err(|_| not_tabular())
}

enum Problem {
    Missing,
    Value(String),
}

impl Problem {
    fn at(self, row: usize, column: &Column, expected: DataType) -> RowError {
        let name = column.name.clone();
        match self {
            Self::Missing => RowError::Missing { row, column: name, expected },
            Self::Value(value) => RowError::Value { row, column: name, value, expected },
        }
    }
}

fn push(data: &mut TensorData, cell: &Cell, column: &Column) -> Result<(), Problem> {
    let stand_in;
    let cell = match (cell, &column.missing) {
        (Cell::Missing, Some(text)) => {
            stand_in = Cell::Text(text.clone());
            &stand_in
        }
        _ => cell,
    };
    match data {
        TensorData::Fp16(v) => v.push(half::f16::from_f64(number(cell)?)),
        TensorData::Bf16(v) => v.push(half::bf16::from_f64(number(cell)?)),
        TensorData::Fp32(v) => v.push(number(cell)? as f32),
        TensorData::Fp64(v) => v.push(number(cell)?),
        TensorData::Bytes(v) => v.push(text(cell)?),
        TensorData::Bool(v) => v.push(match cell {
            Cell::Bool(b) => *b,
            Cell::Text(t) if t.eq_ignore_ascii_case("true") => true,
            Cell::Text(t) if t.eq_ignore_ascii_case("false") => false,
            Cell::Integer(0) => false,
            Cell::Integer(1) => true,
            other => return Err(unfit(other)),
        }),
        TensorData::Uint8(v) => v.push(whole(cell)?),
        TensorData::Uint16(v) => v.push(whole(cell)?),
        TensorData::Uint32(v) => v.push(whole(cell)?),
        TensorData::Uint64(v) => v.push(whole(cell)?),
        TensorData::Int8(v) => v.push(whole(cell)?),
        TensorData::Int16(v) => v.push(whole(cell)?),
        TensorData::Int32(v) => v.push(whole(cell)?),
        TensorData::Int64(v) => v.push(whole(cell)?),
    }
    Ok(())
}

fn number(cell: &Cell) -> Result<f64, Problem> {
    match cell {
        Cell::Missing => Ok(f64::NAN),
        Cell::Bool(b) => Ok(f64::from(u8::from(*b))),
        Cell::Integer(i) => Ok(*i as f64),
        Cell::Number(n) => Ok(*n),
        Cell::Text(t) => t.trim().parse().map_err(|_| unfit(cell)),
    }
}

fn whole<T: TryFrom<i64>>(cell: &Cell) -> Result<T, Problem> {
    let exact = |n: f64| (n.fract() == 0.0 && n.abs() <= 9_007_199_254_740_992.0).then_some(n as i64);
    let value = match cell {
        Cell::Missing => return Err(Problem::Missing),
        Cell::Bool(b) => Some(i64::from(*b)),
        Cell::Integer(i) => Some(*i),
        Cell::Number(n) => exact(*n),
        Cell::Text(t) => t.trim().parse().ok().or_else(|| t.trim().parse().ok().and_then(exact)),
    };
    value.and_then(|value| T::try_from(value).ok()).ok_or_else(|| unfit(cell))
}

fn text(cell: &Cell) -> Result<String, Problem> {
    match cell {
        Cell::Missing => Err(Problem::Missing),
        Cell::Bool(b) => Ok(b.to_string()),
        Cell::Integer(i) => Ok(i.to_string()),
        Cell::Number(n) => Ok(n.to_string()),
        Cell::Text(t) => Ok(t.clone()),
    }
}

fn unfit(cell: &Cell) -> Problem {
    Problem::Value(match cell {
        Cell::Missing => "nothing".into(),
        Cell::Bool(b) => b.to_string(),
        Cell::Integer(i) => i.to_string(),
        Cell::Number(n) => n.to_string(),
        Cell::Text(t) => format!("\"{}\"", t.chars().take(40).collect::<String>().escape_debug()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ColumnKind, Task, Unknown};

    fn input(name: &str, data_type: DataType, columns: &[&str]) -> Input {
        let column = |(index, name): (usize, &&str)| Column {
            name: (*name).into(),
            index,
            kind: ColumnKind::Numeric,
            missing: None,
            unknown: Unknown::Unstated,
        };
        let columns: Vec<Column> = columns.iter().enumerate().map(column).collect();
        let shape = vec![-1, columns.len() as i64];
        Input { name: name.into(), data_type, shape, batch_axis: Some(0), columns }
    }

    fn signature() -> Signature {
        let inputs = vec![input("x", DataType::Fp32, &["a", "b"]), input("c", DataType::Bytes, &["c"])];
        Signature { task: Task::Other, inputs, outputs: vec![] }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn columns_find_their_place_by_name() {
        let rows = [vec![Cell::Text("v".into()), Cell::Integer(2), Cell::Number(0.5)]];
        let tensors = assemble(&signature(), &names(&["c", "b", "a"]), &rows).unwrap();
        assert_eq!(tensors[0].data, TensorData::Fp32(vec![0.5, 2.0]));
        assert_eq!(tensors[1].data, TensorData::Bytes(vec!["v".into()]));
        assert_eq!(tensors[0].shape, [1, 2]);
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_row_and_column() {
        let all = names(&["a", "b", "c"]);
        let wrong = [vec![Cell::Text("x".into()), Cell::Missing, Cell::Text("v".into())]];
        let error = assemble(&signature(), &all, &wrong).unwrap_err();
        assert_eq!(error.to_string(), "row 0, column \"a\": \"x\" is not a FP32 value");
        let empty = [vec![Cell::Integer(1), Cell::Missing, Cell::Missing]];
        assert!(matches!(assemble(&signature(), &all, &empty), Err(RowError::Missing { .. })));
        let error = assemble(&signature(), &names(&["a", "c"]), &[]).unwrap_err();
        assert_eq!(error, RowError::MissingColumn("b".into()));
        assert!(matches!(assemble(&signature(), &all, &[vec![]]), Err(RowError::Ragged { .. })));
        assert_eq!(unknown_columns(&signature(), &names(&["a", "z"])), ["z"]);
    }

    #[test]
    fn a_missing_number_is_nan_and_integers_stay_exact() {
        let one = Signature {
            task: Task::Other,
            inputs: vec![input("i", DataType::Int64, &["i"])],
            outputs: vec![],
        };
        let big = 9_007_199_254_740_993_i64;
        let tensors = assemble(&one, &names(&["i"]), &[vec![Cell::Integer(big)]]).unwrap();
        assert_eq!(tensors[0].data, TensorData::Int64(vec![big]));
        assert!(assemble(&one, &names(&["i"]), &[vec![Cell::Number(0.5)]]).is_err());
        let rows = [vec![Cell::Missing, Cell::Integer(1), Cell::Text(String::new())]];
        let tensors = assemble(&signature(), &names(&["a", "b", "c"]), &rows).unwrap();
        assert!(tensors[0].data.number(0).unwrap().is_nan());
    }
}
