//! Overlays and environments made by a real pip, and the user's environment as it was.

use crate::python::{Ears, ask, fresh, interpreter, root, walk};
use flightdeck_notebook::environment::{Origin, Probe, Requirements, Wanted, build, requirements};
use flightdeck_notebook::overlay::{brings, converter, has_converter, kernel};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of small wheels under the names and versions of the real ones.
fn wheels(folder: &Path, groups: &str) -> Origin {
    let wheels = folder.join("wheels");
    fs::create_dir_all(&wheels).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/tests/probe/wheels.py");
    let status =
        Command::new(interpreter("new")).arg("-B").arg(script).arg(&wheels).arg(groups).status().unwrap();
    assert!(status.success());
    Origin { wheels: Some(wheels), others: Vec::new() }
}

const CONVERTERS: &str = "skl2onnx 1.20.0,onnxmltools 1.16.0,\
    onnx 1.19.1 onnx/__init__.py onnx/backend/test/data/big.pb,protobuf 6.33.6,ml_dtypes 0.5.0,\
    typing_extensions 4.12.0,cloudpickle 3.1.0";

fn asked(program: &Path) -> Probe {
    ask(program, &["import numpy"], Path::new("/"))
}

#[test]
fn the_converter_overlay_is_made_whole_and_the_environment_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for with_pip in [true, false] {
        let place = folder.path().join(format!("venv-{with_pip}"));
        let program = fresh(&place, with_pip);
        let (before, cache) = (walk(&place), folder.path().join(format!("cache-{with_pip}")));
        let probe = asked(&program);
        assert_eq!((probe.pip, probe.ipykernel.as_deref()), (with_pip, None));
        assert_eq!(probe.missing[0].module, "numpy");
        let origin = wheels(folder.path(), CONVERTERS);
        let mut ears = Ears::default();
        let made = ears.hear(|watch| converter(&cache, &probe, &origin, watch)).unwrap();
        assert!(ears.lines.iter().any(|line| line.contains("Successfully installed")), "{:?}", ears.lines);
        assert!(made.join("onnx/__init__.py").exists() && !made.join("onnx/backend/test/data").exists());
        assert!(has_converter(&cache, &probe));
        assert_eq!(fs::read_dir(&cache).unwrap().count(), 1, "nothing unfinished is left");
        // The second time nothing is asked.
        let mut silent = Ears::default();
        let again = silent.hear(|watch| converter(&cache, &probe, &Origin::default(), watch)).unwrap();
        assert_eq!((again, silent.lines.len()), (made, 0));
        assert_eq!(walk(&place), before, "with pip: {with_pip}");
    }
}

#[test]
fn the_overlay_of_the_set_up_is_taken_as_it_is() {
    let cache = tempfile::tempdir().unwrap();
    let probe = asked(&interpreter("old"));
    let name = format!("converter-cp{}{}-{}", probe.version.0, probe.version.1, probe.platform);
    std::os::unix::fs::symlink(root().join("converter"), cache.path().join(&name)).unwrap();
    let mut ears = Ears::default();
    let found = ears.hear(|watch| converter(cache.path(), &probe, &Origin::default(), watch)).unwrap();
    assert_eq!((found, ears.lines.len()), (cache.path().join(name), 0));
}

#[test]
fn wheels_that_are_missing_give_the_command_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let origin = wheels(folder.path(), "onnx 1.19.1,protobuf 6.33.6");
    let error =
        Ears::default().hear(|w| converter(&cache, &asked(&interpreter("new")), &origin, w)).unwrap_err();
    assert_eq!(error.code(), "overlay-unreachable");
    let hint = error.hint();
    for part in ["-m pip install --target", "--no-deps", "onnx==1.19.1", &*cache.to_string_lossy()] {
        assert!(hint.contains(part), "{part} in {hint}");
    }
    assert!(!hint.contains("--no-index"), "{hint}");
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
}

#[test]
fn an_index_that_does_not_answer_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("python");
    let settings = "PIP_INDEX_URL=http://127.0.0.1:9/simple PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_NO_CACHE_DIR=1";
    let text = format!("#!/bin/sh\nexport {settings}\nexec {} \"$@\"\n", interpreter("new").display());
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let cache = folder.path().join("cache");
    let probe = Probe { interpreter: program, ..asked(&interpreter("new")) };
    let error = Ears::default().hear(|w| converter(&cache, &probe, &Origin::default(), w)).unwrap_err();
    assert_eq!(
        (error.code(), error.finding().code.as_str()),
        ("overlay-unreachable", "overlay-unreachable"),
        "{error}"
    );
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
}

#[test]
fn a_stop_leaves_nothing_and_an_old_python_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let mut probe = asked(&interpreter("new"));
    let ears = Ears::default();
    ears.cancel.cancel();
    let mut ears = ears;
    let error = ears.hear(|watch| converter(&cache, &probe, &Origin::default(), watch)).unwrap_err();
    assert_eq!((error.code(), fs::read_dir(&cache).unwrap().count()), ("cancelled", 0));
    probe.version = (3, 9, 1);
    let error = ears.hear(|watch| converter(&cache, &probe, &Origin::default(), watch)).unwrap_err();
    assert_eq!(error.code(), "python-too-old");
}

