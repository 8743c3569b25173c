//! `cargo xtask tidy`: what the compiler does not check about the house. Each rule is a pure function with its tests.

mod arrows;
mod codes;
mod pages;
mod words;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::process::{output, run};

/// Cargo's arguments that write the TypeScript types; `-- --check` compares instead.
pub(crate) const BINDINGS: [&str; 6] =
    ["run", "--quiet", "--package", "flightdeck-app", "--example", "bindings"];

/// How the program that writes the bindings is started.
pub(crate) enum Bindings {
    /// Built first.
    ThroughCargo,
    /// Already built, at this path.
    Built(PathBuf),
}

/// Applies every rule and lists every complaint before failing.
pub(crate) fn tidy(place: &Place, bindings: &Bindings) -> Result<()> {
    let mut complaints = arrows::check(place)?;
    let page = fs::read_to_string(place.root.join(codes::PAGE)).context("docs/json.md cannot be read")?;
    let listed = codes::listed(&page);
    for path in files(place)? {
        let bytes = fs::read(place.root.join(&path)).with_context(|| format!("cannot read {path}"))?;
        complaints.extend(pages::complaints(&path, &bytes));
        complaints.extend(words::complaints(&path, &bytes));
        complaints.extend(codes::complaints(&path, &String::from_utf8_lossy(&bytes), &listed));
    }
    for complaint in &complaints {
        println!("{complaint}");
    }
    if !complaints.is_empty() {
        bail!("{} things are not tidy", complaints.len());
    }
    current(place, bindings)
}

/// The repository's files, new ones included, ignored ones not; with `/` between folders.
fn files(place: &Place) -> Result<Vec<String>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let answer = output(Command::new("git").current_dir(&place.root).args(list))?;
    // A file deleted since the last commit is still listed.
    let there = |path: &&str| place.root.join(path).is_file();
    Ok(answer.split('\0').filter(|path| !path.is_empty()).filter(there).map(str::to_owned).collect())
}

/// Fails when the committed TypeScript types are not what Rust would write now.
fn current(place: &Place, bindings: &Bindings) -> Result<()> {
    let mut check = match bindings {
        Bindings::ThroughCargo => {
            let mut cargo = place.cargo();
            cargo.args(BINDINGS).arg("--");
            cargo
        }
        Bindings::Built(program) => {
            let mut check = Command::new(program);
            check.current_dir(&place.root);
            check
        }
    };
    run(check.arg("--check"))
        .context("the generated bindings are not current; `cargo xtask bindings` writes them")
}
