//! One-dimensional arrays in NPY files. Objects are refused: reading them would run code.

use std::io::{self, Read};
use thiserror::Error;

/// The elements of an array.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Elements {
    F64(Vec<f64>),
    F32(Vec<f32>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    Bool(Vec<bool>),
}

impl Elements {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::F64(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::Bool(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An array file that is not one of the accepted forms.
#[derive(Debug, Error)]
pub enum NpyError {
    /// It cannot be read, or ends early.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It does not begin as an array file does.
    #[error("it does not begin with the magic bytes of NPY")]
    Magic,
    /// Its header is longer than any that is needed here.
    #[error("its header says it is {0} bytes long, the limit is {MAX_HEADER}")]
    Header(u64),
    /// Its header is not the dictionary that `numpy.save` writes.
    #[error("its header is not the dictionary that `numpy.save` writes")]
    Malformed,
    /// An element type that is not accepted.
    #[error("the element type {0:?} is not accepted; Python objects are never read")]
    Dtype(String),
    /// Not one row of elements in memory order.
    #[error("it is not one-dimensional in C order")]
    Shape,
    /// More or fewer bytes than the header says.
    #[error("its header promises {promised} elements, the file holds {held} bytes of them")]
    Length {
        /// Elements by the header.
        promised: u64,
        /// Bytes in the file.
        held: u64,
    },
}

const MAX_HEADER: u64 = 1024;

/// Reads an array whose file has `bytes` bytes. Nothing larger than the file is ever allocated.
pub fn read(reader: &mut dyn Read, bytes: u64) -> Result<Elements, NpyError> {
    let (header, start) = header(reader)?;
    let (dtype, length) = parse(&header).ok_or(NpyError::Malformed)??;
    let held = bytes.saturating_sub(start);
    if length.checked_mul(dtype.size()) != Some(held) {
        return Err(NpyError::Length { promised: length, held });
    }
    let size = usize::try_from(held).map_err(|_| NpyError::Shape)?;
    let mut data = Vec::with_capacity(size);
    if reader.take(held).read_to_end(&mut data)? != size {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(dtype.elements(&data))
}

fn header(reader: &mut dyn Read) -> Result<(String, u64), NpyError> {
    let mut magic = [0; 8];
    reader.read_exact(&mut magic)?;
    if &magic[..6] != b"\x93NUMPY" || !(1..=3).contains(&magic[6]) {
        return Err(NpyError::Magic);
    }
    let width: u64 = if magic[6] == 1 { 2 } else { 4 };
    let mut length = [0; 4];
    reader.read_exact(&mut length[..if magic[6] == 1 { 2 } else { 4 }])?;
    let length = u64::from(u32::from_le_bytes(length));
    if length > MAX_HEADER {
        return Err(NpyError::Header(length));
    }
    let mut text = vec![0; length as usize];
    reader.read_exact(&mut text)?;
    let text = String::from_utf8(text).map_err(|_| NpyError::Malformed)?;
    Ok((text, 8 + width + length))
}

/// The dictionary, read as exactly what `numpy.save` writes; nothing is evaluated.
fn parse(header: &str) -> Option<Result<(Dtype, u64), NpyError>> {
    let mut rest = header.trim_end().strip_prefix('{')?.strip_suffix('}')?.trim();
    let (mut dtype, mut fortran, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let (key, after) = rest.strip_prefix('\'')?.split_once('\'')?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        let (value, after) = if value.starts_with('(') {
            let end = value.find(')')? + 1;
            value.split_at(end)
        } else {
            value.split_at(value.find(',').unwrap_or(value.len()))
        };
        match key {
            "descr" if dtype.is_none() => dtype = Some(value.trim()),
            "fortran_order" if fortran.is_none() => fortran = Some(value.trim()),
            "shape" if shape.is_none() => shape = Some(value.trim()),
            _ => return None,
        }
        rest = after.trim_start().strip_prefix(',').unwrap_or(after).trim_start();
    }
    Some(accept(dtype?, fortran?, shape?))
}

fn accept(dtype: &str, fortran: &str, shape: &str) -> Result<(Dtype, u64), NpyError> {
    let name = dtype.trim_matches('\'');
    let dtype = Dtype::from_name(name).ok_or_else(|| NpyError::Dtype(name.chars().take(40).collect()))?;
    let inner = shape.strip_prefix('(').and_then(|text| text.strip_suffix(')')).ok_or(NpyError::Malformed)?;
    let length = inner.strip_suffix(',').ok_or(NpyError::Shape)?.trim();
    let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    if fortran != "False" || !digits {
        return Err(NpyError::Shape);
    }
    Ok((dtype, length.parse().map_err(|_| NpyError::Shape)?))
}

#[derive(Clone, Copy)]
enum Dtype {
    F64,
    F32,
    I64,
    I32,
    Bool,
}

impl Dtype {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "<f8" => Self::F64,
            "<f4" => Self::F32,
            "<i8" => Self::I64,
            "<i4" => Self::I32,
            "|b1" => Self::Bool,
            _ => return None,
        })
    }

    const fn size(self) -> u64 {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::Bool => 1,
        }
    }

    fn elements(self, data: &[u8]) -> Elements {
        match self {
            Self::F64 => {
                Elements::F64(data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
            }
            Self::F32 => {
                Elements::F32(data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
            }
            Self::I64 => {
                Elements::I64(data.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect())
            }
            Self::I32 => {
                Elements::I32(data.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect())
            }
            Self::Bool => Elements::Bool(data.iter().map(|byte| *byte != 0).collect()),
        }
    }
}
