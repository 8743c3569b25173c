//! Tables for people: aligned columns, numbers to the right, nothing else.

use crate::output::clean;
use std::fmt::Write;

/// Rows under a header.
pub(crate) struct Table {
    header: Vec<&'static str>,
    /// Which columns are aligned to the right.
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A header; names that start with `>` head columns of numbers.
    pub(crate) fn new(header: &[&'static str]) -> Self {
        let right = header.iter().map(|name| name.starts_with('>')).collect();
        let header = header.iter().map(|name| name.trim_start_matches('>')).collect();
        Self { header, right, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| clean(&cell)).collect());
    }

    pub(crate) fn print(&self) {
        use std::io::Write as _;
        let _ = write!(std::io::stdout(), "{}", self.text());
    }

    fn text(&self) -> String {
        let header: Vec<String> = self.header.iter().map(ToString::to_string).collect();
        let all: Vec<&Vec<String>> = std::iter::once(&header).chain(&self.rows).collect();
        let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let mut text = String::new();
        for row in all {
            let mut line = String::new();
            for ((cell, width), right) in row.iter().zip(&widths).zip(&self.right) {
                let gap = " ".repeat(width - cell.chars().count());
                let _ = if *right { write!(line, "{gap}{cell}  ") } else { write!(line, "{cell}{gap}  ") };
            }
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }
}

/// A number for a table, or a dash.
pub(crate) fn figure(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.digits$}"))
}

/// Bytes as a person says them.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        ..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} KB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

/// A duration in the unit that a person would say it in.
pub(crate) fn duration(us: Option<f64>) -> String {
    match us {
        None => "–".into(),
        Some(us) if us < 10.0 => format!("{us:.1} µs"),
        Some(us) if us < 1_000.0 => format!("{us:.0} µs"),
        Some(us) => format!("{:.1} ms", us / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_in_its_column() {
        let mut table = Table::new(&["Name", "State"]);
        table.row(["a\u{1b}[1A\nb".into(), "ready".into()]);
        assert_eq!(table.text(), "Name              State\na\\u{1b}[1A\\u{a}b  ready\n");
    }

    #[test]
    fn columns_are_aligned_by_characters_and_lines_end_where_the_text_does() {
        let mut table = Table::new(&["Name", ">Rows", "State"]);
        table.row(["é".into(), "5".into(), "ready".into()]);
        table.row(["longer".into(), "1000".into(), String::new()]);
        assert_eq!(table.text(), "Name    Rows  State\né          5  ready\nlonger  1000\n");
    }
}
