//! What the file says about the type and shape of an input or output.

use crate::limits::Limits;
use crate::message::{Once, ValueType};
use crate::refusal::Refusal;
use crate::wire::Message;

pub(crate) fn value_type_of(message: Message<'_>, limits: &Limits) -> Result<ValueType, Refusal> {
    let mut found = None;
    for field in message.fields() {
        let field = field?;
        let value_type = match field.number {
            1 => tensor_type(field.message()?, limits)?,
            4 => ValueType::Sequence,
            5 => ValueType::Map,
            7..=9 => ValueType::Other,
            _ => continue,
        };
        if found.replace(value_type).is_some() {
            return Err(Refusal::Repeated { at: field.at });
        }
    }
    Ok(found.unwrap_or(ValueType::Other))
}

fn tensor_type(message: Message<'_>, limits: &Limits) -> Result<ValueType, Refusal> {
    let (mut element, mut shape, mut once) = (0, None, Once::default());
    for field in message.fields() {
        let field = field?;
        match field.number {
            1 => element = field.number()?,
            2 => shape = Some(shape_of(field.message()?, limits)?),
            _ => continue,
        }
        once.see(&field)?;
    }
    Ok(ValueType::Tensor(element, shape))
}

fn shape_of(message: Message<'_>, limits: &Limits) -> Result<Vec<i64>, Refusal> {
    let mut sizes = Vec::new();
    for field in message.fields() {
        let field = field?;
        if field.number != 1 {
            continue;
        }
        if sizes.len() == limits.rank {
            return Err(Refusal::TooMany { what: "dimensions in a tensor", limit: limits.rank });
        }
        let mut size = -1;
        for part in field.message()?.fields() {
            let part = part?;
            if part.number == 1 {
                size = part.number()?.max(-1);
            }
        }
        sizes.push(size);
    }
    Ok(sizes)
}
