//! What a node states about itself, read when it is asked for. Field numbers are those of `AttributeProto`.

use crate::message::Node;
use crate::wire::{Message, Value};

/// The attributes of a node.
#[derive(Clone, Copy)]
pub(crate) struct Attributes<'n, 'a>(&'n Node<'a>);

impl<'n, 'a> Attributes<'n, 'a> {
    pub(crate) const fn of(node: &'n Node<'a>) -> Self {
        Self(node)
    }

    fn message(self, name: &str) -> Option<Message<'a>> {
        self.0.attributes.iter().find(|(stated, _)| *stated == name).map(|(_, message)| *message)
    }

    pub(crate) fn states(self, name: &str) -> bool {
        self.message(name).is_some()
    }

    pub(crate) fn int(self, name: &str) -> Option<i64> {
        self.message(name)?.fields().flatten().find_map(|field| match (field.number, field.value) {
            (3, Value::Varint(value)) => Some(value.cast_signed()),
            _ => None,
        })
    }

    pub(crate) fn text(self, name: &str) -> Option<&'a [u8]> {
        self.message(name)?.fields().flatten().find_map(|field| match (field.number, field.value) {
            (4, Value::Bytes(text)) => Some(text.bytes),
            _ => None,
        })
    }

    /// The tensor that an attribute holds.
    pub(crate) fn tensor(self, name: &str) -> Option<Message<'a>> {
        self.message(name)?.fields().flatten().find_map(|field| match (field.number, field.value) {
            (5, Value::Bytes(tensor)) => Some(tensor),
            _ => None,
        })
    }

    /// A list of whole numbers; empty when it is not stated, `None` when there are more than `limit`.
    pub(crate) fn ints(self, name: &str, limit: usize) -> Option<Vec<i64>> {
        let mut ints = Vec::new();
        let Some(message) = self.message(name) else { return Some(ints) };
        for field in message.fields().flatten().filter(|field| field.number == 8) {
            match field.value {
                Value::Varint(value) => ints.push(value.cast_signed()),
                Value::Bytes(packed) => {
                    let left = (limit + 1).saturating_sub(ints.len());
                    ints.extend(packed.varints().flatten().map(u64::cast_signed).take(left));
                }
                _ => return None,
            }
            if ints.len() > limit {
                return None;
            }
        }
        Some(ints)
    }

    /// How many numbers with a fraction a list holds.
    pub(crate) fn floats(self, name: &str) -> u64 {
        let Some(message) = self.message(name) else { return 0 };
        let numbers = message.fields().flatten().map(|field| match (field.number, field.value) {
            (7, Value::Fixed32) => 1,
            (7, Value::Bytes(packed)) => packed.bytes.len() as u64 / 4,
            _ => 0,
        });
        numbers.sum()
    }

    /// A list of texts.
    pub(crate) fn texts(self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let fields = self.message(name).map(Message::fields).into_iter().flatten().flatten();
        fields.filter_map(|field| match (field.number, field.value) {
            (9, Value::Bytes(text)) => Some(text.bytes),
            _ => None,
        })
    }
}
