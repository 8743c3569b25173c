//! What was given, told by its content: an ONNX model, also packed or in a folder; a notebook; or another program's file.

use super::file_name;
use super::prepared::{Prepared, on_a_thread};
use super::source::Sources;
use crate::jobs::Job;
use crate::views::{Corrections, ImportPlan};
use crate::{App, Error, Result};
use flightdeck_core::{Cancel, Name};
use flightdeck_formats::{FormatError, How, Kind, Limits, Recognised, model_in_zip, recognise};
use std::path::Path;

/// What to do with it.
pub(super) enum Given {
    /// It is read as it is. Something unpacked lives as long as the folder that comes with it.
    Onnx(Option<tempfile::TempDir>),
    /// It is run.
    Notebook,
    /// The converter reads it.
    Other(Box<Recognised>),
}

/// Looks at the model; a packed one is unpacked, and one in a folder is found there.
pub(super) async fn look(sources: &mut Sources) -> Result<Given> {
    let given = sources.clone();
    let (given, looked) = on_a_thread(move || look_now(given)).await?;
    *sources = looked;
    Ok(given)
}

fn look_now(mut sources: Sources) -> Result<(Given, Sources)> {
    let limits = Limits::default();
    let recognised = match recognise(&sources.model, &limits) {
        Ok(recognised) => recognised,
        Err(error) => return Err(refused(&error, &sources.model)),
    };
    match (&recognised.converts, recognised.kind) {
        (_, Kind::Notebook) => Ok((Given::Notebook, sources)),
        (_, Kind::ZippedOnnx) => {
            let folder = super::scratch()?;
            let inside = folder.path().join("model");
            let model = model_in_zip(&sources.model, &inside, &limits, &Cancel::default());
            sources.model = model.map_err(|error| refused(&error, &sources.model))?;
            Ok((Given::Onnx(Some(folder)), sources))
        }
        (How::Directly, _) => {
            sources.model = recognised.model;
            Ok((Given::Onnx(None), sources))
        }
        // The reader of ONNX files says best what is wrong with something that may have been meant as one.
        (How::Not { .. }, Kind::Unknown | Kind::Empty | Kind::Text) => Ok((Given::Onnx(None), sources)),
        (How::Not { message, how_to_export }, _) => {
            Err(Error::input("not-convertible", message.clone(), how_to_export.clone())
                .with_findings(recognised.findings))
        }
        (How::ByConverter { .. } | How::AfterConsent { .. }, _) => {
            Ok((Given::Other(Box::new(recognised)), sources))
        }
    }
}

fn refused(error: &FormatError, path: &Path) -> Error {
    Error::input_of(error.code(), format!("{}: {error}", file_name(path)), error.hint())
}

/// What another program's file would become: known once it was read by that program.
pub(super) fn plan(recognised: &Recognised, sources: &Sources, corrections: &Corrections) -> ImportPlan {
    let stem = sources.model.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let consent = match &recognised.converts {
        How::AfterConsent { why, .. } if !corrections.consent => Some(why.clone()),
        _ => None,
    };
    ImportPlan {
        file: file_name(&sources.model),
        name: corrections.name.clone().unwrap_or_else(|| Name::suggest(&stem)),
        signature: None,
        notebook: None,
        consent,
        baseline: None,
        findings: recognised.findings.clone(),
        already: None,
    }
}

impl App {
    pub(super) async fn prepare_other(
        &self,
        recognised: &Recognised,
        sources: &Sources,
        corrections: &Corrections,
        job: &Job,
    ) -> Result<Prepared> {
        let (format, needs) = match &recognised.converts {
            How::ByConverter { format, needs } => (*format, needs),
            How::AfterConsent { format, needs, .. } if corrections.consent => (*format, needs),
            How::AfterConsent { why, .. } => {
                let message = format!("{} can carry code: {why}", file_name(&sources.model));
                let hint =
                    "If you trust where it comes from, agree that it is opened in the sandbox (--consent)";
                return Err(
                    Error::input("needs-consent", message, hint).with_findings(recognised.findings.clone())
                );
            }
            How::Directly | How::Not { .. } => {
                return Err(Error::failed(
                    "internal",
                    "The file was taken for another kind",
                    "Report this as a bug",
                ));
            }
        };
        let given = (format, needs.as_slice());
        let mut prepared = self.prepare_exported(&sources.model, recognised, given, corrections, job).await?;
        if let Some(data) = &sources.baseline {
            prepared.train_on_file(data)?;
            prepared.findings.retain(|finding| finding.code != "no-baseline");
        }
        prepared.correct(corrections)?;
        Ok(prepared)
    }
}
