//! What only moves values: it costs nothing, and its sizes are followed where they can be.

use super::elements;
use super::known::{Known, Shape, axis};
use crate::attributes::Attributes;
use crate::message::Node;

/// Whether it is such a node. Notes the sizes of what it gives; what cannot be followed is not known from there on.
pub(super) fn visit<'a>(node: &Node<'a>, known: &mut Known<'a>) -> bool {
    let shape = match node.op_type {
        "Identity" | "Cast" | "Dropout" | "Trilu" => {
            known.set_numbers(node, known.numbers(node, 0).cloned());
            known.input(node, 0).cloned()
        }
        "Constant" => {
            constant(node, known);
            return true;
        }
        "Shape" => {
            let sizes =
                known.input(node, 0).map(|shape| shape.iter().map(|size| size.cast_signed()).collect());
            known.set_numbers(node, sizes);
            known.input(node, 0).map(|shape| vec![shape.len() as u64])
        }
        "Reshape" => reshaped(node, known),
        "Flatten" => flattened(node, known),
        "Squeeze" => squeezed(node, known),
        "Unsqueeze" => unsqueezed(node, known),
        "Transpose" => transposed(node, known),
        "Concat" => joined(node, known),
        "Gather" => gathered(node, known),
        "Expand" | "Tile" | "Pad" | "Slice" => sliced(node, known),
        "Where" => known.broadcast(&node.inputs),
        "TfIdfVectorizer" => {
            let places = Attributes::of(node).ints("ngram_indexes", 1 << 24);
            let width = places.and_then(|places| u64::try_from(*places.iter().max()?).ok()?.checked_add(1));
            width.map(|width| vec![1, width])
        }
        "StringNormalizer" | "StringSplit" | "StringConcat" | "RegexFullMatch" | "ConstantOfShape"
        | "Split" | "OneHot" => None,
        _ => return false,
    };
    known.set_first(node, shape);
    true
}

fn constant<'a>(node: &Node<'a>, known: &mut Known<'a>) {
    let stated = Attributes::of(node);
    let Some(name) = node.outputs.first() else { return };
    if let Some(tensor) = stated.tensor("value") {
        known.constant(name, tensor);
    } else if let Some(number) = stated.int("value_int") {
        known.set(name, Some(Shape::new()));
        known.set_numbers(node, Some(vec![number]));
    } else if stated.states("value_float") {
        known.set(name, Some(Shape::new()));
    } else if let Some(numbers) = stated.ints("value_ints", 4096).filter(|numbers| !numbers.is_empty()) {
        known.set(name, Some(vec![numbers.len() as u64]));
        known.set_numbers(node, Some(numbers));
    }
}

/// 0 keeps a size (unless zeros are meant), one -1 is what is left.
fn reshaped<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<Shape> {
    known.set_numbers(node, known.numbers(node, 0).cloned());
    let (shape, wanted) = (known.input(node, 0)?, known.stated(node, "shape", 1)?);
    let zeros = Attributes::of(node).int("allowzero") == Some(1);
    let total = elements(shape)?;
    let size = |(axis, size): (usize, &i64)| match *size {
        0 if !zeros => shape.get(axis).copied(),
        -1 => Some(1),
        size => u64::try_from(size).ok(),
    };
    let mut sizes: Shape = wanted.iter().enumerate().map(size).collect::<Option<_>>()?;
    if let Some(open) = wanted.iter().position(|size| *size == -1) {
        sizes[open] = total.checked_div(elements(&sizes)?)?;
    }
    (elements(&sizes)? == total).then_some(sizes)
}

fn flattened<'a>(node: &Node<'a>, known: &Known<'a>) -> Option<Shape> {
    let shape = known.input(node, 0)?;
    let cut = Attributes::of(node).int("axis").unwrap_or(1);
    let cut = if cut == shape.len() as i64 { shape.len() } else { axis(cut, shape.len())? };
    Some(vec![elements(&shape[..cut])?, elements(&shape[cut..])?])
}

fn squeezed<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<Shape> {
    known.set_numbers(node, known.numbers(node, 0).cloned());
    let axes = known.stated(node, "axes", 1);
    let shape = known.input(node, 0)?;
    let is_gone = |place: usize, size: u64| match &axes {
        None => size == 1,
        Some(axes) => axes.iter().any(|given| axis(*given, shape.len()) == Some(place)),
    };
    Some(
        shape
            .iter()
            .enumerate()
            .filter(|(place, size)| !is_gone(*place, **size))
            .map(|(_, size)| *size)
            .collect(),
    )
}

