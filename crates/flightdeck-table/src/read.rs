//! Opening a file and telling what it is.

use crate::encoding;
use crate::error::TableError;
use crate::infer;
use crate::options::{Limits, Options};
use crate::parquet_file;
use crate::split::Cells;
use crate::table::Table;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// Reads a CSV or Parquet file, told apart by its content.
///
/// The whole file is read before anything is made of it, so that a file that changes meanwhile cannot disagree with itself.
pub fn read(path: &Path, options: &Options) -> Result<Table, TableError> {
    let bytes = load(path, &options.limits)?;
    if bytes.starts_with(b"PARE") {
        return Err(TableError::Encrypted);
    }
    if bytes.starts_with(b"PAR1") {
        return parquet_file::table(bytes.into(), options);
    }
    let text = encoding::text(&bytes)?;
    infer::table(&Cells::split(text, &options.limits)?, options)
}

/// The file's bytes. What is not a regular file is never opened: a pipe would block.
fn load(path: &Path, limits: &Limits) -> Result<Vec<u8>, TableError> {
    let about = fs::metadata(path).map_err(TableError::Read)?;
    if !about.is_file() {
        return Err(TableError::NotAFile);
    }
    // Positions in a CSV file are 32 bits wide.
    let limit = limits.bytes.min(u64::from(u32::MAX >> 1));
    let too_large = |found| TableError::TooLarge { what: "bytes", found, limit };
    if about.len() > limit {
        return Err(too_large(about.len()));
    }
    let mut bytes = Vec::with_capacity(about.len() as usize + 1);
    let mut file = File::open(path).map_err(TableError::Read)?.take(limit + 1);
    file.read_to_end(&mut bytes).map_err(TableError::Read)?;
    if bytes.len() as u64 > limit { Err(too_large(bytes.len() as u64)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn f1_absent_files_and_folders_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let error = read(folder.path(), &Options::default()).unwrap_err();
        assert_eq!(error.code(), "not-a-file");
        let error = read(&folder.path().join("gone.csv"), &Options::default()).unwrap_err();
        assert_eq!(error.code(), "unreadable-file");
    }

    #[test]
    fn d1_a_file_over_the_limit_is_refused_unread() {
        let options = Options { limits: Limits { bytes: 10, ..Limits::default() }, ..Options::default() };
        let error = read(file(b"a,b\n1,2\n3,4\n").path(), &options).unwrap_err();
        assert_eq!(error.to_string(), "the file has 12 bytes, more than the limit of 10");
    }

    #[test]
    fn an_encrypted_parquet_file_is_named() {
        let error = read(file(b"PARE....PARE").path(), &Options::default()).unwrap_err();
        assert_eq!(error.code(), "encrypted-file");
    }

    #[test]
    fn every_error_has_a_hint() {
        let error = read(file(b"a,b\n1\n").path(), &Options::default()).unwrap_err();
        assert_eq!(error.code(), "ragged-row");
        assert!(error.hint().ends_with('.'));
    }
}
