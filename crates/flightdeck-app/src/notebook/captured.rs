//! What a capture holds, as the rest of the program knows it: training data as a table, answers as a reference, the
//! converter's mapping as a signature.

use super::parity::{self, Reference};
use crate::import::{Matched, Training};
use crate::{Error, Result};
use flightdeck_core::{Digest, Output, OutputRole, Signature, Tensor, TensorData, Unknown};
use flightdeck_notebook::wire::{Answers, Candidate, Column, Conversion, InputMap, Treatment, Values};
use flightdeck_package::LineageRole;
use flightdeck_table::{Data, NO_TIME, NO_VALUE, Numbers, Table, Texts, Times};
use sha2::{Digest as _, Sha256};

/// The signature of a converted model: the file's own, with the names, kinds and meanings that the original had.
pub(crate) fn signature(file: Signature, conversion: &Conversion, candidate: &Candidate) -> Signature {
    let mut signature = file;
    signature.task = conversion.task;
    for map in &conversion.inputs {
        name_column(&mut signature, map, candidate);
    }
    for output in &mut signature.outputs {
        if let Some(map) = conversion.outputs.iter().find(|map| map.name == output.name) {
            output.role = map.role;
            output.classes.clone_from(&map.classes);
        }
    }
    signature
}

fn name_column(signature: &mut Signature, map: &InputMap, candidate: &Candidate) {
    let input = signature.inputs.iter_mut().find(|input| input.name == map.input);
    let Some(input) = input else { return };
    let is_float = input.data_type.is_float();
    let Some(column) = input.columns.iter_mut().find(|column| column.index == map.index) else { return };
    column.name.clone_from(&map.column);
    column.kind = map.kind;
    column.missing = match &map.missing_token {
        Some(token) => Some(token.clone()),
        None if is_float && accepts_missing(candidate, &map.column) => Some("NaN".into()),
        None => None,
    };
    column.unknown = match map.unknown {
        Some(Treatment::Accepted) => Unknown::Accepted,
        Some(Treatment::Refused) => Unknown::Refused,
        None => column.unknown,
    };
}

/// Only what was tried is claimed; a booster from a file sends missing values its own way.
fn accepts_missing(candidate: &Candidate, column: &str) -> bool {
    let is_booster = candidate.class.contains("Booster") || candidate.class.contains("CatBoost");
    match candidate.accepts_missing.get(column) {
        Some(accepts) => *accepts,
        None => candidate.accepts_missing.is_empty() && is_booster,
    }
}

/// Captured columns as the training data of a model, under the names that its signature has.
pub(crate) fn training(
    columns: Vec<Column>,
    times: Option<Column>,
    signature: &mut Signature,
    inputs: &[InputMap],
) -> Result<Training> {
    let sha256 = digest(&columns);
    let (columns, times) = in_order_of_time(columns, times);
    let rows = columns.first().map_or(0, |column| column.values.len());
    let named =
        |position: usize| inputs.iter().find(|map| map.position == position).map(|map| map.column.clone());
    let mut columns: Vec<flightdeck_table::Column> = columns
        .into_iter()
        .enumerate()
        .map(|(position, column)| {
            let name = named(position).unwrap_or(column.name);
            flightdeck_table::Column { name, data: data(column.values) }
        })
        .collect();
    if let Some(Column { mut name, values, .. }) = times {
        while columns.iter().any(|column| column.name == name) {
            name.push('_');
        }
        columns.push(flightdeck_table::Column { name, data: data(values) });
    }
    let table = Table { rows, columns };
    let matched = Matched::new(table, signature)?;
    Ok(Training { name: "training data in memory".into(), sha256, role: LineageRole::TrainingData, matched })
}

