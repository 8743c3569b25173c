//! The few kinds of lines that MLflow writes into `MLmodel`, read strictly.
//!
//! This is not YAML: no anchors, aliases, tags or merges, nothing that makes a small file large. Keys and plain, quoted and
//! folded texts are read; lists, blocks and flow values are passed over.

use std::collections::BTreeMap;

use crate::error::FormatError;

const LINES: usize = 200_000;
const DEPTH: usize = 16;

/// Texts by the keys that lead to them.
pub(super) type Texts = BTreeMap<Vec<String>, String>;

/// Reads all texts.
pub(super) fn read(text: &str) -> Result<Texts, FormatError> {
    let lines: Vec<&str> = text.lines().take(LINES + 1).collect();
    let mut reader = Reader { lines, at: 0, above: Vec::new(), texts: Texts::new() };
    if reader.lines.len() > LINES {
        return Err(reader.fault("the file has too many lines"));
    }
    while reader.at < reader.lines.len() {
        reader.entry()?;
    }
    Ok(reader.texts)
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    at: usize,
    /// Open keys and how far in they stand.
    above: Vec<(usize, String)>,
    texts: Texts,
}

impl<'a> Reader<'a> {
    fn fault(&self, problem: &'static str) -> FormatError {
        FormatError::MlmodelLine { line: self.at + 1, problem }
    }

    fn entry(&mut self) -> Result<(), FormatError> {
        let line = self.lines[self.at];
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        if content.trim().is_empty() || content.starts_with('#') || line == "---" {
            self.at += 1;
            return Ok(());
        }
        if content.starts_with(['\t', '%', '&', '*', '!', '?', '@', '`']) {
            return Err(self.fault("tabs, directives, anchors, aliases and tags are not read"));
        }
        if content == "-" || content.starts_with("- ") {
            self.pass_over(indent);
            return Ok(());
        }
        let (key, value) = self.key(content)?;
        self.above.retain(|(open, _)| *open < indent);
        if self.above.len() >= DEPTH {
            return Err(self.fault("it is too deep"));
        }
        let mut path: Vec<String> = self.above.iter().map(|(_, key)| key.clone()).collect();
        path.push(key.clone());
        self.above.push((indent, key));
        let text = self.value(value.trim(), indent)?;
        if self.texts.insert(path, text).is_some() {
            return Err(self.fault("a key stands twice"));
        }
        Ok(())
    }

    fn key(&self, content: &'a str) -> Result<(String, &'a str), FormatError> {
        let missing = || self.fault("a key was expected");
        if let Some(quote @ ('\'' | '"')) = content.chars().next() {
            let (key, rest) = content[1..].split_once(quote).ok_or_else(missing)?;
            let rest = rest.trim_start().strip_prefix(':').ok_or_else(missing)?;
            return Ok((key.to_owned(), rest));
        }
        let plain = content.split_once(": ").or_else(|| content.strip_suffix(':').map(|key| (key, "")));
        let (key, value) = plain.ok_or_else(missing)?;
        if key == "<<" {
            return Err(self.fault("merges are not read"));
        }
        Ok((key.to_owned(), value))
    }

    /// The text of a value, with the reader behind it; empty for what holds further keys or is passed over.
    fn value(&mut self, value: &str, indent: usize) -> Result<String, FormatError> {
        match value.chars().next() {
            None => {
                self.at += 1;
                Ok(String::new())
            }
            Some('&' | '*' | '!' | '@' | '`' | '%') => {
                Err(self.fault("anchors, aliases and tags are not read"))
            }
            Some('\'' | '"') => self.quoted(value),
            Some('|' | '>' | '[' | '{') => {
                self.pass_over(indent);
                Ok(String::new())
            }
            Some(_) => Ok(self.plain(value, indent)),
        }
    }

    /// A text without quotes, and its further lines, which stand further in.
    fn plain(&mut self, value: &str, indent: usize) -> String {
        let mut text = value.split(" #").next().unwrap_or(value).trim_end().to_owned();
        self.at += 1;
        while let Some(line) = self.lines.get(self.at).filter(|line| is_inside(line, indent)) {
            text = format!("{text} {}", line.trim());
            self.at += 1;
        }
        if matches!(text.as_str(), "null" | "~") { String::new() } else { text }
    }

