//! The likely true cause of a failed cell, in one sentence, and the next step.

use super::causes::{Loss, is_at_least, loss, quoted};
use super::changes;
use super::releases::{Kind, REMOVALS, Removal};
use super::{Analysis, CellAnalysis};
use crate::environment::distribution_of;
use flightdeck_core::{Finding, Severity};

/// The likely cause of an error, from its class, its text and the installed packages (name and version; the version of
/// Python under the name `python`). `None` when nothing better can be said than the error itself says.
pub fn diagnose(error: &str, value: &str, packages: &[(String, String)]) -> Option<Finding> {
    let error = error.rsplit('.').next().unwrap_or(error);
    removed(value, packages)
        .or_else(|| style(value, packages))
        .or_else(|| environment(error, value))
        .or_else(|| changes::pandas(error, value, packages))
        .or_else(|| changes::others(error, value, packages))
        .or_else(|| unknown_to_version(value, packages))
}

/// A name that a cell uses before the cell that binds it: which cell that is, when there is one.
pub fn misplaced(analysis: &Analysis, cell: usize, value: &str) -> Option<Finding> {
    let name = quoted(value)?;
    let gives = |other: &&CellAnalysis| other.index > cell && other.defines.iter().any(|own| own == name);
    let below = analysis.cells.iter().find(gives)?;
    let place = analysis.cells.iter().position(|other| other.index == below.index)? + 1;
    Some(blocking(
        "not-run-top-to-bottom",
        format!("“{name}” is used here and only made further down, in cell {place}"),
        "Move that cell up: the notebook was not run from top to bottom.",
    ))
}

pub(super) fn blocking(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Finding {
    Finding::new(code, Severity::Blocking, message, hint)
}

pub(super) fn installed<'a>(packages: &'a [(String, String)], name: &str) -> Option<&'a str> {
    packages.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, version)| version.as_str())
}

/// Whether the installed version is one that lacks it; unknown counts as yes.
pub(super) fn lacks(packages: &[(String, String)], (package, since): (&str, &str)) -> bool {
    installed(packages, package).is_none_or(|own| is_at_least(own, since))
}

pub(super) fn here(packages: &[(String, String)], package: &str) -> String {
    installed(packages, package).map_or_else(String::new, |own| format!("; {own} is installed here"))
}

fn removed(value: &str, packages: &[(String, String)]) -> Option<Finding> {
    if let Some(found) = says_so(value, packages) {
        return Some(found);
    }
    let lost = loss(value)?;
    let row = REMOVALS.iter().find(|row| is_row(row, &lost) && lacks(packages, (row.package, row.since)))?;
    let owner = if lost.owner.is_empty() { String::new() } else { format!(" of {}", lost.owner) };
    let what = match row.kind {
        Kind::Keyword => format!("The argument “{}”{owner}", lost.name),
        Kind::Value => format!("The value “{}” of {}", lost.name, lost.owner),
        Kind::Module => format!("The module “{}”", lost.name),
        Kind::Attribute | Kind::Import => format!("“{}”{owner}", lost.name),
    };
    Some(release(&what, (row.package, row.since), row.instead, packages))
}

fn is_row(row: &Removal, lost: &Loss<'_>) -> bool {
    let kind = row.kind == lost.kind;
    let name = row.name.is_empty() || row.name == lost.name;
    let within = row.kind == Kind::Module && lost.name.starts_with(&format!("{}.", row.name));
    let exact =
        row.owner.is_empty() || lost.owner == row.owner || lost.owner.ends_with(&format!(".{}", row.owner));
    // `NDFrame.fillna`, `SeriesGroupBy`, `XGBClassifier.fit`: classes and functions by either end of their name.
    let loose = matches!(row.kind, Kind::Keyword) && lost.owner.starts_with(row.owner)
        || row.kind == Kind::Attribute && lost.owner.ends_with(row.owner) && row.owner.ends_with("GroupBy");
    let abc = row.owner != "collections" || lost.name.starts_with(|first: char| first.is_ascii_uppercase());
    kind && (name || within) && (exact || loose) && abc
}

fn release(
    what: &str,
    (package, since): (&str, &str),
    instead: &str,
    packages: &[(String, String)],
) -> Finding {
    let name = if package == "python" { "Python" } else { package };
    let message = format!("{what} was removed in {name} {since}{}", here(packages, package));
    blocking("removed-name", message, format!("Write {instead}, or run the notebook with {name} < {since}."))
}

/// ``np.float_ was removed in the NumPy 2.0 release. Use `np.float64` instead.``
fn says_so(value: &str, packages: &[(String, String)]) -> Option<Finding> {
    let (before, rest) = value.split_once(" was removed in the NumPy ")?;
    let since = rest.split_once(" release")?.0;
    let instead = rest.split_once("Use ").and_then(|(_, rest)| quoted(rest)).unwrap_or("its replacement");
    let name = quoted(before)?;
    Some(release(&format!("“{name}”"), ("numpy", since), instead, packages))
}

