//! CSV text cut into cells. What the cells hold is `infer`'s business.
//!
//! The `csv` crate skips blank lines, takes an unclosed quote for the end of the file and tells no byte ranges, and all
//! three matter here; its writer's files and its reader's cells are what the tests hold this one against.

use crate::error::{TableError, shown};
use crate::options::Limits;
use std::borrow::Cow;

/// How much of the file the delimiter is guessed from.
const PROBE_BYTES: usize = 64 << 10;
const PROBE_ROWS: usize = 50;
/// Set in a span's length when the cell holds doubled quotes.
const DOUBLED: u32 = 1 << 31;

/// The cells of a file, as ranges of its text.
pub(crate) struct Cells<'a> {
    text: &'a str,
    spans: Vec<Span>,
    /// The names, one per column, none twice.
    pub(crate) names: Vec<String>,
    /// Rows without the header.
    pub(crate) rows: usize,
}

#[derive(Clone, Copy)]
struct Span {
    start: u32,
    length: u32,
}

impl Span {
    fn text(self, text: &str) -> Cow<'_, str> {
        let start = self.start as usize;
        let end = start + (self.length & !DOUBLED) as usize;
        let cell = text.get(start..end).unwrap_or_default();
        if self.length & DOUBLED == 0 { Cow::Borrowed(cell) } else { Cow::Owned(cell.replace("\"\"", "\"")) }
    }
}

impl<'a> Cells<'a> {
    /// Cuts the whole text. `limits.bytes` has been checked; spans hold what 32 bits can address.
    pub(crate) fn split(text: &'a str, limits: &Limits) -> Result<Self, TableError> {
        let mut cutter = Cutter::new(text, delimiter(text, limits), limits);
        let mut spans = Vec::new();
        while cutter.at_blank_line() {
            cutter.skip_line_end();
        }
        cutter.record(&mut spans, &[])?;
        let names = names(text, &spans)?;
        spans.clear();
        let mut rows = 0;
        while !cutter.at_end() {
            if cutter.at_blank_line() {
                cutter.skip_line_end();
                if names.len() > 1 {
                    continue;
                }
                spans.push(Span { start: 0, length: 0 });
            } else {
                cutter.row += 1;
                let line = cutter.line;
                let found = cutter.record(&mut spans, &names)?;
                if found != names.len() {
                    return Err(ragged(&cutter, line, found, &names));
                }
            }
            rows += 1;
            cutter.row = rows;
            check_size(rows, names.len(), limits)?;
        }
        Ok(Self { text, spans, names, rows: rows as usize })
    }

    /// One cell, quotes taken off.
    pub(crate) fn cell(&self, row: usize, column: usize) -> Cow<'a, str> {
        self.spans[row * self.names.len() + column].text(self.text)
    }
}

fn check_size(rows: u64, columns: usize, limits: &Limits) -> Result<(), TableError> {
    let cells = rows.saturating_mul(columns as u64);
    if rows > limits.rows {
        return Err(TableError::TooLarge { what: "rows", found: rows, limit: limits.rows });
    }
    if cells > limits.cells {
        return Err(TableError::TooLarge { what: "cells", found: cells, limit: limits.cells });
    }
    Ok(())
}

fn ragged(cutter: &Cutter<'_>, line: u64, found: usize, names: &[String]) -> TableError {
    let at = match names.get(found) {
        Some(name) => format!("nothing for {}", shown(name)),
        None => format!("cell {} is one too many", names.len() + 1),
    };
    TableError::Ragged { row: cutter.row, line, found, expected: names.len(), at }
}

/// Names from the first record. One without a name, as pandas writes its index, is called by its position.
fn names(text: &str, header: &[Span]) -> Result<Vec<String>, TableError> {
    let mut names: Vec<String> = Vec::with_capacity(header.len());
    let mut places = std::collections::HashMap::new();
    for (index, span) in header.iter().enumerate() {
        let cell = span.text(text);
        let name = match cell.trim() {
            "" => format!("column {}", index + 1),
            name => name.to_owned(),
        };
        if let Some(first) = places.insert(name.clone(), index) {
            return Err(TableError::DuplicateColumn {
                name: shown(&name),
                first: first + 1,
                second: index + 1,
            });
        }
        names.push(name);
    }
    let is_number = |name: &String| fast_float2::parse::<f64, _>(name).is_ok_and(f64::is_finite);
    match names.first() {
        Some(first) if names.iter().all(is_number) => Err(TableError::NoHeader { first: shown(first) }),
        _ => Ok(names),
    }
}