/// Rows in the order in which they happened, where that is known: only then do they show how traffic varies from day to
/// day. A split has shuffled them.
fn in_order_of_time(columns: Vec<Column>, times: Option<Column>) -> (Vec<Column>, Option<Column>) {
    let Some(times) = times else { return (columns, None) };
    let order: Vec<usize> = match &times.values {
        Values::Time(ms) if ms.iter().all(|ms| *ms != NO_TIME) => {
            let mut order: Vec<usize> = (0..ms.len()).collect();
            order.sort_by_key(|row| ms[*row]);
            order
        }
        _ => return (columns, None),
    };
    let sorted = |column: Column| Column { values: permuted(column.values, &order), ..column };
    (columns.into_iter().map(&sorted).collect(), Some(sorted(times)))
}

fn permuted(values: Values, order: &[usize]) -> Values {
    fn by<T: Copy>(values: &[T], order: &[usize]) -> Vec<T> {
        order.iter().filter_map(|row| values.get(*row).copied()).collect()
    }
    match values {
        Values::Float(values) => Values::Float(by(&values, order)),
        Values::Int(values) => Values::Int(by(&values, order)),
        Values::Time(values) => Values::Time(by(&values, order)),
        Values::Bool(values) => Values::Bool(by(&values, order)),
        Values::Codes { codes, values } => Values::Codes { codes: by(&codes, order), values },
    }
}

/// The rows that the notebook evaluated the model on, with what was true in the last column.
pub(crate) fn evaluation(columns: Vec<Column>, target: Vec<Column>, inputs: &[InputMap]) -> Table {
    let rows = columns.first().map_or(0, |column| column.values.len());
    let named =
        |position: usize| inputs.iter().find(|map| map.position == position).map(|map| map.column.clone());
    let features = columns
        .into_iter()
        .enumerate()
        .map(|(position, column)| (named(position).unwrap_or(column.name), column.values));
    let mut table: Vec<flightdeck_table::Column> = features
        .chain(target.into_iter().map(|column| (column.name, column.values)))
        .filter(|(_, values)| values.len() == rows)
        .map(|(name, values)| flightdeck_table::Column { name, data: data(values) })
        .collect();
    // A target may be called as one of the columns is.
    for place in 1..table.len() {
        while table[..place].iter().any(|other| other.name == table[place].name) {
            table[place].name.push('_');
        }
    }
    Table { rows, columns: table }
}

fn data(values: Values) -> Data {
    match values {
        Values::Float(values) => {
            let nulls = values.iter().filter(|value| value.is_nan()).count() as u64;
            let whole = values.iter().all(|value| value.fract() == 0.0);
            Data::Number(Numbers { values, nulls, whole })
        }
        Values::Int(values) => Data::Number(Numbers {
            values: values.into_iter().map(|value| value as f64).collect(),
            nulls: 0,
            whole: true,
        }),
        Values::Bool(values) => {
            let codes = values.into_iter().map(u32::from).collect();
            Data::Text(Texts { codes, values: vec!["false".into(), "true".into()], nulls: 0 })
        }
        Values::Codes { codes, values } => {
            let nulls = codes.iter().filter(|code| **code < 0).count() as u64;
            let codes = codes.into_iter().map(|code| u32::try_from(code).unwrap_or(NO_VALUE)).collect();
            Data::Text(Texts { codes, values, nulls })
        }
        Values::Time(ms) => {
            let nulls = ms.iter().filter(|ms| **ms == NO_TIME).count() as u64;
            Data::Time(Times { ms, nulls })
        }
    }
}

/// The digest of columns: their names and values, in order.
pub(crate) fn digest(columns: &[Column]) -> Digest {
    let mut hash = Sha256::new();
    let text = |hash: &mut Sha256, text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    for column in columns {
        text(&mut hash, &column.name);
        match &column.values {
            Values::Float(values) => values.iter().for_each(|v| hash.update(v.to_bits().to_le_bytes())),
            Values::Int(values) | Values::Time(values) => {
                for value in values {
                    hash.update(value.to_le_bytes());
                }
            }
            Values::Bool(values) => values.iter().for_each(|v| hash.update([u8::from(*v)])),
            Values::Codes { codes, values } => {
                for code in codes {
                    hash.update(code.to_le_bytes());
                }
                for value in values {
                    text(&mut hash, value);
                }
            }
        }
    }
    Digest::from_bytes(hash.finalize().into())
}

