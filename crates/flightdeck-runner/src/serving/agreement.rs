//! Whether two versions answered the same rows alike.

use flightdeck_core::{Digest, Output, OutputRole, Signature, Tensor};
use flightdeck_engine::rows;
use std::borrow::Cow;

/// Numbers that differ by less, absolute or relative, are the same: batching alone changes the last bits.
const TOLERANCE: (f64, f64) = (1e-6, 1e-5);

/// How often a champion and its shadow agreed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Agreement {
    /// Rows that both answered.
    pub(crate) rows: u64,
    /// Rows with the same label; without labels, with the same numbers.
    pub(crate) equal: u64,
    /// Numbers that could be compared, and the sum of their absolute differences.
    pub(crate) numbers: u64,
    pub(crate) sum_abs: f64,
}

/// What only shadows have, since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched {
    /// Rows that found no room.
    pub(crate) dropped: u64,
    /// Rows that the shadow could not answer.
    pub(crate) failed: u64,
    /// With the champion that it was compared with last.
    pub(crate) agreement: Option<(Digest, Agreement)>,
}

impl Watched {
    /// Adds a comparison. With another champion it begins anew.
    pub(crate) fn compared(&mut self, champion: Digest, found: Option<Agreement>) {
        let Some(found) = found else { return };
        match &mut self.agreement {
            Some((with, sum)) if *with == champion => sum.add(&found),
            other => *other = Some((champion, found)),
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.dropped += other.dropped;
        self.failed += other.failed;
        if let Some((champion, found)) = &other.agreement {
            self.compared(*champion, Some(found.clone()));
        }
    }
}

impl Agreement {
    fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.equal += other.equal;
        self.numbers += other.numbers;
        self.sum_abs += other.sum_abs;
    }
}

type Answered<'a> = (&'a Signature, &'a [Tensor]);

/// Compares what two versions answered to the same rows: labels (where there are none, the class of the highest score) and
/// scores of the same classes, or predicted numbers. `None` where they have nothing of that in common.
pub(crate) fn compare(champion: Answered<'_>, shadow: Answered<'_>, count: usize) -> Option<Agreement> {
    let labels = labels(champion, count).zip(labels(shadow, count));
    let numbers = |role| numbers(champion, role, count).zip(numbers(shadow, role, count));
    let scores = numbers(OutputRole::Scores).filter(|_| champion.0.classes() == shadow.0.classes());
    let pair =
        scores.or_else(|| numbers(OutputRole::Value)).filter(|(a, b)| rows::width(a) == rows::width(b));
    let mut found = Agreement { rows: count as u64, ..Agreement::default() };
    let near = pair.map(|(a, b)| differences(&mut found, (a, b), count));
    let equal = match (labels, near) {
        (Some((a, b)), _) => a.iter().zip(&b).filter(|(a, b)| a == b).count(),
        (None, Some(near)) => near,
        (None, None) => return None,
    };
    found.equal = equal as u64;
    Some(found)
}

/// Adds up the differences of numbers that are finite on both sides; rows whose numbers are all the same are counted.
fn differences(found: &mut Agreement, (a, b): (&Tensor, &Tensor), count: usize) -> usize {
    let width = rows::width(a);
    let mut near_rows = 0;
    for row in 0..count {
        let mut near = true;
        for place in row * width..(row + 1) * width {
            let (Some(a), Some(b)) = (a.data.number(place), b.data.number(place)) else { continue };
            let difference = (a - b).abs();
            if difference.is_finite() {
                found.numbers += 1;
                found.sum_abs += difference;
            }
            near &= difference <= TOLERANCE.0 + TOLERANCE.1 * a.abs() || a == b || (a.is_nan() && b.is_nan());
        }
        near_rows += usize::from(near);
    }
    near_rows
}

fn tensor((signature, outputs): Answered<'_>, role: OutputRole, count: usize) -> Option<(&Output, &Tensor)> {
    let output = signature.output(role)?;
    let tensor = outputs.iter().find(|tensor| tensor.name == output.name)?;
    (rows::count(tensor) == count).then_some((output, tensor))
}

fn numbers(answered: Answered<'_>, role: OutputRole, count: usize) -> Option<&Tensor> {
    let (_, tensor) = tensor(answered, role, count)?;
    (!rows::is_text(tensor)).then_some(tensor)
}

/// What was predicted for each row: its label, or its number.
pub(crate) fn predicted(
    signature: &Signature,
    outputs: &[Tensor],
    count: usize,
) -> Vec<(Option<String>, Option<f64>)> {
    let answered = (signature, outputs);
    if let Some(labels) = labels(answered, count) {
        return labels.into_iter().map(|label| (Some(label.into_owned()), None)).collect();
    }
    let values = numbers(answered, OutputRole::Value, count).filter(|values| rows::width(values) == 1);
    (0..count).map(|row| (None, values.and_then(|values| values.data.number(row)))).collect()
}