/// The delimiter under which the first rows agree on the most columns.
fn delimiter(text: &str, limits: &Limits) -> u8 {
    let mut end = text.len().min(PROBE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let whole = end == text.len();
    let rank = |delimiter: u8| {
        let widths = probe(&text[..end], delimiter, whole, limits);
        let width = widths.first().copied().unwrap_or(0);
        let agree = width > 1 && widths.iter().all(|other| *other == width);
        (agree, width)
    };
    let mut best = (b',', rank(b','));
    for other in [b';', b'\t'] {
        let ranked = rank(other);
        if ranked > best.1 {
            best = (other, ranked);
        }
    }
    best.0
}

/// Widths of the first records; one that the probe cuts off does not count.
fn probe(text: &str, delimiter: u8, whole: bool, limits: &Limits) -> Vec<usize> {
    let mut cutter = Cutter::new(text, delimiter, limits);
    let mut widths = Vec::new();
    let mut spans = Vec::new();
    while !cutter.at_end() && widths.len() < PROBE_ROWS {
        if cutter.at_blank_line() {
            cutter.skip_line_end();
            continue;
        }
        let width = cutter.record(&mut spans, &[]);
        if cutter.at_end() && !whole && !widths.is_empty() {
            break;
        }
        match width {
            Ok(width) => widths.push(width),
            Err(TableError::TooLarge { .. }) => return vec![limits.columns + 1],
            Err(_) => break,
        }
    }
    widths
}

/// Where the reading stands.
struct Cutter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
    row: u64,
    delimiter: u8,
    limits: &'a Limits,
}

impl<'a> Cutter<'a> {
    const fn new(text: &'a str, delimiter: u8, limits: &'a Limits) -> Self {
        Self { bytes: text.as_bytes(), at: 0, line: 1, row: 0, delimiter, limits }
    }

    const fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn at_blank_line(&self) -> bool {
        matches!(self.bytes.get(self.at), Some(b'\n' | b'\r'))
    }

    /// Past `\n`, `\r\n` or `\r`, whichever stands here.
    fn skip_line_end(&mut self) {
        let length = if self.bytes[self.at..].starts_with(b"\r\n") { 2 } else { 1 };
        self.at += length;
        self.line += 1;
    }

    /// Cuts one record and says how many cells it has. `names` are for the errors.
    fn record(&mut self, spans: &mut Vec<Span>, names: &[String]) -> Result<usize, TableError> {
        let mut count = 0;
        loop {
            let span = self.field(count, names)?;
            spans.push(span);
            count += 1;
            if count > self.limits.columns {
                let limit = self.limits.columns as u64;
                return Err(TableError::TooLarge { what: "columns", found: limit + 1, limit });
            }
            match self.bytes.get(self.at) {
                Some(byte) if *byte == self.delimiter => self.at += 1,
                Some(_) => {
                    self.skip_line_end();
                    return Ok(count);
                }
                None => return Ok(count),
            }
        }
    }

    /// Cuts one cell and stops at the delimiter, the end of the line or of the file.
    fn field(&mut self, index: usize, names: &[String]) -> Result<Span, TableError> {
        let span = if self.bytes.get(self.at) == Some(&b'"') {
            self.quoted(index, names)?
        } else {
            let start = self.at;
            self.at = self.find(|byte| byte == self.delimiter || byte == b'\n' || byte == b'\r');
            Span { start: start as u32, length: (self.at - start) as u32 }
        };
        if (span.length & !DOUBLED) as usize > self.limits.cell_bytes {
            return Err(self.cell_too_large(index, names));
        }
        Ok(span)
    }

    fn quoted(&mut self, index: usize, names: &[String]) -> Result<Span, TableError> {
        let opened = self.line;
        let start = self.at + 1;
        let mut doubled = 0;
        self.at = start;
        loop {
            let quote = self.find(|byte| byte == b'"');
            if quote - start > self.limits.cell_bytes {
                return Err(self.cell_too_large(index, names));
            }
            if quote == self.bytes.len() {
                let column = column_name(index, names);
                return Err(TableError::UnclosedQuote { row: self.row, line: opened, column });
            }
            self.line += self.bytes[self.at..quote].split(|byte| *byte == b'\n').skip(1).count() as u64;
            self.at = quote + 1;
            if self.bytes.get(self.at) != Some(&b'"') {
                break;
            }
            doubled = DOUBLED;
            self.at += 1;
        }
        let length = (self.at - 1 - start) as u32 | doubled;
        match self.bytes.get(self.at) {
            None | Some(b'\n' | b'\r') => {}
            Some(byte) if *byte == self.delimiter => {}
            Some(_) => {
                let column = column_name(index, names);
                return Err(TableError::TextAfterQuote { row: self.row, line: self.line, column });
            }
        }
        Ok(Span { start: start as u32, length })
    }

    /// Where the next such byte stands, or the end.
    fn find(&self, wanted: impl Fn(u8) -> bool) -> usize {
        let rest = &self.bytes[self.at..];
        self.at + rest.iter().position(|byte| wanted(*byte)).unwrap_or(rest.len())
    }

    fn cell_too_large(&self, index: usize, names: &[String]) -> TableError {
        let column = column_name(index, names);
        TableError::CellTooLarge { row: self.row, column, limit: self.limits.cell_bytes }
    }
}

fn column_name(index: usize, names: &[String]) -> String {
    names.get(index).map_or_else(|| (index + 1).to_string(), |name| shown(name))
}

#[cfg(test)]
mod tests;
