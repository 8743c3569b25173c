//! From a captured model to one in ONNX that answers the same: converted variant by variant, each run here on the
//! original's own rows, the first equal one taken.

use super::captured;
use super::import::capital;
use super::parity::{self, Parity, Reference, Verdict};
use crate::import::{TOLERANCE, Training};
use crate::jobs::Job;
use crate::views::{ConversionRow, ParityRow, ParityView};
use crate::{App, Error, Kind, Result};
use flightdeck_core::{Finding, Progress, Severity, Signature, Tensor, Unit};
use flightdeck_engine::client::{Watch, WorkerError};
use flightdeck_engine::{GoldenRequest, ModelSource};
use flightdeck_notebook::convert::{self, ConvertError, Converter};
use flightdeck_notebook::wire::{
    self, Candidate, CaptureFolder, Column, Conversion, InputMap, OutputMap, Variant,
};
use flightdeck_onnx::Inspection;
use flightdeck_package::Golden;
use flightdeck_table::Table;
use std::path::{Path, PathBuf};

/// The variants of the converter, in the order in which they are tried.
const LADDER: [Variant; 3] = [Variant::A, Variant::B, Variant::C];

/// A model that was converted and compared.
pub(crate) struct Proved {
    pub(crate) inspection: Inspection,
    pub(crate) signature: Signature,
    pub(crate) parity: Option<ParityView>,
    pub(crate) golden: Option<Golden>,
    pub(crate) training: Option<Training>,
    /// The rows that it was evaluated on, with the truth in the last column.
    pub(crate) evaluation: Option<Table>,
    pub(crate) attempts: Vec<ConversionRow>,
    pub(crate) conversion: Conversion,
    pub(crate) variant: Variant,
    pub(crate) findings: Vec<Finding>,
}

/// What is to be proved.
pub(crate) struct Proving<'a> {
    pub(crate) folder: &'a CaptureFolder,
    pub(crate) candidate: &'a Candidate,
    pub(crate) converter: &'a Converter,
    pub(crate) job: &'a Job,
}

/// A form of the model, not yet compared.
struct Form {
    variant: Variant,
    file: PathBuf,
    conversion: Conversion,
    inspection: Inspection,
    signature: Signature,
}

/// Rows and the original's answers to them.
struct Rows {
    columns: Vec<Column>,
    reference: Reference,
}

