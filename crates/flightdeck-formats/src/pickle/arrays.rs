//! The raw numbers that joblib puts between the instructions of a pickle: how many bytes to pass over.

use super::Fault;
use super::source::Source;
use super::values::{Value, Values};

/// What lies in the stream after the wrapper of an array was built.
pub(super) enum Raw {
    /// So many bytes of numbers, with padding in front when the writer aligned them.
    Bytes { length: u64, is_padded: bool },
    /// A pickle of its own, since the array holds objects.
    Pickle,
}

/// What follows, when `made` is joblib's wrapper of an array and `state` what it was given.
pub(super) fn after(values: &Values, made: Value, state: Value) -> Option<Raw> {
    let (module, name, _) = values.maker(made)?;
    if module != "joblib.numpy_pickle" || name != "NumpyArrayWrapper" {
        return None;
    }
    let (_, _, arguments) = values.maker(values.get(state, "dtype")?)?;
    let Item::Bytes(item) = item(values.as_text(*arguments.first()?)?)? else { return Some(Raw::Pickle) };
    let shape = values.as_tuple(values.get(state, "shape")?)?;
    let length = shape.iter().try_fold(item, |length, side| match side {
        Value::Number(side) => length.checked_mul(*side),
        _ => None,
    })?;
    let is_padded = matches!(values.get(state, "numpy_array_alignment_bytes"), Some(Value::Number(_)));
    Some(Raw::Bytes { length, is_padded })
}

/// Passes over the numbers.
pub(super) fn skip(source: &mut Source<'_>, length: u64, is_padded: bool) -> Result<(), Fault> {
    let padding = if is_padded { source.byte()? } else { 0 };
    source.skip(padding.into())?;
    source.skip(length)
}

/// One item of an array.
#[derive(Debug, PartialEq, Eq)]
enum Item {
    Object,
    Bytes(u64),
}

/// The item of a type of arrays such as `f8`, `V64` or `U10`.
fn item(kind: &str) -> Option<Item> {
    let kind = kind.trim_start_matches(['<', '>', '|', '=']);
    let count: u64 = kind.get(1..)?.parse().ok()?;
    Some(match kind.as_bytes()[0] {
        b'O' => Item::Object,
        b'U' => Item::Bytes(count.checked_mul(4)?),
        _ => Item::Bytes(count),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_have_the_size_numpy_says() {
        // As `numpy.dtype(kind).itemsize` answers.
        let sizes =
            [("f8", 8), ("i4", 4), ("b1", 1), ("V64", 64), ("U10", 40), ("S5", 5), ("c16", 16), ("<M8", 8)];
        for (kind, bytes) in sizes {
            assert_eq!(item(kind), Some(Item::Bytes(bytes)), "{kind}");
        }
        assert_eq!(item("O8"), Some(Item::Object));
        assert_eq!(item(""), None);
        assert_eq!(item("é"), None);
    }
}
