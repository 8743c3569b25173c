//! The `data` of a tensor, read in one pass into a vector of its own type, flat or nested.
//!
//! Integers never pass through a float. FP32 is read as a double and then rounded, as numpy does. `null` is a missing
//! value for floating-point types and nothing else.

use flightdeck_core::{DataType, TensorData};
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;

/// Arrays in arrays at most: more than any tensor has axes.
pub(super) const MAX_DEPTH: usize = 64;

/// Elements as they were written.
#[derive(Debug)]
pub(super) struct Elements {
    pub(super) data: TensorData,
    /// Why an element was refused; a parser's error alone says less.
    pub(super) refused: Option<String>,
    form: Form,
}

/// How the elements are nested: the length of the arrays at each depth, which is the same everywhere.
#[derive(Debug, Default)]
struct Form {
    lengths: Vec<Option<usize>>,
    leaf_depth: Option<usize>,
}

impl Elements {
    /// `None` for half precision, which the protocol carries as bytes only.
    pub(super) fn new(data_type: DataType) -> Option<Self> {
        let is_half = matches!(data_type, DataType::Fp16 | DataType::Bf16);
        let data = TensorData::with_capacity(data_type, 0);
        (!is_half).then(|| Self { data, refused: None, form: Form::default() })
    }

    /// Elements that somebody else read, with the lengths of the arrays at each depth.
    pub(super) fn read(data: TensorData, lengths: &[usize]) -> Self {
        let lengths: Vec<_> = lengths.iter().map(|length| Some(*length)).collect();
        let leaf_depth = Some(lengths.len());
        Self { data, refused: None, form: Form { lengths, leaf_depth } }
    }

    /// Whether the nesting is flat or that of the shape.
    pub(super) fn is_shaped(&self, shape: &[usize]) -> bool {
        let nested = || {
            self.form.lengths.len() == shape.len()
                && self.form.lengths.iter().zip(shape).all(|(length, size)| *length == Some(*size))
        };
        self.form.lengths.len() == 1 || nested()
    }
}

/// Reads an array, or at greater depth an array or an element.
pub(super) struct ElementsSeed<'a> {
    pub(super) into: &'a mut Elements,
    depth: usize,
}

impl<'a> ElementsSeed<'a> {
    pub(super) fn new(into: &'a mut Elements) -> Self {
        Self { into, depth: 0 }
    }

    fn leaf<E: Error>(&mut self) -> Result<(), E> {
        match self.into.form.leaf_depth {
            Some(depth) if depth == self.depth => Ok(()),
            None if self.depth > 0 => {
                self.into.form.leaf_depth = Some(self.depth);
                Ok(())
            }
            None => Err(self.refuse("it must be an array".into())),
            Some(_) => Err(self.refuse("it mixes elements and arrays".into())),
        }
    }

    fn unfit<E: Error>(&mut self, found: &dyn fmt::Display) -> E {
        let message = format!("{found} is not a {} value", self.into.data.data_type());
        self.refuse(message)
    }

    fn refuse<E: Error>(&mut self, message: String) -> E {
        let error = E::custom(&message);
        self.into.refused.get_or_insert(message);
        error
    }

    fn whole<E: Error>(
        mut self,
        number: impl Copy + fmt::Display + TryInto<i64> + TryInto<u64>,
    ) -> Result<(), E> {
        fn push<T>(to: &mut Vec<T>, value: Option<T>) -> bool {
            value.map(|value| to.push(value)).is_some()
        }
        self.leaf()?;
        let signed: Option<i64> = number.try_into().ok();
        let unsigned: Option<u64> = number.try_into().ok();
        let fits = match &mut self.into.data {
            TensorData::Uint8(v) => push(v, unsigned.and_then(|n| n.try_into().ok())),
            TensorData::Uint16(v) => push(v, unsigned.and_then(|n| n.try_into().ok())),
            TensorData::Uint32(v) => push(v, unsigned.and_then(|n| n.try_into().ok())),
            TensorData::Uint64(v) => push(v, unsigned),
            TensorData::Int8(v) => push(v, signed.and_then(|n| n.try_into().ok())),
            TensorData::Int16(v) => push(v, signed.and_then(|n| n.try_into().ok())),
            TensorData::Int32(v) => push(v, signed.and_then(|n| n.try_into().ok())),
            TensorData::Int64(v) => push(v, signed),
            TensorData::Fp32(v) => {
                push(v, signed.map(|n| n as f64).or(unsigned.map(|n| n as f64)).map(|n| n as f32))
            }
            TensorData::Fp64(v) => push(v, signed.map(|n| n as f64).or(unsigned.map(|n| n as f64))),
            TensorData::Fp16(_) | TensorData::Bf16(_) | TensorData::Bool(_) | TensorData::Bytes(_) => false,
        };
        if fits { Ok(()) } else { Err(self.unfit(&number)) }
    }
}

