//! From Arrow arrays, batch by batch, to one column of the table.

use crate::error::{TableError, shown};
use crate::infer::LARGEST_EXACT;
use crate::table::{Data, NO_TIME, NO_VALUE, Numbers, TextsBuilder, Times};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Decimal256Type, DecimalType, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, PrimitiveArray, StringArray};
use arrow_schema::{DataType, TimeUnit};
use flightdeck_core::Timestamp;

const MS_PER_DAY: i64 = 86_400_000;
/// Rows that are reserved before any is seen; a damaged file may claim more than it has.
const RESERVED_ROWS: usize = 1 << 20;

/// What a column of this Arrow type becomes; `None` for what is no number, text or time.
pub(crate) const fn kind(data_type: &DataType) -> Option<Kind> {
    Some(match data_type {
        DataType::Null
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => Kind::Whole,
        DataType::Float16
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => Kind::Number,
        DataType::Boolean | DataType::Utf8 => Kind::Text,
        DataType::Date32 | DataType::Timestamp(..) => Kind::Time,
        _ => return None,
    })
}

/// What a column becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Whole,
    Number,
    Text,
    Time,
}

/// Collects the batches of one column.
pub(crate) struct ColumnBuilder {
    name: String,
    cell_bytes: usize,
    out: Out,
}

enum Out {
    Number(Numbers),
    Text(TextsBuilder),
    Time(Times),
}

impl ColumnBuilder {
    pub(crate) fn new(name: &str, kind: Kind, rows: usize, cell_bytes: usize) -> Self {
        let rows = rows.min(RESERVED_ROWS);
        let out = match kind {
            Kind::Whole | Kind::Number => {
                let values = Vec::with_capacity(rows);
                Out::Number(Numbers { values, nulls: 0, whole: kind == Kind::Whole })
            }
            Kind::Text => Out::Text(TextsBuilder::with_capacity(rows)),
            Kind::Time => Out::Time(Times { ms: Vec::with_capacity(rows), nulls: 0 }),
        };
        Self { name: name.into(), cell_bytes, out }
    }

    /// Rows so far.
    pub(crate) fn rows(&self) -> usize {
        match &self.out {
            Out::Number(numbers) => numbers.values.len(),
            Out::Text(texts) => texts.rows(),
            Out::Time(times) => times.ms.len(),
        }
    }

    /// Adds a batch.
    pub(crate) fn push(&mut self, array: &dyn Array) -> Result<(), TableError> {
        let before = self.rows();
        let limit = self.cell_bytes;
        match &mut self.out {
            Out::Number(numbers) => push_numbers(numbers, array),
            Out::Text(texts) => push_texts(texts, array, limit),
            Out::Time(times) => push_times(times, array),
        }
        .map_err(|problem| problem.at(&self.name, before, limit))
    }

    pub(crate) fn finish(self) -> Data {
        match self.out {
            Out::Number(mut numbers) => {
                numbers.whole &= numbers.nulls < numbers.values.len() as u64
                    && numbers.values.iter().all(|value| value.is_nan() || value.abs() <= LARGEST_EXACT);
                Data::Number(numbers)
            }
            Out::Text(texts) => Data::Text(texts.finish()),
            Out::Time(times) => Data::Time(times),
        }
    }
}

/// What is wrong with a value, and at which row of the batch.
enum Problem {
    Type(String),
    TimeRange(usize),
    CellTooLarge(usize),
}

impl Problem {
    fn at(self, name: &str, before: usize, limit: usize) -> TableError {
        let column = shown(name);
        let row = |row: usize| (before + row + 1) as u64;
        match self {
            Self::Type(found) => TableError::ColumnType { column, found },
            Self::TimeRange(index) => TableError::TimeRange { row: row(index), column },
            Self::CellTooLarge(index) => TableError::CellTooLarge { row: row(index), column, limit },
        }
    }
}

fn unexpected(array: &dyn Array) -> Problem {
    Problem::Type(array.data_type().to_string())
}

fn push_numbers(numbers: &mut Numbers, array: &dyn Array) -> Result<(), Problem> {
    match array.data_type() {
        DataType::Float64 => extend::<Float64Type>(numbers, array, |value| value),
        DataType::Float32 => extend::<Float32Type>(numbers, array, f64::from),
        DataType::Float16 => extend::<Float16Type>(numbers, array, f64::from),
        DataType::Int8 => extend::<Int8Type>(numbers, array, f64::from),
        DataType::Int16 => extend::<Int16Type>(numbers, array, f64::from),
        DataType::Int32 => extend::<Int32Type>(numbers, array, f64::from),
        DataType::Int64 => extend::<Int64Type>(numbers, array, |value| value as f64),
        DataType::UInt8 => extend::<UInt8Type>(numbers, array, f64::from),
        DataType::UInt16 => extend::<UInt16Type>(numbers, array, f64::from),
        DataType::UInt32 => extend::<UInt32Type>(numbers, array, f64::from),
        DataType::UInt64 => extend::<UInt64Type>(numbers, array, |value| value as f64),
        DataType::Decimal128(..) => extend_decimals::<Decimal128Type>(numbers, array),
        DataType::Decimal256(..) => extend_decimals::<Decimal256Type>(numbers, array),
        DataType::Null => {
            numbers.values.resize(numbers.values.len() + array.len(), f64::NAN);
            numbers.nulls += array.len() as u64;
        }
        _ => return Err(unexpected(array)),
    }
    Ok(())
}

