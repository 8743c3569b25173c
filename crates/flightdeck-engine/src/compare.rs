//! Outputs of the same rows from two places, compared within a stated tolerance.

use crate::rows;
use flightdeck_core::Tensor;
use serde::{Deserialize, Serialize};

/// How outputs compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Rows compared.
    pub rows: u64,
    /// Rows with a number beyond the tolerance or another text.
    pub beyond: u64,
    /// The largest absolute difference of finite numbers; `None` when there were none.
    pub max_abs: Option<f64>,
    /// Whether they agree everywhere.
    pub verdict: Verdict,
    /// Where the first difference lies, in one sentence.
    pub first: Option<String>,
}

/// Whether outputs agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the tolerance everywhere.
    Agree,
    /// Beyond it somewhere, or of another shape.
    Differ,
}

/// Compares outputs row by row. `near(found, expected)` says whether two numbers are near enough; texts and whole numbers
/// must be equal.
pub fn compare(found: &[Tensor], expected: &[Tensor], near: &dyn Fn(f64, f64) -> bool) -> Comparison {
    let mut work = Work { near, max_abs: None, first: None };
    let rows = expected.iter().map(rows::count).max().unwrap_or(0);
    let mut beyond = vec![false; rows];
    if found.len() != expected.len() {
        work.note(|| format!("{} outputs instead of {}", found.len(), expected.len()));
    }
    for expected in expected {
        match found.iter().find(|tensor| tensor.name == expected.name) {
            Some(tensor) => work.tensor(tensor, expected, &mut beyond),
            None => work.note(|| format!("output \"{}\" is not there", expected.name)),
        }
    }
    let verdict = if work.first.is_none() { Verdict::Agree } else { Verdict::Differ };
    let beyond = beyond.into_iter().filter(|beyond| *beyond).count() as u64;
    Comparison { rows: rows as u64, beyond, max_abs: work.max_abs, verdict, first: work.first }
}

struct Work<'a> {
    near: &'a dyn Fn(f64, f64) -> bool,
    max_abs: Option<f64>,
    first: Option<String>,
}

impl Work<'_> {
    fn tensor(&mut self, found: &Tensor, expected: &Tensor, beyond: &mut [bool]) {
        if found.shape != expected.shape || found.data_type() != expected.data_type() {
            let shape = |t: &Tensor| format!("{} {:?}", t.data_type(), t.shape);
            self.note(|| {
                format!("output \"{}\" is {}, not {}", expected.name, shape(found), shape(expected))
            });
            beyond.fill(true);
            return;
        }
        let width = rows::width(expected).max(1);
        for index in 0..expected.data.len() {
            if !self.element(found, expected, index) {
                if let Some(beyond) = beyond.get_mut(index / width) {
                    *beyond = true;
                }
                let text = |t: &Tensor| t.data.text(index).unwrap_or_default();
                let (name, row) = (&expected.name, index / width);
                self.note(|| {
                    format!("output \"{name}\", row {row}: {} instead of {}", text(found), text(expected))
                });
            }
        }
    }

    fn element(&mut self, found: &Tensor, expected: &Tensor, index: usize) -> bool {
        let (Some(a), Some(b)) = (found.data.number(index), expected.data.number(index)) else {
            return found.data.text(index) == expected.data.text(index);
        };
        let difference = (a - b).abs();
        if difference.is_finite() {
            self.max_abs = Some(self.max_abs.unwrap_or(0.0).max(difference));
        }
        if expected.data_type().is_float() { (self.near)(a, b) } else { a == b }
    }

    fn note(&mut self, sentence: impl FnOnce() -> String) {
        self.first.get_or_insert_with(sentence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flightdeck_core::TensorData;

    fn floats(values: &[f32]) -> Tensor {
        Tensor::new("p", vec![values.len() / 2, 2], TensorData::Fp32(values.to_vec())).unwrap()
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 0.01
    }

    #[test]
    fn rows_beyond_the_tolerance_are_counted_and_the_first_is_named() {
        let expected = [floats(&[0.0, 1.0, 0.5, 0.5])];
        let same = compare(&[floats(&[0.005, 1.0, 0.5, 0.5])], &expected, &near);
        assert_eq!((same.rows, same.beyond, same.verdict), (2, 0, Verdict::Agree));
        let other = compare(&[floats(&[0.0, 1.0, 0.75, 0.25])], &expected, &near);
        assert_eq!((other.rows, other.beyond, other.verdict), (2, 1, Verdict::Differ));
        assert_eq!(other.max_abs, Some(0.25));
        assert_eq!(other.first.as_deref(), Some("output \"p\", row 1: 0.75 instead of 0.5"));
    }

    #[test]
    fn labels_must_be_equal() {
        let label = |n| Tensor::new("l", vec![1], TensorData::Int64(vec![n])).unwrap();
        assert_eq!(compare(&[label(1)], &[label(1)], &near).verdict, Verdict::Agree);
        assert_eq!(compare(&[label(2)], &[label(1)], &|_, _| true).verdict, Verdict::Differ);
    }

    #[test]
    fn a_missing_output_and_another_shape_differ() {
        let expected = [floats(&[0.0, 1.0])];
        assert_eq!(compare(&[], &expected, &near).verdict, Verdict::Differ);
        assert_eq!(compare(&[floats(&[0.0, 1.0, 0.0, 1.0])], &expected, &near).beyond, 1);
    }
}
