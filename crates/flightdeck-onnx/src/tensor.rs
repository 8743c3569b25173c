//! Tensors in a model file: whether their data is as much as their shape and type say, and where it lies.

use crate::display::display_safe;
use crate::refusal::Refusal;
use crate::wire::{Field, Malformed, Message, Value};

/// A tensor as the file describes it.
#[derive(Debug, Default)]
pub(crate) struct Tensor<'a> {
    pub(crate) name: &'a str,
    pub(crate) data_type: i64,
    pub(crate) dims: Vec<i64>,
    pub(crate) raw: Option<Message<'a>>,
    pub(crate) external: Vec<(&'a str, &'a str)>,
    pub(crate) is_external: bool,
    /// How many values stand in each of the typed lists.
    counts: [u64; 6],
}

/// How large a tensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) elements: u64,
    /// `None` for texts.
    pub(crate) bytes: Option<u64>,
}

/// The typed lists of a tensor, by field number.
#[derive(Clone, Copy, Debug, PartialEq)]
enum List {
    Float = 4,
    Int32 = 5,
    String = 6,
    Int64 = 7,
    Double = 10,
    Uint64 = 11,
}

const LISTS: [List; 6] = [List::Float, List::Int32, List::String, List::Int64, List::Double, List::Uint64];

/// How an element type is stored: bits in raw data, and the typed list with how many of its values make one element.
/// From `TensorProto.DataType` of onnx.proto; types narrower than a byte are packed both ways.
fn storage(data_type: i64) -> Option<(u64, List, u64)> {
    Some(match data_type {
        1 => (32, List::Float, 1),
        2 | 3 | 9 | 17..=20 | 24 => (8, List::Int32, 1),
        4 | 5 | 10 | 16 => (16, List::Int32, 1),
        6 => (32, List::Int32, 1),
        7 => (64, List::Int64, 1),
        8 => (0, List::String, 1),
        11 => (64, List::Double, 1),
        12 => (32, List::Uint64, 1),
        13 => (64, List::Uint64, 1),
        14 => (64, List::Float, 2),
        15 => (128, List::Double, 2),
        21..=23 => (4, List::Int32, 1),
        25 | 26 => (2, List::Int32, 1),
        _ => return None,
    })
}

impl<'a> Tensor<'a> {
    /// Counts the values of a field of one of the typed lists, packed or not.
    pub(crate) fn count(&mut self, field: &Field<'a>) -> Result<(), Malformed> {
        let Some(place) = LISTS.iter().position(|list| *list as u32 == field.number) else { return Ok(()) };
        self.counts[place] += match (LISTS[place], field.value) {
            (List::Float, Value::Bytes(packed)) if packed.bytes.len() % 4 == 0 => {
                packed.bytes.len() as u64 / 4
            }
            (List::Double, Value::Bytes(packed)) if packed.bytes.len() % 8 == 0 => {
                packed.bytes.len() as u64 / 8
            }
            (List::String, Value::Bytes(_))
            | (List::Float, Value::Fixed32)
            | (List::Double, Value::Fixed64)
            | (List::Int32 | List::Int64 | List::Uint64, Value::Varint(_)) => 1,
            (List::Int32 | List::Int64 | List::Uint64, Value::Bytes(packed)) => count_varints(packed)?,
            _ => {
                return Err(Malformed {
                    at: field.at,
                    problem: "the values of a tensor are of the wrong kind",
                });
            }
        };
        Ok(())
    }

    /// Checks shape, type and amount of data against each other.
    pub(crate) fn check(&self) -> Result<Extent, Refusal> {
        let (bits, list, per_element) = storage(self.data_type)
            .ok_or_else(|| Refusal::TensorType { tensor: self.shown(), data_type: self.data_type })?;
        let impossible = || Refusal::TensorShape { tensor: self.shown() };
        let elements = elements(&self.dims).ok_or_else(impossible)?;
        let bytes = elements.checked_mul(bits).ok_or_else(impossible)?.div_ceil(8);
        let listed: u64 = self.counts.iter().sum();
        let wrong = |expected, found| Err(Refusal::TensorSize { tensor: self.shown(), expected, found });
        let is_text = list == List::String;
        match self.raw {
            _ if self.is_external && (listed > 0 || self.raw.is_some_and(|raw| !raw.bytes.is_empty())) => {
                return wrong(0, listed);
            }
            _ if self.is_external && is_text => {
                return Err(Refusal::TensorType { tensor: self.shown(), data_type: self.data_type });
            }
            _ if self.is_external => {}
            Some(raw) if !raw.bytes.is_empty() || listed == 0 => {
                let found = raw.bytes.len() as u64;
                if is_text && found > 0 || listed > 0 || found != bytes || is_text && elements > 0 {
                    return wrong(bytes, found + listed);
                }
            }
            _ => {
                let packed = if bits < 8 && bits > 0 { bytes } else { elements };
                let expected = packed.checked_mul(per_element).ok_or_else(impossible)?;
                let place = LISTS.iter().position(|other| *other == list).unwrap_or_default();
                if self.counts[place] != expected || listed != expected {
                    return wrong(expected, listed);
                }
            }
        }
        Ok(Extent { elements, bytes: (!is_text).then_some(bytes) })
    }

    /// Its name, safe to show.
    pub(crate) fn shown(&self) -> String {
        display_safe(self.name, 80)
    }
}

/// The number of elements of a shape without negative sizes whose product fits.
pub(crate) fn elements(dims: &[i64]) -> Option<u64> {
    dims.iter().try_fold(1_u64, |product, size| product.checked_mul(u64::try_from(*size).ok()?))
}

pub(crate) fn count_varints(packed: Message<'_>) -> Result<u64, Malformed> {
    packed.varints().try_fold(0, |count, value| value.map(|_| count + 1))
}
