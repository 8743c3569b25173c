//! What converts: every case of the converter's matrix in both environments, run by the product's worker, compared with
//! the original, and set down in `docs/coverage.md`.
//!
//! `FLIGHTDECK_WRITE_COVERAGE=1` writes the page; otherwise the committed one must tell the same results.

mod judged;

use flightdeck_core::{Cancel, Tensor};
use flightdeck_engine::client::{Watch, Worker, WorkerConfig};
use flightdeck_engine::{GoldenRequest, ModelSource};
use flightdeck_journeys::{cache, environments, program, python};
use flightdeck_notebook::wire::{self, CaptureFolder, Column, Conversion, Limits};
use judged::judge;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TESTS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/flightdeck-notebook/python/tests/convert");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/coverage.md");

/// A case of the matrix, with what is expected of it.
#[derive(Clone, Deserialize)]
struct Case {
    name: String,
    class: String,
    expected: String,
    maximum: Option<f64>,
    environment: String,
}

/// What came of a case, as the page is made from.
#[derive(Serialize)]
struct Outcome {
    case: String,
    class: String,
    environment: String,
    result: &'static str,
    max_abs: Option<f64>,
    rows: Option<usize>,
    variant: Option<&'static str>,
    reason: Option<String>,
}

#[test]
fn no_wrong_model_is_accepted_and_the_page_says_what_converts() {
    let scratch = tempfile::tempdir().unwrap();
    let environments = ["new", "old"].map(|name| {
        let folder = scratch.path().join(name);
        std::thread::spawn(move || outcomes(name, &folder))
    });
    let all: Vec<(Case, Outcome)> = environments.into_iter().flat_map(|one| one.join().unwrap()).collect();
    assert!(all.len() > 300, "{} cases", all.len());
    let wrong: Vec<String> = all.iter().filter_map(|(case, outcome)| complaint(case, outcome)).collect();
    let outcomes: Vec<&Outcome> = all.iter().map(|(_, outcome)| outcome).collect();
    let results = scratch.path().join("results.json");
    fs::write(&results, serde_json::to_string(&outcomes).unwrap()).unwrap();
    let page = page(&results);
    if std::env::var_os("FLIGHTDECK_WRITE_COVERAGE").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let (committed, now) = (told(&fs::read_to_string(PAGE).unwrap()), told(&page));
    let differ: Vec<&String> = committed.symmetric_difference(&now).collect();
    assert!(differ.is_empty(), "write the page anew with FLIGHTDECK_WRITE_COVERAGE=1: {differ:#?}");
}

/// What is not as expected.
fn complaint(case: &Case, outcome: &Outcome) -> Option<String> {
    let largest = outcome.max_abs.unwrap_or(0.0);
    let fits = match case.expected.as_str() {
        "converts" => outcome.result == "converts" && case.maximum.is_none_or(|maximum| largest <= maximum),
        // However it is kept from becoming a version: what matters is that it is.
        "wrong" => outcome.result != "converts",
        expected => outcome.result == expected,
    };
    let reason = outcome.reason.as_deref().unwrap_or_default();
    (!fits).then(|| {
        format!(
            "{} in {}: expected {} within {:?}, {} with {largest:e}: {reason}",
            case.name, case.environment, case.expected, case.maximum, outcome.result
        )
    })
}

