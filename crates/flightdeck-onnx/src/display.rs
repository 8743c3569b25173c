//! Text from a file, made safe to show.

/// The text with control characters, invisible characters and those that turn the direction of reading shown as
/// `\u{..}`, cut after about `cap` bytes with an ellipsis. Safe in a terminal, a log line and a window.
pub fn display_safe(text: &str, cap: usize) -> String {
    let mut safe = String::with_capacity(text.len().min(cap));
    for c in text.chars() {
        let before = safe.len();
        if is_plain(c) {
            safe.push(c);
        } else {
            safe.extend(c.escape_unicode());
        }
        if safe.len() > cap {
            safe.truncate(before);
            safe.push('…');
            break;
        }
    }
    safe
}

/// Not a control, format, separator or private-use character.
fn is_plain(c: char) -> bool {
    let hidden = matches!(u32::from(c),
        0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
        | 0x2028..=0x202f | 0x2060..=0x206f | 0x3164 | 0xe000..=0xf8ff | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
        | 0xfff0..=0xfffb | 0xe0000..=0x10_ffff);
    !c.is_control() && !hidden
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn o18_escapes_and_turned_text_become_visible() {
        assert_eq!(display_safe("a\u{1b}[31m\u{202e}b\n", 100), "a\\u{1b}[31m\\u{202e}b\\u{a}");
        assert_eq!(display_safe("Größe <b> 温度", 100), "Größe <b> 温度");
    }

    proptest! {
        #[test]
        fn every_text_is_short_and_visible(text in ".{0,300}", cap in 0_usize..100) {
            let safe = display_safe(&text, cap);
            prop_assert!(safe.len() <= cap + '…'.len_utf8());
            prop_assert!(!safe.chars().any(char::is_control));
        }
    }
}
