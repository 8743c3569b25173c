//! Model files of other programs: taken with their answers compared, or refused for what they are.

use flightdeck_journeys::{Desk, python, sample};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of exported models, and the file that a hostile one would write.
struct Exports {
    desk: Desk,
    folder: PathBuf,
    canary: PathBuf,
}

impl Exports {
    fn new() -> Self {
        let desk = Desk::new();
        let (folder, canary) = (desk.home().join("exports"), desk.home().join("canary"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/exported.py");
        let made = Command::new(python("new"))
            .arg("-B")
            .args([&script, &folder, &canary, &sample("diabetes/diabetes-progression.onnx")])
            .current_dir(desk.home())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        assert!(!canary.exists(), "writing them runs nothing");
        Self { desk, folder, canary }
    }

    fn call(&self, file: &str, more: &[&str]) -> Vec<OsString> {
        let mut call: Vec<OsString> = vec!["import".into(), self.folder.join(file).into()];
        call.extend(["--python".into(), python("new").into()]);
        call.extend(more.iter().map(OsString::from));
        call
    }

    /// Imported with its answers compared on as many rows as were asked of the original.
    fn taken(&self, file: &str, more: &[&str]) -> Value {
        let version = self.desk.json(self.call(file, more));
        let parity = &version["parity"];
        assert_eq!((&parity["beyond"], &version["version"]), (&json!(0), &json!(1)), "{file}: {version}");
        assert!(parity["rows"].as_u64().unwrap() >= 500, "{file}: {parity}");
        assert_eq!(version["signature"]["task"], "binary", "{file}");
        let codes: Vec<&str> =
            version["findings"].as_array().unwrap().iter().filter_map(|f| f["code"].as_str()).collect();
        assert!(codes.contains(&"no-baseline"), "{file} holds no training data: {codes:?}");
        version
    }
}

#[test]
fn boosters_and_pickles_become_versions_and_pickles_only_with_consent() {
    let exports = Exports::new();
    for file in ["xgb-text.json", "xgb-binary.ubj", "light.txt", "cat.cbm"] {
        exports.taken(file, &[]);
    }
    for file in ["pickled.pkl", "dumped.joblib"] {
        let (code, error) = exports.desk.refused(exports.call(file, &[]));
        assert_eq!((code, &error["code"]), (2, &json!("needs-consent")), "{file}: {error}");
        exports.taken(file, &["--consent"]);
    }
    // Where the library is there, its files are as good as a pickle.
    if exports.folder.join("kept.skops").is_file() {
        exports.taken("kept.skops", &["--consent"]);
    }
    let packed = exports.desk.json(exports.call("packed.zip", &[]));
    assert_eq!((&packed["version"], &packed["signature"]["task"]), (&json!(1), &json!("regression")));
}

#[test]
fn p1_p2_p3_p4_a_hostile_pickle_runs_nowhere_it_could_do_harm() {
    let exports = Exports::new();
    for file in ["p1-system.pkl", "p2-handler.pkl", "p2-open.pkl", "p3-garbage.pkl", "p4-renamed.onnx"] {
        let (code, error) = exports.desk.refused(exports.call(file, &[]));
        assert_eq!((code, &error["code"]), (2, &json!("needs-consent")), "{file}: {error}");
        assert!(error["message"].as_str().unwrap().contains("can carry code"), "{file}: {error}");
        assert!(!exports.canary.exists(), "{file} ran without consent");
        let (_, error) = exports.desk.refused(exports.call(file, &["--consent"]));
        assert!(!exports.canary.exists(), "{file} reached out of the sandbox: {error}");
    }
    assert_eq!(exports.desk.json(["models"]), json!([]));
}