impl<'de> DeserializeSeed<'de> for ElementsSeed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ElementsSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of {} values", self.into.data.data_type())
    }

    fn visit_f64<E: Error>(mut self, number: f64) -> Result<(), E> {
        self.leaf()?;
        match &mut self.into.data {
            TensorData::Fp32(v) => v.push(number as f32),
            TensorData::Fp64(v) => v.push(number),
            _ => return Err(self.unfit(&number)),
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.whole(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.whole(number)
    }

    fn visit_unit<E: Error>(mut self) -> Result<(), E> {
        self.leaf()?;
        match &mut self.into.data {
            TensorData::Fp32(v) => v.push(f32::NAN),
            TensorData::Fp64(v) => v.push(f64::NAN),
            _ => return Err(self.unfit(&"null")),
        }
        Ok(())
    }

    fn visit_bool<E: Error>(mut self, flag: bool) -> Result<(), E> {
        self.leaf()?;
        match &mut self.into.data {
            TensorData::Bool(v) => v.push(flag),
            _ => return Err(self.unfit(&flag)),
        }
        Ok(())
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        self.leaf()?;
        if let TensorData::Bytes(v) = &mut self.into.data {
            v.push(text.to_owned());
            return Ok(());
        }
        let shown: String = text.chars().take(40).collect();
        Err(self.unfit(&format_args!("\"{}\"", shown.escape_debug())))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        if self.depth == MAX_DEPTH || self.into.form.leaf_depth == Some(self.depth) {
            return Err(self.refuse("it is nested deeper than its first element".into()));
        }
        let mut length = 0;
        while seq.next_element_seed(ElementsSeed { into: &mut *self.into, depth: self.depth + 1 })?.is_some()
        {
            length += 1;
        }
        let lengths = &mut self.into.form.lengths;
        if lengths.len() <= self.depth {
            lengths.resize(self.depth + 1, None);
        }
        match lengths[self.depth] {
            Some(other) if other != length => Err(self.refuse("its arrays differ in length".into())),
            _ => {
                lengths[self.depth] = Some(length);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data_type: DataType, json: &str) -> Result<Elements, serde_json::Error> {
        let mut elements = Elements::new(data_type).unwrap();
        let mut deserializer = serde_json::Deserializer::from_str(json);
        ElementsSeed::new(&mut elements).deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(elements)
    }

    #[test]
    fn flat_and_nested_are_the_same_elements() {
        let flat = read(DataType::Fp32, "[1, 2.5, null, -4]").unwrap();
        let nested = read(DataType::Fp32, "[[1, 2.5], [null, -4]]").unwrap();
        let text = |e: &Elements| format!("{:?}", e.data);
        assert_eq!(text(&flat), "Fp32([1.0, 2.5, NaN, -4.0])");
        assert_eq!(text(&flat), text(&nested));
        assert!(flat.is_shaped(&[2, 2]) && nested.is_shaped(&[2, 2]));
        assert!(!nested.is_shaped(&[1, 4]) && !nested.is_shaped(&[4]) && !nested.is_shaped(&[2, 1, 2]));
    }

    #[test]
    fn integers_stay_exact_and_doubles_round_once() {
        let big = "[9007199254740993, -9223372036854775808]";
        let TensorData::Int64(v) = read(DataType::Int64, big).unwrap().data else { panic!() };
        assert_eq!(v, [9_007_199_254_740_993, i64::MIN]);
        let TensorData::Uint64(v) = read(DataType::Uint64, "[18446744073709551615]").unwrap().data else {
            panic!()
        };
        assert_eq!(v, [u64::MAX]);
        // Halfway between two floats as a double, so that rounding twice and rounding once differ from truncation.
        let TensorData::Fp32(v) = read(DataType::Fp32, "[0.1, 16777217]").unwrap().data else { panic!() };
        assert_eq!(v, [0.1_f32, 16_777_216.0]);
    }

    #[test]
    fn r2_what_is_not_of_the_type_is_refused() {
        let cases = [
            (DataType::Bool, "[1]"),
            (DataType::Int64, "[\"1\"]"),
            (DataType::Int64, "[1.5]"),
            (DataType::Int32, "[2147483648]"),
            (DataType::Uint8, "[-1]"),
            (DataType::Uint8, "[256]"),
            (DataType::Int64, "[null]"),
            (DataType::Bytes, "[1]"),
            (DataType::Fp32, "[true]"),
            (DataType::Fp64, "[1e400]"),
            (DataType::Fp64, "[NaN]"),
            (DataType::Fp64, "5"),
            (DataType::Fp64, "[[1], 2]"),
            (DataType::Fp64, "[1, [2]]"),
            (DataType::Fp64, "[[1, 2], [3]]"),
            (DataType::Fp64, "{}"),
        ];
        for (data_type, json) in cases {
            assert!(read(data_type, json).is_err(), "{data_type} {json}");
        }
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert!(read(DataType::Fp32, &deep).is_err());
    }
}
