//! Kinds of text: notebooks, models in JSON, tables, markup.

use crate::kind::Kind;

/// So many lines decide whether a text is a table.
const LINES: usize = 50;
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// What a text is; nothing when the bytes are none.
pub(crate) fn look(head: &[u8], tail: &[u8], is_whole: bool) -> Option<Kind> {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return utf16(head, is_whole);
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = as_text(head)?;
    let mut visible = text.chars().filter(|character| !character.is_whitespace());
    let opening = (visible.next(), visible.next());
    Some(match opening {
        (Some('{'), _) => json(head, tail),
        (Some('['), Some('[' | '{' | '"' | '-' | '0'..='9' | ']')) => Kind::Json,
        (Some('<'), _) => Kind::Markup,
        _ if is_table(&text, is_whole) => Kind::Csv,
        _ => Kind::Text,
    })
}

/// Valid text, or text in an older encoding; cut at the end, it may stop inside of a character.
fn as_text(bytes: &[u8]) -> Option<String> {
    let printable =
        bytes.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b'\x0c' | 0x20..=0x7e | 0x80..));
    let foreign = bytes.iter().filter(|byte| **byte >= 0x80).count();
    let utf8 = std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true);
    (printable && (utf8 || foreign * 4 < bytes.len())).then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// Read elsewhere, or refused there by name; here only that it is a table counts.
fn utf16(bytes: &[u8], is_whole: bool) -> Option<Kind> {
    let is_little = bytes[0] == 0xff;
    let units = bytes[2..].chunks_exact(2).map(|pair| {
        let pair = [pair[0], pair[1]];
        if is_little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
    });
    let text: String =
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    look(text.as_bytes(), &[], is_whole)
}

fn json(head: &[u8], tail: &[u8]) -> Kind {
    let has =
        |word: &[u8]| [head, tail].iter().any(|part| part.windows(word.len()).any(|window| window == word));
    let starts = |word: &str| {
        let text: String = String::from_utf8_lossy(head)
            .chars()
            .filter(|character| !character.is_whitespace())
            .take(20)
            .collect();
        text.starts_with(word)
    };
    if starts("{\"learner\":")
        || starts("{\"version\":") && has(b"\"learner\"") && has(b"\"gradient_booster\"")
    {
        return Kind::XgboostJson;
    }
    if has(b"\"nbformat\"") || has(b"\"cells\"") && has(b"\"cell_type\"") || has(b"\"worksheets\"") {
        return Kind::Notebook;
    }
    Kind::Json
}

/// A header, and rows of which most have as many fields as it has.
fn is_table(text: &str, is_whole: bool) -> bool {
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(LINES).collect();
    if !is_whole && lines.len() < LINES {
        lines.pop();
    }
    let Some((header, rows)) = lines.split_first() else { return false };
    let like_header = |separator: char| {
        let fields = count(header, separator);
        fields > 0 && rows.iter().filter(|row| count(row, separator) == fields).count() * 2 > rows.len()
    };
    if !rows.is_empty() && SEPARATORS.into_iter().any(like_header) {
        return true;
    }
    // One column: a name over numbers.
    rows.len() > 1 && rows.iter().all(|row| row.trim().parse::<f64>().is_ok())
}

fn count(line: &str, separator: char) -> usize {
    let (mut is_quoted, mut found) = (false, 0);
    for character in line.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            _ if character == separator && !is_quoted => found += 1,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Option<Kind> {
        look(text.as_bytes(), &[], true)
    }

    #[test]
    fn tables_are_told_from_other_texts() {
        for table in [
            "a,b\n1,2\n",
            "a;b\n1,5;2\n",
            "a\tb\n\n1\t2",
            "x\n1\n2.5\n",
            "\u{feff}a,b\n1,2",
            "\"a,1\",b\n\"x,y\",2\n",
            "a,b\n1\n1,2\n3,4",
        ] {
            assert_eq!(whole(table), Some(Kind::Csv), "{table:?}");
        }
        for text in ["import os\nprint(1, 2)\nx = 3\n", "Dear all,\nhow are you?\nYours\n", "word", "a,b"] {
            assert_eq!(whole(text), Some(Kind::Text), "{text:?}");
        }
        let wide: Vec<u8> = "a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(look(&[b"\xff\xfe".as_slice(), &wide].concat(), &[], true), Some(Kind::Csv));
    }

    #[test]
    fn json_is_told_by_its_keys() {
        assert_eq!(whole("{ \"learner\" : {\"x\": 1}}"), Some(Kind::XgboostJson));
        assert_eq!(
            whole("{\"version\":[1,7,6],\"learner\":{\"gradient_booster\":{}}}"),
            Some(Kind::XgboostJson)
        );
        assert_eq!(whole("{\"metadata\":{},\"nbformat\":4}"), Some(Kind::Notebook));
        assert_eq!(look(b"{\"cells\": [", b"\"nbformat\": 4}", false), Some(Kind::Notebook));
        assert_eq!(whole("{\"a\": 1}"), Some(Kind::Json));
        assert_eq!(whole("\0"), None);
    }
}
