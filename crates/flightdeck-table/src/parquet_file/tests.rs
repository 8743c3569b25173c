//! Every type that is read, every one that is refused, and files that are broken.

use super::*;
use crate::table::{Data, NO_TIME, NO_VALUE, Numbers, Texts};
use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int32Array, Int64Array, LargeStringArray, ListArray, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, UInt64Array,
    new_null_array,
};
use flightdeck_core::Cell;
use parquet::arrow::ArrowWriter;
use parquet::basic::ZstdLevel;
use parquet::file::properties::WriterProperties;

fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(70))
        .build();
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    );
    let batch = batch.unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn read(columns: Vec<(&str, ArrayRef)>) -> Result<Table, TableError> {
    table(file(columns).into(), &Options::default())
}

fn numbers(array: impl arrow_array::Array + 'static) -> Numbers {
    match read(vec![("x", Arc::new(array))]).unwrap().columns.remove(0).data {
        Data::Number(numbers) => numbers,
        other => panic!("{other:?}"),
    }
}

fn texts(array: impl arrow_array::Array + 'static) -> Texts {
    match read(vec![("x", Arc::new(array))]).unwrap().columns.remove(0).data {
        Data::Text(texts) => texts,
        other => panic!("{other:?}"),
    }
}

fn ms(array: impl arrow_array::Array + 'static) -> Vec<i64> {
    match read(vec![("x", Arc::new(array))]).unwrap().columns.remove(0).data {
        Data::Time(times) => times.ms,
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_of_every_width_become_f64_and_nulls_nan() {
    let floats = numbers(Float64Array::from(vec![Some(1.5), None, Some(f64::NAN), Some(f64::INFINITY)]));
    assert_eq!((floats.nulls, floats.whole), (2, false));
    assert!(floats.values[1].is_nan() && floats.values[3].is_infinite());
    assert_eq!(numbers(Float32Array::from(vec![0.5])).values, [0.5]);
    let whole = numbers(Int32Array::from(vec![Some(-7), None]));
    assert_eq!((whole.nulls, whole.whole), (1, true));
    assert!(numbers(Int64Array::from(vec![(1_i64 << 53) - 1])).whole);
    assert!(!numbers(UInt64Array::from(vec![u64::MAX])).whole);
}

#[test]
fn decimals_become_the_nearest_number() {
    let cents =
        Decimal128Array::from(vec![Some(12_345), None, Some(-1)]).with_precision_and_scale(10, 2).unwrap();
    let read = numbers(cents);
    assert_eq!((read.values[0], read.values[2], read.nulls), (123.45, -0.01, 1));
    let long = Decimal128Array::from(vec![123_456_789_012_345_678_901_234_567_890]);
    let long = long.with_precision_and_scale(38, 10).unwrap();
    assert_eq!(numbers(long).values, [12_345_678_901_234_567_890.123_456_789_0]);
}

#[test]
fn texts_become_codes_whatever_the_writer_held_them_in() {
    let plain = texts(StringArray::from(vec![Some("b"), None, Some("a"), Some("b"), Some("")]));
    assert_eq!((plain.codes, plain.nulls), (vec![0, NO_VALUE, 1, 0, 2], 1));
    assert_eq!(plain.values, ["b", "a", ""]);
    assert_eq!(texts(LargeStringArray::from(vec!["x", "y", "x"])).codes, [0, 1, 0]);
    let coded: DictionaryArray<Int8Type> = vec!["x", "y", "x"].into_iter().collect();
    assert_eq!(texts(coded).codes, [0, 1, 0]);
    assert_eq!(texts(BooleanArray::from(vec![Some(true), Some(false), None])).values, ["true", "false"]);
}

#[test]
fn codes_hold_across_row_groups_with_dictionaries_of_their_own() {
    let rows: Vec<String> = (0..3000).map(|i| format!("v{}", (i * 7 + i / 70) % 90)).collect();
    let read = texts(StringArray::from(rows.clone()));
    assert_eq!(read.values.len(), 90);
    let back: Vec<&str> = (0..3000).map(|row| read.get(row).unwrap()).collect();
    assert_eq!(back, rows);
}

#[test]
fn times_of_every_unit_become_milliseconds() {
    assert_eq!(ms(Date32Array::from(vec![Some(1), None])), [86_400_000, NO_TIME]);
    assert_eq!(ms(TimestampMillisecondArray::from(vec![-1])), [-1]);
    assert_eq!(ms(TimestampMicrosecondArray::from(vec![-1, 1999])), [-1, 1]);
    assert_eq!(ms(TimestampNanosecondArray::from(vec![1_372_636_800_123_456_789])), [1_372_636_800_123]);
}

#[test]
fn declared_texts_are_written_as_they_would_be_in_csv() {
    let bytes = file(vec![
        ("id", Arc::new(Int64Array::from(vec![9_007_199_254_740_993, 2]))),
        ("x", Arc::new(Float64Array::from(vec![0.5, 2.0]))),
        ("day", Arc::new(Date32Array::from(vec![0, 1]))),
    ]);
    let options = Options {
        as_text: vec!["id".into(), "x".into(), "day".into()],
        only: None,
        limits: Limits::default(),
    };
    let read = table(bytes.into(), &options).unwrap();
    let text = |text: &str| Cell::Text(text.into());
    assert_eq!(read.row(0), [text("9007199254740993"), text("0.5"), text("1970-01-01T00:00:00Z")]);
}

#[test]
fn d3_no_rows_and_only_nulls_are_columns() {
    let read =
        read(vec![("n", new_null_array(&DataType::Float64, 3)), ("t", new_null_array(&DataType::Utf8, 3))]);
    let read = read.unwrap();
    assert_eq!((read.columns[0].data.nulls(), read.columns[1].data.nulls()), (3, 3));
    let none =
        super::table(file(vec![("x", new_null_array(&DataType::Utf8, 0))]).into(), &Options::default());
    assert_eq!(none.unwrap().rows, 0);
}

#[test]
fn lists_and_bytes_are_refused_by_column_and_can_be_left_out() {
    let lists = ListArray::from_iter_primitive::<arrow_array::types::Int32Type, _, _>(vec![Some(vec![
        Some(1),
        Some(2),
    ])]);
    let bytes: Bytes = file(vec![
        ("x", Arc::new(Int32Array::from(vec![1]))),
        ("steps", Arc::new(lists)),
        ("blob", Arc::new(BinaryArray::from(vec![b"x".as_slice()]))),
    ])
    .into();
    let error = table(bytes.clone(), &Options::default()).unwrap_err();
    assert_eq!(error.to_string(), "column steps holds lists, which is not a number, a text or a time");
    let options = Options { only: Some(vec!["x".into()]), ..Options::default() };
    assert_eq!(table(bytes, &options).unwrap().row(0), [Cell::Integer(1)]);
}

#[test]
fn d1_limits_hold_before_columns_are_read() {
    let bytes: Bytes = file(vec![("x", Arc::new(Int32Array::from(vec![1; 1000])))]).into();
    for limits in [
        Limits { rows: 999, ..Limits::default() },
        Limits { cells: 999, ..Limits::default() },
        Limits { columns: 0, ..Limits::default() },
        Limits { bytes: 10, ..Limits::default() },
    ] {
        let error = table(bytes.clone(), &Options { limits, ..Options::default() }).unwrap_err();
        assert_eq!(error.code(), "table-too-large");
    }
    let long: ArrayRef = Arc::new(StringArray::from(vec!["a".to_owned(), "x".repeat(2 << 20)]));
    let error = read(vec![("t", long)]).unwrap_err();
    assert_eq!(error.to_string(), "row 2, column t: the cell is longer than 1048576 bytes");
}

fn sample() -> Vec<u8> {
    file(vec![
        ("x", Arc::new((0..90).map(|i| (i % 7 > 0).then(|| f64::from(i) / 3.0)).collect::<Float64Array>())),
        ("t", Arc::new(StringArray::from_iter_values((0..90).map(|i| format!("v{}", i % 11))))),
        ("at", Arc::new(TimestampMillisecondArray::from_iter_values(0..90))),
    ])
}

#[test]
fn d1_a_file_cut_anywhere_is_an_error() {
    let bytes = Bytes::from(sample());
    for end in 4..bytes.len() {
        let error = table(bytes.slice(..end), &Options::default()).unwrap_err();
        assert_eq!(error.code(), "damaged-file", "cut at {end}: {error}");
    }
}

#[test]
fn d1_a_changed_byte_is_an_error_or_other_values() {
    let bytes = sample();
    for at in 4..bytes.len() {
        for mask in [0x01, 0xFF] {
            let mut changed = bytes.clone();
            changed[at] ^= mask;
            if let Ok(read) = table(changed.into(), &Options::default()) {
                assert!(read.columns.iter().all(|column| column.data.len() == read.rows), "at {at}");
            }
        }
    }
}
