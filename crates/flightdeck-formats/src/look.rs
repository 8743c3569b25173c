//! The first look: a kind from the first bytes of a file, and from its last where the first do not say enough.

use crate::kind::Kind;
use crate::{onnx_look, pickle, text_look};

/// So many bytes of either end are looked at.
pub(crate) const HEAD: u64 = 64 << 10;

const MAGICS: [(&[u8], Kind); 23] = [
    (b"\x89PNG\r\n\x1a\n", Kind::Picture),
    (b"\xff\xd8\xff", Kind::Picture),
    (b"GIF8", Kind::Picture),
    (b"\x1f\x8b", Kind::Gzip),
    (b"BZh", Kind::Bzip2),
    (b"\xfd7zXZ\0", Kind::Xz),
    (b"\x5d\0\0", Kind::Lzma),
    (b"\x04\x22\x4d\x18", Kind::Lz4),
    (b"\x28\xb5\x2f\xfd", Kind::Zstd),
    (b"7z\xbc\xaf\x27\x1c", Kind::SevenZip),
    (b"\x93NUMPY", Kind::NumpyArray),
    (b"PAR1", Kind::Parquet),
    (b"SQLite format 3\0", Kind::Sqlite),
    (b"%PDF-", Kind::Pdf),
    (b"\x7fELF", Kind::Program),
    (b"MZ", Kind::Program),
    (b"CBM1", Kind::Catboost),
    (b"tree\nversion=", Kind::Lightgbm),
    (b"tree\r\nversion=", Kind::Lightgbm),
    (b"{L\0\0\0\0\0\0\0\x07learner", Kind::XgboostUbj),
    (b"binf", Kind::XgboostOld),
    (b"GGUF", Kind::Gguf),
    (TORCH_LEGACY, Kind::TorchWeights),
];

/// The pickled number that PyTorch wrote in front of its files before version 1.6.
const TORCH_LEGACY: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Both ends of a file and its length.
#[derive(Clone, Copy)]
pub(crate) struct Ends<'a> {
    pub(crate) head: &'a [u8],
    pub(crate) tail: &'a [u8],
    pub(crate) bytes: u64,
}

impl<'a> Ends<'a> {
    /// Of something of which only the beginning is known.
    pub(crate) fn of_head(head: &'a [u8], bytes: u64) -> Self {
        Self { head, tail: &[], bytes }
    }

    fn is_whole(self) -> bool {
        self.bytes == self.head.len() as u64
    }
}

/// What a file is by its ends. Archives and compressed files are only named as such.
pub(crate) fn look(ends: Ends<'_>) -> Kind {
    let head = ends.head;
    if ends.bytes == 0 {
        return Kind::Empty;
    }
    let text = text_look::look(head, ends.tail, ends.is_whole());
    // A few letters may as well begin a table.
    let is_sure = |magic: &[u8]| text.is_none() || magic.len() > 4;
    if let Some((_, kind)) = MAGICS.iter().find(|(magic, _)| head.starts_with(magic) && is_sure(magic)) {
        return *kind;
    }
    if is_zip(ends) {
        return Kind::Zip;
    }
    if head.get(257..262) == Some(b"ustar") {
        return Kind::Tar;
    }
    if is_hdf5(head) {
        return Kind::Hdf5;
    }
    match head {
        [_, _, _, _, b'T', b'F', b'L', b'3', ..] => return Kind::TfLite,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => return Kind::Picture,
        _ if is_safetensors(ends) => return Kind::Safetensors,
        _ if is_zlib(head) => return Kind::Zlib,
        _ if pickle::looks_like(head) => return if is_joblib(head) { Kind::Joblib } else { Kind::Pickle },
        _ => {}
    }
    // Text first: its letters are field numbers to protobuf, while no model is without a control character.
    text.or_else(|| onnx_look::look(head, ends.bytes)).unwrap_or(Kind::Unknown)
}

/// Archives are read from their end; bytes in front change nothing for most programs.
fn is_zip(ends: Ends<'_>) -> bool {
    let end = |part: &[u8]| {
        part.windows(4).enumerate().any(|(at, word)| word == b"PK\x05\x06" && part.len() - at >= 22)
    };
    matches!(ends.head, [b'P', b'K', 3 | 5 | 7, 4 | 6 | 8, ..])
        || has_central_directory(ends.tail) && end(ends.tail)
}

fn has_central_directory(tail: &[u8]) -> bool {
    tail.windows(4).any(|word| word == b"PK\x01\x02")
}

/// The format allows a block of the user's own in front, of 512, 1024 … bytes.
fn is_hdf5(head: &[u8]) -> bool {
    let places = std::iter::once(0).chain((9..16).map(|power| 1 << power));
    places.into_iter().any(|at| head.get(at..).is_some_and(|rest| rest.starts_with(HDF5)))
}

fn is_safetensors(ends: Ends<'_>) -> bool {
    let Some((length, rest)) = ends.head.split_first_chunk::<8>() else { return false };
    let length = u64::from_le_bytes(*length);
    length >= 2 && length <= ends.bytes.saturating_sub(8) && rest.starts_with(b"{\"")
}

/// Two bytes are a weak sign, so the stream behind them must unpack too.
fn is_zlib(head: &[u8]) -> bool {
    let [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] = head else { return false };
    let mut first = [0];
    std::io::Read::read_exact(&mut flate2::read::ZlibDecoder::new(head), &mut first).is_ok()
}

fn is_joblib(head: &[u8]) -> bool {
    let word = b"joblib";
    head.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o17_files_are_told_by_their_first_bytes() {
        let cases: [(&[u8], Kind); 23] = [
            (b"", Kind::Empty),
            (b"\x89PNG\r\n\x1a\n\0\0", Kind::Picture),
            (b"\x1f\x8b\x08\0", Kind::Gzip),
            (b"PK\x03\x04\x14\0", Kind::Zip),
            (b"\x80\x04\x95\0", Kind::Pickle),
            (b"\x89HDF\r\n\x1a\n", Kind::Hdf5),
            (b"{\"cells\": [], \"nbformat\": 4}", Kind::Notebook),
            (b"\xef\xbb\xbf[1, 2]", Kind::Json),
            (b"a,b\n1,2\n", Kind::Csv),
            (b"\"a\",\"b\"\n1,2\n", Kind::Csv),
            (b":root\n", Kind::Text),
            (b"MZ,intensity\n1,2\n", Kind::Csv),
            (b"MZ\x90\0", Kind::Program),
            (b"PAR1\x15\0", Kind::Parquet),
            (b"CBM1\x18\0", Kind::Catboost),
            (b"[package]\nname\n", Kind::Text),
            (b"<html>", Kind::Markup),
            (b"\x02\0\0\0\0\0\0\0{", Kind::Unknown),
            (b"\x02\0\0\0\0\0\0\0{\"}", Kind::Safetensors),
            (b"\x1c\0\0\0TFL3", Kind::TfLite),
            (TORCH_LEGACY, Kind::TorchWeights),
            (b"{L\0\0\0\0\0\0\0\x07learner{", Kind::XgboostUbj),
            (b"\0\x01\x02\xff", Kind::Unknown),
        ];
        for (bytes, kind) in cases {
            let ends = Ends { head: bytes, tail: bytes, bytes: bytes.len() as u64 };
            assert_eq!(look(ends), kind, "{bytes:?}");
        }
        let tar = [&b"model.onnx"[..], &[0; 247], b"ustar\0", &[0; 249]].concat();
        assert_eq!(look(Ends::of_head(&tar, 512)), Kind::Tar);
    }
}
