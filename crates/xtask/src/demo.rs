//! `cargo xtask demo`: the whole way from a notebook, through the command line that everybody has.
//!
//! A notebook that tells late flights out of New York is imported as it is, its model profiled, deployed on this computer
//! and sent real rows at their own dates: first winter rows that it has not seen, which must stay quiet, then March to
//! September, in which temperatures leave what it knows. Then the notebook is changed and saved: its next version runs
//! beside the first on the next rows, and takes its place. Nothing is simulated.

mod alerts;
mod folder;
mod watching;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use self::alerts::{Alert, large_movers};
use self::folder::Folder;
use self::watching::Watching;
use crate::place::Place;
use crate::process::{output, run};
use crate::product::{Mode, Product};
use crate::setup::{self, Purpose, Ready};

/// The model of the notebook and the endpoint of the model: both have the file's name.
const NAME: &str = "flights";
/// What leaves the season that the model was trained on, in the order of names.
const MOVING: [&str; 2] = ["dewp", "temp"];
/// How many rows both versions see.
const SHARED_ROWS: u64 = 400;

/// Sets up, builds, runs the demo, and opens the window on its library when there is a display.
pub(crate) fn demo(place: &Place, arguments: &[String]) -> Result<()> {
    let headless = arguments.iter().any(|argument| argument == "--headless");
    let ready = setup::setup(place, Purpose::Notebook)?;
    let product = Product::build(place, Mode::Release)?;
    let demo = Demo { place, product: &product, ready: &ready, library: place.cache.join("demo") };
    let outcome = demo.run();
    let display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let shown = !headless && (display || cfg!(any(windows, target_os = "macos")));
    if outcome.is_err() || !shown {
        println!("\nThe window on this library: cargo xtask app --library {}", demo.library.display());
        return outcome.and(demo.stop());
    }
    println!("\nOpening the window on this library");
    let mut window = product.command(&product.desktop, &ready);
    run(window
        .env("FLIGHTDECK_SAMPLES", place.root.join("sample-models"))
        .env("FLIGHTDECK_CACHE", &place.cache)
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

/// What was done and how long it took.
type Times = Vec<(&'static str, Duration)>;

impl Demo<'_> {
    /// The way from a notebook to its second version in production. Fails when the quiet season alerts or what the later
    /// months bring is not found; a false alert is said at the end, so that the rest is seen too.
    pub(crate) fn run(&self) -> Result<()> {
        let began = Instant::now();
        let (folder, mut times) = (self.fresh()?, Times::new());
        println!("Library:  {}\nNotebook: {}", self.library.display(), folder.notebook().display());
        self.first_version(&folder, &mut times)?;
        let quiet = timed(&mut times, "rows of the quiet season", || self.quiet_season())?;
        timed(&mut times, "rows of the later months", || self.later_months())?;
        self.second_version(&folder, &mut times)?;
        println!("\n── What was done");
        for (what, took) in &times {
            println!("{:36} {:6.1} s", what, took.as_secs_f64());
        }
        println!("{:36} {:6.1} s", "together", began.elapsed().as_secs_f64());
        println!("Notebook: {}", folder.notebook().display());
        println!("History:  {}", self.library.join("flightdeck.db").display());
        println!("Packages: {}", self.library.join("artifacts/packages").display());
        ensure!(quiet.is_empty(), "{} alerts in the quiet season, which has none to give", quiet.len());
        Ok(())
    }

    /// Ends the demo's runner; its endpoint comes back with the next start.
    pub(crate) fn stop(&self) -> Result<()> {
        output(self.flightdeck(&["runner", "stop"]).arg("--json")).map(drop)
    }

    /// Takes away what an earlier run left; gives the folder with a copy of the notebook and its data.
    fn fresh(&self) -> Result<Folder> {
        if self.library.exists() {
            // It may not run, or may be of an older version: either way its folder goes.
            let _ = self.stop();
            std::fs::remove_dir_all(&self.library)
                .with_context(|| format!("cannot clear {}", self.library.display()))?;
        }
        let mut beside = self.library.clone().into_os_string();
        beside.push("-notebook");
        Folder::fresh(beside.into(), self.sample(""))
    }

    fn first_version(&self, folder: &Folder, times: &mut Times) -> Result<()> {
        headline(
            "Import: the notebook is run as it is, its model taken, converted, and compared on real rows",
        );
        let mut import = self.flightdeck(&["import"]);
        import.arg(folder.notebook()).arg("--python").arg(self.python()?);
        timed(times, "notebook to package", || run(&mut import))?;
        headline("Profile: what it costs on this computer");
        timed(times, "profile", || run(&mut self.flightdeck(&["profile", NAME])))?;
        headline("Deploy: on this computer, counting rows at their own dates");
        let deploy = ["deploy", NAME, "--replay", "--window", "3600", "--step", "day"];
        timed(times, "deploy", || run(&mut self.flightdeck(&deploy)))
    }

    /// The alerts of a season that has none to give.
    fn quiet_season(&self) -> Result<Vec<Alert>> {
        headline("January and February: real flights that the model has not seen");
        self.send("quiet.parquet")?;
        let alerts = self.alerts()?;
        if alerts.is_empty() {
            println!("No alert, as it should be");
            return Ok(alerts);
        }
        println!("FALSE ALERTS: nothing has drifted in these rows, and the rule alerted on");
        for alert in &alerts {
            println!("  {alert}");
        }
        let shown: Value = serde_json::from_str(&output(&mut self.flightdeck(&["--json", "show", NAME]))?)?;
        let package = PathBuf::from(shown["path"].as_str().context("version 1 has no package")?);
        let baseline: Value = serde_json::from_slice(&std::fs::read(package.join("baseline.json"))?)?;
        if baseline["period"].is_null() {
            println!(
                "The model's training rows are in no time order, so how much traffic varies from day to day by itself is\n\
                 not known from them, only from the endpoint's own first days"
            );
        }
        Ok(alerts)
    }

    fn later_months(&self) -> Result<()> {
        headline("March to September: real flights, sent at their own dates");
        self.send("traffic.parquet")?;
        run(&mut self.flightdeck(&["drift", NAME]))?;
        let alerts: Vec<String> = self.alerts()?.iter().map(Alert::short).collect();
        println!("\nAlerts in the order of time: {}", alerts.join(", "));
        let large = large_movers(&self.drift()?);
        println!("Alert and large at the end: {}", large.join(", "));
        ensure!(large == MOVING, "temp and dewp left the season, and {large:?} are what was found");
        Ok(())
    }

    fn second_version(&self, folder: &Folder, times: &mut Times) -> Result<()> {
        headline("The notebook is changed and saved while it is watched");
        let watching = Watching::start(self.flightdeck(&["--json", "watch"]))?;
        folder.change()?;
        let made = timed(times, "save to shadow", || watching.next_version())?;
        drop(watching);
        println!("Version {made} was made of it, profiled, and runs as a shadow beside version 1");
        let shown: Value =
            serde_json::from_str(&output(&mut self.flightdeck(&["--json", "show", "flights@2"]))?)?;
        ensure!(made == 2 && !shown["profile"].is_null(), "version {made} of the notebook has no profile");
        ensure!(self.versions()?.iter().any(is_shadow), "version 2 does not run as a shadow");

        headline("The last flights of September once more, seen by both versions");
        timed(times, "rows for both", || {
            let last = folder.last_rows(&self.python()?, SHARED_ROWS)?;
            run(self.flightdeck(&["predict", NAME]).arg(last).args(["--event-time", "time"]))?;
            output(self.flightdeck(&["runner", "flush"]).arg("--json")).map(drop)
        })?;
        self.agreement()?;

        headline("Promote: version 2 answers, version 1 is what a rollback brings back");
        timed(times, "promote", || output(self.flightdeck(&["promote", NAME]).arg("--json")).map(drop))?;
        let answers = self
            .versions()?
            .into_iter()
            .find(|version| version["role"] == "champion" && version["share"] == 100.0);
        let answers = answers.context("no version answers everything")?;
        ensure!(answers["version"] == 2, "version {} answers after the promotion", answers["version"]);
        run(&mut self.flightdeck(&["live", NAME]))
    }

    /// Says how far the two versions agree on the rows that both saw.
    fn agreement(&self) -> Result<()> {
        let versions = self.versions()?;
        let shadow = versions.iter().find(|version| is_shadow(version)).context("the shadow is gone")?;
        let agreement = &shadow["agreement"];
        let (rows, equal) = (agreement["rows"].as_u64(), agreement["equal"].as_u64());
        let (Some(rows), Some(equal)) = (rows, equal) else { bail!("the shadow was not compared: {shadow}") };
        let apart = agreement["mean_abs"].as_f64().unwrap_or_default();
        println!("The same answer for {equal} of {rows} rows; scores differ by {apart:.3} on average");
        ensure!(rows == SHARED_ROWS, "{SHARED_ROWS} rows were sent and {rows} compared");
        Ok(())
    }

    fn send(&self, file: &str) -> Result<()> {
        run(self.flightdeck(&["predict", NAME]).arg(self.sample(file)).args(["--event-time", "time"]))?;
        output(self.flightdeck(&["runner", "flush"]).arg("--json")).map(drop)
    }

    /// All alerts, in the order of time.
    fn alerts(&self) -> Result<Vec<Alert>> {
        alerts::read(&output(&mut self.flightdeck(&["--json", "alerts"]))?)
    }

    fn drift(&self) -> Result<Value> {
        Ok(serde_json::from_str(&output(&mut self.flightdeck(&["--json", "drift", NAME]))?)?)
    }

    /// What runs at the endpoint, and in which role.
    fn versions(&self) -> Result<Vec<Value>> {
        let live: Value = serde_json::from_str(&output(&mut self.flightdeck(&["--json", "live", NAME]))?)?;
        Ok(live["versions"].as_array().cloned().unwrap_or_default())
    }

    fn flightdeck(&self, arguments: &[&str]) -> Command {
        let mut command = self.product.command(&self.product.cli, self.ready);
        command.env("FLIGHTDECK_CACHE", &self.place.cache);
        command.arg("--library").arg(&self.library).args(arguments);
        command
    }

    /// The interpreter of the environment that set-up made.
    fn python(&self) -> Result<PathBuf> {
        let home = self.ready.python.as_ref().context("the Python environments were not set up")?;
        Ok(home.join("new").join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" }))
    }

    fn sample(&self, file: &str) -> PathBuf {
        self.place.root.join("sample-models/flights").join(file)
    }
}

fn is_shadow(version: &Value) -> bool {
    version["role"] == "shadow"
}

fn timed<T>(times: &mut Times, what: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let outcome = work();
    times.push((what, start.elapsed()));
    outcome
}

fn headline(text: &str) {
    println!("\n── {text}");
}
