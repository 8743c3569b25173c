//! What a file or folder is, by its content and never by its name.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::advice::{not, not_because};
use crate::error::FormatError;
use crate::keras::KerasFacts;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::look::{Ends, HEAD, look};
use crate::recognised::{Detail, Format, How, Recognised};
use crate::saved::after_consent;
use crate::{boosters, folder, numpy, packed, pickle, zipped};

/// Recognises a file or folder. Nothing is executed, and nothing is written.
pub fn recognise(path: &Path, limits: &Limits) -> Result<Recognised, FormatError> {
    // Followed when the person chose a link; what lies inside of folders is not.
    let found = fs::metadata(path).map_err(FormatError::unreadable(path))?;
    if found.is_dir() {
        folder::recognise(path, limits)
    } else if found.is_file() {
        file(path, limits)
    } else {
        Err(FormatError::NotRegular { path: path.to_owned() })
    }
}

/// Recognises a regular file.
pub(crate) fn file(path: &Path, limits: &Limits) -> Result<Recognised, FormatError> {
    let (head, tail, bytes) = ends(path).map_err(FormatError::unreadable(path))?;
    let kind = look(Ends { head: &head, tail: &tail, bytes });
    let (detail, converts) = match kind {
        Kind::Zip => return zipped::recognise(path, limits),
        Kind::Gzip | Kind::Zlib | Kind::Bzip2 | Kind::Xz | Kind::Lzma | Kind::Lz4 | Kind::Zstd => {
            return packed::recognise(path, kind, limits);
        }
        Kind::Onnx | Kind::Notebook | Kind::Csv | Kind::Parquet => (Detail::Nothing, How::Directly),
        Kind::Pickle | Kind::Joblib => {
            let scan = pickle::scan(open(path)?, limits);
            let format = if kind == Kind::Joblib { Format::Joblib } else { Format::Pickle };
            let converts = after_consent(format, &scan);
            (Detail::Pickle(scan), converts)
        }
        Kind::TorchWeights => (Detail::Pickle(pickle::scan(open(path)?, limits)), not(kind)),
        Kind::NumpyArray => array(path, &head, limits)?,
        Kind::Hdf5 => return hdf5(path),
        _ => (Detail::Nothing, boosters::how(kind, &tail).unwrap_or_else(|| not(kind))),
    };
    Ok(Recognised { kind, model: path.to_owned(), detail, converts, findings: Vec::new() })
}

fn array(path: &Path, head: &[u8], limits: &Limits) -> Result<(Detail, How), FormatError> {
    if !numpy::has_objects(head)? {
        return Ok((Detail::Nothing, not(Kind::NumpyArray)));
    }
    let mut file = open(path)?;
    let content = numpy::content(head).unwrap_or(0) as u64;
    file.seek(SeekFrom::Start(content)).map_err(FormatError::unreadable(path))?;
    let scan = pickle::scan(file, limits);
    Ok((Detail::Pickle(scan), not_because(Kind::NumpyArray, "it holds pickled objects, which are not read")))
}

/// Groups, links and external files of an HDF5 file are not followed; its Keras configuration lies in it as plain text.
fn hdf5(path: &Path) -> Result<Recognised, FormatError> {
    const LOOKED_AT: u64 = 64 << 20;
    let mut bytes = Vec::new();
    open(path)?.take(LOOKED_AT).read_to_end(&mut bytes).map_err(FormatError::unreadable(path))?;
    let facts = KerasFacts::glimpse(&bytes);
    let findings = zipped::keras_findings(&facts);
    let (kind, detail) = (Kind::Hdf5, Detail::Keras(facts));
    Ok(Recognised { kind, model: path.to_owned(), detail, converts: not(kind), findings })
}

fn open(path: &Path) -> Result<File, FormatError> {
    File::open(path).map_err(FormatError::unreadable(path))
}

fn ends(path: &Path) -> std::io::Result<(Vec<u8>, Vec<u8>, u64)> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    (&mut file).take(HEAD).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(bytes.saturating_sub(HEAD + 100)))?;
    file.take(HEAD + 100).read_to_end(&mut tail)?;
    Ok((head, tail, bytes))
}
