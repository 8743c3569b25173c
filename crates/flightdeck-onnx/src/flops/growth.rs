//! Operators that make much out of nothing: a file of 150 bytes can ask for a tensor of petabytes.
//!
//! Sizes that stand in the file itself are multiplied out, without running anything. What depends on the rows that are
//! sent, or is computed on the way, is not seen here: whoever runs the model has limits of memory and time.

use super::known::Known;
use super::{MOST_NODES, elements, one_row, visit};
use crate::limits::Limits;
use crate::message::{Graph, Node, ValueType, read_tensor};
use crate::refusal::Refusal;

/// Refuses a graph with an operator whose output, for one row, has more elements than a model may ask for.
pub(crate) fn check(graph: &Graph<'_>, limits: &Limits) -> Result<(), Refusal> {
    if graph.nodes.len() > MOST_NODES {
        return Ok(());
    }
    let mut known = Known::of(graph);
    for input in graph.inputs.iter().filter(|input| !graph.initializers.contains_key(input.name)) {
        if let ValueType::Tensor(_, Some(sizes)) = &input.value_type {
            known.set(input.name, one_row(sizes));
        }
    }
    for node in &graph.nodes {
        let stated = stated(node, &known, graph);
        let _ = visit(node, &mut known);
        let followed = node.outputs.first().and_then(|name| known.shape(name));
        let followed = followed.map(|shape| elements(shape).unwrap_or(u64::MAX));
        let found = stated.max(followed).unwrap_or(0);
        if found > limits.value_elements {
            return Err(Refusal::too_large(node.op_type, found, limits.value_elements));
        }
    }
    Ok(())
}

/// At least how many elements an operator gives, where the file says how many.
fn stated(node: &Node<'_>, known: &Known<'_>, graph: &Graph<'_>) -> Option<u64> {
    if !node.domain.is_empty() {
        return None;
    }
    let given = || known.input(node, 0).map_or(1, |shape| elements(shape).unwrap_or(u64::MAX));
    match node.op_type {
        "ConstantOfShape" => known.numbers(node, 0).map(|sizes| product(sizes)),
        "Expand" => known.numbers(node, 1).map(|sizes| product(sizes)),
        "Tile" => known.numbers(node, 1).map(|times| product(times).saturating_mul(given())),
        "Pad" => known.stated(node, "pads", 1).map(|pads| padded(&pads, known.input(node, 0))),
        "Range" => range(node, known),
        "Resize" => {
            let sizes = known.numbers(node, 3).filter(|sizes| !sizes.is_empty()).map(|sizes| product(sizes));
            sizes.or_else(|| scaled(node.inputs.get(2)?, graph, given()))
        }
        "Upsample" => scaled(node.inputs.get(1)?, graph, given()),
        _ => None,
    }
}

fn product(sizes: &[i64]) -> u64 {
    sizes.iter().fold(1, |product, size| product.saturating_mul(u64::try_from(*size).unwrap_or(1)))
}

/// An axis of unknown size has at least one element before it is padded.
fn padded(pads: &[i64], shape: Option<&Vec<u64>>) -> u64 {
    let half = pads.len() / 2;
    let axis = |axis: usize| {
        let size = shape.and_then(|shape| shape.get(axis)).copied().unwrap_or(1);
        let grown = i128::from(size) + i128::from(pads[axis]) + i128::from(pads[axis + half]);
        u64::try_from(grown.max(0)).unwrap_or(u64::MAX)
    };
    (0..half).map(axis).fold(1, u64::saturating_mul)
}

/// `(limit - start) / delta`, of whole numbers.
fn range(node: &Node<'_>, known: &Known<'_>) -> Option<u64> {
    let number = |place| known.numbers(node, place).and_then(|numbers| numbers.first()).copied();
    let (start, limit, delta) = (number(0)?, number(1)?, number(2)?);
    let steps = (i128::from(limit) - i128::from(start)).checked_div(i128::from(delta))?;
    Some(u64::try_from(steps.max(0)).unwrap_or(u64::MAX))
}

/// Elements times the scale of each axis.
fn scaled(name: &str, graph: &Graph<'_>, elements: u64) -> Option<u64> {
    let tensor = read_tensor(*graph.initializers.get(name)?, &Limits::default()).ok()?;
    let raw = tensor.raw.filter(|_| tensor.data_type == 1)?;
    let scales = raw.bytes.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes)));
    // A conversion of a float to a whole number saturates, and NaN is 0.
    Some((scales.product::<f64>() * elements as f64) as u64)
}