impl Proving<'_> {
    /// Converts until one form is equal to the original.
    pub(crate) async fn prove(&self) -> Result<Proved> {
        let rows = self.rows(self.candidate.parity.as_ref())?;
        let mut attempts = Vec::new();
        let mut different: Option<(Parity, Vec<Column>)> = None;
        for variant in self.variants() {
            self.job.check()?;
            let form = match self.form(variant).await? {
                Ok(form) => form,
                Err(reason) => {
                    attempts.push(attempt(variant, "failed", Some(reason)));
                    continue;
                }
            };
            self.job.report(Progress::new(
                "parity",
                0,
                rows.as_ref().map(|r| r.reference.rows() as u64),
                Unit::Rows,
            ));
            match self.compare(&form, rows.as_ref()).await? {
                Ok(Some(parity)) if parity.verdict == Verdict::Different => {
                    attempts.push(attempt(variant, "different", Some(how_different(&parity))));
                    let columns = rows.as_ref().map(|rows| rows.columns.clone()).unwrap_or_default();
                    different.get_or_insert((parity, columns));
                }
                Ok(parity) => {
                    attempts.push(attempt(
                        variant,
                        if parity.is_some() { "equal" } else { "not compared" },
                        None,
                    ));
                    let view = parity.map(|parity| view(&parity, rows.as_ref()));
                    return self.finish(form, view, attempts).await;
                }
                Err(reason) => attempts.push(attempt(variant, "failed", Some(reason))),
            }
        }
        Err(self.refuse(different, &attempts))
    }

    /// What the notebook wrote itself comes first.
    fn variants(&self) -> Vec<Variant> {
        let written = self.candidate.saved_onnx.as_ref().filter(|path| Path::new(path).is_file());
        written.map(|_| Variant::AsIs).into_iter().chain(LADDER).collect()
    }

    /// The model in one form; the inner error says why there is none.
    async fn form(&self, variant: Variant) -> Result<Result<Form, String>> {
        self.job.report(Progress::new("convert", 0, None, Unit::Steps));
        if variant == Variant::AsIs {
            return Ok(self.as_written());
        }
        let mut report = |progress| self.job.report(progress);
        let watch = convert::Watch { progress: &mut report, cancel: &self.job.cancel };
        let conversion =
            self.converter.convert(self.folder.root(), &self.candidate.id, &[variant], watch).await;
        let conversion = conversion.map_err(|error| convert_error(&error))?;
        let Some(rung) = conversion.ladder.iter().rev().find(|rung| rung.ok) else {
            let error = conversion.ladder.iter().rev().find_map(|rung| rung.error.clone());
            return Ok(Err(error.unwrap_or_else(|| "the converter gave nothing".into())));
        };
        let (variant, file) = (rung.variant, rung.file.clone().unwrap_or_default());
        let file = self.folder.file(&file).map_err(|error| captured::unreadable(&error))?;
        let inspection = flightdeck_onnx::inspect(&file, &flightdeck_onnx::Limits::default())?;
        let signature = captured::signature(inspection.signature.clone(), &conversion, self.candidate);
        Ok(Ok(Form { variant, file, conversion, inspection, signature }))
    }

    fn as_written(&self) -> Result<Form, String> {
        let file = PathBuf::from(self.candidate.saved_onnx.clone().unwrap_or_default());
        let limits = flightdeck_onnx::Limits::default();
        let inspection = flightdeck_onnx::inspect(&file, &limits).map_err(|refusal| refusal.to_string())?;
        let conversion = self.as_it_is(&inspection.signature);
        let signature = captured::signature(inspection.signature.clone(), &conversion, self.candidate);
        Ok(Form { variant: Variant::AsIs, file, conversion, inspection, signature })
    }

    /// A file that was there already takes its columns in the order in which the model was fitted on them.
    fn as_it_is(&self, signature: &Signature) -> Conversion {
        let names = self.candidate.features.clone().unwrap_or_default();
        let inputs = signature.columns().enumerate().map(|(position, (input, column))| InputMap {
            column: names.get(position).unwrap_or(&column.name).clone(),
            position,
            input: input.name.clone(),
            index: column.index,
            data_type: input.data_type,
            missing_token: column.missing.clone().filter(|_| !input.data_type.is_float()),
            unknown: None,
            kind: column.kind,
        });
        let classes = self.candidate.class_names();
        let outputs = signature.outputs.iter().map(|output| OutputMap {
            name: output.name.clone(),
            role: output.role,
            classes: if output.classes.is_empty() { classes.clone() } else { output.classes.clone() },
        });
        Conversion {
            schema: 1,
            candidate: self.candidate.id.clone(),
            ladder: Vec::new(),
            inputs: inputs.collect(),
            outputs: outputs.collect(),
            opset: 0,
            domains: Vec::new(),
            task: self.candidate.task.unwrap_or(signature.task),
            versions: std::collections::BTreeMap::new(),
            warnings: Vec::new(),
            refused: None,
        }
    }

    fn rows(&self, probe: Option<&wire::Probe>) -> Result<Option<Rows>> {
        let Some(probe) = probe else { return Ok(None) };
        let (columns, answers) = self.folder.probe(probe).map_err(|error| captured::unreadable(&error))?;
        Ok(Some(Rows { columns, reference: captured::reference(answers) }))
    }

    /// Runs the form on the rows; the inner error says why it does not run.
    async fn compare(&self, form: &Form, rows: Option<&Rows>) -> Result<Result<Option<Parity>, String>> {
        let Some(rows) = rows else { return Ok(Ok(None)) };
        Ok(match self.run(form, rows).await? {
            Ok((_, outputs)) => parity::compare(&rows.reference, &outputs, &form.signature)
                .map(Some)
                .ok_or_else(|| "its outputs are not of the kind that the original gives".into()),
            Err(reason) => Err(reason),
        })
    }

    async fn run(&self, form: &Form, rows: &Rows) -> Result<Result<(Vec<Tensor>, Vec<Tensor>), String>> {
        let inputs = match wire::tensors(&form.conversion.inputs, &rows.columns) {
            Ok(inputs) => inputs,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let mut report = |progress| self.job.report(progress);
        let watch = Watch { progress: &mut report, cancel: &self.job.cancel };
        // What goes into the package is run, not the file that it was made from.
        let model = if form.inspection.model_changed { self.changed(form)? } else { form.file.clone() };
        let request = GoldenRequest { model: ModelSource::File(model), inputs: inputs.clone() };
        match App::worker()?.golden(request, watch).await {
            Ok(outputs) => Ok(Ok((inputs, outputs))),
            Err(WorkerError::Failed(failure)) => Ok(Err(failure.message)),
            Err(error) => Err(error.into()),
        }
    }

    fn changed(&self, form: &Form) -> Result<PathBuf> {
        let path = self.folder.root().join("changed.onnx");
        std::fs::write(&path, &form.inspection.model).map_err(|error| {
            Error::failed("disk-full", format!("The model cannot be written: {error}"), "Free some space")
        })?;
        Ok(path)
    }

    async fn finish(
        &self,
        form: Form,
        parity: Option<ParityView>,
        attempts: Vec<ConversionRow>,
    ) -> Result<Proved> {
        let mut findings = form.conversion.warnings.clone();
        if parity.is_none() {
            findings.push(no_parity());
        } else if parity.as_ref().is_some_and(|parity| parity.beyond > 0) {
            findings.push(close(parity.as_ref()));
        }
        self.job.report(Progress::new("golden-rows", 0, None, Unit::Rows));
        let golden = match self.rows(self.candidate.golden.as_ref())? {
            Some(rows) => self.golden(&form, &rows).await?,
            None => None,
        };
        let mut signature = form.signature.clone();
        self.job.report(Progress::new("baseline", 0, None, Unit::Rows));
        let training = self.training(&mut signature, &form.conversion.inputs)?;
        let evaluation = self.evaluation(&form.conversion.inputs)?;
        let Form { variant, conversion, inspection, .. } = form;
        Ok(Proved {
            inspection,
            signature,
            parity,
            golden,
            training,
            evaluation,
            attempts,
            conversion,
            variant,
            findings,
        })
    }

    async fn golden(&self, form: &Form, rows: &Rows) -> Result<Option<Golden>> {
        let Ok((inputs, local)) = self.run(form, rows).await? else { return Ok(None) };
        let original = captured::as_outputs(&rows.reference, &local, &form.signature);
        let original = (!original.is_empty()).then_some(original);
        Ok(Some(Golden { inputs, original, local, tolerance: TOLERANCE }))
    }

    fn training(&self, signature: &mut Signature, inputs: &[InputMap]) -> Result<Option<Training>> {
        let Some(id) = &self.candidate.train else { return Ok(None) };
        let read = || {
            let dataset = self.folder.dataset(id)?;
            Ok((self.folder.columns(dataset)?, self.folder.times(dataset)?))
        };
        let (columns, times) = read().map_err(|error| captured::unreadable(&error))?;
        captured::training(columns, times, signature, inputs).map(Some)
    }

    fn evaluation(&self, inputs: &[InputMap]) -> Result<Option<Table>> {
        let ids = self.candidate.evaluation.as_ref().zip(self.candidate.evaluation_target.as_ref());
        let Some((rows, truth)) = ids else { return Ok(None) };
        let read = |id: &str| {
            let dataset = self.folder.dataset(id);
            dataset
                .and_then(|dataset| self.folder.columns(dataset))
                .map_err(|error| captured::unreadable(&error))
        };
        Ok(Some(captured::evaluation(read(rows)?, read(truth)?, inputs)))
    }

    /// No form was equal: nothing becomes a version, and the reason is the true one.
    fn refuse(&self, different: Option<(Parity, Vec<Column>)>, attempts: &[ConversionRow]) -> Error {
        let class = &self.candidate.class;
        let tried = attempts.iter().filter_map(|row| {
            Some(Finding::new(
                "conversion-attempt",
                Severity::Info,
                format!("{}: {}", row.variant, row.reason.as_ref()?),
                "Nothing has to be done: this is what was tried",
            ))
        });
        let Some((parity, columns)) = different else {
            let reason = attempts.iter().find_map(|row| row.reason.clone()).unwrap_or_default();
            let message = format!("{class} could not be converted: {reason}");
            let hint = "Use another estimator for that step, or export the model to ONNX in the notebook";
            return Error::failed("conversion-failed", message, hint).with_findings(tried.collect());
        };
        let message = format!(
            "The converted {class} is not the same model: {} of {} rows answer otherwise{}",
            parity.beyond,
            parity.rows,
            parity.worst.first().map_or_else(String::new, |row| format!(
                ", such as {} where the original says {}",
                row.converted, row.original
            ))
        );
        let hint = "Nothing was imported. Use another estimator, or scale large numbers inside the pipeline";
        let worst = parity.worst.iter().map(|row| {
            let values: Vec<String> = captured::row(&columns, row.index)
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let values: String = values.join(", ").chars().take(400).collect();
            Finding::new(
                "row-differs",
                Severity::Blocking,
                format!("{} instead of {} for {values}", row.converted, row.original),
                "Compare this row in the notebook",
            )
        });
        Error::failed("parity-failed", message, hint).with_findings(worst.chain(tried).collect())
    }
}

