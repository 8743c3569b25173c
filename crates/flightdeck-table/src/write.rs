//! Rows as CSV that a spreadsheet opens without running what stands in it.

use crate::error::TableError;
use flightdeck_core::Cell;
use std::io::Write;

/// Writes a header and rows as CSV in UTF-8 and says how many rows there were. A missing value is an empty cell.
///
/// A text that a spreadsheet would run as a formula (it starts with `=`, `+`, `-`, `@`, a tab or a carriage return and is
/// no number) is quoted and gets an apostrophe in front, after the OWASP page "CSV Injection".
pub fn write_csv(
    out: &mut dyn Write,
    header: &[String],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Result<u64, TableError> {
    let mut line = String::new();
    for name in header {
        push_text(&mut line, name);
    }
    end_line(out, &mut line)?;
    let mut written = 0;
    for row in rows {
        for cell in &row {
            push_cell(&mut line, cell);
        }
        end_line(out, &mut line)?;
        written += 1;
    }
    out.flush().map_err(TableError::Write)?;
    Ok(written)
}

/// Every cell has put a comma behind itself; the last one becomes the end of the line.
fn end_line(out: &mut dyn Write, line: &mut String) -> Result<(), TableError> {
    line.pop();
    // A lone empty cell would be a blank line, which readers skip.
    if line.is_empty() {
        line.push_str("\"\"");
    }
    line.push('\n');
    out.write_all(line.as_bytes()).map_err(TableError::Write)?;
    line.clear();
    Ok(())
}

fn push_cell(line: &mut String, cell: &Cell) {
    match cell {
        Cell::Missing => line.push(','),
        Cell::Bool(value) => push_plain(line, if *value { "true" } else { "false" }),
        Cell::Integer(value) => push_plain(line, &value.to_string()),
        Cell::Number(value) if value.is_nan() => line.push(','),
        Cell::Number(value) => push_plain(line, &number(*value)),
        Cell::Text(text) => push_text(line, text),
    }
}

/// The shortest digits that read back as the same number; an exponent where zeros would fill the cell.
fn number(value: f64) -> String {
    let size = value.abs();
    if value.is_finite() && size != 0.0 && !(1e-5..1e16).contains(&size) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

fn push_plain(line: &mut String, text: &str) {
    line.push_str(text);
    line.push(',');
}

fn push_text(line: &mut String, text: &str) {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r'])
        && fast_float2::parse::<f64, _>(text.trim()).is_err();
    if !formula && !text.is_empty() && !text.contains([',', ';', '\t', '"', '\n', '\r']) {
        return push_plain(line, text);
    }
    line.push('"');
    if formula {
        line.push('\'');
    }
    line.push_str(&text.replace('"', "\"\""));
    line.push_str("\",");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rows: Vec<Vec<Cell>>) -> String {
        let mut out = Vec::new();
        write_csv(&mut out, &["a".into()], rows).unwrap();
        String::from_utf8(out).unwrap().strip_prefix("a\n").unwrap().to_owned()
    }

    fn text(text: &str) -> Vec<Vec<Cell>> {
        vec![vec![Cell::Text(text.into())]]
    }

    #[test]
    fn d1_formulas_are_disarmed_and_numbers_are_not() {
        assert_eq!(written(text("=HYPERLINK(\"http://x\")")), "\"'=HYPERLINK(\"\"http://x\"\")\"\n");
        for formula in ["+1+2", "-2+3", "@SUM(A1)", "=1", "\t=1"] {
            assert_eq!(written(text(formula)), format!("\"'{formula}\"\n"));
        }
        for plain in ["-5", "+1.5e3", "a=b", "-inf"] {
            assert_eq!(written(text(plain)), format!("{plain}\n"));
        }
        assert_eq!(written(vec![vec![Cell::Number(-0.25)]]), "-0.25\n");
    }

    #[test]
    fn names_are_disarmed_too() {
        let mut out = Vec::new();
        write_csv(&mut out, &["=cmd".into(), "b".into()], []).unwrap();
        assert_eq!(out, b"\"'=cmd\",b\n");
    }

    #[test]
    fn missing_values_and_hard_texts_survive() {
        assert_eq!(written(vec![vec![Cell::Missing]]), "\"\"\n");
        assert_eq!(written(vec![vec![Cell::Missing, Cell::Number(f64::NAN), Cell::Bool(true)]]), ",,true\n");
        assert_eq!(written(text("a,\"b\"\nc")), "\"a,\"\"b\"\"\nc\"\n");
    }

    #[test]
    fn numbers_read_back_as_themselves() {
        for value in [1e308, -1e308, 5e-324, 0.1, 1e15, 1e16, 1e22, 1.0 / 3.0, 0.0, f64::INFINITY] {
            let text = written(vec![vec![Cell::Number(value)]]);
            assert_eq!(text.trim().parse::<f64>().unwrap().to_bits(), value.to_bits(), "{text}");
            assert!(text.len() < 30, "{text}");
        }
    }
}
