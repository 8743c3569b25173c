//! Codes are a contract: every code of an error or a finding stands in `docs/json.md`.

use std::collections::BTreeSet;

/// The page that lists them.
pub(super) const PAGE: &str = "docs/json.md";
/// What a code stands behind in the sources.
const BEFORE: [&str; 5] = ["Finding::new(", "Error::input(", "Error::failed(", "Error::new(", "finding("];

/// The codes that a page lists: single words in backticks, in kebab case.
pub(super) fn listed(page: &str) -> BTreeSet<String> {
    page.split('`').skip(1).step_by(2).filter(|word| is_code(word)).map(str::to_owned).collect()
}

/// The codes of a source file that the page does not list.
pub(super) fn complaints(path: &str, text: &str, listed: &BTreeSet<String>) -> Vec<String> {
    if !is_product(path) {
        return Vec::new();
    }
    let source = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let unlisted = used(source).into_iter().filter(|code| !listed.contains(code));
    unlisted.map(|code| format!("{path}: the code \"{code}\" is not in {PAGE}")).collect()
}

/// The runner's own codes come from tables of its routes, and their list is held by its tests.
fn is_product(path: &str) -> bool {
    let rust = path.starts_with("crates/") || path.starts_with("src-tauri/src");
    let own = ["crates/xtask/", "crates/flightdeck-runner/"].iter().any(|other| path.starts_with(other));
    let ends = |end: &str| path.rsplit_once('.').is_some_and(|(_, own)| own == end);
    let python = path.contains("/python/flightdeck_") && ends("py");
    python || (rust && !own && path.contains("/src/") && ends("rs") && !path.ends_with("/tests.rs"))
}

fn used(source: &str) -> BTreeSet<String> {
    let calls = BEFORE.iter().flat_map(|before| source.split(before).skip(1)).filter_map(first_literal);
    let arms = source.split("fn code(").skip(1).flat_map(|rest| {
        let body = rest.split("\n    }").next().unwrap_or_default();
        body.split("=> \"").skip(1).filter_map(|arm| arm.split('"').next())
    });
    calls.chain(arms).filter(|code| is_code(code)).map(str::to_owned).collect()
}

/// The literal that an argument list begins with, after the kind of an error.
fn first_literal(arguments: &str) -> Option<&str> {
    let arguments = arguments.trim_start();
    let arguments = match arguments.strip_prefix("Kind::") {
        Some(rest) => rest.split_once(',')?.1.trim_start(),
        None => arguments,
    };
    arguments.strip_prefix('"')?.split('"').next()
}

fn is_code(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !word.is_empty() && word.starts_with(|c: char| c.is_ascii_lowercase()) && word.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_where_errors_and_findings_are_made() {
        let source = r#"
            Finding::new("small-baseline", Severity::Warning, a, b);
            Error::new(
                Kind::Failed,
                "no-kernel",
            );
            fn code(&self) -> &str { match self { Self::A => "a-code", Self::B => inner.code() } }
        "#;
        assert_eq!(used(source), ["a-code", "no-kernel", "small-baseline"].map(str::to_owned).into());
        assert_eq!(used("finding(\n    \"not-seeded\", \"info\")"), ["not-seeded".to_owned()].into());
    }

    #[test]
    fn a_code_that_is_not_listed_is_complained_about_outside_of_tests() {
        let listed = listed("Errors: `a-code`, `b-code`; not `JSON` or `a b`");
        let source =
            "Error::input(\"c-code\", x, y)\n#[cfg(test)]\nmod tests {\n Error::input(\"d-code\", x, y) }";
        let complaints = complaints("crates/flightdeck-app/src/a.rs", source, &listed);
        assert_eq!(
            complaints,
            ["crates/flightdeck-app/src/a.rs: the code \"c-code\" is not in docs/json.md"]
        );
        assert!(super::complaints("crates/xtask/src/a.rs", source, &listed).is_empty());
    }
}
