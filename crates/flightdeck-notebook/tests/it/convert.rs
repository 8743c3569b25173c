//! The converter as it runs: real interpreters, real walls, hostile pickles.

use flightdeck_core::{Cancel, Progress};
use flightdeck_notebook::convert::{Consent, ConvertError, Converter, Exported, Watch};
use flightdeck_notebook::wire::{CaptureFolder, Conversion, Limits, Variant, tensors};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

fn pythons() -> PathBuf {
    std::env::var_os("FLIGHTDECK_TEST_PYTHON")
        .map_or_else(|| dirs::cache_dir().expect("a cache folder").join("flightdeck/python"), PathBuf::from)
}

fn interpreter(environment: &str) -> PathBuf {
    let path = pythons().join(environment).join("bin/python");
    assert!(path.exists(), "{} is missing; run the set-up", path.display());
    path
}

fn converter(environment: &str, scratch: &Path) -> Converter {
    Converter::new(interpreter(environment), pythons().join("converter"), scratch)
}

/// Runs a script of the test folder in an environment; it writes what the test needs.
fn prepare(environment: &str, script: &str, arguments: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/tests/convert");
    let status = Command::new(interpreter(environment))
        .arg("-B")
        .arg(folder.join(script))
        .args(arguments)
        .env("FLIGHTDECK_TEST_OVERLAY", pythons().join("converter"))
        .status()
        .expect("the interpreter starts");
    assert!(status.success(), "{script} {arguments:?}");
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn convert(converter: &Converter, folder: &Path, cancel: &Cancel) -> Result<Conversion, ConvertError> {
    let mut progress = |_: Progress| {};
    let watch = Watch { progress: &mut progress, cancel };
    block_on(converter.convert(folder, "c0", &[Variant::A], watch))
}

fn extract(converter: &Converter, file: &Path, folder: &Path) -> Result<CaptureFolder, ConvertError> {
    let mut progress = |_: Progress| {};
    let watch = Watch { progress: &mut progress, cancel: &Cancel::default() };
    block_on(converter.extract(file, Exported::Pickle, folder, Consent::Pickles, watch))
}

fn one_case(environment: &str, folder: &Path, name: &str) -> PathBuf {
    prepare(environment, "matrix.py", &[folder.to_str().unwrap(), "--only", name, "--capture-only"]);
    folder.join(name)
}

#[test]
fn a_pipeline_converts_to_the_same_bytes_each_time() {
    for environment in ["new", "old"] {
        let scratch = tempfile::tempdir().unwrap();
        let folder = one_case(environment, scratch.path(), "column-transformer-logistic");
        let converter = converter(environment, &scratch.path().join("scratch"));
        let first = convert(&converter, &folder, &Cancel::default()).unwrap();
        let (variant, file) = first.made().unwrap();
        assert_eq!(variant, Variant::A);
        let bytes = std::fs::read(folder.join(file)).unwrap();
        convert(&converter, &folder, &Cancel::default()).unwrap();
        assert_eq!(std::fs::read(folder.join(file)).unwrap(), bytes);

        let capture = CaptureFolder::open(&folder, Limits::default()).unwrap();
        let (columns, answers) =
            capture.probe(capture.capture.candidates[0].parity.as_ref().unwrap()).unwrap();
        assert_eq!(tensors(&first.inputs, &columns).unwrap().len(), first.inputs.len());
        assert_eq!(answers.scores.len(), 2);
        assert_eq!(
            std::fs::read_dir(scratch.path().join("scratch")).unwrap().count(),
            0,
            "scratch is left behind"
        );
    }
}

#[test]
fn an_own_transformer_is_refused_by_name() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = one_case("new", scratch.path(), "own-transformer");
    let error =
        convert(&converter("new", &scratch.path().join("s")), &folder, &Cancel::default()).unwrap_err();
    let ConvertError::Refused(refused) = &error else { panic!("{error}") };
    assert_eq!(refused.step, "Doubler");
    assert_eq!(error.code(), "not-convertible");
    assert!(error.hint().contains("ColumnTransformer"));
}

