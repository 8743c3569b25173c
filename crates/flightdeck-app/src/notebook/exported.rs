//! Model files of other programs: known by their content, read by a short-lived process of an interpreter that has the
//! program, compared with the original like any other. A file that can carry code is only opened when a person agreed.

use super::import::{Taken, scratch};
use super::origin::Numbers;
use super::proved::convert_error;
use super::understood::environment_error;
use crate::import::{Prepared, digest_of, file_name, on_a_thread};
use crate::jobs::Job;
use crate::views::Corrections;
use crate::{App, Error, Result};
use flightdeck_core::{Cancel, Name, Progress, Unit};
use flightdeck_formats::{Format, Need, Recognised, VersionRule};
use flightdeck_notebook::convert::{self, Consent, Converter, Exported};
use flightdeck_notebook::environment::{self, Probe, Search};
use flightdeck_notebook::overlay;
use flightdeck_package::{LineageEntry, LineageRole};
use flightdeck_store::choice;
use std::path::{Path, PathBuf};

impl App {
    /// Reads another program's model file through the converter. Nothing is written into the library yet.
    pub(crate) async fn prepare_exported(
        &self,
        given: &Path,
        recognised: &Recognised,
        (format, needs): (Format, &[Need]),
        corrections: &Corrections,
        job: &Job,
    ) -> Result<Prepared> {
        job.report(Progress::new("environment", 0, None, Unit::Steps));
        let model = recognised.model.clone();
        let probe = self.interpreter_with(given, needs, corrections).await?;
        let overlays = self.overlays(&probe, job).await?;
        let scratch = scratch()?;
        let converter =
            Converter::new(&probe.interpreter, &overlays.converter, scratch.path().join("converter"));
        let consent = if corrections.consent { Consent::Pickles } else { Consent::No };
        job.report(Progress::new("capture", 0, None, Unit::Steps));
        let mut report = |progress: Progress| job.report(progress);
        let watch = convert::Watch { progress: &mut report, cancel: &job.cancel };
        let folder = scratch.path().join("capture");
        let folder = converter.extract(&model, exported(format), &folder, consent, watch).await;
        let folder = folder.map_err(|error| convert_error(&error))?;
        let numbers = Numbers::default();
        let candidate = super::import::pick(&folder.capture, corrections.pick.as_deref(), &numbers)?;
        let sha256 = digest_of(&model)?;
        let entry = LineageEntry { path: "original".into(), sha256, role: LineageRole::OriginalModel };
        let source = file_name(given);
        let taken = Taken { folder: &folder, candidate: &candidate, numbers, source, lineage: vec![entry] };
        let stem = given.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = corrections.name.clone().unwrap_or_else(|| Name::suggest(&stem));
        let mut prepared = self.prove(taken, &converter, name, job).await?;
        prepared.original = sha256;
        prepared.findings.extend(recognised.findings.iter().cloned());
        if let Some(made) = &mut prepared.made {
            made.origin.path = given.display().to_string();
            made.origin.file_digest = Some(sha256);
            let (major, minor, patch) = probe.version;
            made.origin.environment = vec![
                ("Python".into(), format!("{major}.{minor}.{patch}")),
                ("Interpreter".into(), probe.interpreter.display().to_string()),
            ];
        }
        Ok(prepared)
    }

    /// The first interpreter that has what the file needs.
    async fn interpreter_with(
        &self,
        given: &Path,
        needs: &[Need],
        corrections: &Corrections,
    ) -> Result<Probe> {
        let folder = given.parent().unwrap_or(Path::new(".")).to_owned();
        let remembered = self.read(|c| choice::find(c, &folder.display().to_string(), choice::PYTHON))?;
        let home = dirs::home_dir().unwrap_or_else(|| folder.clone());
        let mut search = Search::here(&folder, &home);
        search.python = corrections.python.as_ref().map(PathBuf::from);
        search.remembered = remembered.map(PathBuf::from);
        let needs: Vec<Need> = needs.iter().filter(|need| !overlay::brings(&need.package)).cloned().collect();
        on_a_thread(move || fitting(&search, &folder, &needs)).await
    }
}

fn fitting(search: &Search, folder: &Path, needs: &[Need]) -> Result<Probe> {
    let mut problem = None;
    for found in environment::find(search) {
        match environment::probe(&found.interpreter, &[], folder, &Cancel::default()) {
            Ok(probe) => match needs.iter().find_map(|need| lacking(&probe, need)) {
                None => return Ok(probe),
                Some(lacks) => {
                    problem.get_or_insert_with(|| lacks_error(&found.label, &lacks));
                }
            },
            Err(error) => {
                problem.get_or_insert_with(|| environment_error(&error));
            }
        }
        if found.reason == environment::Reason::Named {
            break;
        }
    }
    Err(problem.unwrap_or_else(|| {
        let wanted: Vec<&str> = needs.iter().map(|need| need.package.as_str()).collect();
        Error::input(
            "no-environment",
            format!("No Python was found that has {}", wanted.join(" and ")),
            "Name an interpreter that has it (--python)",
        )
    }))
}

/// What an interpreter lacks of a need, in words.
fn lacking(probe: &Probe, need: &Need) -> Option<String> {
    let Some(found) = probe.version_of(&need.package) else {
        return Some(wanted(need));
    };
    let Some(version) = &need.version else { return None };
    let parts = |text: &str| -> Vec<u32> { text.split('.').map_while(|part| part.parse().ok()).collect() };
    let (found_parts, wanted_parts) = (parts(found), parts(version));
    let fits = match need.rule {
        VersionRule::Any => true,
        VersionRule::SameMinor => found_parts.iter().take(2).eq(wanted_parts.iter().take(2)),
        VersionRule::AtLeast => found_parts >= wanted_parts,
    };
    (!fits).then(|| format!("{} (it has {found})", wanted(need)))
}

fn wanted(need: &Need) -> String {
    match (&need.version, need.rule) {
        (Some(version), VersionRule::SameMinor) => format!("{} {version}", need.package),
        (Some(version), VersionRule::AtLeast) => format!("{} {version} or newer", need.package),
        _ => need.package.clone(),
    }
}

fn lacks_error(label: &str, lacks: &str) -> Error {
    Error::input(
        "missing-package",
        format!("The file needs {lacks}, and {label} has none"),
        "Name an interpreter that has it (--python)",
    )
}

const fn exported(format: Format) -> Exported {
    match format {
        Format::Xgboost => Exported::Xgboost,
        Format::Lightgbm => Exported::Lightgbm,
        Format::Catboost => Exported::Catboost,
        Format::Skops => Exported::Skops,
        Format::Pickle | Format::Joblib => Exported::Pickle,
    }
}
