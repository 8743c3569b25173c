//! A file as batches of rows, for sending them somewhere.

use crate::{Options, Table, TableError, read};
use flightdeck_core::Cell;
use std::path::Path;

/// Rows of a table in batches, in order.
pub struct Rows {
    table: Table,
    next: usize,
    batch: usize,
}

/// Reads a file and hands out its rows in batches of `batch` (at least 1), the last one shorter.
///
/// A column's type is known only when all of it was read, so the error comes before the first row, not among them.
pub fn rows(path: &Path, options: &Options, batch: usize) -> Result<Rows, TableError> {
    Ok(Rows { table: read(path, options)?, next: 0, batch: batch.max(1) })
}

impl Rows {
    /// The table that the rows come from.
    pub const fn table(&self) -> &Table {
        &self.table
    }
}

impl Iterator for Rows {
    type Item = Vec<Vec<Cell>>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.next.saturating_add(self.batch).min(self.table.rows);
        let batch: Vec<_> = (self.next..end).map(|row| self.table.row(row)).collect();
        self.next = end;
        (!batch.is_empty()).then_some(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_all_rows_once_and_in_order() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a,b\n1,x\n2,\n3,z\n").unwrap();
        let batches: Vec<_> = rows(file.path(), &Options::default(), 2).unwrap().collect();
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(batches[0][1], [Cell::Integer(2), Cell::Missing]);
        assert_eq!(batches[1][0], [Cell::Integer(3), Cell::Text("z".into())]);
    }
}
