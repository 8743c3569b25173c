//! Where the sample project lies that a first start offers.

use crate::{Error, Result};
use std::path::PathBuf;

/// The files of the sample: a model of late flights out of New York and the data it was trained on.
pub fn sample_flights() -> Result<Vec<PathBuf>> {
    let places = sample_folders();
    let found = places.iter().find(|folder| folder.join("flights/flights-late.onnx").is_file());
    let folder = found.ok_or_else(|| {
        let hint = "Install Flightdeck again, or name the folder in FLIGHTDECK_SAMPLES";
        Error::failed("installation-incomplete", "The sample models were not found", hint)
    })?;
    Ok(["flights-late.onnx", "training.csv"].map(|file| folder.join("flights").join(file)).to_vec())
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
