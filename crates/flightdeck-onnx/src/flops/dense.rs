//! Products, convolutions, pools, norms and sums.

use super::elements;
use super::known::{Known, Shape, axis};
use crate::attributes::Attributes;
use crate::message::Node;

/// Says what a node costs where that can be told, and notes the sizes of what it gives.
pub(super) type Rule = for<'a> fn(&Node<'a>, &mut Known<'a>) -> Option<u64>;

/// The rule for an operator of this kind; `None` for others.
pub(super) fn rule(operator: &str) -> Option<Rule> {
    Some(match operator {
        "Gemm" => gemm,
        "MatMul" => matmul,
        "Conv" => conv,
        "MaxPool" | "AveragePool" => pool,
        "GlobalAveragePool" | "GlobalMaxPool" => global_pool,
        // An exponential, a sum and a division; squares, their sum and a division.
        "Softmax" | "LogSoftmax" | "LpNormalization" => |node, known| same(node, known, 3),
        // A multiplication and an addition.
        "BatchNormalization" => |node, known| same(node, known, 2),
        // A mean, a variance of two operations, a root's worth of division, a scale and a shift.
        "LayerNormalization" | "InstanceNormalization" | "GroupNormalization" => {
            |node, known| same(node, known, 6)
        }
        "ArgMax" | "ArgMin" => arg,
        name if name.starts_with("Reduce") => reduce,
        _ => return None,
    })
}

/// As many operations for each element of the input, which keeps its sizes.
fn same<'a>(node: &Node<'a>, known: &mut Known<'a>, each: u64) -> Option<u64> {
    let shape = known.input(node, 0)?.clone();
    let cost = elements(&shape)?.checked_mul(each);
    known.set_first(node, Some(shape));
    cost
}

fn gemm<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    let turned = |name| Attributes::of(node).int(name) == Some(1);
    let sizes = |shape: &Shape, turned: bool| match shape[..] {
        [a, b] if turned => Some((b, a)),
        [a, b] => Some((a, b)),
        _ => None,
    };
    let (m, k) = sizes(known.input(node, 0)?, turned("transA"))?;
    let (inner, n) = sizes(known.input(node, 1)?, turned("transB"))?;
    if inner != k {
        return None;
    }
    let given = elements(&[m, n])?;
    let bias = if node.inputs.get(2).is_some_and(|name| !name.is_empty()) { given } else { 0 };
    known.set_first(node, Some(vec![m, n]));
    given.checked_mul(k)?.checked_mul(2)?.checked_add(bias)
}

fn matmul<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    let (mut left, mut right) = (known.input(node, 0)?.clone(), known.input(node, 1)?.clone());
    let (is_row, is_column) = (left.len() == 1, right.len() == 1);
    if is_row {
        left.insert(0, 1);
    }
    if is_column {
        right.push(1);
    }
    let (inner, columns) = (left.pop()?, right.pop()?);
    let rows = left.pop()?;
    if right.pop()? != inner {
        return None;
    }
    let mut shape = stretched(&left, &right)?;
    let cost = elements(&shape)?.checked_mul(elements(&[rows, inner, columns])?)?.checked_mul(2);
    shape.extend((!is_row).then_some(rows));
    shape.extend((!is_column).then_some(columns));
    known.set_first(node, Some(shape));
    cost
}

fn stretched(a: &[u64], b: &[u64]) -> Option<Shape> {
    let mut known = Known::default();
    known.set("a", Some(a.to_vec()));
    known.set("b", Some(b.to_vec()));
    known.broadcast(&["a", "b"])
}

/// Two for each weight that an output sees, and one for its bias.
fn conv<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    let weights = known.input(node, 1)?.clone();
    let (filters, per_output) = (*weights.first()?, elements(weights.get(1..)?)?);
    let shape = window(node, known.input(node, 0)?, filters, weights.get(2..)?)?;
    let given = elements(&shape)?;
    known.set_first(node, Some(shape));
    let bias = if node.inputs.len() > 2 { given } else { 0 };
    given.checked_mul(per_output)?.checked_mul(2)?.checked_add(bias)
}

