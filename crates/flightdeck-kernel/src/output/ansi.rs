//! Taking terminal escapes and control characters out of text that arrives in pieces.

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Text,
    Escape,
    /// `ESC [ … letter`
    Control,
    /// `ESC ] … BEL` or `ESC ] … ESC \`: titles, links.
    Command,
    CommandEscape,
}

/// Removes escapes; a sequence may be cut anywhere between two pieces.
#[derive(Debug, Default)]
pub(crate) struct Plain(State);

impl Plain {
    /// The text of the next piece.
    pub(crate) fn strip(&mut self, piece: &str) -> String {
        piece.chars().filter(|next| self.keeps(*next)).collect()
    }

    fn keeps(&mut self, next: char) -> bool {
        // A sequence that was never closed must not swallow the lines that follow.
        let is_text = matches!(self.0, State::Text) || next == '\n';
        self.0 = if is_text { State::Text.after(next) } else { self.0.after(next) };
        is_text && (!next.is_control() || matches!(next, '\n' | '\r' | '\t'))
    }
}

impl State {
    fn after(self, next: char) -> Self {
        match self {
            Self::Text if next == '\u{1b}' => Self::Escape,
            Self::Text if next == '\u{9b}' => Self::Control,
            Self::Text => Self::Text,
            Self::Escape => match next {
                '[' => Self::Control,
                ']' | 'P' | 'X' | '^' | '_' => Self::Command,
                ' '..='/' | '\u{1b}' => Self::Escape,
                _ => Self::Text,
            },
            Self::Control => match next {
                '\u{1b}' => Self::Escape,
                '@'..='~' => Self::Text,
                _ => Self::Control,
            },
            Self::Command | Self::CommandEscape => match (self, next) {
                (_, '\u{7}' | '\u{9c}') | (Self::CommandEscape, '\\') => Self::Text,
                (_, '\u{1b}') => Self::CommandEscape,
                _ => Self::Command,
            },
        }
    }
}

/// The text of one whole piece.
pub(crate) fn plain(text: &str) -> String {
    Plain::default().strip(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_titles_and_links_go() {
        assert_eq!(
            plain("\u{1b}[0;31mred\u{1b}[0m \u{1b}]0;title\u{7}x\u{1b}]8;;http://a\u{1b}\\link\u{1b}(B"),
            "red xlink"
        );
        assert_eq!(plain("a\u{0}b\u{8}c\u{7f}\td\r\n"), "abc\td\r\n");
    }

    #[test]
    fn a_sequence_cut_in_two_goes_as_well() {
        let mut stream = Plain::default();
        assert_eq!(stream.strip("a\u{1b}[3") + &stream.strip("1mb"), "ab");
    }

    #[test]
    fn an_unfinished_title_does_not_swallow_the_next_line() {
        assert_eq!(plain("\u{1b}]0;never closed\nnext"), "\nnext");
    }
}