fn attempt(variant: Variant, result: &str, reason: Option<String>) -> ConversionRow {
    ConversionRow { variant: described(variant).into(), result: result.into(), reason }
}

const fn described(variant: Variant) -> &'static str {
    match variant {
        Variant::A => "double precision, single before the last step",
        Variant::B => "single precision",
        Variant::C => "double precision",
        Variant::Native => "the library's own export",
        Variant::AsIs => "the ONNX file that the notebook wrote",
    }
}

fn how_different(parity: &Parity) -> String {
    let largest = parity.max_abs.map_or_else(String::new, |largest| format!(", by up to {largest:.2e}"));
    format!("{} of {} rows differ{largest}", parity.beyond, parity.rows)
}

fn view(parity: &Parity, rows: Option<&Rows>) -> ParityView {
    let columns = rows.map_or(&[][..], |rows| &rows.columns);
    ParityView {
        rows: parity.rows as u64,
        beyond: parity.beyond as u64,
        max_abs: parity.max_abs,
        verdict: parity.verdict.word().into(),
        compared: parity.compared.clone(),
        worst: parity
            .worst
            .iter()
            .map(|row| ParityRow {
                values: captured::row(columns, row.index),
                original: row.original.clone(),
                converted: row.converted.clone(),
                difference: row.difference,
            })
            .collect(),
    }
}

fn no_parity() -> Finding {
    Finding::new(
        "no-parity",
        Severity::Warning,
        "The converted model was not compared with the original: there were no rows to do it on",
        "Import the notebook that fits it, with its data",
    )
}

fn close(parity: Option<&ParityView>) -> Finding {
    let (beyond, rows) = parity.map_or((0, 0), |parity| (parity.beyond, parity.rows));
    Finding::new(
        "parity-close",
        Severity::Warning,
        format!("{beyond} of {rows} rows differ from the original by a little more than 1e-5"),
        "Look at the rows on the model's page; at these the model stands on an edge",
    )
}

pub(crate) fn convert_error(error: &ConvertError) -> Error {
    match error {
        ConvertError::Cancelled => Error::cancelled(),
        // Where the reason names the step itself, it is a sentence of its own.
        ConvertError::Refused(refused) if refused.reason.starts_with(&refused.step) => {
            Error::new(Kind::Failed, error.code(), refused.reason.clone(), error.hint())
        }
        _ => Error::new(Kind::Failed, error.code(), capital(&error.to_string()), error.hint()),
    }
}