/// Fits and converts all cases of an environment, then runs what came out.
fn outcomes(environment: &str, folder: &Path) -> Vec<(Case, Outcome)> {
    let made = Command::new(python(environment))
        .args(["-B".into(), PathBuf::from(TESTS).join("matrix.py"), folder.to_owned()])
        .env("FLIGHTDECK_TEST_OVERLAY", environments().join("converter"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let cases: Vec<Case> =
        serde_json::from_str(&fs::read_to_string(folder.join("cases.json")).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let worker = Worker::new(WorkerConfig::with_program(runner()));
    cases
        .into_iter()
        .map(|case| {
            let outcome = runtime.block_on(outcome(&case, &folder.join(&case.name), &worker));
            (case, outcome)
        })
        .collect()
}

/// The runner that finds ONNX Runtime in this computer's cache, unless it is named.
fn runner() -> PathBuf {
    let library = cache().join("onnxruntime/1.32.0/libonnxruntime.so");
    let named = std::env::var_os("FLIGHTDECK_ONNXRUNTIME").is_some();
    assert!(named || library.is_file(), "ONNX Runtime is not there: run `cargo xtask setup`");
    program("FLIGHTDECK_RUNNER", "flightdeck-runner")
}

/// The first form that answers as the original decides; as the product does it.
async fn outcome(case: &Case, folder: &Path, worker: &Worker) -> Outcome {
    let mut outcome = Outcome {
        case: case.name.clone(),
        class: case.class.clone(),
        environment: case.environment.clone(),
        result: "failed",
        max_abs: None,
        rows: None,
        variant: None,
        reason: None,
    };
    let document = fs::read_to_string(folder.join("convert/c0/convert.json")).unwrap();
    let conversion: Conversion = serde_json::from_str(&document).unwrap();
    if let Some(refused) = &conversion.refused {
        outcome.result = "refused";
        outcome.reason = Some(format!("{}: {}", refused.step, refused.reason));
        return outcome;
    }
    let capture = CaptureFolder::open(folder, Limits::default()).unwrap();
    let (columns, answers) = capture.probe(capture.capture.candidates[0].parity.as_ref().unwrap()).unwrap();
    for rung in &conversion.ladder {
        let ran = match rung.file.as_ref().filter(|_| rung.ok) {
            None => Err(rung.error.clone().unwrap_or_default()),
            Some(file) => run(worker, capture.file(file).unwrap(), &conversion, &columns).await,
        };
        let outputs = match ran {
            Ok(outputs) => outputs,
            Err(reason) => {
                outcome.reason.get_or_insert(reason);
                continue;
            }
        };
        let judged = judge(&answers, &outputs, &conversion.outputs);
        if judged.accepted || outcome.result != "wrong" {
            outcome.max_abs = Some(judged.largest).filter(|largest| largest.is_finite());
            outcome.rows = Some(judged.rows);
        }
        if judged.accepted {
            let variant = Some(rung.variant.as_str());
            return Outcome { result: "converts", variant, reason: None, ..outcome };
        }
        if outcome.result != "wrong" {
            outcome.result = "wrong";
            outcome.reason = Some(format!("{} of {} rows answer otherwise", judged.beyond, judged.rows));
        }
    }
    outcome
}

/// The form's answers to the rows, from the product's worker; otherwise why there are none.
async fn run(
    worker: &Worker,
    file: PathBuf,
    conversion: &Conversion,
    columns: &[Column],
) -> Result<Vec<Tensor>, String> {
    let inputs = wire::tensors(&conversion.inputs, columns).map_err(|error| error.to_string())?;
    let request = GoldenRequest { model: ModelSource::File(file), inputs };
    let (cancel, mut progress) = (Cancel::default(), |_| {});
    let watch = Watch { progress: &mut progress, cancel: &cancel };
    worker.golden(request, watch).await.map_err(|error| error.to_string())
}

/// The page, written by the converter's own script.
fn page(results: &Path) -> String {
    let script = PathBuf::from(TESTS).join("coverage.py");
    let made = Command::new(python("new")).arg("-B").args([&script, results]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap()
}

/// What the page says without its numbers: class, case and result by environment.
fn told(page: &str) -> BTreeSet<String> {
    let result = |cell: &str| match cell.trim().split([' ', ',']).next().unwrap_or_default() {
        word @ ("refused" | "wrong" | "failed" | "–") => word.to_owned(),
        _ => "converts".to_owned(),
    };
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| class"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let results: Vec<String> = cells.iter().skip(2).take(2).map(|cell| result(cell)).collect();
        format!("{} {} {results:?}", cells[0].trim(), cells.get(1).unwrap_or(&"").trim())
    })
    .collect()
}

#[test]
fn a_table_is_read_without_its_numbers() {
    let row = |rest: &str| told(&format!("| class | case |\n|---|---|\n| Ridge | ridge | {rest} |\n"));
    assert_eq!(row("1.0e-07 (A, 300 rows) | –"), row("2.5e-08 (C, 200 rows) | –"));
    assert_ne!(row("1.0e-07 (A, 300 rows) | –"), row("wrong, 1.0e-01 | –"));
    assert_ne!(row("1.0e-07 (A, 300 rows) | –"), row("1.0e-07 (A, 300 rows) | 1.0e-07 (A, 300 rows)"));
}
