//! Golden rows: inputs that no person stands behind, with the outputs that this computer computed for them.

use crate::import::columns::Matched;
use crate::jobs::Job;
use crate::{App, Error, Result};
use flightdeck_core::{Cell, DataType, Finding, Severity, Signature, Tensor, assemble};
use flightdeck_engine::client::{Watch, WorkerError};
use flightdeck_engine::{GoldenRequest, ModelSource};
use flightdeck_package::{Golden, Tolerance};
use std::path::Path;

/// How many there are.
const ROWS: usize = 64;
/// What a batched run may differ by, and another processor.
pub(crate) const TOLERANCE: Tolerance = Tolerance { absolute: 1e-6, relative: 1e-5 };
/// The same where answers have eleven bits, and where they have eight: a few steps between neighbours.
const HALVES: [(DataType, Tolerance); 2] = [
    (DataType::Fp16, Tolerance { absolute: 1e-3, relative: 4e-3 }),
    (DataType::Bf16, Tolerance { absolute: 1e-2, relative: 3e-2 }),
];

/// Draws golden rows from a baseline and runs them. `None`, with a finding, when the model cannot be run on them.
pub(crate) async fn golden(
    signature: &Signature,
    baseline: &Matched,
    model: &Path,
    job: &Job,
) -> Result<Result<Golden, Finding>> {
    let Some(inputs) = draw(signature, baseline)? else {
        return Ok(Err(Finding::new(
            "no-golden-rows",
            Severity::Warning,
            "The baseline has too few complete values to try the model on",
            "Give training data without empty columns",
        )));
    };
    let mut report = |progress| job.report(progress);
    let request = GoldenRequest { model: ModelSource::File(model.into()), inputs: inputs.clone() };
    let watch = Watch { progress: &mut report, cancel: &job.cancel };
    match App::worker()?.golden(request, watch).await {
        Ok(local) => Ok(Ok(Golden { inputs, original: None, tolerance: tolerance(&local), local })),
        Err(WorkerError::Failed(failure)) => Ok(Err(Finding::new(
            "does-not-run",
            Severity::Blocking,
            format!("The model does not run on its own training data: {}", failure.message),
            failure.hint,
        ))),
        Err(error) => Err(error.into()),
    }
}

/// That of the coarsest output.
fn tolerance(outputs: &[Tensor]) -> Tolerance {
    let has = |data_type| outputs.iter().any(|tensor| tensor.data_type() == data_type);
    let coarse = HALVES.into_iter().rev().find(|(data_type, _)| has(*data_type));
    coarse.map_or(TOLERANCE, |(_, tolerance)| tolerance)
}

/// Each column's values come from rows of their own, so that no drawn row ever existed. The draw depends on the data
/// alone: the same files give the same rows.
fn draw(signature: &Signature, baseline: &Matched) -> Result<Option<Vec<Tensor>>> {
    let names: Vec<String> = signature.columns().map(|(_, column)| column.name.clone()).collect();
    let mut rows = vec![Vec::new(); ROWS];
    for (index, (input, column)) in signature.columns().enumerate() {
        let Some(place) = baseline.position(&column.name) else { return Ok(None) };
        let takes_missing = input.data_type.is_float() || column.missing.is_some();
        let usable: Vec<usize> = (0..baseline.table.rows)
            .filter(|row| takes_missing || baseline.table.cell(*row, place) != Cell::Missing)
            .collect();
        if usable.is_empty() {
            return Ok(None);
        }
        let mut random = SplitMix(index as u64 + 1);
        for row in &mut rows {
            let drawn = usable[(random.next() % usable.len() as u64) as usize];
            row.push(baseline.table.cell(drawn, place));
        }
    }
    let tensors = assemble(signature, &names, &rows).map_err(|error| {
        Error::input("baseline-columns", error.to_string(), "Give the data as the model takes it")
    })?;
    Ok(Some(tensors))
}

/// `SplitMix64` (Steele, Lea, Flood 2014): small, and the same everywhere for ever.
struct SplitMix(u64);

impl SplitMix {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