fn unsqueezed<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<Shape> {
    known.set_numbers(node, known.numbers(node, 0).cloned());
    let axes = known.stated(node, "axes", 1)?;
    let shape = known.input(node, 0)?;
    let rank = shape.len() + axes.len();
    let new: Vec<usize> = axes.iter().map(|given| axis(*given, rank)).collect::<Option<_>>()?;
    let mut old = shape.iter();
    (0..rank).map(|place| if new.contains(&place) { Some(1) } else { old.next().copied() }).collect()
}

fn transposed<'a>(node: &Node<'a>, known: &Known<'a>) -> Option<Shape> {
    let shape = known.input(node, 0)?;
    let order = Attributes::of(node).ints("perm", 64)?;
    if order.is_empty() {
        return Some(shape.iter().rev().copied().collect());
    }
    order.iter().map(|place| shape.get(usize::try_from(*place).ok()?).copied()).collect()
}

fn joined<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<Shape> {
    let parts = (0..node.inputs.len()).map(|place| known.numbers(node, place));
    let numbers: Option<Vec<i64>> = parts
        .map(|part| part.filter(|_| node.inputs.len() <= 64))
        .try_fold(Vec::new(), |all, part| Some([all, part?.clone()].concat()));
    known.set_numbers(node, numbers);
    let mut shape = known.input(node, 0)?.clone();
    let along = axis(Attributes::of(node).int("axis").unwrap_or(1), shape.len())?;
    for place in 1..node.inputs.len() {
        shape[along] = shape[along].checked_add(*known.input(node, place)?.get(along)?)?;
    }
    Some(shape)
}

fn gathered<'a>(node: &Node<'a>, known: &mut Known<'a>) -> Option<Shape> {
    let along = Attributes::of(node).int("axis").unwrap_or(0);
    let picked = known.numbers(node, 0).zip(known.numbers(node, 1)).and_then(|(numbers, places)| {
        places.iter().map(|place| numbers.get(axis(*place, numbers.len())?).copied()).collect()
    });
    known.set_numbers(node, picked);
    let (shape, places) = (known.input(node, 0)?, known.input(node, 1)?);
    let along = axis(along, shape.len())?;
    Some([&shape[..along], places, &shape[along + 1..]].concat())
}

/// What is cut out with known places. Other ways to change sizes are followed only when a wanted size is known.
fn sliced<'a>(node: &Node<'a>, known: &Known<'a>) -> Option<Shape> {
    let shape = known.input(node, 0)?;
    match node.op_type {
        "Expand" => {
            let wanted = known.numbers(node, 1)?.iter().map(|size| u64::try_from(*size).ok()).collect();
            let mut both = Known::default();
            both.set("a", Some(shape.clone()));
            both.set("b", wanted);
            both.broadcast(&["a", "b"])
        }
        "Tile" => {
            let times = known.numbers(node, 1)?;
            shape
                .iter()
                .zip(times)
                .map(|(size, times)| size.checked_mul(u64::try_from(*times).ok()?))
                .collect()
        }
        "Pad" => {
            let pads = known.stated(node, "pads", 1)?;
            let pad = |place: usize| pads.get(place).copied();
            let size = |(place, size): (usize, &u64)| {
                size.checked_add_signed(pad(place)?)?.checked_add_signed(pad(place + shape.len())?)
            };
            shape.iter().enumerate().map(size).collect()
        }
        _ => cut(node, known, shape),
    }
}

fn cut<'a>(node: &Node<'a>, known: &Known<'a>, shape: &Shape) -> Option<Shape> {
    let (starts, ends) = (known.stated(node, "starts", 1)?, known.stated(node, "ends", 2)?);
    let axes = known.stated(node, "axes", 3).unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = known.stated(node, "steps", 4).unwrap_or_else(|| vec![1; starts.len()]);
    let mut shape = shape.clone();
    for (at, given) in axes.iter().enumerate() {
        let place = axis(*given, shape.len())?;
        let size = i64::try_from(shape[place]).ok()?;
        let bound = |value: i64| (if value < 0 { value.saturating_add(size) } else { value }).clamp(0, size);
        let step = *steps.get(at)?;
        if step < 1 {
            return None;
        }
        let length = (bound(*ends.get(at)?) - bound(*starts.get(at)?)).max(0);
        shape[place] = length.cast_unsigned().div_ceil(step.cast_unsigned());
    }
    Some(shape)
}
