//! The sample project that a first start offers: real flights out of New York, from the model to the drift found.
//!
//! It starts from the exported model, not from the notebook beside it: a first start needs no Python and no network.

use crate::jobs::Job;
use crate::views::{Corrections, DeployRequest, DeployView, RuleStep};
use crate::{App, Error, Result};
use flightdeck_core::Name;
use std::path::{Path, PathBuf};

/// The sample's model and endpoint.
const NAME: &str = "flights-late";
/// Real rows after training, in the order of their dates: the rest of the same winter, then March to September.
const TRAFFIC: [&str; 2] = ["quiet.parquet", "traffic.parquet"];
/// Length of a counting window, in seconds.
const WINDOW_SECONDS: u32 = 3_600;

impl App {
    /// The whole way on the sample, without Python: the exported model imported, measured, deployed on this computer, and
    /// sent nine months of real rows at their own dates. Where the endpoint is there already, nothing is sent again.
    pub async fn try_sample(&self, job: &Job) -> Result<DeployView> {
        let folder = sample_flights()?;
        let paths = ["flights-late.onnx", "training.csv"].map(|file| folder.join(file));
        let version = self.import(&paths, Corrections::default(), job).await?;
        let known = self.endpoint(NAME).is_ok();
        if !known {
            self.profile(&version.model, Some(version.version), job).await?;
        }
        let request = DeployRequest {
            shadow: false,
            canary: None,
            serving: None,
            model: version.model,
            version: Some(version.version),
            runner: Self::this_computer(),
            endpoint: Some(Name::suggest(NAME)),
            window_seconds: Some(WINDOW_SECONDS),
            replay: true,
            step: Some(RuleStep::Day),
        };
        let deployed = self.deploy(&request, job).await?;
        if !known {
            for file in TRAFFIC {
                self.predict(NAME, &folder.join(file), None, Some("time"), job).await?;
            }
            self.flush(&deployed.runner).await?;
        }
        Ok(deployed)
    }
}

/// The folder of the sample.
fn sample_flights() -> Result<PathBuf> {
    let places = sample_folders();
    let found = places.iter().map(|folder| folder.join("flights")).find(|folder| is_complete(folder));
    found.ok_or_else(|| {
        let hint = "Install Flightdeck again, or name the folder above flights in FLIGHTDECK_SAMPLES";
        Error::failed("installation-incomplete", "The sample models were not found", hint)
    })
}

fn is_complete(folder: &Path) -> bool {
    folder.join("flights-late.onnx").is_file() && TRAFFIC.iter().all(|file| folder.join(file).is_file())
}

/// `FLIGHTDECK_SAMPLES`, then where installers put further files, then the folder the program was started in.
fn sample_folders() -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> =
        std::env::var_os("FLIGHTDECK_SAMPLES").map(PathBuf::from).into_iter().collect();
    if let Some(folder) = std::env::current_exe().ok().and_then(|exe| exe.parent().map(PathBuf::from)) {
        let outside = folder.parent().map_or_else(|| folder.clone(), PathBuf::from);
        places.push(outside.join("Resources").join("sample-models"));
        places.push(outside.join("lib").join("flightdeck").join("sample-models"));
        places.push(folder.join("sample-models"));
    }
    places.push(PathBuf::from("sample-models"));
    places
}