#[test]
fn an_overlay_that_is_missing_or_broken_is_said() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = one_case("new", scratch.path(), "logistic");
    let mut converter = converter("new", &scratch.path().join("s"));
    converter.overlay = scratch.path().join("nothing");
    let missing = convert(&converter, &folder, &Cancel::default()).unwrap_err();
    assert!(matches!(missing, ConvertError::Overlay { .. }), "{missing}");
    std::fs::create_dir_all(scratch.path().join("nothing/onnx")).unwrap();
    std::fs::write(scratch.path().join("nothing/onnx/__init__.py"), "raise ImportError('half of it')")
        .unwrap();
    let broken = convert(&converter, &folder, &Cancel::default()).unwrap_err();
    assert!(
        matches!(&broken, ConvertError::OverlayBroken { reason } if reason.contains("half of it")),
        "{broken}"
    );
    converter.interpreter = scratch.path().join("no-python");
    assert_eq!(convert(&converter, &folder, &Cancel::default()).unwrap_err().code(), "converter-start");
}

/// A model file that does something else when it is opened.
fn hostile(kind: &str, scratch: &Path) -> PathBuf {
    let file = scratch.join(format!("{kind}.pkl"));
    let canary = scratch.join("canary");
    prepare("new", "hostile.py", &[kind, file.to_str().unwrap(), canary.to_str().unwrap()]);
    assert!(!canary.exists(), "the canary must come from opening the file");
    file
}

