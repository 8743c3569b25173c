//! Whether outputs are the original's answers, by the rule that the product states: |Δ| ≤ 10⁻⁵ + 10⁻⁵ · |original|, and
//! the same label unless its two best scores are as good as equal. Written down a second time, so that the product's own
//! comparison does not judge itself.

use flightdeck_core::{OutputRole, Tensor};
use flightdeck_notebook::wire::{Answers, Column, OutputMap, Values};

/// What came out.
pub(super) struct Judged {
    pub(super) rows: usize,
    pub(super) beyond: usize,
    /// Relative to values above one; infinite for a number that is none.
    pub(super) largest: f64,
    /// Equal, or so little beyond on so few rows that the product would take it and say so.
    pub(super) accepted: bool,
}

pub(super) fn judge(answers: &Answers, outputs: &[Tensor], meanings: &[OutputMap]) -> Judged {
    let output = |role: OutputRole| {
        let named = meanings.iter().find(|meaning| meaning.role == role)?;
        outputs.iter().find(|tensor| tensor.name == named.name)
    };
    let rows = rows(answers);
    let mut marks = Marks { beyond: vec![false; rows], largest: 0.0, far: false, compared: false };
    if let Some(found) = output(OutputRole::Scores) {
        marks.numbers(&answers.scores, found, 0.01);
    }
    if let Some(found) = output(OutputRole::Value) {
        marks.numbers(&answers.values, found, 0.01 * deviation(&answers.values));
    }
    if let Some((expected, found)) = answers.label.as_ref().zip(output(OutputRole::Label)) {
        marks.labels(expected, found, &answers.scores);
    }
    let beyond = marks.beyond.iter().filter(|beyond| **beyond).count();
    let little = !marks.far && beyond * 1000 <= rows.max(1000);
    Judged { rows, beyond, largest: marks.largest, accepted: marks.compared && (beyond == 0 || little) }
}

/// What differs, while it is looked at.
struct Marks {
    /// By row.
    beyond: Vec<bool>,
    largest: f64,
    /// Whether something is so far off that it cannot be forgiven.
    far: bool,
    compared: bool,
}

impl Marks {
    fn numbers(&mut self, columns: &[Column], found: &Tensor, near: f64) {
        let Some((width, first)) = placed(found, columns.len(), self.beyond.len()) else { return };
        self.compared = true;
        for (place, column) in columns.iter().enumerate() {
            for (row, beyond) in self.beyond.iter_mut().enumerate() {
                let expected = number(column, row);
                let found = found.data.number(row * width + first + place).unwrap_or(f64::NAN);
                if found == expected || found.is_nan() && expected.is_nan() {
                    continue;
                }
                // A number that is none lies as far off as can be.
                let difference = (found - expected).abs();
                let difference = if difference.is_nan() { f64::INFINITY } else { difference };
                self.largest = self.largest.max(difference / expected.abs().clamp(1.0, f64::MAX));
                let allowed = 1e-5 + 1e-5 * expected.abs();
                if allowed.is_nan() || difference > allowed {
                    *beyond = true;
                    self.far |= difference > near;
                }
            }
        }
    }

    fn labels(&mut self, expected: &Column, found: &Tensor, scores: &[Column]) {
        self.compared = true;
        for (row, beyond) in self.beyond.iter_mut().enumerate() {
            if !same_label(expected, found, row) && !toss_up(scores, row) {
                (*beyond, self.far) = (true, true);
            }
        }
    }
}

fn rows(answers: &Answers) -> usize {
    let first = answers.label.iter().chain(&answers.scores).chain(&answers.values).next();
    first.map_or(0, |column| column.values.len())
}

/// How wide the tensor is, and where the columns begin in it. Of two classes a distance has the last place.
fn placed(found: &Tensor, columns: usize, rows: usize) -> Option<(usize, usize)> {
    let width = found.data.len().checked_div(rows)?;
    match (columns, width) {
        (0, _) => None,
        (columns, width) if columns == width => Some((width, 0)),
        (1, 2) => Some((2, 1)),
        _ => None,
    }
}

fn number(column: &Column, row: usize) -> f64 {
    match &column.values {
        Values::Float(values) => values[row],
        Values::Int(values) | Values::Time(values) => values[row] as f64,
        Values::Bool(values) => f64::from(u8::from(values[row])),
        Values::Codes { codes, values } => {
            let text = usize::try_from(codes[row]).ok().and_then(|code| values.get(code));
            text.and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
        }
    }
}

fn same_label(expected: &Column, found: &Tensor, row: usize) -> bool {
    match &expected.values {
        Values::Codes { codes, values } => {
            let text = usize::try_from(codes[row]).ok().and_then(|code| values.get(code)).map(String::as_str);
            found.data.text(row).as_deref() == Some(text.unwrap_or_default())
        }
        _ => found.data.number(row) == Some(number(expected, row)),
    }
}

fn toss_up(scores: &[Column], row: usize) -> bool {
    let mut scores: Vec<f64> = scores.iter().map(|class| number(class, row)).collect();
    scores.sort_by(|one, other| other.total_cmp(one));
    match scores.as_slice() {
        [only] => only.abs() < 2e-5 || (only - 0.5).abs() < 2e-5,
        [first, second, ..] => first - second < 2e-5,
        [] => false,
    }
}

/// Population standard deviation over all columns together.
fn deviation(columns: &[Column]) -> f64 {
    let all: Vec<f64> = columns
        .iter()
        .flat_map(|column| (0..column.values.len()).map(|row| number(column, row)))
        .filter(|value| value.is_finite())
        .collect();
    let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
    (all.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / all.len().max(1) as f64).sqrt()
}
