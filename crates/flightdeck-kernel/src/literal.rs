//! Python string literals, as `repr` writes them. Nothing else of Python is read here.

/// What a value looks like to `print`: a string as its characters, anything else as its `repr`.
pub(crate) fn printed(repr: &str) -> String {
    decoded(repr).unwrap_or_else(|| repr.to_owned())
}

/// The characters of a string literal, or nothing if it is not exactly one.
fn decoded(repr: &str) -> Option<String> {
    let quote = repr.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    let body = repr.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut text = String::with_capacity(body.len());
    let mut rest = body.chars();
    while let Some(next) = rest.next() {
        match next {
            '\\' => text.push(escaped(&mut rest)?),
            _ if next == quote => return None,
            _ => text.push(next),
        }
    }
    Some(text)
}

/// The character behind a backslash. A lone surrogate has none and becomes the replacement character.
fn escaped(rest: &mut std::str::Chars<'_>) -> Option<char> {
    let digits = match rest.next()? {
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        plain @ ('\\' | '\'' | '"') => return Some(plain),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let code = (0..digits).try_fold(0, |code, _| Some(code * 16 + rest.next()?.to_digit(16)?))?;
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_as_their_characters() {
        assert_eq!(printed(r#"'{"a": "b\\n"}'"#), r#"{"a": "b\n"}"#);
        assert_eq!(printed(r#""it's""#), "it's");
        assert_eq!(printed(r"'\x1b\u2028\U0001f600\n'"), "\u{1b}\u{2028}\u{1f600}\n");
        assert_eq!(printed(r"'\ud800'"), "\u{fffd}");
        assert_eq!(printed("''"), "");
    }

    #[test]
    fn anything_else_stays_as_it_is() {
        for repr in ["42", "None", "'a', 'b'", "('a',)", "b'x'", "'", "", r"'\q'"] {
            assert_eq!(printed(repr), repr);
        }
    }
}
