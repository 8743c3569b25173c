//! How many operations one row costs, as far as the graph tells.
//!
//! The graph is walked once with the sizes that one row has. What an operator costs is stated where it is computed; what
//! only moves, looks up, casts or compares texts costs nothing. Where a size is not known, or an operator is not known
//! here, there is no number rather than a wrong one.

mod dense;
mod growth;
mod known;
mod learned;
mod moved;
mod trees;

use crate::message::{Graph, Node, ValueType};
pub(crate) use growth::check as check_growth;
use known::{Known, Shape};

/// Operations of one row, or of one run where rows cannot be batched: `None` where the graph does not tell.
///
/// A multiplication followed by an addition is two. A function of one number (exponential, root, comparison, …) is one.
pub(crate) fn flops(graph: &Graph<'_>) -> Option<u64> {
    if graph.nodes.len() > MOST_NODES {
        return None;
    }
    let mut known = Known::of(graph);
    for input in graph.inputs.iter().filter(|input| !graph.initializers.contains_key(input.name)) {
        if let ValueType::Tensor(_, Some(sizes)) = &input.value_type {
            known.set(input.name, one_row(sizes));
        }
    }
    let mut sum = 0_u64;
    for node in &graph.nodes {
        sum = sum.checked_add(visit(node, &mut known)?)?;
    }
    Some(sum)
}

/// No exporter writes more; a file that does is only meant to keep somebody busy.
const MOST_NODES: usize = 200_000;

/// The free batch axis holds one row. Another free size is not known.
fn one_row(sizes: &[i64]) -> Option<Shape> {
    let size = |(axis, size): (usize, &i64)| match *size {
        -1 if axis == 0 => Some(1),
        size => u64::try_from(size).ok(),
    };
    sizes.iter().enumerate().map(size).collect()
}

/// What a node costs. Notes the sizes of what it gives.
fn visit<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    if node.domain == "com.microsoft" && node.op_type == "Tokenizer" {
        return Some(0);
    }
    if node.domain == "ai.onnx.ml" {
        return learned::visit(node, known);
    }
    if !node.domain.is_empty() {
        return None;
    }
    if let Some(rule) = dense::rule(node.op_type) {
        return rule(node, known);
    }
    if let Some(per_element) = elementwise(node.op_type) {
        let shape = known.broadcast(&node.inputs)?;
        let cost =
            elements(&shape)?.checked_mul(per_element * (node.inputs.len() as u64).saturating_sub(1).max(1));
        known.set_first(node, Some(shape));
        return cost;
    }
    moved::visit(node, known).then_some(0)
}

/// Operations per element of what an operator gives, times its inputs less one where it has several.
fn elementwise(operator: &str) -> Option<u64> {
    Some(match operator {
        "Abs" | "Acos" | "Acosh" | "Add" | "And" | "Asin" | "Asinh" | "Atan" | "Atanh" | "Ceil" | "Clip"
        | "Cos" | "Cosh" | "Div" | "Elu" | "Equal" | "Erf" | "Exp" | "Floor" | "Greater"
        | "GreaterOrEqual" | "HardSigmoid" | "IsInf" | "IsNaN" | "LeakyRelu" | "Less" | "LessOrEqual"
        | "Log" | "Max" | "Mean" | "Min" | "Mod" | "Mul" | "Neg" | "Not" | "Or" | "PRelu" | "Pow"
        | "Reciprocal" | "Relu" | "Round" | "Selu" | "Sigmoid" | "Sign" | "Sin" | "Sinh" | "Softplus"
        | "Softsign" | "Sqrt" | "Sub" | "Sum" | "Tan" | "Tanh" | "ThresholdedRelu" | "Xor" => 1,
        _ => return None,
    })
}

fn elements(shape: &[u64]) -> Option<u64> {
    shape.iter().try_fold(1_u64, |product, size| product.checked_mul(*size))
}