/// The original's answers, to compare with.
pub(crate) fn reference(answers: Answers) -> Reference {
    Reference {
        label: answers.label.map(|column| labels(column.values)),
        scores: answers.scores.into_iter().map(|column| numbers(column.values)).collect(),
        values: answers.values.into_iter().map(|column| numbers(column.values)).collect(),
    }
}

fn labels(values: Values) -> parity::Answers {
    match values {
        Values::Codes { codes, values } => {
            let text = |code: i32| usize::try_from(code).ok().and_then(|code| values.get(code)).cloned();
            parity::Answers::Texts(codes.into_iter().map(|code| text(code).unwrap_or_default()).collect())
        }
        other => parity::Answers::Numbers(numbers(other)),
    }
}

fn numbers(values: Values) -> Vec<f64> {
    match values {
        Values::Float(values) => values,
        Values::Int(values) | Values::Time(values) => values.into_iter().map(|value| value as f64).collect(),
        Values::Bool(values) => values.into_iter().map(|value| f64::from(u8::from(value))).collect(),
        Values::Codes { codes, values } => codes
            .into_iter()
            .map(|code| {
                usize::try_from(code).ok().and_then(|code| values.get(code)?.parse().ok()).unwrap_or(f64::NAN)
            })
            .collect(),
    }
}

/// The original's answers in the shape of the converted model's outputs; `None` for outputs that it has no answer to.
pub(crate) fn as_outputs(reference: &Reference, local: &[Tensor], signature: &Signature) -> Vec<Tensor> {
    let tensor = |output: &Output| {
        let like = local.iter().find(|tensor| tensor.name == output.name)?;
        let data = match output.role {
            OutputRole::Label => label_data(reference.label.as_ref()?, &like.data)?,
            OutputRole::Scores => rowwise(&reference.scores, &like.data)?,
            OutputRole::Value => rowwise(&reference.values, &like.data)?,
            OutputRole::Other => return None,
        };
        Tensor::new(&output.name, like.shape.clone(), data).ok()
    };
    signature.outputs.iter().filter_map(tensor).collect()
}

fn label_data(label: &parity::Answers, like: &TensorData) -> Option<TensorData> {
    match (label, like) {
        (parity::Answers::Texts(texts), TensorData::Bytes(_)) => Some(TensorData::Bytes(texts.clone())),
        (parity::Answers::Numbers(numbers), TensorData::Int64(_)) => {
            Some(TensorData::Int64(numbers.iter().map(|number| *number as i64).collect()))
        }
        _ => None,
    }
}

fn rowwise(columns: &[Vec<f64>], like: &TensorData) -> Option<TensorData> {
    let rows = columns.first()?.len();
    if columns.len() * rows != like.len() {
        return None;
    }
    let values = (0..rows).flat_map(|row| columns.iter().map(move |column| column[row]));
    match like {
        TensorData::Fp32(_) => Some(TensorData::Fp32(values.map(|value| value as f32).collect())),
        TensorData::Fp64(_) => Some(TensorData::Fp64(values.collect())),
        _ => None,
    }
}

/// A row of columns as a person reads it.
pub(crate) fn row(columns: &[Column], row: usize) -> Vec<(String, String)> {
    let text = |values: &Values| match values {
        Values::Float(values) => values.get(row).map(ToString::to_string),
        Values::Int(values) | Values::Time(values) => values.get(row).map(ToString::to_string),
        Values::Bool(values) => values.get(row).map(ToString::to_string),
        Values::Codes { codes, values } => {
            codes.get(row).and_then(|code| values.get(usize::try_from(*code).ok()?)).cloned()
        }
    };
    let shown = |column: &Column| {
        let value: String = text(&column.values).unwrap_or_default().chars().take(80).collect();
        (column.name.clone(), value)
    };
    columns.iter().take(200).map(shown).collect()
}

/// A capture that cannot be read is a fault of this program or of whatever ran in the kernel.
pub(crate) fn unreadable(error: &flightdeck_notebook::wire::WireError) -> Error {
    Error::failed(error.code(), format!("What the notebook left cannot be read: {error}"), error.hint())
}
