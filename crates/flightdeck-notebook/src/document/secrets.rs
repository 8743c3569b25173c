//! Passwords, keys and tokens that stand in the cells as literals. The finding names the place and never the value.

use super::{Cell, CellKind, Notebook};
use flightdeck_core::{Finding, Severity};

/// More findings than this say nothing new.
const FINDINGS: usize = 20;

/// Beginnings of tokens that their issuers made recognisable, and how long the token is at least.
const PREFIXES: [(&str, usize); 18] = [
    ("AKIA", 20),
    ("ASIA", 20),
    ("AIza", 30),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("hf_", 30),
    ("sk-", 30),
    ("sk_live_", 20),
    ("rk_live_", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("pypi-", 40),
    ("npm_", 30),
    ("dop_v1_", 40),
    ("eyJ", 60),
];

/// Words in the name of a variable, an argument or a key that holds a secret.
const NAMES: [&str; 9] =
    ["password", "passwd", "passphrase", "secret", "token", "api_key", "apikey", "access_key", "private_key"];

/// Names that hold such a word and no secret.
const HARMLESS: [&str; 8] = [
    "tokeniz",
    "token_pattern",
    "max_token",
    "pad_token",
    "eos_token",
    "bos_token",
    "unk_token",
    "mask_token",
];

/// One finding for each line that looks as if it held a secret.
pub fn secrets(notebook: &Notebook) -> Vec<Finding> {
    let code = notebook.cells.iter().filter(|cell| cell.kind == CellKind::Code);
    code.flat_map(|cell| lines(cell).map(move |line| finding(cell, line))).take(FINDINGS).collect()
}

fn lines(cell: &Cell) -> impl Iterator<Item = usize> {
    cell.source.lines().enumerate().filter(|(_, line)| is_suspicious(line)).map(|(at, _)| at + 1)
}

fn finding(cell: &Cell, line: usize) -> Finding {
    Finding::new(
        "secret-literal",
        Severity::Warning,
        format!(
            "Cell {}, line {line} looks as if it held a password, key or token",
            cell.number.unwrap_or(0)
        ),
        "Read it from the environment instead (os.environ), and change it where it was issued.",
    )
}

fn is_suspicious(line: &str) -> bool {
    literals(line).any(|(before, text)| {
        let named = is_secret_name(before) && is_value(text);
        named || is_issued(text) || has_credentials(text) || text.contains("PRIVATE KEY-----")
    }) || line.contains("-----BEGIN") && line.contains("PRIVATE KEY-----")
}

/// The texts between quotes in a line, each with what stands before it.
fn literals(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let open = rest + line.get(rest..)?.find(['"', '\''])?;
        let quote = if line.as_bytes()[open] == b'"' { '"' } else { '\'' };
        let close = open + 1 + line[open + 1..].find(quote)?;
        let found = (&line[..open], &line[open + 1..close]);
        rest = close + 1;
        Some(found)
    })
}

/// Whether `before` ends with a secret's name and `=`, `:` or `(`: `api_key =`, `password=`, `"token": `.
fn is_secret_name(before: &str) -> bool {
    let before = before.trim_end().trim_end_matches(['f', 'r', 'b', 'u']).trim_end();
    let Some(name) = before.strip_suffix(['=', ':']).map(str::trim_end) else { return false };
    if name.ends_with(['=', '!', '<', '>']) {
        return false;
    }
    let start =
        name.rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '"' | '\'' | ']' | '[')));
    let name = name[start.map_or(0, |at| at + 1)..].to_ascii_lowercase();
    NAMES.iter().any(|word| name.contains(word)) && !HARMLESS.iter().any(|word| name.contains(word))
}

/// Long enough and no placeholder.
fn is_value(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let placeholder = ["your", "xxx", "***", "<", "...", "{", "example", "changeme", "placeholder", "todo"];
    text.len() >= 6 && !text.contains(char::is_whitespace) && !placeholder.iter().any(|p| lower.contains(p))
}

fn is_issued(text: &str) -> bool {
    let formed = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    formed && PREFIXES.iter().any(|(start, length)| text.starts_with(start) && text.len() >= *length)
}

/// `scheme://user:password@host`.
fn has_credentials(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    user.split_once(':').is_some_and(|(_, password)| is_value(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_that_look_like_secrets_are_found() {
        let key = format!("x = 'AKIA{}'", "A1".repeat(8));
        for line in [
            "password = 'hunter42'",
            "conn = connect(user='me', passwd=\"s3cretpw\")",
            "os.environ['API_KEY'] = 'abcdef123456'",
            "engine = create_engine('postgresql://me:s3cretpw@db/x')",
            "token = f'abcdef123456'",
            key.as_str(),
            "pem = '''-----BEGIN RSA PRIVATE KEY-----",
        ] {
            assert!(is_suspicious(line), "{line}");
        }
    }

    #[test]
    fn ordinary_lines_and_placeholders_are_not() {
        for line in [
            "password = os.environ['PASSWORD']",
            "api_key = 'YOUR_API_KEY'",
            "if token == 'something':",
            "vec = CountVectorizer(token_pattern='[a-z]{2,}')",
            "df['token'] = df['text'].str.split('separator')",
            "url = 'https://data.org/file.csv'",
            "print('the password is:', 'written elsewhere')",
            "x = 'sk-learn'",
        ] {
            assert!(!is_suspicious(line), "{line}");
        }
    }
}
