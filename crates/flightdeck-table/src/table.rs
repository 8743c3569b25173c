//! The table: named, typed columns of one length.

use flightdeck_core::{Cell, Timestamp};
use std::collections::HashMap;

/// The code of a missing text.
pub const NO_VALUE: u32 = u32::MAX;
/// The milliseconds of a missing time.
pub const NO_TIME: i64 = i64::MIN;

/// Rows of typed columns. Names are unique.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// How many rows each column has.
    pub rows: usize,
    /// The columns, in the file's order or in the order they were asked for.
    pub columns: Vec<Column>,
}

/// A named column.
#[derive(Clone, Debug)]
pub struct Column {
    /// The name from the header.
    pub name: String,
    /// Its values.
    pub data: Data,
}

/// What a column holds.
#[derive(Clone, Debug)]
pub enum Data {
    /// Numbers. A column without a single value is one of numbers.
    Number(Numbers),
    /// Texts; booleans are the texts `true` and `false`.
    Text(Texts),
    /// Points in time.
    Time(Times),
}

/// Numbers; `inf` and `-inf` are values.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// One per row, NaN where missing. Whole numbers beyond 2^53 lose their last digits.
    pub values: Vec<f64>,
    /// How many are missing.
    pub nulls: u64,
    /// Whether all of them are written as whole numbers and are exact.
    pub whole: bool,
}

/// Texts, each distinct one stored once.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// Per row an index into `values`, [`NO_VALUE`] where missing.
    pub codes: Vec<u32>,
    /// The distinct texts, in the order of their first row.
    pub values: Vec<String>,
    /// How many are missing.
    pub nulls: u64,
}

/// Points in time.
#[derive(Clone, Debug)]
pub struct Times {
    /// Milliseconds since 1970-01-01T00:00:00Z, one per row, [`NO_TIME`] where missing.
    pub ms: Vec<i64>,
    /// How many are missing.
    pub nulls: u64,
}

impl Table {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The names, in order.
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// One cell; missing where there is no such row or column. A time is its RFC 3339 text.
    pub fn cell(&self, row: usize, column: usize) -> Cell {
        self.columns.get(column).map_or(Cell::Missing, |column| column.data.cell(row))
    }

    /// All cells of one row.
    pub fn row(&self, row: usize) -> Vec<Cell> {
        self.columns.iter().map(|column| column.data.cell(row)).collect()
    }
}

impl Data {
    /// How many values are missing.
    pub const fn nulls(&self) -> u64 {
        match self {
            Self::Number(numbers) => numbers.nulls,
            Self::Text(texts) => texts.nulls,
            Self::Time(times) => times.nulls,
        }
    }

    /// How many rows there are.
    pub const fn len(&self) -> usize {
        match self {
            Self::Number(numbers) => numbers.values.len(),
            Self::Text(texts) => texts.codes.len(),
            Self::Time(times) => times.ms.len(),
        }
    }

    /// Whether there is no row.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn cell(&self, row: usize) -> Cell {
        match self {
            Self::Number(numbers) => numbers.cell(row),
            Self::Text(texts) => texts.get(row).map_or(Cell::Missing, |text| Cell::Text(text.into())),
            Self::Time(times) => match times.ms.get(row) {
                None | Some(&NO_TIME) => Cell::Missing,
                Some(&ms) => Cell::Text(Timestamp::from_ms(ms).to_string()),
            },
        }
    }
}

impl Numbers {
    fn cell(&self, row: usize) -> Cell {
        match self.values.get(row) {
            Some(&value) if value.is_nan() => Cell::Missing,
            Some(&value) if self.whole => Cell::Integer(value as i64),
            Some(&value) => Cell::Number(value),
            None => Cell::Missing,
        }
    }
}

impl Texts {
    /// The text of a row; `None` where it is missing.
    pub fn get(&self, row: usize) -> Option<&str> {
        let code = *self.codes.get(row)?;
        self.values.get(code as usize).map(String::as_str)
    }
}

/// Collects texts into codes.
#[derive(Default)]
pub(crate) struct TextsBuilder {
    texts: Texts,
    known: HashMap<String, u32>,
}

impl TextsBuilder {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        let texts = Texts { codes: Vec::with_capacity(rows), ..Texts::default() };
        Self { texts, known: HashMap::new() }
    }

    pub(crate) const fn rows(&self) -> usize {
        self.texts.codes.len()
    }

    /// The code that stands for a text.
    pub(crate) fn code(&mut self, text: &str) -> u32 {
        if let Some(&code) = self.known.get(text) {
            return code;
        }
        let code = self.texts.values.len() as u32;
        self.texts.values.push(text.into());
        self.known.insert(text.into(), code);
        code
    }

    /// The next row has this code.
    pub(crate) fn push_code(&mut self, code: u32) {
        self.texts.codes.push(code);
        self.texts.nulls += u64::from(code == NO_VALUE);
    }

    /// The next row is this text, or missing.
    pub(crate) fn push(&mut self, text: Option<&str>) {
        let code = text.map_or(NO_VALUE, |text| self.code(text));
        self.push_code(code);
    }

    pub(crate) fn finish(self) -> Texts {
        self.texts
    }
}
