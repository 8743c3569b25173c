//! Files that are compressed as a whole: joblib's own, and models or tables that somebody packed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

use crate::advice::{not, not_because};
use crate::error::FormatError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::look::{Ends, HEAD, look};
use crate::pickle::{self, PickleScan};
use crate::recognised::{Detail, Format, How, Recognised};
use crate::saved::after_consent;

/// Recognises a compressed file by what lies in it.
pub(crate) fn recognise(path: &Path, kind: Kind, limits: &Limits) -> Result<Recognised, FormatError> {
    let unreadable = FormatError::unreadable(path);
    let unpacked = File::open(path).map(|file| unpack(file, kind)).map_err(unreadable)?;
    let Some(mut stream) = unpacked else { return Ok(unseen(path, kind)) };
    let mut head = Vec::new();
    // What could be unpacked before an error is what is looked at.
    let _ = (&mut stream).take(HEAD).read_to_end(&mut head);
    let inside =
        look(Ends::of_head(&head, if head.len() as u64 == HEAD { u64::MAX / 2 } else { head.len() as u64 }));
    if matches!(inside, Kind::Pickle | Kind::Joblib | Kind::TorchWeights) {
        let scan = pickle::scan(head.as_slice().chain(stream), limits);
        let converts = after_consent(Format::Joblib, &scan);
        return Ok(found(path, Kind::Joblib, Detail::Pickle(scan), converts));
    }
    let converts = not_because(kind, &format!("{inside} is packed in it"));
    let detail = if head.is_empty() { Detail::Nothing } else { Detail::Inside(inside) };
    Ok(found(path, kind, detail, if head.is_empty() { not(kind) } else { converts }))
}

fn unpack(file: File, kind: Kind) -> Option<Box<dyn Read>> {
    match kind {
        Kind::Gzip => Some(Box::new(MultiGzDecoder::new(file))),
        Kind::Zlib => Some(Box::new(ZlibDecoder::new(file))),
        _ => None,
    }
}

/// Joblib also writes bzip2, xz, lzma and lz4, into which nothing looks here: what cannot be seen may be code.
fn unseen(path: &Path, kind: Kind) -> Recognised {
    if !matches!(kind, Kind::Bzip2 | Kind::Xz | Kind::Lzma | Kind::Lz4) {
        return found(path, kind, Detail::Nothing, not(kind));
    }
    let scan = PickleScan::unseen(&format!("this is {kind}, which is not looked into"));
    let converts = How::AfterConsent {
        format: Format::Joblib,
        needs: crate::saved::needs(&scan),
        why: format!(
            "This is {kind}, as joblib writes them for models. What is in it cannot be seen without loading it, and loading it may run any code"
        ),
    };
    found(path, kind, Detail::Pickle(scan), converts)
}

fn found(path: &Path, kind: Kind, detail: Detail, converts: How) -> Recognised {
    Recognised { kind, model: path.to_owned(), detail, converts, findings: Vec::new() }
}
