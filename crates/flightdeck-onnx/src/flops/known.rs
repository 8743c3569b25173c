//! What is known of the values between nodes: their sizes for one row, and small whole numbers that sizes are made of.

use crate::attributes::Attributes;
use crate::limits::Limits;
use crate::message::{Graph, Node, read_tensor};
use crate::wire::{Message, Value};
use std::collections::HashMap;

pub(super) type Shape = Vec<u64>;

/// Constants longer than this are no sizes, axes or places.
const MOST_NUMBERS: u64 = 4096;

/// Shapes with more axes than this belong to no model.
const MOST_AXES: usize = 64;

#[derive(Default)]
pub(super) struct Known<'a> {
    shapes: HashMap<&'a str, Shape>,
    numbers: HashMap<&'a str, Vec<i64>>,
}

impl<'a> Known<'a> {
    pub(super) fn of(graph: &Graph<'a>) -> Self {
        let mut known = Self::default();
        for (name, message) in &graph.initializers {
            known.constant(name, *message);
        }
        known
    }

    /// Notes a constant tensor.
    pub(super) fn constant(&mut self, name: &'a str, message: Message<'_>) {
        let Ok(tensor) = read_tensor(message, &Limits::default()) else { return };
        let Ok(extent) = tensor.check() else { return };
        self.set(name, tensor.dims.iter().map(|size| u64::try_from(*size).ok()).collect());
        if tensor.data_type == 7 && !tensor.is_external && extent.elements <= MOST_NUMBERS {
            let raw = tensor.raw.filter(|raw| !raw.bytes.is_empty());
            let numbers = match raw {
                Some(raw) => raw.bytes.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect(),
                None => listed(message),
            };
            self.numbers.insert(name, numbers);
        }
    }

    pub(super) fn set(&mut self, name: &'a str, shape: Option<Shape>) {
        if let Some(shape) = shape.filter(|shape| !name.is_empty() && shape.len() <= MOST_AXES) {
            self.shapes.insert(name, shape);
        }
    }

    /// Notes the sizes of the first output.
    pub(super) fn set_first(&mut self, node: &Node<'a>, shape: Option<Shape>) {
        if let Some(first) = node.outputs.first() {
            self.set(first, shape);
        }
    }

    pub(super) fn set_numbers(&mut self, node: &Node<'a>, numbers: Option<Vec<i64>>) {
        let numbers = numbers.filter(|numbers| numbers.len() as u64 <= MOST_NUMBERS);
        if let (Some(first), Some(numbers)) = (node.outputs.first(), numbers) {
            self.numbers.insert(first, numbers);
        }
    }

    pub(super) fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    /// The sizes of an input by its place.
    pub(super) fn input(&self, node: &Node<'a>, place: usize) -> Option<&Shape> {
        self.shape(node.inputs.get(place)?)
    }

    /// The numbers of an input by its place.
    pub(super) fn numbers(&self, node: &Node<'a>, place: usize) -> Option<&Vec<i64>> {
        self.numbers.get(node.inputs.get(place)?)
    }

    /// Axes and the like, an attribute in old operator sets and an input in new ones.
    pub(super) fn stated(&self, node: &Node<'a>, name: &str, place: usize) -> Option<Vec<i64>> {
        if Attributes::of(node).states(name) {
            return Attributes::of(node).ints(name, 64);
        }
        self.numbers(node, place).cloned()
    }

    /// The sizes of values that are stretched to each other, as numpy does.
    pub(super) fn broadcast(&self, names: &[&str]) -> Option<Shape> {
        let mut all = Shape::new();
        for name in names.iter().filter(|name| !name.is_empty()) {
            let shape = self.shape(name)?;
            let rank = all.len().max(shape.len());
            let at = |shape: &[u64], axis: usize| {
                (axis + shape.len()).checked_sub(rank).map_or(1, |axis| shape[axis])
            };
            let sizes = (0..rank).map(|axis| match (at(&all, axis), at(shape, axis)) {
                (1, size) | (size, 1) => Some(size),
                (one, other) => (one == other).then_some(one),
            });
            all = sizes.collect::<Option<Shape>>()?;
        }
        Some(all)
    }
}

/// The 64 bit numbers of a tensor's typed list.
fn listed(message: Message<'_>) -> Vec<i64> {
    let mut numbers = Vec::new();
    for field in message.fields().flatten().filter(|field| field.number == 7) {
        match field.value {
            Value::Varint(number) => numbers.push(number.cast_signed()),
            Value::Bytes(packed) => numbers.extend(packed.varints().flatten().map(u64::cast_signed)),
            _ => {}
        }
    }
    numbers
}

/// An axis that may be counted from the end.
pub(super) fn axis(axis: i64, rank: usize) -> Option<usize> {
    let axis = if axis < 0 { axis.checked_add(i64::try_from(rank).ok()?)? } else { axis };
    usize::try_from(axis).ok().filter(|axis| *axis < rank)
}