/// One for each value that an output sees.
fn pool<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    let kernel: Shape = sizes(node, "kernel_shape")?;
    let input = known.input(node, 0)?;
    let shape = window(node, input, *input.get(1)?, &kernel)?;
    let cost = elements(&shape)?.checked_mul(elements(&kernel)?);
    known.set_first(node, Some(shape));
    cost
}

fn sizes(node: &Node<'_>, name: &str) -> Option<Shape> {
    Attributes::of(node).ints(name, 64)?.into_iter().map(|size| u64::try_from(size).ok()).collect()
}

/// The sizes that a sliding window gives: `(size + pads - dilation · (kernel - 1) - 1) / stride + 1` along each axis.
fn window(node: &Node<'_>, input: &[u64], channels: u64, kernel: &[u64]) -> Option<Shape> {
    let spatial = input.get(2..)?;
    if kernel.len() != spatial.len() || kernel.contains(&0) {
        return None;
    }
    let (pads, strides, dilations) =
        (sizes(node, "pads")?, sizes(node, "strides")?, sizes(node, "dilations")?);
    let same = match Attributes::of(node).text("auto_pad") {
        Some(b"SAME_UPPER" | b"SAME_LOWER") => true,
        Some(b"VALID" | b"NOTSET") | None => false,
        Some(_) => return None,
    };
    let up = Attributes::of(node).int("ceil_mode") == Some(1);
    let mut shape = vec![*input.first()?, channels];
    for (axis, size) in spatial.iter().enumerate() {
        let stride = strides.get(axis).copied().unwrap_or(1).max(1);
        if same {
            shape.push(size.div_ceil(stride));
            continue;
        }
        let pad = |place: usize| pads.get(place).copied().unwrap_or(0);
        let reach =
            dilations.get(axis).copied().unwrap_or(1).checked_mul(kernel[axis] - 1)?.checked_add(1)?;
        let room = size.checked_add(pad(axis))?.checked_add(pad(axis + spatial.len()))?.checked_sub(reach)?;
        let steps = if up { room.div_ceil(stride) } else { room / stride };
        shape.push(steps.checked_add(1)?);
    }
    Some(shape)
}

fn global_pool<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    let shape = known.input(node, 0)?;
    let cost = elements(shape);
    let pooled = shape.iter().enumerate().map(|(axis, size)| if axis < 2 { *size } else { 1 }).collect();
    known.set_first(node, Some(pooled));
    cost
}

/// One for each element of the input.
fn reduce<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    let axes = known.stated(node, "axes", 1).unwrap_or_default();
    let shape = known.input(node, 0)?;
    let rank = shape.len();
    let reduced: Vec<usize> = axes.iter().map(|given| axis(*given, rank)).collect::<Option<_>>()?;
    let cost = elements(shape);
    let is_reduced = |axis: usize| reduced.is_empty() || reduced.contains(&axis);
    let left = fold(shape, &is_reduced, Attributes::of(node).int("keepdims") != Some(0));
    known.set_first(node, Some(left));
    cost
}

fn arg<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<u64> {
    let stated = Attributes::of(node);
    let shape = known.input(node, 0)?;
    let along = axis(stated.int("axis").unwrap_or(0), shape.len())?;
    let cost = elements(shape);
    let left = fold(shape, &|axis| axis == along, stated.int("keepdims") != Some(0));
    known.set_first(node, Some(left));
    cost
}

/// The sizes without the axes that were summed up, or with 1 in their place.
fn fold(shape: &[u64], is_folded: &dyn Fn(usize) -> bool, keep: bool) -> Shape {
    let size = |(axis, size): (usize, &u64)| if is_folded(axis) { keep.then_some(1) } else { Some(*size) };
    shape.iter().enumerate().filter_map(size).collect()
}
