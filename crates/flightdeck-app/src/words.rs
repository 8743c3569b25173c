//! Short descriptions that a person reads in lists.

use flightdeck_core::Signature;
use flightdeck_drift::NumericBaseline;
use flightdeck_onnx::Facts;

/// What kind of model it is, by the operator that does the work: `linear model, 9 columns`.
pub(crate) fn model_kind(facts: &Facts, signature: &Signature) -> String {
    const KINDS: [(&str, &str); 12] = [
        ("TreeEnsembleClassifier", "tree ensemble"),
        ("TreeEnsembleRegressor", "tree ensemble"),
        ("TreeEnsemble", "tree ensemble"),
        ("SVMClassifier", "support vector machine"),
        ("SVMRegressor", "support vector machine"),
        ("LinearClassifier", "linear model"),
        ("LinearRegressor", "linear model"),
        ("Conv", "convolutional network"),
        ("LSTM", "recurrent network"),
        ("GRU", "recurrent network"),
        ("Gemm", "neural network"),
        ("MatMul", "matrix model"),
    ];
    let has = |name: &str| facts.operators.iter().any(|operator| operator.name == name);
    let kind = KINDS.iter().find(|(operator, _)| has(operator)).map_or("ONNX model", |(_, kind)| kind);
    let columns = signature.columns().count();
    let plural = if columns == 1 { "column" } else { "columns" };
    format!("{kind}, {columns} {plural}")
}

/// The median of a baseline column: edges are quantiles of its values, so it is a value that occurs.
pub(crate) fn median(numeric: &NumericBaseline) -> Option<f64> {
    let half = numeric.counts.iter().sum::<u64>().div_ceil(2);
    let mut below = 0;
    let bin = numeric.counts.iter().position(|count| {
        below += count;
        half > 0 && below >= half
    })?;
    numeric.edges.get(bin).copied().or(numeric.max)
}
