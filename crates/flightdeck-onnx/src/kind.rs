//! What a file is that is not an ONNX model, told by its first bytes.

use std::fmt;

/// What a file is that is not an ONNX model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the sentences say it")]
pub enum Kind {
    Empty,
    Picture(&'static str),
    Compressed(&'static str),
    Zip,
    TorchZip,
    Pickle,
    Hdf5,
    Notebook,
    Json,
    Safetensors,
    TfLite,
    Numpy,
    Parquet,
    Sqlite,
    Pdf,
    Program,
    Catboost,
    Lightgbm,
    Markup,
    Text,
}

const MAGICS: [(&[u8], Kind); 21] = [
    (b"\x89PNG\r\n\x1a\n", Kind::Picture("PNG")),
    (b"\xff\xd8\xff", Kind::Picture("JPEG")),
    (b"GIF8", Kind::Picture("GIF")),
    (b"\x1f\x8b", Kind::Compressed("gzip")),
    (b"BZh", Kind::Compressed("bzip2")),
    (b"\xfd7zXZ\0", Kind::Compressed("xz")),
    (b"\x28\xb5\x2f\xfd", Kind::Compressed("zstd")),
    (b"7z\xbc\xaf\x27\x1c", Kind::Compressed("7-Zip")),
    (b"\x80\x02", Kind::Pickle),
    (b"\x80\x03", Kind::Pickle),
    (b"\x80\x04", Kind::Pickle),
    (b"\x80\x05", Kind::Pickle),
    (b"\x89HDF\r\n\x1a\n", Kind::Hdf5),
    (b"\x93NUMPY", Kind::Numpy),
    (b"PAR1", Kind::Parquet),
    (b"SQLite format 3\0", Kind::Sqlite),
    (b"%PDF-", Kind::Pdf),
    (b"\x7fELF", Kind::Program),
    (b"MZ", Kind::Program),
    (b"CBM1", Kind::Catboost),
    (b"tree\n", Kind::Lightgbm),
];

impl Kind {
    /// What `bytes` are, where that can be told at once; an ONNX model is `None`.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::Empty);
        }
        if let Some((_, kind)) = MAGICS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
            return Some(*kind);
        }
        let head = &bytes[..bytes.len().min(4096)];
        let has = |word: &[u8]| head.windows(word.len()).any(|window| window == word);
        match head {
            [b'P', b'K', 3 | 5, ..] if has(b"data.pkl") => Some(Self::TorchZip),
            [b'P', b'K', 3 | 5, ..] => Some(Self::Zip),
            [_, _, _, _, b'T', b'F', b'L', b'3', ..] => Some(Self::TfLite),
            [_, _, _, _, 0, 0, 0, 0, b'{', ..] => Some(Self::Safetensors),
            _ => Self::of_text(bytes, head),
        }
    }

    fn of_text(bytes: &[u8], head: &[u8]) -> Option<Self> {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        // Cut after 4 KiB, a text may end inside of a character.
        let utf8 = std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
        let is_text =
            utf8 && head.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..));
        let mut visible = head.iter().filter(|byte| !byte.is_ascii_whitespace());
        match (visible.next(), visible.next()) {
            (Some(b'{'), _) | (Some(b'['), Some(b'[' | b'{' | b'"' | b'-' | b'0'..=b'9')) if is_text => {
                let mut ends = [head, &bytes[bytes.len().saturating_sub(4096)..]].into_iter();
                let word = b"\"nbformat\"";
                let notebook = ends.any(|part| part.windows(word.len()).any(|window| window == word));
                Some(if notebook { Self::Notebook } else { Self::Json })
            }
            (Some(b'<'), _) if is_text => Some(Self::Markup),
            _ if is_text => Some(Self::Text),
            _ => None,
        }
    }

    /// What to do with such a file.
    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::Empty => "Save or copy the model again.",
            Self::Compressed(_) | Self::Zip => "Unpack it and import the .onnx file that is inside.",
            Self::TorchZip => "Export it in Python with torch.onnx.export(model, example, \"model.onnx\").",
            Self::Pickle => {
                "It may run any code when loaded, so Flightdeck does not. Export it in Python: skl2onnx.to_onnx(model, X[:1]) for scikit-learn, torch.onnx.export for PyTorch."
            }
            Self::Hdf5 => {
                "A Keras model is exported in Python with model.export(\"model.onnx\", format=\"onnx\")."
            }
            Self::TfLite => "Convert it in Python with tf2onnx.",
            Self::Safetensors | Self::Numpy => {
                "It holds weights without the model around them: export the model itself to ONNX."
            }
            Self::Catboost => "Export it in Python with model.save_model(\"model.onnx\", format=\"onnx\").",
            Self::Lightgbm => "Convert it in Python with onnxmltools.convert_lightgbm.",
            Self::Json => "XGBoost models are converted in Python with onnxmltools.convert_xgboost.",
            Self::Parquet => "Data is dropped beside a model, as its baseline.",
            _ => "Choose the model file; its name ends in .onnx.",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an empty file"),
            Self::Picture(format) => write!(f, "a {format} picture"),
            Self::Compressed(format) => write!(f, "a {format} archive"),
            Self::Zip => f.write_str("a zip archive"),
            Self::TorchZip => f.write_str("a PyTorch file with pickled code"),
            Self::Pickle => f.write_str("a Python pickle"),
            Self::Hdf5 => f.write_str("an HDF5 file"),
            Self::Notebook => f.write_str("a notebook"),
            Self::Json => f.write_str("a JSON file"),
            Self::Safetensors => f.write_str("a safetensors file"),
            Self::TfLite => f.write_str("a TensorFlow Lite file"),
            Self::Numpy => f.write_str("a NumPy array"),
            Self::Parquet => f.write_str("a Parquet table"),
            Self::Sqlite => f.write_str("an SQLite database"),
            Self::Pdf => f.write_str("a PDF document"),
            Self::Program => f.write_str("a program"),
            Self::Catboost => f.write_str("a CatBoost model in its own format"),
            Self::Lightgbm => f.write_str("a LightGBM model in its own format"),
            Self::Markup => f.write_str("an HTML or XML file"),
            Self::Text => f.write_str("a text file"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o17_files_are_told_by_their_bytes() {
        let cases: [(&[u8], &str); 10] = [
            (b"", "an empty file"),
            (b"\x89PNG\r\n\x1a\n\0\0", "a PNG picture"),
            (b"\x1f\x8b\x08\0", "a gzip archive"),
            (b"PK\x03\x04\x14\0", "a zip archive"),
            (b"\x80\x04\x95\0", "a Python pickle"),
            (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
            (b"{\"cells\": [], \"nbformat\": 4}", "a notebook"),
            (b"\xef\xbb\xbf[1, 2]", "a JSON file"),
            (b"a,b\n1,2\n", "a text file"),
            (b"[package]\n", "a text file"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Kind::of(bytes).unwrap().to_string(), expected);
        }
        assert_eq!(Kind::of(b"\x08\x08\x12\x08skl2onnx"), None);
    }
}