/// The styles that matplotlib took from seaborn.
fn style(value: &str, packages: &[(String, String)]) -> Option<Finding> {
    let name = value.contains("is not a valid package style").then(|| quoted(value)).flatten()?;
    let rest = name.strip_prefix("seaborn")?;
    if rest.starts_with("-v0_8") {
        return None;
    }
    let instead = format!("plt.style.use('seaborn-v0_8{rest}')");
    Some(release(&format!("The style “{name}”"), ("matplotlib", "3.8"), &instead, packages))
}

/// What the machine or the environment refuses.
fn environment(error: &str, value: &str) -> Option<Finding> {
    match error {
        "ModuleNotFoundError" | "ImportError" => package(value),
        "FileNotFoundError" => Some(file(value)),
        "StdinNotImplementedError" => Some(blocking(
            "asks-for-input",
            "The cell asks for input, and nobody is there to answer",
            "Write the answer into the cell instead of input().",
        )),
        "MemoryError" | "_ArrayMemoryError" => Some(memory()),
        "NameError" => name(value),
        "HTTPError" => Some(blocking(
            "address-refused",
            format!("The server does not give the file: {}", short(value)),
            "Download it once by hand and read it from beside the notebook.",
        )),
        "SyntaxError" if value.contains("Missing parentheses in call to 'print'") => Some(python_2()),
        _ if is_network(error, value) => Some(blocking(
            "network-off",
            "The cell reaches for the network, and the network is off or does not answer",
            "Allow it once for this notebook (--allow-network), or save the file beside it and read that.",
        )),
        _ if value.contains("std::bad_alloc") || value.contains("can't allocate memory") => Some(memory()),
        _ => None,
    }
}

fn is_network(error: &str, value: &str) -> bool {
    let signs = [
        "Name or service not known",
        "Temporary failure in name resolution",
        "nodename nor servname provided",
        "getaddrinfo failed",
        "Network is unreachable",
        "Max retries exceeded",
        "Failed to establish a new connection",
        "Could not resolve host",
        "Connection refused",
        "couldn't connect to",
    ];
    matches!(error, "URLError" | "gaierror" | "ConnectTimeout" | "MaxRetryError" | "NewConnectionError")
        || signs.iter().any(|sign| value.contains(sign))
}

fn package(value: &str) -> Option<Finding> {
    let optional = value.split_once("Missing optional dependency ").and_then(|(_, rest)| quoted(rest));
    let engine = value.contains("Unable to find a usable engine").then_some("pyarrow");
    let module = value.split_once("No module named ").and_then(|(_, rest)| quoted(rest));
    let module = optional.or(engine).or(module)?;
    let top = module.split('.').next().unwrap_or(module);
    let distribution = distribution_of(module);
    Some(blocking(
        "missing-package",
        format!("The package “{top}” is not installed in this environment"),
        format!(
            "Install it there (pip install {distribution}), choose another Python, or let Flightdeck build one."
        ),
    ))
}

fn file(value: &str) -> Finding {
    let path = quoted(value).unwrap_or("it");
    blocking(
        "missing-file",
        format!("The file “{}” is not there", short(path)),
        "Put it where the cell looks for it, or choose where it lies now.",
    )
}

fn memory() -> Finding {
    blocking(
        "out-of-memory",
        "The cell wants more memory than the notebook may use",
        "Raise the memory limit of this import, or read fewer rows.",
    )
}

fn name(value: &str) -> Option<Finding> {
    let name = quoted(value)?;
    if matches!(name, "xrange" | "unicode" | "raw_input" | "basestring" | "reduce" | "long" | "unichr") {
        return Some(python_2());
    }
    Some(blocking(
        "not-run-top-to-bottom",
        format!("“{name}” is not defined when this cell runs"),
        "Run the notebook from top to bottom in Jupyter: a cell is missing, or stands further down.",
    ))
}

fn python_2() -> Finding {
    blocking(
        "python-2",
        "The notebook is written for Python 2",
        "Convert it once: 2to3, or print(…) with brackets.",
    )
}

/// A known package without the name: the notebook may be older or newer than it.
fn unknown_to_version(value: &str, packages: &[(String, String)]) -> Option<Finding> {
    let lost = loss(value)?;
    if !matches!(lost.kind, Kind::Attribute | Kind::Import) {
        return None;
    }
    let package = distribution_of(lost.owner.split('.').next()?);
    let version = installed(packages, package)?;
    Some(blocking(
        "version-mismatch",
        format!("{package} {version} has no “{}” in {}", short(lost.name), lost.owner),
        format!("The notebook may be written for another {package}: choose an environment that has it."),
    ))
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
