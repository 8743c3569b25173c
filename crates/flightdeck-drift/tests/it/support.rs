//! Seeded randomness, the reference files, and short ways to samples.

use flightdeck_core::ColumnKind;
use flightdeck_drift::{NULL_CODE, Sample, SampleData};
use serde_json::Value;
use std::path::PathBuf;

/// `SplitMix64`.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    pub(crate) fn normals(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.normal()).collect()
    }
}

/// A column with a dictionary of its own.
pub(crate) struct Texts {
    pub(crate) codes: Vec<u32>,
    pub(crate) values: Vec<String>,
}

impl Texts {
    pub(crate) fn of<'a>(rows: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut texts = Self { codes: Vec::new(), values: Vec::new() };
        for row in rows {
            let code = row.map_or(NULL_CODE, |value| {
                let known = texts.values.iter().position(|other| other == value);
                known.unwrap_or_else(|| {
                    texts.values.push(value.to_owned());
                    texts.values.len() - 1
                }) as u32
            });
            texts.codes.push(code);
        }
        texts
    }

    pub(crate) fn sample<'a>(&'a self, name: &'a str) -> Sample<'a> {
        let nulls = self.codes.iter().filter(|code| **code == NULL_CODE).count() as u64;
        let data = SampleData::Values { codes: &self.codes, values: &self.values, nulls };
        Sample { name, kind: ColumnKind::Categorical, data }
    }
}

/// Numbers, every NaN a missing value.
pub(crate) fn numbers<'a>(name: &'a str, values: &'a [f64]) -> Sample<'a> {
    let nulls = values.iter().filter(|value| value.is_nan()).count() as u64;
    Sample { name, kind: ColumnKind::Numeric, data: SampleData::Numbers { values, nulls } }
}

pub(crate) fn data(path: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/data", path].iter().collect()
}

pub(crate) fn expected() -> Value {
    serde_json::from_str(&std::fs::read_to_string(data("expected.json")).unwrap()).unwrap()
}

/// The baseline and current rows of a reference column; `None` where a value is missing.
pub(crate) fn rows(file: &str) -> [Vec<Option<String>>; 2] {
    let mut sides = [Vec::new(), Vec::new()];
    for record in csv::Reader::from_path(data(file)).unwrap().records() {
        let record = record.unwrap();
        let value = Some(record[1].to_owned()).filter(|value| !value.is_empty());
        sides[usize::from(&record[0] == "c")].push(value);
    }
    sides
}

pub(crate) fn as_numbers(rows: &[Option<String>]) -> Vec<f64> {
    rows.iter().map(|row| row.as_ref().map_or(f64::NAN, |value| value.parse().unwrap())).collect()
}

pub(crate) fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some("inf") => f64::INFINITY,
        Some("-inf") => f64::NEG_INFINITY,
        _ => value.as_f64().unwrap(),
    }
}

pub(crate) fn counts(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).collect()
}

/// Equal to a relative tolerance, or to the same absolute one below 1.
#[track_caller]
pub(crate) fn close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let allowed = tolerance * expected.abs().max(1e-300);
    assert!(
        (found - expected).abs() <= allowed || (found - expected).abs() <= tolerance * 1e-3,
        "{what}: {found:e}, expected {expected:e}"
    );
}