    /// A text in quotes. A line's end in it is a space, an empty line is a line's end.
    fn quoted(&mut self, value: &str) -> Result<String, FormatError> {
        let quote = value.chars().next().unwrap_or('\'');
        let (mut text, mut rest, mut empty) = (String::new(), value[1..].to_owned(), 0);
        loop {
            let (part, end) = if quote == '"' { double(&rest) } else { single(&rest) }
                .ok_or_else(|| self.fault("a text has an escape that is not known"))?;
            text.push_str(&part);
            if let Some(after) = end {
                if !after.trim().is_empty() && !after.trim_start().starts_with('#') {
                    return Err(self.fault("something stands behind a text in quotes"));
                }
                self.at += 1;
                return Ok(text);
            }
            let is_joined = quote == '"' && rest.ends_with('\\');
            self.at += 1;
            while self.lines.get(self.at).is_some_and(|line| line.trim().is_empty()) {
                empty += 1;
                self.at += 1;
            }
            let Some(line) = self.lines.get(self.at) else {
                return Err(self.fault("a text in quotes does not end"));
            };
            line.trim().clone_into(&mut rest);
            match (is_joined, empty) {
                (true, _) => {}
                (false, 0) => text.push(' '),
                (false, lines) => text.extend(std::iter::repeat_n('\n', lines)),
            }
            empty = 0;
        }
    }

    /// Passes over this line and all that stand further in.
    fn pass_over(&mut self, indent: usize) {
        self.at += 1;
        while self.lines.get(self.at).is_some_and(|line| line.trim().is_empty() || is_inside(line, indent)) {
            self.at += 1;
        }
    }
}

fn is_inside(line: &str, indent: usize) -> bool {
    let content = line.trim_start_matches(' ');
    !content.trim().is_empty() && line.len() - content.len() > indent
}

/// The text up to the closing quote, and what stands behind it if it closes in this line.
fn single(line: &str) -> Option<(String, Option<String>)> {
    let mut text = String::new();
    let mut rest = line;
    loop {
        let Some((before, after)) = rest.split_once('\'') else {
            text.push_str(rest);
            return Some((text, None));
        };
        text.push_str(before);
        let Some(further) = after.strip_prefix('\'') else { return Some((text, Some(after.to_owned()))) };
        text.push('\'');
        rest = further;
    }
}

fn double(line: &str) -> Option<(String, Option<String>)> {
    let mut text = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Some((text, Some(characters.as_str().to_owned()))),
            '\\' if characters.as_str().is_empty() => return Some((text, None)),
            '\\' => text.push(escaped(&mut characters)?),
            other => text.push(other),
        }
    }
    Some((text, None))
}

fn escaped(characters: &mut std::str::Chars<'_>) -> Option<char> {
    let digits = match characters.next()? {
        'n' => return Some('\n'),
        't' => return Some('\t'),
        'r' => return Some('\r'),
        '0' => return Some('\0'),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        same @ ('"' | '\\' | '/' | ' ') => return Some(same),
        _ => return None,
    };
    let code: String = characters.by_ref().take(digits).collect();
    char::from_u32(u32::from_str_radix(&code, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(texts: &'a Texts, path: &[&str]) -> Option<&'a str> {
        texts.get(&path.iter().map(|&key| key.to_owned()).collect::<Vec<_>>()).map(String::as_str)
    }

    #[test]
    fn folded_and_quoted_texts_are_read_as_they_were_written() {
        let file = "flavors:\n  onnx:\n    data: model.onnx\n    providers:\n    - A\n    - b: c\n      d: e\n  'odd key':\n    x: null\n\
            signature:\n  inputs: '[{\"name\": \"it''s\", \"type\":\n    \"double\"}]'\n  out: \"a\\u00e9\\\n    \\ b\"\nnote: plain words\n  go on\nblock: |\n  any: thing\n\nlast: 'x'\n";
        let texts = read(file).unwrap();
        assert_eq!(text(&texts, &["flavors", "onnx", "data"]), Some("model.onnx"));
        assert_eq!(text(&texts, &["flavors", "odd key", "x"]), Some(""));
        assert_eq!(
            text(&texts, &["signature", "inputs"]),
            Some("[{\"name\": \"it's\", \"type\": \"double\"}]")
        );
        assert_eq!(text(&texts, &["signature", "out"]), Some("aé b"));
        assert_eq!(text(&texts, &["last"]), Some("x"));
        assert_eq!(text(&texts, &["block"]), Some(""));
        assert!(!texts.keys().any(|path| path.contains(&"b".to_owned())));
    }

    #[test]
    fn anchors_aliases_tags_and_broken_lines_are_refused() {
        let bad = [
            "a: &x [1]\n",
            "a: *x\n",
            "a: !!python/object:os.system\n",
            "<<: *x\n",
            "!x a: b\n",
            "%YAML 1.2\n",
            "\ta: b\n",
            "words\n",
            "a: 'x\n",
            "a: 'x' y\n",
            "a: 1\na: 2\n",
            "a: \"\\q\"\n",
            "? a\n",
            "&x a: b\n",
        ];
        for file in bad {
            assert_eq!(read(file).unwrap_err().code(), "mlmodel-malformed", "{file:?}");
        }
        let deep = (0..30).map(|depth| format!("{}a:", " ".repeat(depth))).collect::<Vec<_>>().join("\n");
        assert!(read(&deep).is_err());
    }
}
