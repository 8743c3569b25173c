//! Cutting, held against the `csv` crate, and the ways in which a file is broken.

use super::*;
use proptest::prelude::*;

fn cut(text: &str) -> Result<Vec<Vec<String>>, TableError> {
    let limits = Limits::default();
    let cells = Cells::split(text, &limits)?;
    let width = cells.names.len();
    let row = |row| (0..width).map(|column| cells.cell(row, column).into_owned()).collect();
    Ok(std::iter::once(cells.names.clone()).chain((0..cells.rows).map(row)).collect())
}

fn message(text: &str) -> String {
    cut(text).unwrap_err().to_string()
}

#[test]
fn delimiters_are_told_by_what_the_rows_agree_on() {
    for (text, width) in [
        ("a,b\n1,2\n", 2),
        ("a;b;c\n1,5;2,5;3\n", 3),
        ("a\tb\n1\t2\n", 2),
        ("\"a,x\";\"b\"\n\"1,1\";2\n", 2),
        ("alone\n1\n", 1),
    ] {
        assert_eq!(cut(text).unwrap()[0].len(), width, "{text:?}");
    }
}

#[test]
fn d1_mixed_line_ends_are_all_line_ends() {
    let rows = cut("a,b\r\n1,2\n3,4\r5,6").unwrap();
    assert_eq!(rows[1..], [["1", "2"], ["3", "4"], ["5", "6"]]);
}

#[test]
fn blank_lines_are_values_of_one_column_and_nothing_of_two() {
    assert_eq!(cut("a\n1\n\n3\n").unwrap().len(), 4);
    assert_eq!(cut("a,b\n1,2\n\n3,4\n\n").unwrap().len(), 3);
}

#[test]
fn d1_ragged_rows_name_row_line_and_column() {
    let short = message("a,b,c\n\"x\ny\",2,3\n4,5\n");
    assert!(short.contains("row 2 (line 4)") && short.contains("nothing for c"), "{short}");
    let long = message("a,b\n1,2\n3,4,5\n");
    assert!(long.contains("row 2 (line 3) has 3 cells"), "{long}");
}

#[test]
fn d1_unclosed_quotes_name_where_they_open() {
    let text = message("a,b\n1,2\n3,\"never\nclosed\n");
    assert!(text.contains("row 2 (line 3), column b"), "{text}");
}

#[test]
fn d1_text_after_a_quote_is_refused() {
    let text = message("a,b\n\"1\"2,3\n");
    assert!(text.contains("row 1 (line 2), column a"), "{text}");
}

#[test]
fn d1_duplicate_names_are_named_with_both_places() {
    let text = message("a,b,a\n1,2,3\n");
    assert_eq!(text, "columns 1 and 3 are both called a");
}

#[test]
fn d1_huge_cells_are_refused_with_their_place() {
    for quote in ["", "\""] {
        let text = message(&format!("a,b\n1,2\n3,{quote}{}{quote}\n", "x".repeat(10 << 20)));
        assert!(text.contains("row 2, column b"), "{text}");
    }
}

#[test]
fn d1_a_hundred_thousand_columns_are_refused() {
    let header: Vec<String> = (0..100_000).map(|i| format!("c{i}")).collect();
    let error = cut(&header.join(",")).unwrap_err();
    assert!(matches!(error, TableError::TooLarge { what: "columns", limit: 10_000, .. }), "{error}");
}

#[test]
fn d1_limits_on_rows_and_cells_hold() {
    let limits = Limits { rows: 2, ..Limits::default() };
    assert!(matches!(Cells::split("a\n1\n2\n3\n", &limits), Err(TableError::TooLarge { what: "rows", .. })));
    let limits = Limits { cells: 3, ..Limits::default() };
    assert!(matches!(
        Cells::split("a,b\n1,2\n3,4\n", &limits),
        Err(TableError::TooLarge { what: "cells", found: 4, limit: 3 })
    ));
}

#[test]
fn a_first_row_of_numbers_is_no_header() {
    assert!(matches!(cut("1.5,2\n3,4\n"), Err(TableError::NoHeader { .. })));
}

#[test]
fn a_nameless_column_is_called_by_its_place() {
    assert_eq!(cut(",a\n0,5\n").unwrap()[0], ["column 1", "a"]);
}

proptest! {
    #[test]
    fn what_the_csv_crate_writes_is_read_back(
        rows in prop::collection::vec(prop::collection::vec("[ -~\n\r\"é,;]{0,8}", 3), 1..20)
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["a", "b", "c"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let read = cut(&text).unwrap();
        prop_assert_eq!(&read[1..], &rows[..]);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-c0-9,;\t\"\n\r é]{0,200}") {
        let _ = cut(&text);
    }
}
