//! Long arrays of floating-point numbers, read ahead of the rest of a request.
//!
//! A parser of all of JSON takes twice as long for them as one that knows nothing else. What is not plain here (other
//! types, escapes, anything that is no number) is left to the parser, which also says what is wrong: a body that cannot
//! be read ahead, or then not be read, is read again from its start.

use super::elements::Elements;
use flightdeck_core::{DataType, Signature, TensorData};
use std::cell::RefCell;

/// Shorter bodies are read as fast without.
const SHORT_BYTES: usize = 512;
/// The name of the arrays.
const KEY: &[u8] = b"\"data\"";

/// A request whose arrays were read.
pub(super) struct Ahead {
    /// The request with the place of each array in its stead.
    pub(super) rest: Vec<u8>,
    pub(super) arrays: Arrays,
}

/// The arrays, each to be taken once.
#[derive(Default)]
pub(super) struct Arrays(RefCell<Vec<Option<Elements>>>);

impl Arrays {
    /// Whether the arrays were read ahead, so that a place stands where one was.
    pub(super) fn are_read(&self) -> bool {
        !self.0.borrow().is_empty()
    }

    pub(super) fn take(&self, place: usize) -> Option<Elements> {
        self.0.borrow_mut().get_mut(place)?.take()
    }
}

/// Reads the arrays of a request; `None` where that does not pay or something is not plain.
pub(super) fn read(body: &[u8], signature: &Signature) -> Option<Ahead> {
    let data_type = signature.inputs.first()?.data_type;
    if body.len() < SHORT_BYTES || signature.inputs.iter().any(|input| input.data_type != data_type) {
        return None;
    }
    let (mut rest, mut arrays) = (Vec::with_capacity(SHORT_BYTES), Vec::new());
    let (mut at, mut copied) = (0, 0);
    while let Some(byte) = body.get(at) {
        match byte {
            // A name or a text with an escape could be taken for another.
            b'\\' => return None,
            b'"' if body[at..].starts_with(KEY) => {
                let mut text = Text { bytes: body, at: at + KEY.len() };
                text.expect(b':')?;
                text.expect(b'[')?;
                let start = text.at - 1;
                let (data, lengths) = match data_type {
                    DataType::Fp32 => text.array(|n| n as f32).map(|(v, l)| (TensorData::Fp32(v), l))?,
                    DataType::Fp64 => text.array(|n| n).map(|(v, l)| (TensorData::Fp64(v), l))?,
                    _ => return None,
                };
                rest.extend_from_slice(&body[copied..start]);
                rest.extend_from_slice(arrays.len().to_string().as_bytes());
                arrays.push(Some(Elements::read(data, &lengths)));
                (at, copied) = (text.at, text.at);
            }
            _ => at += 1,
        }
    }
    rest.extend_from_slice(&body[copied..]);
    (!arrays.is_empty()).then(|| Ahead { rest, arrays: Arrays(RefCell::new(arrays)) })
}

/// Numbers as JSON writes them, and nothing else.
struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Text<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte that is no space.
    fn next(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek()?;
            self.at += 1;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// An array after its bracket, flat or of arrays of one length; its elements, and the lengths at each depth.
    fn array<T>(&mut self, from: fn(f64) -> T) -> Option<(Vec<T>, Vec<usize>)> {
        let mut values = Vec::with_capacity((self.bytes.len() - self.at) / 8);
        if self.next()? != b'[' {
            self.at -= 1;
            let length = self.flat(&mut values, from)?;
            return Some((values, vec![length]));
        }
        let length = self.flat(&mut values, from)?;
        let mut rows = 1;
        loop {
            match self.next()? {
                b']' => return Some((values, vec![rows, length])),
                b',' => self.expect(b'[')?,
                _ => return None,
            }
            if self.flat(&mut values, from)? != length {
                return None;
            }
            rows += 1;
        }
    }

    fn flat<T>(&mut self, values: &mut Vec<T>, from: fn(f64) -> T) -> Option<usize> {
        let before = values.len();
        loop {
            let first = self.next()?;
            self.at -= 1;
            let value = if first == b'n' { self.null()? } else { self.number()? };
            values.push(from(value));
            match self.next()? {
                b',' => {}
                b']' => return Some(values.len() - before),
                _ => return None,
            }
        }
    }

    fn null(&mut self) -> Option<f64> {
        self.bytes[self.at..].starts_with(b"null").then(|| {
            self.at += 4;
            f64::NAN
        })
    }

    fn number(&mut self) -> Option<f64> {
        let start = self.at;
        let negative = self.peek()? == b'-';
        self.at += usize::from(negative);
        let first = self.peek()?;
        let (mut mantissa, mut scale) = (0, 0);
        let mut digits = self.digits(&mut mantissa)?;
        if first == b'0' && digits > 1 {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            let places = self.digits(&mut mantissa)?;
            digits += places;
            scale = -i64::try_from(places).ok()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            scale += self.exponent()?;
        }
        let value = match exact(mantissa, scale).filter(|_| digits <= SAFE_DIGITS) {
            Some(value) if negative => -value,
            Some(value) => value,
            None => std::str::from_utf8(&self.bytes[start..self.at]).ok()?.parse().ok()?,
        };
        value.is_finite().then_some(value)
    }

    /// At least one digit, put behind those before. How many there were.
    fn digits(&mut self, mantissa: &mut u64) -> Option<usize> {
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        let count = self.at - start;
        (count > 0).then_some(count)
    }

    fn exponent(&mut self) -> Option<i64> {
        let sign = self.peek()?;
        self.at += usize::from(matches!(sign, b'+' | b'-'));
        let mut exponent = 0;
        let digits = self.digits(&mut exponent)?;
        // A longer one is no small number of digits to shift by.
        let exponent = if digits > 4 { i64::from(i32::MAX) } else { exponent as i64 };
        Some(if sign == b'-' { -exponent } else { exponent })
    }
}