/// Adds the values; a null and a NaN are both missing, as they are in CSV.
fn extend<T: ArrowPrimitiveType>(
    numbers: &mut Numbers,
    array: &dyn Array,
    number: impl Fn(T::Native) -> f64,
) {
    let array: &PrimitiveArray<T> = array.as_primitive();
    let from = numbers.values.len();
    numbers.values.extend(array.values().iter().map(|value| number(*value)));
    if array.null_count() > 0 {
        for (index, value) in numbers.values[from..].iter_mut().enumerate() {
            if array.is_null(index) {
                *value = f64::NAN;
            }
        }
    }
    numbers.nulls += numbers.values[from..].iter().filter(|value| value.is_nan()).count() as u64;
}

/// Adds decimals by way of their digits, so that each becomes the nearest `f64`.
fn extend_decimals<T: DecimalType>(numbers: &mut Numbers, array: &dyn Array)
where
    PrimitiveArray<T>: DecimalText,
{
    let array: &PrimitiveArray<T> = array.as_primitive();
    for index in 0..array.len() {
        let digits = array.is_valid(index).then(|| array.text(index));
        let value = digits.and_then(|digits| fast_float2::parse(digits).ok()).unwrap_or(f64::NAN);
        numbers.nulls += u64::from(value.is_nan());
        numbers.values.push(value);
    }
}

/// The digits of a decimal, which Arrow writes per width and not by a trait.
trait DecimalText {
    fn text(&self, index: usize) -> String;
}

impl DecimalText for PrimitiveArray<Decimal128Type> {
    fn text(&self, index: usize) -> String {
        self.value_as_string(index)
    }
}

impl DecimalText for PrimitiveArray<Decimal256Type> {
    fn text(&self, index: usize) -> String {
        self.value_as_string(index)
    }
}

fn push_times(times: &mut Times, array: &dyn Array) -> Result<(), Problem> {
    for index in 0..array.len() {
        let ms = time_ms(array, index)?;
        times.nulls += u64::from(ms.is_none());
        times.ms.push(ms.unwrap_or(NO_TIME));
    }
    Ok(())
}

/// Milliseconds since 1970; what lies between two of them belongs to the earlier one.
fn time_ms(array: &dyn Array, index: usize) -> Result<Option<i64>, Problem> {
    if array.is_null(index) {
        return Ok(None);
    }
    let ms = match array.data_type() {
        DataType::Date32 => Some(i64::from(array.as_primitive::<Date32Type>().value(index)) * MS_PER_DAY),
        DataType::Timestamp(TimeUnit::Second, _) => {
            array.as_primitive::<TimestampSecondType>().value(index).checked_mul(1000)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            Some(array.as_primitive::<TimestampMillisecondType>().value(index))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Some(array.as_primitive::<TimestampMicrosecondType>().value(index).div_euclid(1000))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Some(array.as_primitive::<TimestampNanosecondType>().value(index).div_euclid(1_000_000))
        }
        _ => return Err(unexpected(array)),
    };
    match ms {
        Some(ms) if ms != NO_TIME => Ok(Some(ms)),
        _ => Err(Problem::TimeRange(index)),
    }
}

fn push_texts(texts: &mut TextsBuilder, array: &dyn Array, limit: usize) -> Result<(), Problem> {
    if let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() {
        let values: &StringArray = dictionary.values().as_string_opt().ok_or_else(|| unexpected(array))?;
        // Filled as values are met: a dictionary may hold some that no row has.
        let mut codes = vec![NO_VALUE; values.len()];
        for (index, key) in dictionary.keys().iter().enumerate() {
            let Some(key) = key.map(|key| key as usize) else {
                texts.push(None);
                continue;
            };
            if codes[key] == NO_VALUE {
                codes[key] = texts.code(bounded(values.value(key), limit, index)?);
            }
            texts.push_code(codes[key]);
        }
        return Ok(());
    }
    for index in 0..array.len() {
        if array.is_null(index) {
            texts.push(None);
        } else {
            texts.push(Some(bounded(&text(array, index)?, limit, index)?));
        }
    }
    Ok(())
}

fn bounded(text: &str, limit: usize, index: usize) -> Result<&str, Problem> {
    if text.len() > limit { Err(Problem::CellTooLarge(index)) } else { Ok(text) }
}

/// The text of a value whose column is declared to be text although its type is not.
fn text(array: &dyn Array, index: usize) -> Result<String, Problem> {
    if let Some(booleans) = array.as_boolean_opt() {
        return Ok(booleans.value(index).to_string());
    }
    let row = array.slice(index, 1);
    if matches!(kind(array.data_type()), Some(Kind::Time)) {
        let ms = time_ms(&row, 0)?.unwrap_or(NO_TIME);
        return Ok(Timestamp::from_ms(ms).to_string());
    }
    let mut one = Numbers { values: Vec::with_capacity(1), nulls: 0, whole: false };
    match array.data_type() {
        DataType::Int64 => return Ok(array.as_primitive::<Int64Type>().value(index).to_string()),
        DataType::UInt64 => return Ok(array.as_primitive::<UInt64Type>().value(index).to_string()),
        _ => push_numbers(&mut one, &row)?,
    }
    Ok(one.values[0].to_string())
}
