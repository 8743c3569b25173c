//! `cargo xtask bench`: what the product costs on this machine, in one table.
//!
//! Two sides of a ratio are measured in the same run, by turns, and every figure is the median of several rounds. What
//! is measured lies in the parts; a part that cannot start something fails, it does not leave its lines out.

mod children;
mod compare;
mod counting;
mod desk;
mod figures;
mod http;
mod import;
mod models;
mod notebook;
mod proc;
mod profile;
mod runner;
mod window;

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::bench::figures::Figure;
use crate::place::Place;
use crate::process::run;
use crate::product::{Mode, Product};
use crate::setup::{self, Purpose, Ready};

/// What every part works with.
struct Bench<'a> {
    place: &'a Place,
    product: &'a Product,
    ready: &'a Ready,
    mode: Mode,
}

type Part = fn(&Bench<'_>, &Wish) -> Result<Vec<Figure>>;

const PARTS: [(&str, Part); 7] = [
    ("import", |bench, _| import::measure(bench)),
    ("profile", |bench, _| profile::measure(bench)),
    ("runner", runner::measure),
    ("counting", |bench, _| counting::measure(bench)),
    ("compare", |bench, _| compare::measure(bench)),
    ("window", |bench, _| window::measure(bench)),
    ("notebook", |bench, _| notebook::measure(bench)),
];

/// What is asked for.
#[derive(Default)]
struct Wish {
    parts: Vec<(&'static str, Part)>,
    /// Where the lines of the table are written as JSON.
    json: Option<PathBuf>,
    /// Whether other servers are measured beside ours.
    peers: bool,
    /// Whether it is enough to see that everything can be measured.
    quick: bool,
}

/// Measures the named parts, or all of them, and prints the table; `--json FILE` writes its lines there too.
/// `--peers` measures other servers beside ours, `--quick` only tries that everything can be measured.
pub(crate) fn bench(place: &Place, arguments: &[String]) -> Result<()> {
    let wish = Wish::read(arguments)?;
    // The window needs a virtual display, which only testing brings.
    let window = wish.parts.iter().any(|(name, _)| matches!(*name, "window" | "notebook"));
    let ready = setup::setup(place, if window { Purpose::Test } else { Purpose::Use })?;
    // Trying that everything can be measured needs no fast programs.
    let mode = if wish.quick { Mode::Debug } else { Mode::Release };
    let build = if window { Product::build } else { Product::build_windowless };
    let product = build(place, mode)?;
    let bench = Bench { place, product: &product, ready: &ready, mode };
    let (mut figures, mut failed) = (Vec::new(), Vec::new());
    for (name, part) in &wish.parts {
        eprintln!("measuring {name}");
        match part(&bench, &wish) {
            Ok(more) => figures.extend(more),
            Err(error) => {
                eprintln!("{name}: {error:#}");
                failed.push(*name);
            }
        }
    }
    println!("\n{}", figures::table(&figures));
    if figures.iter().any(Figure::is_failed) {
        failed.push("what the table calls failed");
    }
    if let Some(path) = wish.json {
        let lines: Vec<String> = figures.iter().map(|figure| figure.json().to_string()).collect();
        fs::write(&path, lines.join("\n") + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if failed.is_empty() { Ok(()) } else { bail!("not measured: {}", failed.join(", ")) }
}

impl Wish {
    fn read(arguments: &[String]) -> Result<Self> {
        let (mut wish, mut rest) = (Self::default(), arguments.iter());
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--json" => {
                    wish.json = Some(rest.next().context("--json needs the name of a file")?.into());
                    continue;
                }
                "--peers" => {
                    wish.peers = true;
                    continue;
                }
                "--quick" => {
                    wish.quick = true;
                    continue;
                }
                _ => {}
            }
            let found = PARTS.into_iter().find(|(part, _)| part == argument);
            let parts = || PARTS.map(|(part, _)| part).join(", ");
            let unknown = || format!("there is no part `{argument}`; there are {}", parts());
            wish.parts.push(found.with_context(unknown)?);
        }
        if wish.parts.is_empty() {
            wish.parts = PARTS.to_vec();
        }
        Ok(wish)
    }
}

impl Bench<'_> {
    /// Builds an example of a package; gives its program.
    fn example(&self, package: &str, name: &str, features: &[&str]) -> Result<PathBuf> {
        let mut build = self.place.cargo();
        build.args(["build", "--quiet", "--package", package, "--example", name]);
        let folder = match self.mode {
            Mode::Debug => "debug/examples",
            Mode::Release => "release/examples",
        };
        if matches!(self.mode, Mode::Release) {
            build.arg("--release");
        }
        for feature in features {
            build.args(["--features", feature]);
        }
        run(&mut build)?;
        Ok(self.place.target.join(folder).join(format!("{name}{EXE_SUFFIX}")))
    }

    fn sample(&self, file: &str) -> PathBuf {
        self.place.root.join("sample-models").join(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Wish> {
        Wish::read(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn parts_are_chosen_by_name_and_all_when_none_is() {
        let wish = read(&["compare", "--json", "lines", "import"]).unwrap();
        let names: Vec<_> = wish.parts.into_iter().map(|(name, _)| name).collect();
        assert_eq!((names, wish.json), (vec!["compare", "import"], Some("lines".into())));
        assert_eq!(read(&[]).unwrap().parts.len(), PARTS.len());
    }

    #[test]
    fn what_is_not_known_is_said() {
        let error =
            |arguments: &[&str]| read(arguments).err().map(|error| error.to_string()).unwrap_or_default();
        let unknown = error(&["imports"]);
        assert!(unknown.contains("`imports`") && unknown.contains("import, profile"), "{unknown}");
        assert!(error(&["--json"]).contains("file"));
    }
}
