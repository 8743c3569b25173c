//! Tensors as bytes after the JSON of a request, and a body that is one tensor and nothing else.

use super::answer::JSON_LENGTH;
use super::fit::{self, wrong_shape};
use crate::problem::Problem;
use axum::http::HeaderMap;
use flightdeck_core::{Input, Signature, Tensor, raw};
use std::cell::Cell;

/// A body in its two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Split<'a> {
    pub(crate) json: &'a [u8],
    /// What follows it; `None` where the request did not say that something does.
    pub(crate) bytes: Option<&'a [u8]>,
}

/// Takes a body apart where its header says.
pub(super) fn split<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<Split<'a>, Problem> {
    let mut stated = headers.get_all(JSON_LENGTH).iter();
    let Some(length) = stated.next() else { return Ok(Split { json: body, bytes: None }) };
    let length: Option<usize> = length.to_str().ok().and_then(|text| text.parse().ok());
    let length = length.filter(|_| stated.next().is_none());
    let length = length.ok_or_else(|| bad("Inference-Header-Content-Length is not one whole number"))?;
    let (json, bytes) = body.split_at_checked(length).ok_or_else(|| {
        bad(format!("Inference-Header-Content-Length is {length}, the body has {} bytes", body.len()))
    })?;
    Ok(Split { json, bytes: Some(bytes) })
}

/// The bytes after the JSON, of which each input takes its own.
pub(super) struct Tail<'a>(Cell<Option<&'a [u8]>>);

impl<'a> Tail<'a> {
    pub(super) const fn new(bytes: Option<&'a [u8]>) -> Self {
        Self(Cell::new(bytes))
    }

    /// The next bytes; `at` is the place of the input.
    pub(super) fn take(&self, at: usize, size: u64) -> Result<&'a [u8], Problem> {
        let rest = self.0.get().ok_or_else(|| {
            bad(format!(
                "inputs[{at}] has a binary_data_size, and there is no Inference-Header-Content-Length"
            ))
        })?;
        let taken = usize::try_from(size).ok().and_then(|size| rest.split_at_checked(size));
        let (bytes, rest) = taken.ok_or_else(|| {
            bad(format!("inputs[{at}].binary_data_size is {size}, and {} bytes are left", rest.len()))
        })?;
        self.0.set(Some(rest));
        Ok(bytes)
    }

    /// Refuses bytes that no input took.
    pub(super) fn end(&self) -> Result<(), Problem> {
        match self.0.get().map_or(0, <[u8]>::len) {
            0 => Ok(()),
            left => Err(bad(format!("{left} bytes after the JSON belong to no input"))),
        }
    }
}

/// A body that is the elements of the only input, whose rows are counted by its length.
pub(super) fn only(body: &[u8], signature: &Signature) -> Result<Tensor, Problem> {
    let [input] = signature.inputs.as_slice() else {
        return Err(bad("a body without JSON is for models with one input"));
    };
    let mut free = input.shape.iter().filter(|size| **size < 0);
    if free.next().is_some() && free.next().is_some() {
        return Err(bad("a body without JSON is for inputs with one free dimension"));
    }
    let fixed = input.shape.iter().filter(|size| **size >= 0).map(|size| *size as usize);
    let width = fixed.fold(1_usize, usize::saturating_mul).max(1);
    let rows = elements(body, input).div_ceil(width);
    let shape: Vec<usize> = input.shape.iter().map(|size| usize::try_from(*size).unwrap_or(rows)).collect();
    fit::check_shape(&shape, input).map_err(|said| wrong_shape(0, said))?;
    tensor(0, input, (shape, body))
}

/// How many elements the bytes are about; reading them says whether they are.
fn elements(body: &[u8], input: &Input) -> usize {
    if let Some(size) = input.data_type.size_bytes() {
        return body.len().div_ceil(size);
    }
    let (mut rest, mut count) = (body, 0);
    while let Some((length, more)) = rest.split_first_chunk() {
        count += 1;
        rest = more.get(u32::from_le_bytes(*length) as usize..).unwrap_or_default();
    }
    count
}

/// A tensor of bytes whose shape fits the input.
pub(super) fn tensor(
    at: usize,
    input: &Input,
    (shape, bytes): (Vec<usize>, &[u8]),
) -> Result<Tensor, Problem> {
    let wrong = |said: &dyn std::fmt::Display| Problem::bad("bad-data", format!("inputs[{at}].data: {said}"));
    let data = raw::read(input.data_type, &shape, bytes).map_err(|error| wrong(&error))?;
    Tensor::new(&input.name, shape, data).map_err(|error| wrong(&error))
}

fn bad(message: impl Into<String>) -> Problem {
    Problem::bad("binary", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flightdeck_core::{DataType, Task, TensorData};

    fn signature(data_type: DataType, shape: &[i64]) -> Signature {
        let input = Input {
            name: "x".into(),
            data_type,
            shape: shape.to_vec(),
            batch_axis: Some(0),
            columns: vec![],
        };
        Signature { task: Task::Other, inputs: vec![input], outputs: vec![] }
    }

    #[test]
    fn r3_a_stated_length_that_is_none_is_refused() {
        let split = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(JSON_LENGTH, value.parse().unwrap());
            }
            super::split(&headers, b"{}ab").map(|split| (split.json.len(), split.bytes.map(<[u8]>::len)))
        };
        assert_eq!(split(&[]), Ok((4, None)));
        assert_eq!(split(&["2"]), Ok((2, Some(2))));
        assert_eq!(split(&["4"]), Ok((4, Some(0))));
        for wrong in [&["5"][..], &["-1"], &["x"], &[""], &["2", "2"], &["18446744073709551616"], &["2.0"]] {
            assert_eq!(split(wrong).unwrap_err().code, "binary", "{wrong:?}");
        }
    }

    #[test]
    fn r3_sizes_fill_what_follows_exactly() {
        let tail = Tail::new(Some(b"abcd"));
        assert_eq!(tail.take(0, 3), Ok(&b"abc"[..]));
        assert!(tail.end().is_err());
        for beyond in [2, u64::MAX] {
            assert!(tail.take(1, beyond).is_err());
        }
        assert_eq!((tail.take(1, 1), tail.end()), (Ok(&b"d"[..]), Ok(())));
        assert!(Tail::new(None).take(0, 0).is_err() && Tail::new(None).end().is_ok());
    }

    #[test]
    fn a_body_can_be_the_only_tensor() {
        let floats = signature(DataType::Fp32, &[-1, 2]);
        let tensor = only(&[0; 24], &floats).unwrap();
        assert_eq!((tensor.shape.as_slice(), tensor.data), (&[3, 2][..], TensorData::Fp32(vec![0.0; 6])));
        let texts = signature(DataType::Bytes, &[-1, 1]);
        let tensor = only(b"\x01\0\0\0a\0\0\0\0", &texts).unwrap();
        assert_eq!(tensor.data, TensorData::Bytes(vec!["a".into(), String::new()]));
        for wrong in [&b""[..], &[0; 4], &[0; 23], &[0; 25]] {
            assert!(only(wrong, &floats).is_err(), "{}", wrong.len());
        }
        for wrong in [&b""[..], b"\x01", b"\x02\0\0\0a", b"\xff\xff\xff\xffa", b"\x01\0\0\0a\0"] {
            assert!(only(wrong, &texts).is_err(), "{wrong:?}");
        }
        assert!(only(&[0; 8], &signature(DataType::Fp32, &[-1, -1])).is_err());
        let two = Signature { inputs: [floats.inputs, texts.inputs].concat(), ..texts };
        assert!(only(&[0; 8], &two).is_err());
    }
}
