//! Columns of raw rows, as they come from a table: what a baseline is frozen from and what `compare` takes.

use flightdeck_core::ColumnKind;
use std::borrow::Cow;
use std::collections::HashMap;

/// The code that stands for a missing value.
pub const NULL_CODE: u32 = u32::MAX;

/// A column of raw rows.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The column's name.
    pub name: &'a str,
    /// How it is to be counted. Numbers may be counted as values; texts are always values.
    pub kind: ColumnKind,
    /// Its rows.
    pub data: SampleData<'a>,
}

/// The rows of a column.
#[derive(Clone, Copy, Debug)]
pub enum SampleData<'a> {
    /// Numbers.
    Numbers {
        /// One a row; NaN where it is missing.
        values: &'a [f64],
        /// How many of the NaN stand for a missing value.
        nulls: u64,
    },
    /// Texts, by dictionary.
    Values {
        /// One a row: a position in `values`, or [`NULL_CODE`].
        codes: &'a [u32],
        /// The distinct texts.
        values: &'a [String],
        /// How many rows are missing.
        nulls: u64,
    },
}

/// How often each distinct value occurs in a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally<'a> {
    /// Values that occur, each once, in the order of their first code.
    pub(crate) values: Vec<(Cow<'a, str>, u64)>,
    pub(crate) nulls: u64,
    /// For each row the position in `values`; `NULL_CODE` when missing.
    pub(crate) rows: Vec<u32>,
}

impl<'a> Sample<'a> {
    /// Rows, missing ones included.
    pub fn rows(&self) -> u64 {
        match self.data {
            SampleData::Numbers { values, .. } => values.len() as u64,
            SampleData::Values { codes, .. } => codes.len() as u64,
        }
    }

    /// How it is counted: texts are values whatever was asked for.
    pub fn counted_as(&self) -> ColumnKind {
        match self.data {
            SampleData::Numbers { .. } => self.kind,
            SampleData::Values { .. } => ColumnKind::Categorical,
        }
    }

    /// Counts by value; numbers by their shortest text, so that 3.0 is the value `3`.
    pub(crate) fn tally(&self) -> Tally<'a> {
        match self.data {
            SampleData::Numbers { values, .. } => tally_numbers(values),
            SampleData::Values { codes, values, .. } => tally_codes(codes, values),
        }
    }
}

/// The text that a number is counted under in a column of values.
pub(crate) fn number_text(number: f64) -> String {
    format!("{}", number + 0.0)
}

fn tally_numbers<'a>(numbers: &[f64]) -> Tally<'a> {
    let mut tally = Tally { rows: Vec::with_capacity(numbers.len()), ..Tally::default() };
    let mut codes: HashMap<u64, u32> = HashMap::new();
    for number in numbers {
        if number.is_nan() {
            tally.nulls += 1;
            tally.rows.push(NULL_CODE);
            continue;
        }
        let code = *codes.entry((number + 0.0).to_bits()).or_insert_with(|| {
            tally.values.push((number_text(*number).into(), 0));
            (tally.values.len() - 1) as u32
        });
        tally.values[code as usize].1 += 1;
        tally.rows.push(code);
    }
    tally
}

/// A dictionary may hold a text twice or never use it: each text that occurs comes out once.
fn tally_codes<'a>(codes: &[u32], values: &'a [String]) -> Tally<'a> {
    let mut tally = Tally::default();
    let mut counts = vec![0_u64; values.len()];
    for &code in codes {
        match counts.get_mut(code as usize) {
            Some(count) => *count += 1,
            None => tally.nulls += 1,
        }
    }
    let mut seen: HashMap<&str, u32> = HashMap::with_capacity(values.len());
    let mut place = vec![NULL_CODE; values.len()];
    for (code, (value, count)) in values.iter().zip(counts).enumerate().filter(|(_, (_, count))| *count > 0) {
        place[code] = *seen.entry(value).or_insert_with(|| {
            tally.values.push((value.as_str().into(), 0));
            (tally.values.len() - 1) as u32
        });
        tally.values[place[code] as usize].1 += count;
    }
    tally.rows = codes.iter().map(|code| place.get(*code as usize).copied().unwrap_or(NULL_CODE)).collect();
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_tallied_once_each() {
        let values: Vec<String> = ["a", "b", "a", "unused"].map(String::from).into();
        let codes = [0, 1, 2, 2, NULL_CODE];
        let data = SampleData::Values { codes: &codes, values: &values, nulls: 1 };
        let tally = Sample { name: "x", kind: ColumnKind::Categorical, data }.tally();
        assert_eq!(tally.values, [("a".into(), 3), ("b".into(), 1)]);
        assert_eq!((tally.nulls, tally.rows), (1, vec![0, 1, 0, 0, NULL_CODE]));
    }

    #[test]
    fn d3_both_zeros_are_one_value() {
        let tally = tally_numbers(&[0.0, -0.0, 2.0, f64::NAN]);
        assert_eq!(tally.values, [("0".into(), 2), ("2".into(), 1)]);
    }
}
