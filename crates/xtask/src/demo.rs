//! `cargo xtask demo`: the whole way on a sample model, through the command line that everybody has.
//!
//! A model of late flights out of New York is imported with the winter it was trained on, profiled, deployed on this
//! computer and sent real rows at their own dates: first winter rows that it has not seen, which must stay quiet, then
//! March to September, in which temperatures leave what it knows. Nothing is simulated.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::place::Place;
use crate::process::{output, run};
use crate::product::{Mode, Product};
use crate::setup::{self, Purpose, Ready};

/// The endpoint that the demo makes.
const ENDPOINT: &str = "flights-late";

/// Sets up, builds, runs the demo, and opens the window on its library when there is a display.
pub(crate) fn demo(place: &Place, arguments: &[String]) -> Result<()> {
    let headless = arguments.iter().any(|argument| argument == "--headless");
    let ready = setup::setup(place, Purpose::Notebook)?;
    let product = Product::build(place, Mode::Release)?;
    let demo = Demo { place, product: &product, ready: &ready, library: place.cache.join("demo") };
    demo.run()?;
    let display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if headless || !(display || cfg!(any(windows, target_os = "macos"))) {
        println!("\nThe window on this library: cargo xtask app --library {}", demo.library.display());
        return demo.stop();
    }
    println!("\nOpening the window on this library");
    let mut window = product.command(&product.desktop, &ready);
    run(window
        .env("FLIGHTDECK_SAMPLES", place.root.join("sample-models"))
        .arg("--library")
        .arg(&demo.library))
}

/// One run of the demo in a library of its own.
pub(crate) struct Demo<'a> {
    pub(crate) place: &'a Place,
    pub(crate) product: &'a Product,
    pub(crate) ready: &'a Ready,
    pub(crate) library: PathBuf,
}

impl Demo<'_> {
    /// The way from a file to a found drift. Fails when the quiet season alerts or the later months do not.
    pub(crate) fn run(&self) -> Result<()> {
        let began = Instant::now();
        self.fresh()?;
        println!("Library: {}\n", self.library.display());
        self.import_and_profile()?;
        self.deploy()?;
        self.quiet_season()?;
        self.later_months()?;
        println!("\nFrom the file to the drift found: {:.1} s", began.elapsed().as_secs_f64());
        println!("History:  {}", self.library.join("flightdeck.db").display());
        println!("Packages: {}", self.library.join("artifacts/packages").display());
        Ok(())
    }

    /// Ends the demo's runner; its endpoint comes back with the next start.
    pub(crate) fn stop(&self) -> Result<()> {
        output(self.flightdeck(&["runner", "stop"]).arg("--json")).map(drop)
    }

    /// Takes away what an earlier run left.
    fn fresh(&self) -> Result<()> {
        if !self.library.exists() {
            return Ok(());
        }
        // It may not run, or may be of an older version: either way its folder goes.
        let _ = self.stop();
        std::fs::remove_dir_all(&self.library)
            .with_context(|| format!("cannot clear {}", self.library.display()))
    }

    fn import_and_profile(&self) -> Result<()> {
        headline("Import: a model file and the winter it was trained on");
        let (model, training) = (self.sample("flights-late.onnx"), self.sample("training.csv"));
        run(self.flightdeck(&["import"]).arg(model).args(["--name", ENDPOINT, "--baseline"]).arg(training))?;
        headline("Profile: what it costs on this computer");
        run(&mut self.flightdeck(&["profile", ENDPOINT]))
    }

    fn deploy(&self) -> Result<()> {
        headline("Deploy: on this computer, counting rows at their own dates");
        run(&mut self.flightdeck(&["deploy", ENDPOINT, "--replay", "--window", "3600", "--step", "day"]))
    }

    fn quiet_season(&self) -> Result<()> {
        headline("January and February: real flights that the model has not seen");
        self.send("quiet.parquet")?;
        let alerts = self.alerts()?;
        ensure!(alerts.is_empty(), "the quiet season alerted: {alerts:?}");
        println!("No alert, as it should be");
        Ok(())
    }

    fn later_months(&self) -> Result<()> {
        headline("March to September: real flights, sent at their own dates");
        self.send("traffic.parquet")?;
        run(&mut self.flightdeck(&["drift", ENDPOINT]))?;
        let alerts = self.alerts()?;
        let first = alerts.last().context("spring and summer came and nothing alerted")?;
        let text = |field: &str| first[field].as_str().unwrap_or_default();
        println!(
            "\nThe first alert: {} on {}",
            text("feature"),
            text("opened_at").get(..10).unwrap_or_default()
        );
        ensure!(text("feature") == "temp", "the first feature to alert is temp, not {}", text("feature"));
        ensure!(text("opened_at") >= "2013-03", "the first alert came in the quiet season");
        Ok(())
    }

    fn send(&self, file: &str) -> Result<()> {
        run(self.flightdeck(&["predict", ENDPOINT]).arg(self.sample(file)).args(["--event-time", "time"]))?;
        output(self.flightdeck(&["runner", "flush"]).arg("--json")).map(drop)
    }

    /// All alerts, newest first.
    fn alerts(&self) -> Result<Vec<Value>> {
        let alerts: Value = serde_json::from_str(&output(&mut self.flightdeck(&["alerts", "--json"]))?)?;
        Ok(alerts.as_array().cloned().unwrap_or_default())
    }

    fn flightdeck(&self, arguments: &[&str]) -> Command {
        let mut command = self.product.command(&self.product.cli, self.ready);
        command.arg("--library").arg(&self.library).args(arguments);
        command
    }

    fn sample(&self, file: &str) -> PathBuf {
        self.place.root.join("sample-models/flights").join(file)
    }
}

fn headline(text: &str) {
    println!("\n── {text}");
}