/// So many digits fit into 64 bits, whichever they are.
const SAFE_DIGITS: usize = 19;
/// The powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// The double next to `mantissa` times ten to the power of `scale`, where both are doubles themselves: then one division
/// or multiplication rounds once (Clinger 1990).
fn exact(mantissa: u64, scale: i64) -> Option<f64> {
    let power = POWERS.get(usize::try_from(scale.unsigned_abs()).ok()?)?;
    let mantissa = (mantissa <= 1 << f64::MANTISSA_DIGITS).then_some(mantissa as f64)?;
    Some(if scale < 0 { mantissa / power } else { mantissa * power })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::request;
    use crate::data::{Split, binary};
    use flightdeck_core::{Input, Task};
    use proptest::prelude::*;

    fn signature(data_type: DataType) -> Signature {
        let input = |name: &str| Input {
            name: name.into(),
            data_type,
            shape: vec![-1, 2],
            batch_axis: Some(0),
            columns: vec![],
        };
        Signature { task: Task::Other, inputs: vec![input("a"), input("b")], outputs: vec![] }
    }

    /// A body that is long enough to be read ahead.
    fn body(first: &str, second: &str) -> String {
        let space = " ".repeat(SHORT_BYTES);
        format!(
            r#"{{"inputs":[{{"name":"a","datatype":"FP64","shape":[2,2],"data":{first}}},
               {{"data" : {second},"shape":[2,2],"datatype":"FP64","name":"b"}}]{space}}}"#
        )
    }

    fn bits(body: &str) -> Result<Vec<u64>, String> {
        let split = Split { json: body.as_bytes(), bytes: None };
        let request = request::read(split, &signature(DataType::Fp64)).map_err(|problem| problem.message)?;
        let doubles = |data: &TensorData| match data {
            TensorData::Fp64(values) => values.iter().map(|value| value.to_bits()).collect::<Vec<_>>(),
            _ => vec![],
        };
        Ok(request.rows.inputs.iter().flat_map(|tensor| doubles(&tensor.data)).collect())
    }

    fn is_read_ahead(body: &str) -> bool {
        read(body.as_bytes(), &signature(DataType::Fp64)).is_some()
    }

    #[test]
    fn arrays_are_read_with_the_rest() {
        let body = body("[1, -2.5e0,null,\n0.1 ]", "[ [1e22,123456789012345678901234567890], [-0, 5e-324]]");
        assert!(is_read_ahead(&body));
        let expected =
            [1.0, -2.5, f64::NAN, 0.1, 1e22, 123_456_789_012_345_678_901_234_567_890.0, -0.0, 5e-324];
        assert_eq!(bits(&body).unwrap(), expected.map(f64::to_bits));
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_parser() {
        let good = "[1,2,3,4]";
        let odd = [
            "[]",
            "[01,2,3,4]",
            "[1.,2,3,4]",
            "[.5,2,3,4]",
            "[+1,2,3,4]",
            "[1e,2,3,4]",
            "[1,2,3,4,]",
            "[1,2 3,4]",
            "[NaN,2,3,4]",
            "[1e400,2,3,4]",
            "[\"1\",2,3,4]",
            "[[1,2],3,4]",
            "[[1,2],[3]]",
            "[[[1],[2]],[[3],[4]]]",
            "{}",
            "0",
            "[nul,2,3,4]",
            "[-,2,3,4]",
            "[1,2,3,4",
        ];
        for odd in odd {
            let body = body(good, odd);
            assert!(!is_read_ahead(&body) && bits(&body).is_err(), "{odd}");
        }
        // A place cannot be written by hand, and no array is taken twice.
        for (key, other) in [(r#""d\u0061ta""#, "0"), (r#""data""#, "0"), (r#""data""#, "1")] {
            let body = body(good, good).replacen("\"data\" : [1,2,3,4]", &format!("{key} : {other}"), 1);
            assert!(bits(&body).is_err(), "{key} {other}");
        }
        // Arrays of that name elsewhere are passed over.
        let more =
            body(good, good).replacen("{\"inputs\"", "{\"data\":[9,9],\"x\":{\"data\":[[7]]},\"inputs\"", 1);
        assert_eq!(bits(&more), bits(&body(good, good)));
        assert!(read(body(good, good).as_bytes(), &signature(DataType::Int64)).is_none());
        let tail = binary::Split { json: b"{}", bytes: None };
        assert!(request::read(tail, &signature(DataType::Fp64)).is_err());
    }

    proptest! {
        #[test]
        fn it_reads_what_the_parser_reads(
            numbers in proptest::collection::vec(any::<u64>(), 8),
            texts in proptest::collection::vec("-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?", 8),
        ) {
            let doubles = numbers.iter().map(|bits| f64::from_bits(*bits)).map(|n| if n.is_finite() { n } else { 0.5 });
            let printed: Vec<String> = doubles.map(|n| serde_json::to_string(&n).unwrap()).collect();
            for texts in [printed, texts] {
                let body = body(&format!("[{}]", texts[..4].join(",")), &format!("[{}]", texts[4..].join(" , ")));
                let parsed: Result<Vec<f64>, _> = texts.iter().map(|text| serde_json::from_str(text)).collect();
                prop_assert_eq!(is_read_ahead(&body), parsed.is_ok());
                let expected = parsed.map(|all| all.iter().map(|n: &f64| n.to_bits()).collect::<Vec<_>>());
                prop_assert_eq!(bits(&body).ok(), expected.ok());
            }
        }
    }
}
