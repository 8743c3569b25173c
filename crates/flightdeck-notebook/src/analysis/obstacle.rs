//! Notebooks that cannot give a model, told before anything runs.

use super::Analysis;
use crate::document::{CellKind, Notebook};
use flightdeck_core::{Finding, Severity};

/// Why this notebook cannot give a model: another language, nothing to run, or definitions only.
pub fn obstacle(notebook: &Notebook, analysis: Option<&Analysis>) -> Option<Finding> {
    let blocking =
        |code: &str, message: String, hint: &str| Some(Finding::new(code, Severity::Blocking, message, hint));
    if !notebook.is_python() {
        let language = match notebook.language.as_str() {
            "r" => "R",
            "julia" => "Julia",
            other => other,
        };
        return blocking(
            "not-python",
            format!("This notebook is written in {language}; Flightdeck runs Python"),
            "Export the model there to ONNX, XGBoost or LightGBM and import that file.",
        );
    }
    if notebook.code().all(|cell| cell.source.trim().is_empty()) {
        let text = notebook.cells.iter().any(|cell| cell.kind == CellKind::Markdown);
        let message = if text { "The notebook holds text and no code" } else { "The notebook is empty" };
        return blocking("empty-notebook", message.into(), "Choose the notebook that trains the model.");
    }
    let cells = &analysis?.cells;
    if cells.iter().all(|cell| cell.definitions_only || cell.empty) {
        return blocking(
            "only-definitions",
            "The notebook defines functions and calls none of them".into(),
            "Add a cell that calls them and keeps the fitted model in a variable.",
        );
    }
    None
}
