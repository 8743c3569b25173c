//! What the outputs mean, proposed from the graph that makes them; a person may correct it.

use crate::classes::{Makers, Source};
use crate::message::{Graph, ValueInfo, ValueType};
use flightdeck_core::{DataType, Output, OutputRole, Task};
use std::collections::BTreeMap;

/// Proposes roles, classes and the task. `zipped` are the classes that a removed `ZipMap` stated, by output.
pub(crate) fn propose(
    graph: &Graph<'_>,
    outputs: Vec<(&ValueInfo<'_>, DataType)>,
    zipped: &BTreeMap<String, Vec<String>>,
) -> (Vec<Output>, Task) {
    let makers = Makers::of(graph);
    let alone = outputs.len() == 1;
    let mut proposed: Vec<Output> = outputs
        .into_iter()
        .map(|(info, data_type)| {
            let source = match zipped.get(info.name) {
                Some(classes) => Source::Scores(classes.clone()),
                None => makers.source(info),
            };
            output(info, data_type, source, alone)
        })
        .collect();
    let is_anomaly = mark_anomaly(&mut proposed);
    share_classes(&mut proposed);
    let task = if is_anomaly { Task::Anomaly } else { task(&proposed) };
    (proposed, task)
}

fn output(info: &ValueInfo<'_>, data_type: DataType, source: Source, alone: bool) -> Output {
    let shape = match &info.value_type {
        ValueType::Tensor(_, Some(shape)) => shape.clone(),
        _ if data_type.is_float() && !alone => vec![-1, -1],
        _ => vec![-1],
    };
    let is_list = matches!(*shape, [_] | [_, 1]);
    let is_matrix = matches!(*shape, [_, width] if width != 1);
    let named = |words: [&str; 2]| words.iter().any(|word| info.name.to_lowercase().contains(word));
    let (role, classes) = match source {
        Source::Label(classes) => (OutputRole::Label, classes),
        Source::Scores(classes) => (OutputRole::Scores, classes),
        Source::Largest if !data_type.is_float() => (OutputRole::Label, Vec::new()),
        Source::Shares if is_matrix => (OutputRole::Scores, Vec::new()),
        _ if alone && data_type.is_float() && is_list => (OutputRole::Value, Vec::new()),
        _ if alone => (OutputRole::Other, Vec::new()),
        _ if !data_type.is_float() && is_list && named(["label", "class"]) => (OutputRole::Label, Vec::new()),
        _ if data_type.is_float() && is_matrix && named(["prob", "score"]) => {
            (OutputRole::Scores, Vec::new())
        }
        _ => (OutputRole::Other, Vec::new()),
    };
    Output { name: info.name.into(), data_type, shape, role, classes }
}

/// An outlier detector of scikit-learn has a label, -1 or 1, and one number for each row that is called `scores`.
fn mark_anomaly(outputs: &mut [Output]) -> bool {
    let [label, scores] = outputs else { return false };
    let fits = label.role == OutputRole::Label
        && label.data_type == DataType::Int64
        && (label.classes.is_empty() || label.classes == ["-1", "1"])
        && scores.name == "scores"
        && scores.data_type.is_float()
        && matches!(*scores.shape, [_] | [_, 1])
        && scores.classes.is_empty();
    if fits {
        label.classes = vec!["-1".into(), "1".into()];
        scores.role = OutputRole::Value;
    }
    fits
}

/// Label and scores speak of the same classes. Where nobody names them they are numbered.
fn share_classes(outputs: &mut [Output]) {
    let is_known = |output: &&Output| !output.classes.is_empty();
    let known = outputs.iter().find(is_known).map(|output| output.classes.clone());
    let width = outputs
        .iter()
        .find(|output| output.role == OutputRole::Scores)
        .and_then(|output| output.shape.last().copied().filter(|_| output.shape.len() == 2))
        .filter(|width| (2..=10_000).contains(width));
    let numbered = || width.map(|width| (0..width).map(|class| class.to_string()).collect());
    let Some(classes) = known.or_else(numbered) else { return };
    for output in outputs {
        if matches!(output.role, OutputRole::Label | OutputRole::Scores) && output.classes.is_empty() {
            output.classes.clone_from(&classes);
        }
    }
}

fn task(outputs: &[Output]) -> Task {
    let of = |role| outputs.iter().find(|output| output.role == role);
    match (of(OutputRole::Scores).or_else(|| of(OutputRole::Label)), of(OutputRole::Value)) {
        (Some(classifier), _) if classifier.classes.len() == 2 => Task::Binary,
        (Some(classifier), _) if classifier.classes.len() > 2 => Task::Multiclass,
        (None, Some(_)) => Task::Regression,
        _ => Task::Other,
    }
}
