//! Where in the tensors the values of each counted column stand.

use flightdeck_core::{ColumnKind, Signature, Tensor, TensorData};
use flightdeck_drift::{Baseline, Counter};
use std::ops::Range;

/// How to count the tensors of a version.
pub(super) struct Plan(Vec<Column>);

struct Column {
    /// Which tensor.
    tensor: usize,
    /// Where in its row.
    index: usize,
    /// Which column of the baseline.
    baseline: usize,
    kind: ColumnKind,
    /// What stands for a missing value, where that is not NaN.
    missing: Option<Missing>,
}

enum Missing {
    Number(f64),
    Text(String),
}

impl Plan {
    /// Columns of the signature that the baseline has, found by name.
    pub(super) fn new(signature: &Signature, baseline: &Baseline) -> Self {
        let columns = signature.inputs.iter().enumerate().flat_map(|(tensor, input)| {
            input.columns.iter().filter_map(move |column| {
                let (place, frozen) = baseline.column(&column.name)?;
                let missing = column.missing.as_deref().and_then(Missing::of);
                Some(Column { tensor, index: column.index, baseline: place, kind: frozen.kind(), missing })
            })
        });
        Self(columns.collect())
    }

    /// Counts these rows of the tensors, which are the signature's inputs in its order.
    pub(super) fn count(&self, counter: &mut Counter, tensors: &[Tensor], rows: Range<usize>) {
        for column in &self.0 {
            if let Some(tensor) = tensors.get(column.tensor) {
                column.count(counter, tensor, rows.clone());
            }
        }
    }
}

impl Missing {
    fn of(text: &str) -> Option<Self> {
        match text.parse::<f64>() {
            // NaN is recognised as it is.
            Ok(number) if number.is_nan() => None,
            Ok(number) => Some(Self::Number(number)),
            Err(_) => Some(Self::Text(text.into())),
        }
    }

    fn is_number(&self, number: f64) -> bool {
        matches!(self, Self::Number(missing) if *missing == number)
    }

    fn is_text(&self, text: &str) -> bool {
        match self {
            Self::Text(missing) => missing == text,
            Self::Number(missing) => text.parse() == Ok(*missing),
        }
    }
}

impl Column {
    fn count(&self, counter: &mut Counter, tensor: &Tensor, rows: Range<usize>) {
        let width = tensor.shape.iter().skip(1).product::<usize>();
        let places = rows.map(|row| row * width + self.index);
        match &tensor.data {
            TensorData::Bytes(texts) => {
                places.filter_map(|at| texts.get(at)).for_each(|text| self.text(counter, text));
            }
            TensorData::Fp32(v) => {
                self.numbers(counter, places.filter_map(|at| v.get(at).map(|n| f64::from(*n))));
            }
            TensorData::Fp64(v) => self.numbers(counter, places.filter_map(|at| v.get(at).copied())),
            TensorData::Bool(v) if self.kind == ColumnKind::Categorical => {
                let text = |flag: &bool| if *flag { "true" } else { "false" };
                places.filter_map(|at| v.get(at)).for_each(|flag| self.text(counter, text(flag)));
            }
            data => self.numbers(counter, places.filter_map(|at| data.number(at))),
        }
    }

    fn text(&self, counter: &mut Counter, text: &str) {
        if self.missing.as_ref().is_some_and(|missing| missing.is_text(text)) {
            counter.null(self.baseline);
        } else {
            counter.value(self.baseline, text);
        }
    }

    fn numbers(&self, counter: &mut Counter, numbers: impl Iterator<Item = f64>) {
        match &self.missing {
            None if self.kind == ColumnKind::Numeric => counter.numbers(self.baseline, numbers),
            None => numbers.for_each(|number| counter.number(self.baseline, number)),
            Some(missing) => numbers.for_each(|number| {
                if missing.is_number(number) {
                    counter.null(self.baseline);
                } else {
                    counter.number(self.baseline, number);
                }
            }),
        }
    }
}
