//! Typed contents to elements and back. Each type has one field; narrow integers share one with wide ones.

use crate::inference::InferTensorContents;
use bytes::Bytes;
use flightdeck_core::{DataType, TensorData};

/// The elements of one tensor, or what is wrong with them.
pub(crate) fn read(data_type: DataType, contents: InferTensorContents) -> Result<TensorData, String> {
    let InferTensorContents {
        bool_contents,
        int_contents,
        int64_contents,
        uint_contents,
        uint64_contents,
        fp32_contents,
        fp64_contents,
        bytes_contents,
    } = contents;
    let lengths = [
        ("bool_contents", bool_contents.len()),
        ("int_contents", int_contents.len()),
        ("int64_contents", int64_contents.len()),
        ("uint_contents", uint_contents.len()),
        ("uint64_contents", uint64_contents.len()),
        ("fp32_contents", fp32_contents.len()),
        ("fp64_contents", fp64_contents.len()),
        ("bytes_contents", bytes_contents.len()),
    ];
    let field = field(data_type).ok_or_else(|| format!("{data_type} travels in raw_input_contents only"))?;
    if let Some((other, _)) = lengths.iter().find(|(name, length)| *length > 0 && *name != field) {
        return Err(format!("{data_type} travels in {field}, not in {other}"));
    }
    Ok(match data_type {
        DataType::Bool => TensorData::Bool(bool_contents),
        DataType::Uint8 => TensorData::Uint8(narrow(&uint_contents, data_type)?),
        DataType::Uint16 => TensorData::Uint16(narrow(&uint_contents, data_type)?),
        DataType::Uint32 => TensorData::Uint32(uint_contents),
        DataType::Uint64 => TensorData::Uint64(uint64_contents),
        DataType::Int8 => TensorData::Int8(narrow(&int_contents, data_type)?),
        DataType::Int16 => TensorData::Int16(narrow(&int_contents, data_type)?),
        DataType::Int32 => TensorData::Int32(int_contents),
        DataType::Int64 => TensorData::Int64(int64_contents),
        DataType::Fp32 => TensorData::Fp32(fp32_contents),
        DataType::Fp64 => TensorData::Fp64(fp64_contents),
        DataType::Bytes => TensorData::Bytes(texts(&bytes_contents)?),
        DataType::Fp16 => TensorData::Fp16(Vec::new()),
        DataType::Bf16 => TensorData::Bf16(Vec::new()),
    })
}

/// The typed contents of a tensor; `None` for half precision, which has none.
pub(crate) fn write(data: &TensorData) -> Option<InferTensorContents> {
    let mut contents = InferTensorContents::default();
    match data {
        TensorData::Bool(v) => contents.bool_contents.clone_from(v),
        TensorData::Uint8(v) => contents.uint_contents = v.iter().map(|n| u32::from(*n)).collect(),
        TensorData::Uint16(v) => contents.uint_contents = v.iter().map(|n| u32::from(*n)).collect(),
        TensorData::Uint32(v) => contents.uint_contents.clone_from(v),
        TensorData::Uint64(v) => contents.uint64_contents.clone_from(v),
        TensorData::Int8(v) => contents.int_contents = v.iter().map(|n| i32::from(*n)).collect(),
        TensorData::Int16(v) => contents.int_contents = v.iter().map(|n| i32::from(*n)).collect(),
        TensorData::Int32(v) => contents.int_contents.clone_from(v),
        TensorData::Int64(v) => contents.int64_contents.clone_from(v),
        TensorData::Fp32(v) => contents.fp32_contents.clone_from(v),
        TensorData::Fp64(v) => contents.fp64_contents.clone_from(v),
        TensorData::Bytes(v) => {
            contents.bytes_contents = v.iter().map(|text| Bytes::copy_from_slice(text.as_bytes())).collect();
        }
        TensorData::Fp16(_) | TensorData::Bf16(_) => return None,
    }
    Some(contents)
}

const fn field(data_type: DataType) -> Option<&'static str> {
    Some(match data_type {
        DataType::Bool => "bool_contents",
        DataType::Uint8 | DataType::Uint16 | DataType::Uint32 => "uint_contents",
        DataType::Uint64 => "uint64_contents",
        DataType::Int8 | DataType::Int16 | DataType::Int32 => "int_contents",
        DataType::Int64 => "int64_contents",
        DataType::Fp32 => "fp32_contents",
        DataType::Fp64 => "fp64_contents",
        DataType::Bytes => "bytes_contents",
        DataType::Fp16 | DataType::Bf16 => return None,
    })
}

fn narrow<W: Copy + std::fmt::Display, N: TryFrom<W>>(
    wide: &[W],
    data_type: DataType,
) -> Result<Vec<N>, String> {
    let fit = |(index, value): (usize, &W)| {
        N::try_from(*value).map_err(|_| format!("element {index} is {value}, which is no {data_type}"))
    };
    wide.iter().enumerate().map(fit).collect()
}

fn texts(contents: &[Bytes]) -> Result<Vec<String>, String> {
    let text = |(index, bytes): (usize, &Bytes)| {
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| format!("text {index} is not UTF-8"))
    };
    contents.iter().enumerate().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<TensorData> {
        vec![
            TensorData::Bool(vec![true, false]),
            TensorData::Uint8(vec![0, 255]),
            TensorData::Uint16(vec![u16::MAX]),
            TensorData::Uint32(vec![u32::MAX]),
            TensorData::Uint64(vec![u64::MAX]),
            TensorData::Int8(vec![-128, 127]),
            TensorData::Int16(vec![i16::MIN]),
            TensorData::Int32(vec![i32::MIN]),
            TensorData::Int64(vec![i64::MIN]),
            TensorData::Fp32(vec![0.1, f32::INFINITY]),
            TensorData::Fp64(vec![0.1]),
            TensorData::Bytes(vec!["ü".into(), String::new()]),
        ]
    }

    #[test]
    fn every_type_survives_its_field() {
        for data in all() {
            let contents = write(&data).unwrap();
            assert_eq!(read(data.data_type(), contents), Ok(data));
        }
    }

    #[test]
    fn another_types_field_and_values_beyond_the_type_are_refused() {
        let doubles = InferTensorContents { fp64_contents: vec![1.0], ..InferTensorContents::default() };
        assert!(read(DataType::Fp32, doubles).unwrap_err().contains("fp32_contents"));
        let wide = InferTensorContents { int_contents: vec![0, 300], ..InferTensorContents::default() };
        assert_eq!(read(DataType::Int8, wide).unwrap_err(), "element 1 is 300, which is no INT8");
        let bytes = Bytes::from_static(&[0xff]);
        let broken = InferTensorContents { bytes_contents: vec![bytes], ..InferTensorContents::default() };
        assert!(read(DataType::Bytes, broken).is_err());
        assert!(read(DataType::Fp16, InferTensorContents::default()).unwrap_err().contains("raw"));
        assert_eq!(write(&TensorData::Fp16(Vec::new())), None);
    }
}