#[test]
fn another_interpreter_s_pip_serves_an_environment_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("venv");
    let program = fresh(&place, false);
    let before = walk(&place);
    let mut probe = asked(&program);
    probe.bundled_pip = None;
    let origin = wheels(folder.path(), CONVERTERS);
    let error =
        Ears::default().hear(|w| converter(&folder.path().join("a"), &probe, &origin, w)).unwrap_err();
    assert_eq!(error.code(), "no-pip");
    let origin = Origin { others: vec!["/bin/false".into(), interpreter("old")], ..origin };
    Ears::default().hear(|w| converter(&folder.path().join("b"), &probe, &origin, w)).unwrap();
    assert_eq!(walk(&place), before);
}

/// Fetched once by the real pip from the real index, and kept beside the other environments of the tests.
#[test]
fn an_environment_without_a_kernel_gets_one_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("venv");
    let program = fresh(&place, false);
    let before = walk(&place);
    let probe = asked(&program);
    let overlay =
        Ears::default().hear(|w| kernel(&root().join("overlays"), &probe, &Origin::default(), w)).unwrap();
    let code = format!(
        "import sys; sys.path.append({overlay:?}); import ipykernel.kernelapp, zmq; print(ipykernel.__file__)"
    );
    let output = Command::new(&program).args(["-B", "-c", &code]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).starts_with(&*overlay.to_string_lossy()), "{output:?}");
    assert_eq!(walk(&place), before);
}

fn wanted(lines: &[&str], origin: Origin) -> Wanted {
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    Wanted {
        base: interpreter("new"),
        requirements: Requirements { file: None, lines, left_out: Vec::new() },
        origin,
    }
}

#[test]
fn an_environment_is_built_once_for_what_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let origin = wheels(folder.path(), "ipykernel 7.0.0,demo 1.0,demo 2.0");
    let place = folder.path().join("own");
    let one = wanted(&["demo<2"], origin.clone());
    let mut ears = Ears::default();
    let program = ears.hear(|watch| build(&one, &place, watch)).unwrap();
    assert!(ears.lines.iter().any(|line| line.contains("Successfully installed")));
    assert_eq!(ears.stages.first().map(String::as_str), Some("create"));
    let probe = asked(&program);
    assert_eq!((probe.version_of("demo"), probe.ipykernel.as_deref()), (Some("1.0"), Some("7.0.0")));
    let mut silent = Ears::default();
    assert_eq!(silent.hear(|watch| build(&one, &place, watch)).unwrap(), program);
    assert_eq!(silent.stages, [""; 0]);
    let program = Ears::default().hear(|w| build(&wanted(&["demo"], origin.clone()), &place, w)).unwrap();
    assert_eq!(asked(&program).version_of("demo"), Some("2.0"));
    let error = Ears::default().hear(|w| build(&wanted(&["nosuch"], origin), &place, w)).unwrap_err();
    assert!(error.code() == "install-failed" && !place.exists(), "{error}");
}

#[test]
fn a_folder_with_anything_else_in_it_is_never_cleared() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "x").unwrap();
    let error =
        Ears::default().hear(|w| build(&wanted(&[], Origin::default()), folder.path(), w)).unwrap_err();
    assert_eq!((error.code(), folder.path().join("thesis.txt").exists()), ("cannot-write", true));
}

#[test]
fn what_is_needed_comes_from_the_project_s_files_and_else_from_the_imports() {
    let folder = tempfile::tempdir().unwrap();
    let place: PathBuf = folder.path().join("project/notebooks");
    fs::create_dir_all(&place).unwrap();
    fs::create_dir(folder.path().join("project/.git")).unwrap();
    let probe = ask(&interpreter("new"), &["import sklearn, os, cv2"], &place);
    assert_eq!(requirements(&place, &probe).unwrap().lines, ["opencv-python", "scikit-learn"]);
    let project = folder.path().join("project/pyproject.toml");
    fs::write(&project, "[tool.ruff]\nline-length = 100\n").unwrap();
    assert_eq!(requirements(&place, &probe).unwrap().file, None);
    fs::write(&project, "[project]\nname = 'p'\ndependencies = ['pandas>=2']\n").unwrap();
    let found = requirements(&place, &probe).unwrap();
    assert_eq!((found.file, found.lines), (Some(project.clone()), vec!["pandas>=2".to_owned()]));
    fs::write(&project, "[project\n").unwrap();
    assert_eq!(requirements(&place, &probe).unwrap_err().code(), "requirements-unreadable");
    fs::write(place.join("requirements.txt"), "numpy\n-e ..\n").unwrap();
    let found = requirements(&place, &probe).unwrap();
    assert_eq!((found.lines, found.left_out), (vec!["numpy".to_owned()], vec!["-e ..".to_owned()]));
}

#[test]
fn the_converters_are_brought_and_a_persons_own_libraries_are_not() {
    assert!(["onnxmltools", "skl2onnx", "onnx"].iter().all(|own| brings(own)));
    assert!(!["lightgbm", "xgboost", "numpy", "onnxruntime", ""].iter().any(|other| brings(other)));
}