#[cfg(target_os = "linux")]
#[test]
fn p1_p2_p3_a_hostile_pickle_leaves_nothing_outside() {
    for kind in ["system", "file-handler", "subclass", "broken-stop", "remount"] {
        let scratch = tempfile::tempdir().unwrap();
        let file = hostile(kind, scratch.path());
        let result =
            extract(&converter("new", &scratch.path().join("s")), &file, &scratch.path().join("out"));
        assert!(!scratch.path().join("canary").exists(), "{kind} wrote outside");
        // It did run, inside: otherwise this test would show nothing.
        assert!(scratch.path().join("out/inside").exists(), "{kind} did not run: {result:?}");
        assert!(result.is_err(), "{kind}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn p1_no_network_and_no_child_that_survives() {
    let scratch = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let file = scratch.path().join("m.pkl");
    let port = listener.local_addr().unwrap().port().to_string();
    prepare("new", "hostile.py", &["daemon", file.to_str().unwrap(), &port]);
    let _ = extract(&converter("new", &scratch.path().join("s")), &file, &scratch.path().join("out"));
    let said = std::fs::read_to_string(scratch.path().join("out/inside")).expect("the pickle ran");
    assert!(said.contains("no connection"), "{said}");
    assert!(listener.accept().is_err());
    // The child would hold this lock for as long as it lives.
    let lock = std::fs::File::open(scratch.path().join("out/lock")).expect("the child started");
    lock.try_lock().expect("the child is gone");
}

#[test]
fn p1_without_consent_nothing_is_opened() {
    let scratch = tempfile::tempdir().unwrap();
    let file = hostile("system", scratch.path());
    let mut progress = |_: Progress| {};
    let watch = Watch { progress: &mut progress, cancel: &Cancel::default() };
    let converter = converter("new", &scratch.path().join("s"));
    let out = scratch.path().join("out");
    let error = block_on(converter.extract(&file, Exported::Pickle, &out, Consent::No, watch)).unwrap_err();
    assert_eq!(error.code(), "not-convertible");
    assert!(error.to_string().contains("code"), "{error}");
    assert!(!out.join("inside").exists() && !scratch.path().join("canary").exists());
}

#[test]
fn a_model_that_takes_too_long_is_killed() {
    let scratch = tempfile::tempdir().unwrap();
    let file = hostile("forever", scratch.path());
    let mut converter = converter("new", &scratch.path().join("s"));
    converter.limits.time = Duration::from_secs(1);
    assert_eq!(
        extract(&converter, &file, &scratch.path().join("out")).unwrap_err().code(),
        "converter-timeout"
    );
}

#[test]
fn a_model_that_is_not_wanted_any_more_is_killed() {
    let scratch = tempfile::tempdir().unwrap();
    let file = hostile("forever", scratch.path());
    let (out, cancel) = (scratch.path().join("out"), Cancel::default());
    let converter = converter("new", &scratch.path().join("s"));
    let mut progress = |_: Progress| {};
    let watch = Watch { progress: &mut progress, cancel: &cancel };
    let running = async {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while !out.join("inside").exists() {
            tick.tick().await;
        }
        cancel.cancel();
        std::future::pending::<()>().await;
    };
    let error = block_on(async {
        tokio::select! {
            result = converter.extract(&file, Exported::Pickle, &out, Consent::Pickles, watch) => result.unwrap_err(),
            () = running => unreachable!("it never ends"),
        }
    });
    assert_eq!(error.code(), "cancelled");
}

#[test]
fn a_model_that_takes_all_memory_ends_with_a_reason() {
    let scratch = tempfile::tempdir().unwrap();
    let file = hostile("memory", scratch.path());
    let mut converter = converter("new", &scratch.path().join("s"));
    converter.limits.memory_bytes = 3 << 30;
    let error = extract(&converter, &file, &scratch.path().join("out")).unwrap_err();
    assert!(error.to_string().contains("MemoryError"), "{error}");
}

/// Extracts an exported file and converts what came out.
fn through(
    kind: (&str, Exported),
    environment: (&str, &str),
    name: &str,
) -> Result<Conversion, ConvertError> {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join(name);
    prepare(environment.0, "exported.py", &[kind.0, file.to_str().unwrap()]);
    let converter = converter(environment.1, &scratch.path().join("s"));
    let out = scratch.path().join("out");
    let mut progress = |_: Progress| {};
    let cancel = Cancel::default();
    let watch = Watch { progress: &mut progress, cancel: &cancel };
    let folder = block_on(converter.extract(&file, kind.1, &out, Consent::Pickles, watch))?;
    let candidate = &folder.capture.candidates[0];
    let (columns, answers) = folder.probe(candidate.parity.as_ref().unwrap()).unwrap();
    assert_eq!(columns[0].values.len(), 2000);
    assert!(answers.label.is_some() && answers.scores.len() >= 2);
    folder.probe(candidate.golden.as_ref().unwrap()).unwrap();
    let conversion = convert(&converter, &out, &cancel)?;
    tensors(&conversion.inputs, &columns).unwrap();
    Ok(conversion)
}

#[test]
fn exported_models_convert_without_data() {
    let cases = [
        (("xgboost", Exported::Xgboost), "m.json", Variant::Native),
        (("xgboost", Exported::Xgboost), "m.ubj", Variant::Native),
        (("lightgbm", Exported::Lightgbm), "m.txt", Variant::Native),
        (("catboost", Exported::Catboost), "m.cbm", Variant::Native),
        (("joblib", Exported::Pickle), "m.joblib", Variant::A),
        (("forest", Exported::Pickle), "m.pkl", Variant::A),
        (("mlflow", Exported::Mlflow), "m", Variant::Native),
    ];
    for (kind, name, variant) in cases {
        let conversion =
            through(kind, ("new", "new"), name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let made = conversion.made().unwrap_or_else(|| panic!("{name}: {:?}", conversion.ladder));
        assert_eq!(made.0, variant, "{name}");
    }
}

#[test]
fn a_pickle_of_another_version_is_refused_before_it_is_opened() {
    for name in ["joblib", "forest"] {
        let error = through((name, Exported::Pickle), ("old", "new"), "m.pkl").unwrap_err();
        assert!(error.to_string().contains("scikit-learn 1.3.2"), "{error}");
        assert!(error.hint().contains("scikit-learn==1.3.*"), "{}", error.hint());
    }
}
