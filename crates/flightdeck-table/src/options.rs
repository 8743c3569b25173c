//! What a caller may ask of the reader, and what the reader refuses to be talked into.

/// Which columns to read, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Read these columns alone, in this order; `None` reads all of them in the file's order.
    pub only: Option<Vec<String>>,
    /// Columns that stay text although their cells look like numbers or times. A name that the file lacks is an error.
    pub as_text: Vec<String>,
    /// What a file may cost.
    pub limits: Limits,
}

/// Caps that a file must stay under. Each is checked before the memory is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file, and of a Parquet file's columns once decompressed.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
    /// Columns.
    pub columns: usize,
    /// Rows times columns that are read.
    pub cells: u64,
    /// Bytes of one cell.
    pub cell_bytes: usize,
}

impl Default for Limits {
    /// 2 GiB, 20 million rows, 10,000 columns, 200 million cells, 1 MiB a cell.
    fn default() -> Self {
        Self { bytes: 2 << 30, rows: 20_000_000, columns: 10_000, cells: 200_000_000, cell_bytes: 1 << 20 }
    }
}
