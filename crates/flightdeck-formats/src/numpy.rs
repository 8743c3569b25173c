//! The header of a NumPy array: read by its grammar, never evaluated, and only to say what the array holds.

use crate::error::FormatError;

/// Longer headers describe nothing honest; NumPy itself stops there by default.
const HEADER: usize = 10_000;

/// Whether an array holds Python objects, which are pickled inside.
pub(crate) fn has_objects(head: &[u8]) -> Result<bool, FormatError> {
    let text = header(head)?;
    let kind = description(text).ok_or_else(|| fault("it does not say what its numbers are"))?;
    // A structured type lists its fields; any of them may be objects.
    let is_object = |kind: &str| kind.trim_start_matches(['|', '<', '>', '=']).starts_with('O');
    Ok(kind.split(['\'', '"']).any(is_object))
}

/// Where an array's content begins, if this is an array: what a pickled one hides behind its header.
pub(crate) fn content(head: &[u8]) -> Option<usize> {
    Some(head.len() - body(head)?.1.len())
}

/// The length that a header says it has, and what follows.
fn body(head: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = match head.strip_prefix(b"\x93NUMPY")? {
        [1, 0, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, 0, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        _ => return None,
    };
    Some((length, rest.get(length..)?))
}

fn header(head: &[u8]) -> Result<&str, FormatError> {
    let rest = head.strip_prefix(b"\x93NUMPY").ok_or_else(|| fault("its first bytes are missing"))?;
    let (length, text) = match rest {
        [1, 0, a, b, text @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), text),
        [2 | 3, 0, a, b, c, d, text @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, text),
        _ => return Err(fault("its version is not known")),
    };
    if length > HEADER {
        return Err(fault("it is longer than any array needs"));
    }
    let text = text.get(..length).ok_or_else(|| fault("it is cut short"))?;
    let text = std::str::from_utf8(text).map_err(|_| fault("it is not text"))?;
    let is_plain = text.chars().all(|character| !character.is_control() || character == '\n');
    let text = text.trim();
    let is_dictionary = text.starts_with('{') && text.ends_with('}');
    (is_plain && is_dictionary && only_literals(text))
        .then_some(text)
        .ok_or_else(|| fault("it is not a plain description"))
}

/// Outside of quotes, nothing but the words and signs of a description: no calls, no names.
fn only_literals(text: &str) -> bool {
    let outside: String = text.split('\'').step_by(2).collect::<Vec<_>>().join(" ");
    let mut words = outside.split(|character: char| !character.is_alphanumeric() && character != '_');
    let known =
        |word: &str| word.is_empty() || matches!(word, "True" | "False") || word.parse::<u64>().is_ok();
    words.all(known)
        && outside.chars().all(|character| character.is_alphanumeric() || " {}[](),:\n".contains(character))
}

/// What stands behind `'descr':`, up to the next key.
fn description(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("'descr':")?;
    let end = rest.find("'fortran_order'").filter(|end| *end > 0).unwrap_or(rest.len());
    Some(&rest[..end])
}

fn fault(problem: &'static str) -> FormatError {
    FormatError::NumpyHeader { problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(header: &str) -> Vec<u8> {
        [b"\x93NUMPY\x01\0".as_slice(), &(header.len() as u16).to_le_bytes(), header.as_bytes()].concat()
    }

    #[test]
    fn p6_object_arrays_are_told_from_numbers() {
        let numbers = array("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }  \n");
        assert!(!has_objects(&numbers).unwrap());
        for kind in ["'|O'", "[('a', '<f8'), ('b', '|O')]"] {
            let objects = array(&format!("{{'descr': {kind}, 'fortran_order': False, 'shape': (2,), }}\n"));
            assert!(has_objects(&objects).unwrap(), "{kind}");
        }
        let named = array("{'descr': [('Other', '<f8')], 'fortran_order': False, 'shape': (2,), }\n");
        assert!(has_objects(&named).is_ok());
    }

    #[test]
    fn p6_headers_that_are_huge_or_code_are_refused() {
        let gib = [b"\x93NUMPY\x02\0".as_slice(), &(1_u32 << 30).to_le_bytes(), b"{'descr'"].concat();
        let code = array(
            "{'descr': __import__('os').system('touch canary'), 'fortran_order': False, 'shape': (1,)}",
        );
        let call = array("{'descr': '<f8', 'fortran_order': False, 'shape': (exit(),)}");
        for bad in [
            gib,
            code,
            call,
            array("[]"),
            array(""),
            b"\x93NUMPY\x09\0".to_vec(),
            b"\x93NUMPY\x01\0\xff\0{".to_vec(),
        ] {
            assert_eq!(has_objects(&bad).unwrap_err().code(), "numpy-header");
        }
    }
}
