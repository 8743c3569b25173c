//! Whether bytes look like an ONNX model. Whether it is a good one is found out by the reader of such files.

use crate::kind::Kind;

/// So many parts are looked at; every honest model has its graph among the first.
const PARTS: usize = 4_096;

/// Numbers and wire types of the fields of a `ModelProto`.
fn is_known(number: u64, wire: u64) -> bool {
    matches!((number, wire), (1 | 5, 0) | (2 | 3 | 4 | 6 | 7 | 8 | 14 | 20 | 25 | 26, 2))
}

/// An ONNX model, or a TensorFlow graph, which begins alike.
pub(crate) fn look(head: &[u8], size: u64) -> Option<Kind> {
    let (mut at, mut fields) = (0_u64, Vec::new());
    while at < size && fields.len() < PARTS {
        let Some(rest) = head.get(at as usize..).filter(|rest| !rest.is_empty()) else { break };
        let Some((number, wire, begins, length)) = field(rest) else {
            // Cut off in the middle of a number: what stood before it decides.
            if rest.len() < 20 && (head.len() as u64) < size {
                break;
            }
            return None;
        };
        if !is_known(number, wire) {
            return None;
        }
        fields.push(number);
        let skipped = if wire == 2 { begins + length } else { begins };
        if number == 7 || at.checked_add(skipped)? > size {
            return Some(Kind::Onnx);
        }
        if fields == [1, 2] && rest.get(begins as usize) == Some(&b'\n') {
            return Some(Kind::SavedModel);
        }
        at += skipped;
    }
    let begins_alike = fields.first() == Some(&1) && fields.len() >= 2 || fields.contains(&8);
    begins_alike.then_some(Kind::Onnx)
}

/// A field's number, wire type, where its content begins and how long that is.
fn field(bytes: &[u8]) -> Option<(u64, u64, u64, u64)> {
    let (tag, first) = varint(bytes)?;
    let (value, second) = varint(&bytes[first..])?;
    let plausible = value < 1 << 40;
    plausible.then_some((tag >> 3, tag & 7, (first + second) as u64, value))
}

fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(9).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, place + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_told_from_graphs_of_tensorflow_and_from_text() {
        let model = b"\x08\x08\x12\x08skl2onnx\x3a\x02\x0a\x00\x42\x04\x0a\x00\x10\x0d";
        assert_eq!(look(model, model.len() as u64), Some(Kind::Onnx));
        assert_eq!(look(&model[..8], model.len() as u64), Some(Kind::Onnx));
        let saved = b"\x08\x01\x12\x06\x0a\x04\x0a\x02ab";
        assert_eq!(look(saved, saved.len() as u64), Some(Kind::SavedModel));
        for other in [&b"hello, world"[..], b"\x00\x00\x00", b"\x08\x01", b"\x09\x08\x12\x00", b"a,b\n1,2\n"]
        {
            assert_eq!(look(other, other.len() as u64), None, "{other:?}");
        }
    }
}
