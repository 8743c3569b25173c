//! From bytes to text: what is UTF-8 and what only looks like a file of rows.

use crate::TableError;

/// How many bytes tell what kind of file it is.
const PROBE: usize = 4096;

/// Beginnings of files that people drop by mistake.
const OTHER_KINDS: [(&[u8], &str); 9] = [
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xD0\xCF\x11\xE0", "an old Excel workbook"),
    (b"\x1F\x8B", "a gzip archive"),
    (b"\x28\xB5\x2F\xFD", "a Zstandard archive"),
    (b"\x89PNG", "a PNG image"),
    (b"%PDF", "a PDF document"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x93NUMPY", "a NumPy array"),
];

/// The text of a CSV file without its byte-order mark.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, TableError> {
    if bytes.is_empty() {
        return Err(TableError::Empty);
    }
    if let Some((_, found)) = OTHER_KINDS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(TableError::NotATable { found });
    }
    if looks_like_utf16(bytes) {
        return Err(TableError::Encoding { found: "UTF-16", line: 1 });
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(TableError::Encoding { found: "binary with NUL bytes", line: line_of(bytes, at) });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| TableError::Encoding {
        found: "in another encoding (Latin-1 or Windows-1252?)",
        line: line_of(bytes, error.valid_up_to()),
    })?;
    if text.bytes().all(|byte| matches!(byte, b'\r' | b'\n')) { Err(TableError::Empty) } else { Ok(text) }
}

/// A byte-order mark, or every other byte NUL as in ASCII written as UTF-16.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return true;
    }
    let probe = &bytes[..bytes.len().min(PROBE)];
    let nuls = |parity| probe.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (nuls(0), nuls(1));
    let many = probe.len() / 4;
    (even > many && odd == 0) || (odd > many && even == 0)
}

fn line_of(bytes: &[u8], at: usize) -> u64 {
    bytes[..at].split(|byte| *byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_byte_order_mark_of_utf_8_is_dropped() {
        assert_eq!(text(b"\xEF\xBB\xBFa,b").unwrap(), "a,b");
    }

    #[test]
    fn d1_utf_16_is_named_with_and_without_its_mark() {
        for text in ["\u{feff}a,b\r\n1,2\r\n", "a,b\r\n1,2\r\n"] {
            let error = super::text(&utf16(text)).unwrap_err();
            assert!(error.to_string().contains("UTF-16"), "{error}");
            assert_eq!(error.code(), "wrong-encoding");
        }
    }

    #[test]
    fn d1_nul_and_latin_1_are_named_with_their_line() {
        let nul = text(b"a,b\n1,2\n3,\0\n").unwrap_err();
        assert!(nul.to_string().contains("NUL") && nul.to_string().contains("line 3"), "{nul}");
        let latin = text(b"a\nb\ncaf\xE9\n").unwrap_err();
        assert!(latin.to_string().contains("line 3"), "{latin}");
    }

    #[test]
    fn d1_other_files_are_called_by_their_kind() {
        let error = text(b"PK\x03\x04rest").unwrap_err();
        assert!(error.to_string().contains("ZIP"), "{error}");
        assert!(matches!(text(b""), Err(TableError::Empty)));
        assert!(matches!(text(b"\xEF\xBB\xBF\r\n\n"), Err(TableError::Empty)));
    }
}
