//! Whether a converted model answers as the original did, row by row, on the original's own rows.
//!
//! A number is equal when |Δ| ≤ 10⁻⁵ + 10⁻⁵ · |original|. A label must be the same, or a toss-up: the two best scores of the
//! original closer than 2 · 10⁻⁵. Up to one row in a thousand may lie beyond by little (0.01 of a score, a hundredth of the
//! standard deviation of a number): that is said. Anything else is another model.

use flightdeck_core::{OutputRole, Signature, Tensor};
use flightdeck_package::Tolerance;

/// How far numbers may lie apart and still be equal.
const EQUAL: Tolerance = Tolerance { absolute: 1e-5, relative: 1e-5 };
/// Two best scores closer than this are a toss-up.
const TOSS_UP: f64 = 2e-5;
/// Rows beyond, one in so many, that are forgiven when each is near.
const FORGIVEN: usize = 1_000;
/// How far a forgiven score may be off.
const NEAR_SCORE: f64 = 0.01;
/// How far a forgiven number may be off, in standard deviations of the original's answers.
const NEAR_DEVIATIONS: f64 = 0.01;
/// How many of the rows that differ most are kept.
const WORST: usize = 3;

/// What the original answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reference {
    pub(crate) label: Option<Answers>,
    /// One column per class.
    pub(crate) scores: Vec<Vec<f64>>,
    /// One column per output.
    pub(crate) values: Vec<Vec<f64>>,
}

/// Answers that are labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answers {
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

/// How two models compare.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parity {
    pub(crate) rows: usize,
    pub(crate) beyond: usize,
    pub(crate) max_abs: Option<f64>,
    pub(crate) verdict: Verdict,
    /// `label and 2 scores`.
    pub(crate) compared: String,
    pub(crate) worst: Vec<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Equal,
    /// A few rows beyond, each by little.
    Close,
    Different,
}

impl Verdict {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Close => "close",
            Self::Different => "different",
        }
    }
}

/// A row that differs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Its place among the rows compared, from 0.
    pub(crate) index: usize,
    pub(crate) difference: Option<f64>,
    pub(crate) original: String,
    pub(crate) converted: String,
}

impl Answers {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    fn text(&self, row: usize) -> String {
        match self {
            Self::Numbers(numbers) => numbers[row].to_string(),
            Self::Texts(texts) => texts[row].clone(),
        }
    }

    fn is(&self, row: usize, tensor: &Tensor) -> bool {
        match self {
            Self::Numbers(numbers) => tensor.data.number(row).is_some_and(|found| found == numbers[row]),
            Self::Texts(texts) => tensor.data.text(row).is_some_and(|found| found == texts[row]),
        }
    }
}

impl Reference {
    pub(crate) fn rows(&self) -> usize {
        let label = self.label.as_ref().map(Answers::len);
        label.or_else(|| self.scores.first().or(self.values.first()).map(Vec::len)).unwrap_or(0)
    }

    /// Whether the two best scores of a row are as good as equal.
    fn is_toss_up(&self, row: usize) -> bool {
        let mut scores: Vec<f64> = self.scores.iter().map(|class| class[row]).collect();
        // One score of two classes: the border lies at a half, or at zero for a distance.
        if let [only] = scores.as_slice() {
            return only.abs() < TOSS_UP || (only - 0.5).abs() < TOSS_UP;
        }
        scores.sort_by(|a, b| b.total_cmp(a));
        matches!(scores.as_slice(), [first, second, ..] if first - second < TOSS_UP)
    }
}

/// Compares a converted model's outputs with the original's answers. `None` when they have nothing in common, or when an
/// answer of the original has an output of its kind that is of another size: that is not the same model.
pub(crate) fn compare(reference: &Reference, outputs: &[Tensor], signature: &Signature) -> Option<Parity> {
    let output = |role| {
        let named = signature.output(role)?;
        outputs.iter().find(|tensor| tensor.name == named.name)
    };
    let rows = reference.rows();
    let label = reference.label.as_ref().zip(output(OutputRole::Label));
    if label.is_some_and(|(_, tensor)| tensor.data.len() != rows) {
        return None;
    }
    let scores = beside(&reference.scores, output(OutputRole::Scores), rows)?;
    let mut values = beside(&reference.values, output(OutputRole::Value), rows)?;
    if let Some(values) = &mut values {
        values.near = values.expected.iter().map(|column| NEAR_DEVIATIONS * deviation(column)).collect();
    }
    let compared = described(label.is_some(), scores.as_ref(), values.as_ref())?;
    let mut work = Work { reference, differing: Vec::new(), max_abs: None, is_far: false };
    for row in 0..rows {
        work.row(row, label, scores.as_ref(), values.as_ref());
    }
    Some(work.finish(rows, compared))
}

