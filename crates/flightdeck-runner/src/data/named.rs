//! Output tensors as answers by class name.

use crate::problem::Problem;
use flightdeck_core::{Output, OutputRole, Signature, Tensor};
use flightdeck_engine::rows;
use flightdeck_protocol::Prediction;
use serde_json::Value;

/// One answer for each row. Outputs are found by name, their meaning is the signature's.
pub(super) fn predictions(
    signature: &Signature,
    outputs: &[Tensor],
    rows: usize,
) -> Result<Vec<Prediction>, Problem> {
    let mut predictions = vec![Prediction::default(); rows];
    for output in &signature.outputs {
        let Some(tensor) = outputs.iter().find(|tensor| tensor.name == output.name) else { continue };
        if rows::count(tensor) != rows {
            let message = format!("output \"{}\" does not have one answer for each row", output.name);
            return Err(
                Problem::bad("not-tabular", message).hint("Use the address of the Open Inference Protocol.")
            );
        }
        for (row, prediction) in predictions.iter_mut().enumerate() {
            add(prediction, (signature, output), (tensor, row));
        }
    }
    predictions.iter_mut().for_each(label_by_score);
    Ok(predictions)
}

fn add(
    prediction: &mut Prediction,
    (signature, output): (&Signature, &Output),
    (tensor, row): (&Tensor, usize),
) {
    let width = rows::width(tensor);
    let number = |place: usize| tensor.data.number(row * width + place).filter(|n| n.is_finite());
    match output.role {
        OutputRole::Label if width == 1 => prediction.label = tensor.data.text(row),
        OutputRole::Scores if !rows::is_text(tensor) => {
            let scores = (0..width).map(number).collect();
            prediction.scores = Some(named(signature.classes(), scores));
        }
        OutputRole::Value if width == 1 && !rows::is_text(tensor) => prediction.value = Some(number(0)),
        _ => drop(prediction.other.insert(output.name.clone(), values(tensor, row))),
    }
}

/// Scores by class name, by number where there are no names. One score of two classes is that of the second.
fn named(classes: &[String], scores: Vec<Option<f64>>) -> std::collections::BTreeMap<String, Option<f64>> {
    if let ([first, second], [score]) = (classes, scores.as_slice()) {
        return [(first.clone(), score.map(|score| 1.0 - score)), (second.clone(), *score)].into();
    }
    let name = |place: usize| classes.get(place).cloned().unwrap_or_else(|| place.to_string());
    scores.into_iter().enumerate().map(|(place, score)| (name(place), score)).collect()
}

/// A model that gives scores alone predicts the class with the highest.
fn label_by_score(prediction: &mut Prediction) {
    if prediction.label.is_none()
        && let Some(scores) = &prediction.scores
    {
        let finite = scores.iter().filter_map(|(class, score)| score.map(|score| (class, score)));
        prediction.label = finite.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(class, _)| class.clone());
    }
}

fn values(tensor: &Tensor, row: usize) -> Value {
    let width = rows::width(tensor);
    let value = |place: usize| match tensor.data.number(place) {
        Some(number) => serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number),
        None => tensor.data.text(place).map_or(Value::Null, Value::String),
    };
    if width == 1 { value(row) } else { (row * width..(row + 1) * width).map(value).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flightdeck_core::{DataType, Task, TensorData};

    fn output(name: &str, role: OutputRole, classes: &[&str]) -> Output {
        let classes = classes.iter().map(ToString::to_string).collect();
        Output { name: name.into(), data_type: DataType::Fp32, shape: vec![-1], role, classes }
    }

    fn signature(outputs: Vec<Output>) -> Signature {
        Signature { task: Task::Other, inputs: vec![], outputs }
    }

    #[test]
    fn scores_carry_class_names() {
        let signature = signature(vec![
            output("l", OutputRole::Label, &[]),
            output("p", OutputRole::Scores, &["no", "yes"]),
        ]);
        let outputs = [
            Tensor::new("l", vec![2], TensorData::Bytes(vec!["yes".into(), "no".into()])).unwrap(),
            Tensor::new("p", vec![2, 2], TensorData::Fp32(vec![0.25, 0.75, 1.0, f32::NAN])).unwrap(),
        ];
        let found = predictions(&signature, &outputs, 2).unwrap();
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(
            json,
            r#"[{"label":"yes","scores":{"no":0.25,"yes":0.75}},{"label":"no","scores":{"no":1.0,"yes":null}}]"#
        );
    }

    #[test]
    fn one_score_of_two_classes_is_the_seconds_and_gives_the_label() {
        let signature = signature(vec![output("p", OutputRole::Scores, &["no", "yes"])]);
        let outputs = [Tensor::new("p", vec![1], TensorData::Fp64(vec![0.25])).unwrap()];
        let found = &predictions(&signature, &outputs, 1).unwrap()[0];
        assert_eq!(found.label.as_deref(), Some("no"));
        assert_eq!(found.scores.as_ref().unwrap()["no"], Some(0.75));
    }

    #[test]
    fn values_that_are_not_finite_are_null() {
        let signature = signature(vec![output("y", OutputRole::Value, &[])]);
        let outputs = [Tensor::new("y", vec![2, 1], TensorData::Fp32(vec![1.5, f32::INFINITY])).unwrap()];
        let json = serde_json::to_string(&predictions(&signature, &outputs, 2).unwrap()).unwrap();
        assert_eq!(json, r#"[{"value":1.5},{"value":null}]"#);
        assert!(predictions(&signature, &outputs, 3).is_err());
    }
}
