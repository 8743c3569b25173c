//! Names and sentences out of files, made fit to be shown.

/// At most so many characters of a text from a file are shown.
const SHOWN: usize = 200;

/// The text with control and direction characters escaped, and cut.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::new();
    for (place, character) in text.chars().enumerate() {
        if place == SHOWN {
            out.push('…');
            break;
        }
        if is_visible(character) {
            out.push(character);
        } else {
            out.extend(character.escape_unicode());
        }
    }
    out
}

/// Some names of a list, and how many more there are.
pub(crate) fn some_of(names: &[String]) -> String {
    const NAMED: usize = 6;
    let named = names.iter().take(NAMED).map(|name| shown(name)).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

const fn is_visible(character: char) -> bool {
    !matches!(
        character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o18_what_a_terminal_would_obey_is_escaped() {
        assert_eq!(shown("a\u{202e}b\x1b[1m"), "a\\u{202e}b\\u{1b}[1m");
        assert_eq!(shown(&"x".repeat(1_000_000)).chars().count(), SHOWN + 1);
    }

    #[test]
    fn long_lists_are_counted() {
        let names: Vec<String> = (0..8).map(|n| format!("f{n}")).collect();
        assert_eq!(some_of(&names), "f0, f1, f2, f3, f4, f5 and 2 more");
        assert_eq!(some_of(&names[..2]), "f0, f1");
    }
}
