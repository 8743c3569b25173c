//! ONNX messages as far as they matter here, and the small parts that they are made of.
//!
//! A part that may stand once is refused when it stands twice: a protocol-buffer parser would merge the two or take the
//! last, and what was checked would not be what is loaded. Field numbers are those of onnx.proto.

use crate::display::display_safe;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::tensor::{Tensor, count_varints};
use crate::wire::{Field, Malformed, Message, Value};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(crate) struct Model<'a> {
    pub(crate) ir_version: i64,
    pub(crate) producer_name: &'a str,
    pub(crate) producer_version: &'a str,
    pub(crate) opsets: Vec<(&'a str, i64)>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) graph: Graph<'a>,
    /// Domain and name.
    pub(crate) functions: Vec<(&'a str, &'a str)>,
    /// What the functions import for themselves.
    pub(crate) function_opsets: Vec<(&'a str, i64)>,
}

#[derive(Debug, Default)]
pub(crate) struct Graph<'a> {
    pub(crate) nodes: Vec<Node<'a>>,
    pub(crate) initializers: HashMap<&'a str, Message<'a>>,
    pub(crate) inputs: Vec<ValueInfo<'a>>,
    pub(crate) outputs: Vec<ValueInfo<'a>>,
}

#[derive(Debug, Default)]
pub(crate) struct Node<'a> {
    pub(crate) name: &'a str,
    pub(crate) op_type: &'a str,
    /// Empty for `ai.onnx`.
    pub(crate) domain: &'a str,
    pub(crate) inputs: Vec<&'a str>,
    pub(crate) outputs: Vec<&'a str>,
    pub(crate) attributes: Vec<(&'a str, Message<'a>)>,
}

#[derive(Debug)]
pub(crate) struct ValueInfo<'a> {
    pub(crate) name: &'a str,
    pub(crate) value_type: ValueType,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ValueType {
    /// Element type, and sizes with -1 where one is free; `None` where not even their number is known.
    Tensor(i64, Option<Vec<i64>>),
    Sequence,
    Map,
    Other,
}

/// Which parts of a message that may stand once have been seen, by field number.
#[derive(Default)]
pub(crate) struct Once(u64);

impl Once {
    pub(crate) fn see(&mut self, field: &Field<'_>) -> Result<(), Refusal> {
        let bit = 1 << (field.number & 63);
        if self.0 & bit != 0 {
            return Err(Refusal::Repeated { at: field.at });
        }
        self.0 |= bit;
        Ok(())
    }
}

impl<'a> Field<'a> {
    pub(crate) fn number(&self) -> Result<i64, Malformed> {
        match self.value {
            Value::Varint(value) => Ok(value.cast_signed()),
            _ => Err(self.wrong()),
        }
    }

    pub(crate) fn message(&self) -> Result<Message<'a>, Malformed> {
        match self.value {
            Value::Bytes(message) => Ok(message),
            _ => Err(self.wrong()),
        }
    }

    pub(crate) fn text(&self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.message()?.bytes)
            .map_err(|_| Malformed { at: self.at, problem: "a name is not a text" })
    }

    pub(crate) fn wrong(&self) -> Malformed {
        Malformed { at: self.at, problem: "a part is of another kind than ONNX says" }
    }
}

/// `ai.onnx` is the long name of the empty domain.
pub(crate) fn plain_domain(domain: &str) -> &str {
    if domain == "ai.onnx" { "" } else { domain }
}

pub(crate) fn bounded<'a>(field: &Field<'a>, limits: &Limits) -> Result<&'a str, Refusal> {
    if field.message()?.bytes.len() > limits.name_bytes {
        return Err(Refusal::TooMany { what: "bytes in a name", limit: limits.name_bytes });
    }
    Ok(field.text()?)
}

pub(crate) fn push_numbers(field: &Field<'_>, numbers: &mut Vec<i64>, limit: usize) -> Result<(), Refusal> {
    let too_many = Err(Refusal::TooMany { what: "dimensions in a tensor", limit });
    match field.value {
        Value::Varint(_) if numbers.len() < limit => numbers.push(field.number()?),
        Value::Bytes(packed) if numbers.len() as u64 + count_varints(packed)? <= limit as u64 => {
            for number in packed.varints() {
                numbers.push(number?.cast_signed());
            }
        }
        Value::Varint(_) | Value::Bytes(_) => return too_many,
        _ => return Err(field.wrong().into()),
    }
    Ok(())
}

/// Metadata is shown, so it is made safe and short at once.
pub(crate) fn metadata(message: Message<'_>) -> Result<(String, String), Refusal> {
    let (mut key, mut value) = (String::new(), String::new());
    for field in message.fields() {
        let field = field?;
        let place = match field.number {
            1 => &mut key,
            2 => &mut value,
            _ => continue,
        };
        let bytes = field.message()?.bytes;
        *place = String::from_utf8_lossy(&bytes[..bytes.len().min(METADATA_BYTES)]).into_owned();
    }
    Ok((display_safe(&key, 200), value))
}

/// Column names of a wide table are the longest thing of use in metadata.
const METADATA_BYTES: usize = 1 << 20;

/// A tensor's description; its data is counted, not copied.
pub(crate) fn read_tensor<'a>(message: Message<'a>, limits: &Limits) -> Result<Tensor<'a>, Refusal> {
    let (mut tensor, mut once) = (Tensor::default(), Once::default());
    for field in message.fields() {
        let field = field?;
        if matches!(field.number, 2 | 3 | 8 | 9 | 14) {
            once.see(&field)?;
        }
        match field.number {
            1 => push_numbers(&field, &mut tensor.dims, limits.rank)?,
            2 => tensor.data_type = field.number()?,
            3 => return Err(Malformed { at: field.at, problem: "a tensor is cut into segments" }.into()),
            8 => tensor.name = bounded(&field, limits)?,
            9 => tensor.raw = Some(field.message()?),
            13 => {
                let word = external_word(field.message()?, limits)?;
                if tensor.external.len() >= 16 {
                    return Err(Refusal::ExternalKey {
                        tensor: tensor.shown(),
                        key: display_safe(word.0, 80),
                    });
                }
                tensor.external.push(word);
            }
            14 => tensor.is_external = field.number()? == 1,
            _ => tensor.count(&field)?,
        }
    }
    Ok(tensor)
}

fn external_word<'a>(message: Message<'a>, limits: &Limits) -> Result<(&'a str, &'a str), Refusal> {
    let (mut key, mut value, mut once) = ("", "", Once::default());
    for field in message.fields() {
        let field = field?;
        match field.number {
            1 => key = bounded(&field, limits)?,
            2 => value = bounded(&field, limits)?,
            _ => continue,
        }
        once.see(&field)?;
    }
    Ok((key, value))
}