/// The label of each row.
fn labels(answered: Answered<'_>, count: usize) -> Option<Vec<Cow<'_, str>>> {
    if let Some((_, labels)) = tensor(answered, OutputRole::Label, count).filter(|(_, t)| rows::width(t) == 1)
    {
        let text = |row| labels.data.text(row).map(Cow::Owned).unwrap_or_default();
        return Some((0..count).map(text).collect());
    }
    let scores = numbers(answered, OutputRole::Scores, count)?;
    let (classes, width) = (answered.0.classes(), rows::width(scores));
    let name =
        |place: usize| classes.get(place).map_or_else(|| place.to_string().into(), |c| Cow::Borrowed(&**c));
    let best = |row: usize| {
        let score = |place: usize| scores.data.number(row * width + place).unwrap_or(f64::NAN);
        // One score of two classes is that of the second.
        if width == 1 {
            return name(usize::from(score(0) > 0.5));
        }
        let finite = (0..width).filter(|place| score(*place).is_finite());
        finite.max_by(|a, b| score(*a).total_cmp(&score(*b))).map_or(Cow::Borrowed(""), name)
    };
    Some((0..count).map(best).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flightdeck_core::{DataType, Task, TensorData};

    fn signature(outputs: &[(&str, OutputRole, &[&str])]) -> Signature {
        let output = |(name, role, classes): &(&str, OutputRole, &[&str])| Output {
            name: (*name).into(),
            data_type: DataType::Fp32,
            shape: vec![-1],
            role: *role,
            classes: classes.iter().map(ToString::to_string).collect(),
        };
        Signature { task: Task::Other, inputs: vec![], outputs: outputs.iter().map(output).collect() }
    }

    fn floats(name: &str, width: usize, values: &[f32]) -> Tensor {
        Tensor::new(name, vec![values.len() / width, width], TensorData::Fp32(values.to_vec())).unwrap()
    }

    fn texts(name: &str, values: &[&str]) -> Tensor {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        Tensor::new(name, vec![values.len()], TensorData::Bytes(values)).unwrap()
    }

    #[test]
    fn labels_are_compared_by_their_text_and_scores_by_class() {
        let one = signature(&[("l", OutputRole::Label, &[]), ("p", OutputRole::Scores, &["no", "yes"])]);
        let other = signature(&[("q", OutputRole::Scores, &["no", "yes"])]);
        let champion = [texts("l", &["no", "yes"]), floats("p", 2, &[0.75, 0.25, 0.5, 0.5])];
        let shadow = [floats("q", 2, &[0.25, 0.75, 0.25, 0.75])];
        let found = compare((&one, &champion), (&other, &shadow), 2).unwrap();
        // |0.75 - 0.25| twice and |0.5 - 0.25| twice.
        assert_eq!(found, Agreement { rows: 2, equal: 1, numbers: 4, sum_abs: 1.5 });
    }

    #[test]
    fn numbers_are_equal_within_what_batching_changes() {
        let value = signature(&[("y", OutputRole::Value, &[])]);
        let one = [floats("y", 1, &[1000.0, 1.0, f32::NAN, 0.0])];
        let other = [floats("y", 1, &[1000.005, 3.0, f32::NAN, 0.0])];
        let found = compare((&value, &one), (&value, &other), 4).unwrap();
        assert_eq!((found.rows, found.equal, found.numbers), (4, 3, 3));
        assert!((found.sum_abs - 2.005).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn what_has_nothing_in_common_is_not_compared() {
        let value = signature(&[("y", OutputRole::Value, &[])]);
        let other = signature(&[("e", OutputRole::Other, &[])]);
        let one = [floats("y", 1, &[1.0])];
        assert_eq!(compare((&value, &one), (&other, &[floats("e", 1, &[1.0])]), 1), None);
        assert_eq!(compare((&value, &one), (&value, &[]), 1), None);
        assert_eq!(compare((&value, &one), (&value, &[floats("y", 2, &[1.0, 2.0])]), 1), None);
    }

    #[test]
    fn another_champion_begins_anew() {
        let found = Agreement { rows: 2, equal: 1, numbers: 0, sum_abs: 0.0 };
        let (a, b) = (Digest::from_bytes([1; 32]), Digest::from_bytes([2; 32]));
        let mut watched = Watched::default();
        watched.compared(a, Some(found.clone()));
        watched.compared(a, Some(found.clone()));
        watched.compared(a, None);
        assert_eq!(watched.agreement.as_ref().unwrap().1.rows, 4);
        watched.compared(b, Some(found.clone()));
        assert_eq!(watched.agreement, Some((b, found)));
    }
}