/// The original's columns beside the tensor that holds the same.
struct Numbers<'a> {
    expected: &'a [Vec<f64>],
    found: &'a Tensor,
    /// Places of the tensor's last axis that are compared.
    width: usize,
    offset: usize,
    /// How far a forgiven number may be off, by column.
    near: Vec<f64>,
}

/// The original's columns beside the output of their kind. The outer `None` is an output of another size.
#[expect(clippy::option_option, reason = "nothing to compare and nothing comparable are two things")]
fn beside<'a>(
    expected: &'a [Vec<f64>],
    output: Option<&'a Tensor>,
    rows: usize,
) -> Option<Option<Numbers<'a>>> {
    match output {
        Some(tensor) if !expected.is_empty() => columns(expected, tensor, rows).map(Some),
        _ => Some(None),
    }
}

fn columns<'a>(expected: &'a [Vec<f64>], found: &'a Tensor, rows: usize) -> Option<Numbers<'a>> {
    let width = found.data.len().checked_div(rows)?;
    let offset = match (expected.len(), width) {
        (0, _) => return None,
        (n, w) if n == w => 0,
        // The distance to the border of two classes stands in the last place.
        (1, 2) => 1,
        _ => return None,
    };
    let near = vec![NEAR_SCORE; expected.len()];
    Some(Numbers { expected, found, width, offset, near })
}

impl Numbers<'_> {
    fn pair(&self, column: usize, row: usize) -> (f64, f64) {
        let found = self.found.data.number(row * self.width + column + self.offset).unwrap_or(f64::NAN);
        (found, self.expected[column][row])
    }
}

fn described(label: bool, scores: Option<&Numbers<'_>>, values: Option<&Numbers<'_>>) -> Option<String> {
    let many = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
    let parts = [
        label.then(|| "the label".to_owned()),
        scores.map(|scores| many(scores.expected.len(), "score")),
        values.map(|values| many(values.expected.len(), "number")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}

struct Work<'a> {
    reference: &'a Reference,
    differing: Vec<Row>,
    max_abs: Option<f64>,
    /// Whether a row lies so far off that it cannot be forgiven.
    is_far: bool,
}

impl Work<'_> {
    fn row(
        &mut self,
        row: usize,
        label: Option<(&Answers, &Tensor)>,
        scores: Option<&Numbers<'_>>,
        values: Option<&Numbers<'_>>,
    ) {
        let mut largest: Option<(f64, String, String)> = None;
        let mut beyond = false;
        for numbers in scores.into_iter().chain(values) {
            for column in 0..numbers.expected.len() {
                let (found, expected) = numbers.pair(column, row);
                let difference = (found - expected).abs();
                if difference.is_finite() {
                    self.max_abs = Some(self.max_abs.unwrap_or(0.0).max(difference));
                }
                if EQUAL.allows(found, expected) {
                    continue;
                }
                beyond = true;
                // NaN for a number is never near.
                self.is_far |= difference.is_nan() || difference > numbers.near[column];
                if largest.as_ref().is_none_or(|(known, ..)| difference.is_nan() || difference > *known) {
                    largest = Some((difference, expected.to_string(), found.to_string()));
                }
            }
        }
        if let Some((expected, found)) = label
            && !expected.is(row, found)
            && !self.reference.is_toss_up(row)
        {
            beyond = true;
            self.is_far = true;
            let found = found.data.text(row).unwrap_or_default();
            largest = Some((largest.map_or(f64::NAN, |(d, ..)| d), expected.text(row), found));
        }
        if beyond && let Some((difference, original, converted)) = largest {
            let difference = Some(difference).filter(|difference| difference.is_finite());
            self.differing.push(Row { index: row, difference, original, converted });
        }
    }

    fn finish(mut self, rows: usize, compared: String) -> Parity {
        let beyond = self.differing.len();
        let verdict = if beyond == 0 {
            Verdict::Equal
        } else if !self.is_far && beyond * FORGIVEN <= rows {
            Verdict::Close
        } else {
            Verdict::Different
        };
        let size = |row: &Row| row.difference.unwrap_or(f64::INFINITY);
        self.differing.sort_by(|a, b| size(b).total_cmp(&size(a)).then(a.index.cmp(&b.index)));
        self.differing.truncate(WORST);
        Parity { rows, beyond, max_abs: self.max_abs, verdict, compared, worst: self.differing }
    }
}

