//! `cargo xtask`: set-up, tests, tidiness and starting the application, the same on every machine.
//!
//! What a command means for models, runners or windows is not here; that is asked of the built programs.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks to its user")]

mod bench;
mod demo;
mod fuzz;
mod place;
mod process;
mod product;
mod samples;
mod setup;
mod soak;
mod stages;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;

use crate::place::Place;
use crate::product::{Mode, Product};
use crate::setup::Purpose;

const USAGE: &str = "\
cargo xtask COMMAND

  setup      what building and testing needs: system and npm packages, ONNX Runtime, the window's driver,
             the Python environments that notebooks are tried in
  test       set-up, every check and every test, the real window included
  tidy       the arrows between crates, module heads, file sizes, forbidden words, generated bindings
  bindings   write the TypeScript types that are generated from Rust
  samples    write the sample models and their data anew; the same bytes, unless generate.py changed
  demo       the whole way on a sample notebook: import, profile, deploy, real traffic, drift found, the changed notebook
             as a shadow, promoted; then the window (--headless: no window)
  bench [PART…]
             what it costs on this machine, in one table: import, profile, runner, counting, compare, window, notebook, or
             only the named ones (--json FILE: also there, as lines of JSON; --quick: only try it). With --peers, runner is
             measured beside MLServer, KServe's Python server, BentoML and FastAPI, each installed for it once
  fuzz [TARGET…] [SECONDS] [--replay FILE]
             looks for requests and uploads that break the runner, with coverage; the tests do so for some seconds
  soak [MINUTES] [--quick]
             the runner at overload with versions switched, models killed and windows pulled, ten minutes unless told otherwise
  app [ARG]… build for daily use and start the window; the arguments go to it";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((command, rest)) = arguments.split_first() else {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    };
    if !matches!(
        command.as_str(),
        "app"
            | "bench"
            | "demo"
            | "fuzz"
            | "soak"
            | "help"
            | "--help"
            | "-h"
            | "setup"
            | "test"
            | "tidy"
            | "bindings"
            | "samples"
    ) || (!takes_arguments(command) && !rest.is_empty())
    {
        eprintln!("cargo xtask does not know `{}`.\n\n{USAGE}", arguments.join(" "));
        return ExitCode::from(2);
    }
    match perform(command, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask {command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn takes_arguments(command: &str) -> bool {
    matches!(command, "app" | "bench" | "demo" | "fuzz" | "soak")
}

fn perform(command: &str, rest: &[String]) -> Result<()> {
    if matches!(command, "help" | "--help" | "-h") {
        println!("{USAGE}");
        return Ok(());
    }
    let place = Place::find()?;
    match command {
        "setup" => setup::setup(&place, Purpose::Test).map(drop),
        "test" => test::test(&place),
        "tidy" => tidy::tidy(&place, &tidy::Bindings::ThroughCargo),
        "bindings" => process::run(place.cargo().args(tidy::BINDINGS)),
        "samples" => samples::write(&place),
        "bench" => bench::bench(&place, rest),
        "fuzz" => fuzz::fuzz(&place, rest),
        "soak" => soak::soak(&place, rest),
        "demo" => demo::demo(&place, rest),
        _ => app(&place, rest),
    }
}

/// Builds the window with everything it starts, then becomes it as far as the user can tell.
fn app(place: &Place, arguments: &[String]) -> Result<()> {
    let ready = setup::setup(place, Purpose::Use)?;
    let product = Product::build(place, Mode::Release)?;
    let samples = place.root.join("sample-models");
    process::run(product.command(&product.desktop, &ready).env("FLIGHTDECK_SAMPLES", samples).args(arguments))
}
