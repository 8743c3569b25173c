//! Every sample notebook, in both environments, ends as `sample-models/notebooks.json` says, and nothing else becomes a version.

use flightdeck_journeys::{Desk, beside, sample};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A line of the list.
#[derive(Deserialize)]
struct Sample {
    path: String,
    environment: String,
    expect: String,
    code: Option<String>,
    model: Option<String>,
    task: Option<String>,
}

fn samples(environment: &str) -> Vec<Sample> {
    let list = std::fs::read_to_string(sample("notebooks.json")).unwrap();
    let list: Vec<Sample> = serde_json::from_str(&list).unwrap();
    list.into_iter().filter(|s| s.environment == "both" || s.environment == environment).collect()
}

#[test]
fn every_sample_ends_as_it_says_in_the_new_environment() {
    all("new");
}

#[test]
fn every_sample_ends_as_it_says_in_the_old_environment() {
    all("old");
}

/// One after the other; all that is wrong is said at the end.
fn all(environment: &str) {
    let mut wrong = String::new();
    let samples = samples(environment);
    assert!(samples.len() >= 20, "the list is there");
    for sample in &samples {
        if let Err(problem) = ends_as_stated(sample, environment) {
            let problem: String = problem.chars().take(900).collect();
            let _ = writeln!(wrong, "{}: {problem}", sample.path);
        }
    }
    assert!(wrong.is_empty(), "in {environment}:\n{wrong}");
}

/// Complains unless the statement is true.
macro_rules! check {
    ($true:expr, $($what:tt)+) => {
        if !$true {
            return Err(format!($($what)+));
        }
    };
}

fn ends_as_stated(sample: &Sample, environment: &str) -> Result<(), String> {
    let desk = Desk::new();
    let notebook = beside(&desk, &sample.path);
    if sample.path.ends_with("prints-for-ever.ipynb") {
        return stopped_by_a_person(&desk, &notebook, environment);
    }
    let answer = desk.import(&notebook, environment, &[]);
    check!(!answer.err.contains("panicked"), "{}", answer.err);
    let last = answer.json();
    match sample.expect.as_str() {
        "version" | "finding" => a_version(&desk, sample, (answer.code, &last)),
        "pick" => {
            let error = not_a_version(&desk, sample, (answer.code, &last))?;
            check!(answer.code == Some(2), "exit code {:?}", answer.code);
            let offered = error["candidates"].as_array().map_or(0, Vec::len);
            check!(offered >= 2, "{offered} models are offered");
            Ok(())
        }
        "refused" => {
            let error = not_a_version(&desk, sample, (answer.code, &last))?;
            check!(answer.code == Some(1), "exit code {:?}", answer.code);
            check!(Some(error["code"].as_str().unwrap_or_default()) == sample.code.as_deref(), "{error}");
            Ok(())
        }
        "failed" => not_a_version(&desk, sample, (answer.code, &last)).map(|_| ()),
        other => Err(format!("{other} is no end")),
    }
}

fn codes(findings: &Value) -> Vec<&str> {
    findings.as_array().into_iter().flatten().filter_map(|finding| finding["code"].as_str()).collect()
}

fn a_version(desk: &Desk, sample: &Sample, (code, view): (Option<i32>, &Value)) -> Result<(), String> {
    check!(code == Some(0), "exit code {code:?}: {}", view["error"]);
    let parity = &view["parity"];
    check!(parity["beyond"] == 0 && parity["verdict"] == "equal", "parity {parity}");
    check!(parity["rows"].as_u64() >= Some(30), "only {} rows were compared", parity["rows"]);
    let origin = &view["origin"];
    check!(origin["complete"] == true, "not all cells ran");
    check!(origin["candidate"]["variable"].as_str() == sample.model.as_deref(), "{}", origin["candidate"]);
    check!(
        view["signature"]["task"].as_str() == sample.task.as_deref(),
        "task {}",
        view["signature"]["task"]
    );
    if let Some(finding) = &sample.code {
        check!(
            codes(&view["findings"]).contains(&finding.as_str()),
            "findings {:?}",
            codes(&view["findings"])
        );
    }
    let shown = desk.json(["show", view["model"].as_str().unwrap_or_default()]);
    check!(shown["digest"] == view["digest"] && shown["version"] == 1, "show says {}", shown["digest"]);
    let lineage = shown["lineage"].as_array().into_iter().flatten();
    let mut notebooks = lineage.filter(|row| row["role"] == "notebook");
    let digest = notebooks.next().map(|row| &row["sha256"]);
    check!(digest.is_some() && digest == Some(&origin["code_digest"]), "lineage {}", shown["lineage"]);
    check!(!shown["baseline"].is_null() && !shown["golden"].is_null(), "no baseline or no golden rows");
    Ok(())
}

/// Gives the error, which has the stated code itself or among its findings.
fn not_a_version<'a>(
    desk: &Desk,
    sample: &Sample,
    (code, last): (Option<i32>, &'a Value),
) -> Result<&'a Value, String> {
    check!(matches!(code, Some(1 | 2)), "exit code {code:?}, {}", last["model"]);
    let error = &last["error"];
    for part in ["code", "message", "hint"] {
        check!(error[part].as_str().is_some_and(|text| !text.is_empty()), "no {part}: {error}");
    }
    let stated = sample.code.as_deref().unwrap_or_default();
    check!(error["code"] == stated || codes(&error["findings"]).contains(&stated), "{error}");
    check!(desk.json(["models"]) == json!([]), "something became a version");
    Ok(error)
}

/// A cell that never ends is ended by whoever watches it.
fn stopped_by_a_person(desk: &Desk, notebook: &std::path::Path, environment: &str) -> Result<(), String> {
    let mut events = desk.start_import(notebook, environment, &[]);
    events.until(|line| line["event"] == "output" && line["output"]["text"].as_str().is_some());
    events.interrupt();
    let (code, last) = events.end();
    check!(last["error"]["code"] == "cancelled" && code == Some(1), "{code:?} {last}");
    check!(desk.json(["models"]) == json!([]), "something became a version");
    Ok(())
}
