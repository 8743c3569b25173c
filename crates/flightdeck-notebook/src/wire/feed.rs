//! Columns as the tensors that a converted model takes.

use super::{Column, InputMap, Values};
use flightdeck_core::{DataType, Tensor, TensorData, TensorError};
use thiserror::Error;

/// Columns that do not fit the inputs of a conversion.
#[derive(Debug, Error)]
pub enum FeedError {
    /// The conversion names a column that is not there.
    #[error("the model takes column {column:?} at position {position}, the table has {columns} columns")]
    Column {
        /// The column's name.
        column: String,
        /// Its position.
        position: usize,
        /// How many columns there are.
        columns: usize,
    },
    /// The values do not fit the element type.
    #[error("column {column:?} has a value that is no {data_type}")]
    Value {
        /// The column's name.
        column: String,
        /// The input's element type.
        data_type: DataType,
    },
    /// The tensor cannot be built.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

/// The tensors for a table, in the order in which the inputs appear. Columns are found by position.
pub fn tensors(inputs: &[InputMap], columns: &[Column]) -> Result<Vec<Tensor>, FeedError> {
    let mut names: Vec<&str> = Vec::new();
    for input in inputs {
        if !names.contains(&input.input.as_str()) {
            names.push(&input.input);
        }
    }
    names.into_iter().map(|name| tensor(name, inputs, columns)).collect()
}

fn tensor(name: &str, inputs: &[InputMap], columns: &[Column]) -> Result<Tensor, FeedError> {
    let mut parts: Vec<&InputMap> = inputs.iter().filter(|input| input.input == name).collect();
    parts.sort_by_key(|input| input.index);
    let data_type = parts.first().map_or(DataType::Fp64, |input| input.data_type);
    let found = parts.iter().map(|input| column(input, columns)).collect::<Result<Vec<_>, _>>()?;
    let rows = found.first().map_or(0, |column| column.values.len());
    let mut data = TensorData::with_capacity(data_type, rows * parts.len());
    for row in 0..rows {
        for (input, column) in parts.iter().zip(&found) {
            let refused = || FeedError::Value { column: input.column.clone(), data_type };
            push(&mut data, (&column.values, row), input.missing_token.as_deref()).ok_or_else(refused)?;
        }
    }
    Ok(Tensor::new(name, vec![rows, parts.len()], data)?)
}

fn column<'a>(input: &InputMap, columns: &'a [Column]) -> Result<&'a Column, FeedError> {
    columns.get(input.position).ok_or_else(|| FeedError::Column {
        column: input.column.clone(),
        position: input.position,
        columns: columns.len(),
    })
}

/// Adds one value; `None` when it does not fit.
fn push(data: &mut TensorData, at: (&Values, usize), token: Option<&str>) -> Option<()> {
    match data {
        TensorData::Fp64(all) => all.push(number(at)?),
        TensorData::Fp32(all) => all.push(number(at)? as f32),
        TensorData::Int64(all) => all.push(whole(at)?),
        TensorData::Bool(all) => all.push(truth(at)?),
        TensorData::Bytes(all) => all.push(text(at, token)?),
        _ => return None,
    }
    Some(())
}

fn number((values, row): (&Values, usize)) -> Option<f64> {
    match values {
        Values::Float(all) => all.get(row).copied(),
        Values::Int(all) | Values::Time(all) => all.get(row).map(|value| *value as f64),
        Values::Bool(all) => all.get(row).map(|value| f64::from(u8::from(*value))),
        Values::Codes { codes, values } => match codes.get(row)? {
            -1 => Some(f64::NAN),
            code => values.get(usize::try_from(*code).ok()?)?.parse().ok(),
        },
    }
}

fn whole((values, row): (&Values, usize)) -> Option<i64> {
    match values {
        Values::Int(all) | Values::Time(all) => all.get(row).copied(),
        Values::Bool(all) => all.get(row).map(|value| i64::from(*value)),
        Values::Float(all) => all.get(row).filter(|value| value.fract() == 0.0).map(|value| *value as i64),
        // A missing category of whole numbers is none of the known ones.
        Values::Codes { codes, values } => match codes.get(row)? {
            -1 => Some(i64::MIN),
            code => values.get(usize::try_from(*code).ok()?)?.parse().ok(),
        },
    }
}

fn truth((values, row): (&Values, usize)) -> Option<bool> {
    match values {
        Values::Bool(all) => all.get(row).copied(),
        Values::Int(all) => all.get(row).map(|value| *value != 0),
        Values::Float(all) => all.get(row).filter(|value| !value.is_nan()).map(|value| *value != 0.0),
        Values::Codes { .. } | Values::Time(_) => None,
    }
}

fn text((values, row): (&Values, usize), token: Option<&str>) -> Option<String> {
    match values {
        Values::Codes { codes, values } => match codes.get(row)? {
            -1 => token.map(str::to_owned),
            code => values.get(usize::try_from(*code).ok()?).cloned(),
        },
        Values::Int(all) | Values::Time(all) => all.get(row).map(ToString::to_string),
        Values::Bool(all) => all.get(row).map(ToString::to_string),
        Values::Float(all) => all.get(row).map(ToString::to_string),
    }
}
