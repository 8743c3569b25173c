//! Pickles and joblib files: what a person is asked before one is loaded in the sandbox.

use crate::pickle::PickleScan;
use crate::recognised::{Format, How, Need};
use crate::text::some_of;

/// Libraries by the module that a stream imports, and how they are installed.
const LIBRARIES: [(&str, &str); 6] = [
    ("xgboost", "xgboost"),
    ("lightgbm", "lightgbm"),
    ("catboost", "catboost"),
    ("cloudpickle", "cloudpickle"),
    ("joblib", "joblib"),
    ("pandas", "pandas"),
];

/// The question, with what the stream names.
pub(crate) fn after_consent(format: Format, scan: &PickleScan) -> How {
    if scan.imports("torch") && !scan.imports("sklearn") {
        return crate::advice::not(crate::Kind::TorchWeights);
    }
    let mut roots: Vec<String> =
        scan.modules.iter().map(|module| module.split('.').next().unwrap_or(module).to_owned()).collect();
    roots.dedup();
    let named =
        if roots.is_empty() { "it names none".to_owned() } else { format!("it names {}", some_of(&roots)) };
    let why =
        format!("A pickle is a program: loading it may run any code, whatever modules it names ({named})");
    How::AfterConsent { format, needs: needs(scan), why }
}

/// What has to be installed for a stream to be loaded.
pub(crate) fn needs(scan: &PickleScan) -> Vec<Need> {
    let mut needs = Vec::new();
    if scan.imports("sklearn") || scan.sklearn_version.is_some() {
        needs.push(Need::same_minor("scikit-learn", scan.sklearn_version.clone()));
    }
    let named = LIBRARIES.iter().filter(|(module, _)| scan.imports(module));
    needs.extend(named.map(|(_, package)| Need::any(package)));
    needs
}
