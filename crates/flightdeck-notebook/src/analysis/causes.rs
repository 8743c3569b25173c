//! What an error's text is about: the name that is not there, and where it was looked for.

use super::releases::Kind;

/// What an error misses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loss<'a> {
    pub(super) kind: Kind,
    pub(super) owner: &'a str,
    pub(super) name: &'a str,
}

/// Reads the sentences that Python and the libraries say.
pub(super) fn loss(value: &str) -> Option<Loss<'_>> {
    attribute(value)
        .or_else(|| import(value))
        .or_else(|| module(value))
        .or_else(|| keyword(value))
        .or_else(|| parameter(value))
        .or_else(|| frequency(value))
}

fn attribute(value: &str) -> Option<Loss<'_>> {
    let (before, after) = value.split_once(" has no attribute ")?;
    let name = quoted(after)?;
    let owner = quoted(before)?;
    Some(Loss { kind: Kind::Attribute, owner, name })
}

fn import(value: &str) -> Option<Loss<'_>> {
    if let Some((_, rest)) = value.split_once("`load_boston` has been removed") {
        let _ = rest;
        return Some(Loss { kind: Kind::Import, owner: "sklearn.datasets", name: "load_boston" });
    }
    let (_, rest) = value.split_once("cannot import name ")?;
    let name = quoted(rest)?;
    let owner = quoted(rest.split_once(" from ")?.1)?;
    Some(Loss { kind: Kind::Import, owner, name })
}

fn module(value: &str) -> Option<Loss<'_>> {
    let (_, rest) = value.split_once("No module named ")?;
    Some(Loss { kind: Kind::Module, owner: "", name: quoted(rest)? })
}

fn keyword(value: &str) -> Option<Loss<'_>> {
    let (before, rest) = value.split_once("got an unexpected keyword argument ")?;
    let owner = before.trim().trim_end_matches("()").trim_end_matches(".__init__");
    let owner = owner.rsplit(char::is_whitespace).next().unwrap_or(owner);
    Some(Loss { kind: Kind::Keyword, owner, name: quoted(rest)? })
}

/// `The 'loss' parameter of X must be … Got 'deviance' instead.`
fn parameter(value: &str) -> Option<Loss<'_>> {
    let (_, rest) = value.split_once("The ")?;
    if !rest.contains("' parameter of ") {
        return None;
    }
    let (_, got) = value.rsplit_once(" Got ")?;
    Some(Loss { kind: Kind::Value, owner: quoted(rest)?, name: quoted(got)? })
}

fn frequency(value: &str) -> Option<Loss<'_>> {
    let (_, rest) = value.split_once("Invalid frequency: ")?;
    let end = rest.find(['.', ',', ' ']).unwrap_or(rest.len());
    Some(Loss { kind: Kind::Value, owner: "freq", name: &rest[..end] })
}

/// The first text between single or back quotes.
pub(super) fn quoted(text: &str) -> Option<&str> {
    let start = text.find(['\'', '`', '"'])?;
    let quote = text[start..].chars().next()?;
    let rest = &text[start + 1..];
    Some(&rest[..rest.find(quote)?])
}

/// Whether version `own` is `wanted` or newer.
pub(super) fn is_at_least(own: &str, wanted: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        let parts = text.split(['.', '+', '-']).map(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..digits].parse().ok()
        });
        parts.map_while(|number| number).collect()
    };
    numbers(own) >= numbers(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (own, wanted, answer) in [
            ("3.11.2", "3.8", true),
            ("3.8", "3.8", true),
            ("3.8.4", "3.11", false),
            ("2.0.0rc1", "2.0", true),
            ("1.26.4", "2.0", false),
            ("2.0+cpu", "2.0", true),
        ] {
            assert_eq!(is_at_least(own, wanted), answer, "{own} {wanted}");
        }
    }

    #[test]
    fn the_owner_of_an_argument_is_the_last_word_before_it() {
        let found = loss("OneHotEncoder.__init__() got an unexpected keyword argument 'sparse'").unwrap();
        assert_eq!((found.owner, found.name), ("OneHotEncoder", "sparse"));
        assert_eq!(loss("got an unexpected keyword argument 'squared'").unwrap().owner, "");
    }
}
