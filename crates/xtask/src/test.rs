//! `cargo xtask test`: every check and every test, cheapest first, with a table of times at the end.

use anyhow::{Context, Result};

use crate::demo::Demo;
use crate::place::Place;
use crate::process::{run, succeeds};
use crate::product::{Mode, Product, WINDOW_FEATURE};
use crate::setup::{self, Purpose, Ready};
use crate::stages::Stages;
use crate::tidy::{self, Bindings};

pub(crate) fn test(place: &Place) -> Result<()> {
    let mut stages = Stages::default();
    let outcome = all(place, &mut stages);
    println!("\n{stages}");
    outcome
}

/// All stages share one selection of packages and features, so that nothing is compiled twice.
fn all(place: &Place, stages: &mut Stages) -> Result<()> {
    let ready = stages.run("set-up", || setup::setup(place, Purpose::Test))?;
    stages.run("format", || run(place.cargo().args(["fmt", "--all", "--check"])))?;
    stages.run("front end", || {
        run(place.npm().args(["run", "--silent", "check"]))?;
        run(place.npm().args(["run", "--silent", "test"]))?;
        // Before any compiling: the window takes the built pages into itself.
        run(place.npm().args(["run", "--silent", "build"]))
    })?;
    stages
        .run("clippy", || run(workspace(place, "clippy").args(["--all-targets", "--", "-D", "warnings"])))?;
    stages.run("build", || run(workspace(place, "build").arg("--all-targets")))?;
    stages.run("tidy", || {
        tidy::tidy(place, &Bindings::Built(place.target.join("debug/examples/bindings")))?;
        licences(place)
    })?;
    stages.run("tests", || tests(place, &ready))?;
    stages.run("capture", || capture(place, &ready))?;
    stages.run("clients", || clients(place, &ready))?;
    stages.run("demo", || demo(place, &ready))
}

/// The demo, as everybody runs it, with the programs that were just tested.
fn demo(place: &Place, ready: &Ready) -> Result<()> {
    let product = Product::at(place, Mode::Debug);
    let demo = Demo { place, product: &product, ready, library: place.target.join("demo-library") };
    let outcome = demo.run();
    // The runner is ended whatever came of it.
    let stopped = demo.stop();
    outcome.and(stopped)
}

fn tests(place: &Place, ready: &Ready) -> Result<()> {
    let mut command = workspace(place, "test");
    Product::at(place, Mode::Debug).reach(&mut command, ready);
    run(command.arg("--no-fail-fast"))
}

/// What runs inside of a notebook's kernel is Python, and so are its tests; they start both environments themselves.
fn capture(place: &Place, ready: &Ready) -> Result<()> {
    let folder = place.root.join("crates/flightdeck-notebook/python/tests/capture");
    let python = ready.python.as_deref().context("the set-up made no Python environments")?;
    let mut command = std::process::Command::new(python.join("new/bin/python"));
    command.current_dir(folder).env("FLIGHTDECK_TEST_PYTHON", python);
    run(command.args(["-B", "-m", "unittest", "discover", "-s", ".", "-p", "test_*.py"]))
}

/// Other people's clients, unmodified, against a real runner that the Rust test starts. Shown as it goes, so that the
/// closing lines of their suites stand in the output.
fn clients(place: &Place, ready: &Ready) -> Result<()> {
    let mut command = workspace(place, "test");
    Product::at(place, Mode::Debug).reach(&mut command, ready);
    command.args(["--test", "it", "clients::", "--", "--ignored", "--nocapture", "--test-threads=1"]);
    run(&mut command)
}

fn workspace(place: &Place, verb: &str) -> std::process::Command {
    let mut command = place.cargo();
    command.args([verb, "--workspace", "--features", WINDOW_FEATURE]);
    command
}

/// Licences, sources and doubled crates, where the tool for it is installed; it is not part of the set-up.
fn licences(place: &Place) -> Result<()> {
    if !succeeds(place.cargo().args(["deny", "--version"])) {
        println!("cargo-deny is not installed: licences were not looked at");
        return Ok(());
    }
    run(place.cargo().args(["deny", "--offline", "check", "bans", "licenses", "sources"]))
}