/// Population standard deviation of the finite values.
fn deviation(column: &[f64]) -> f64 {
    let values = || column.iter().copied().filter(|value| value.is_finite());
    let n = values().count().max(1) as f64;
    let mean = values().sum::<f64>() / n;
    (values().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flightdeck_core::{DataType, Output, Task, TensorData};

    fn signature() -> Signature {
        let output = |name: &str, role, data_type| Output {
            name: name.into(),
            data_type,
            shape: vec![-1],
            role,
            classes: Vec::new(),
        };
        let outputs = vec![
            output("label", OutputRole::Label, DataType::Int64),
            output("scores", OutputRole::Scores, DataType::Fp32),
            output("value", OutputRole::Value, DataType::Fp32),
        ];
        Signature { task: Task::Binary, inputs: Vec::new(), outputs }
    }

    fn answers(labels: &[i64], scores: &[f32]) -> Vec<Tensor> {
        let label = Tensor::new("label", vec![labels.len()], TensorData::Int64(labels.into())).unwrap();
        let scores = Tensor::new("scores", vec![labels.len(), 2], TensorData::Fp32(scores.into())).unwrap();
        vec![label, scores]
    }

    fn reference(labels: &[f64], second: &[f64]) -> Reference {
        let first = second.iter().map(|p| 1.0 - p).collect();
        let label = Some(Answers::Numbers(labels.into()));
        Reference { label, scores: vec![first, second.into()], values: Vec::new() }
    }

    #[test]
    fn equal_answers_are_equal_and_the_largest_difference_is_kept() {
        let found = compare(
            &reference(&[0.0, 1.0], &[0.25, 0.75]),
            &answers(&[0, 1], &[0.75, 0.25, 0.25, 0.750_005]),
            &signature(),
        );
        let parity = found.unwrap();
        assert_eq!((parity.verdict, parity.rows, parity.beyond), (Verdict::Equal, 2, 0));
        assert!((parity.max_abs.unwrap() - 5e-6).abs() < 1e-7);
        assert_eq!(parity.compared, "the label and 2 scores");
    }

    #[test]
    fn another_label_is_another_model_unless_it_was_a_toss_up() {
        let other =
            compare(&reference(&[1.0], &[0.75]), &answers(&[0], &[0.25, 0.75]), &signature()).unwrap();
        assert_eq!((other.verdict, other.beyond), (Verdict::Different, 1));
        assert_eq!((other.worst[0].original.as_str(), other.worst[0].converted.as_str()), ("1", "0"));
        let toss_up =
            compare(&reference(&[1.0], &[0.500_004]), &answers(&[0], &[0.5, 0.5]), &signature()).unwrap();
        assert_eq!(toss_up.verdict, Verdict::Equal);
    }

    #[test]
    fn one_row_in_a_thousand_may_lie_a_little_beyond_and_no_more() {
        let rows = 1_000;
        let second = vec![0.25; rows];
        let labels = vec![0.0; rows];
        let mut scores: Vec<f32> = [0.75, 0.25].repeat(rows);
        scores[0] = 0.7505;
        let one = compare(&reference(&labels, &second), &answers(&vec![0; rows], &scores), &signature());
        assert_eq!(one.unwrap().verdict, Verdict::Close);
        scores[2] = 0.7505;
        let two = compare(&reference(&labels, &second), &answers(&vec![0; rows], &scores), &signature());
        assert_eq!(two.unwrap().verdict, Verdict::Different);
        scores[2] = 0.75;
        scores[0] = 0.7605;
        let far = compare(&reference(&labels, &second), &answers(&vec![0; rows], &scores), &signature());
        assert_eq!(far.unwrap().verdict, Verdict::Different);
    }

    #[test]
    fn nan_for_a_number_is_different_and_nan_for_nan_is_equal() {
        let value = |v: f32| vec![Tensor::new("value", vec![1, 1], TensorData::Fp32(vec![v])).unwrap()];
        let reference = |v| Reference { values: vec![vec![v]], ..Reference::default() };
        let verdict = |r: f64, v: f32| compare(&reference(r), &value(v), &signature()).unwrap().verdict;
        assert_eq!(verdict(3.0, f32::NAN), Verdict::Different);
        assert_eq!(verdict(f64::NAN, 3.0), Verdict::Different);
        assert_eq!(verdict(f64::NAN, f32::NAN), Verdict::Equal);
    }

    #[test]
    fn nothing_in_common_is_no_comparison() {
        assert_eq!(compare(&Reference::default(), &answers(&[0], &[0.5, 0.5]), &signature()), None);
    }
}
