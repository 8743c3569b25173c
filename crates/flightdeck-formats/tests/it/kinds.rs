//! Files told by their content, and the straight answer for each.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use flightdeck_formats::{Detail, Format, How, Kind, Limits, Recognised, VersionRule, recognise};

use crate::zips::{Entry, zip};
use crate::{ONNX, write};

/// `os.system("touch canary")` by `pickle.dumps(…, 4)`.
const SYSTEM: &[u8] = b"\x80\x04\x95'\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x0ctouch canary\x94\x85\x94R\x94.";

fn seen(name: &str, bytes: &[u8]) -> Recognised {
    let dir = tempfile::tempdir().unwrap();
    let found = recognise(&write(dir.path(), name, bytes), &Limits::default()).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "looking writes nothing");
    found
}

fn message(found: &Recognised) -> &str {
    let How::Not { message, how_to_export } = &found.converts else { panic!("{found:?}") };
    assert!(!how_to_export.is_empty());
    message
}

fn system(found: &Recognised) {
    let scan = found.detail.pickle().expect("the scan is shown");
    assert!(scan.code_carrying && scan.callables.iter().any(|name| name == "posix.system"), "{found:?}");
}

#[test]
fn o17_what_is_no_model_is_refused_with_its_kind() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(ONNX).unwrap();
    let cases: [(&[u8], &str); 5] = [
        (b"", "an empty file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture"),
        (&gzip.finish().unwrap(), "a gzip file: an ONNX model is packed in it"),
        (b"\0\x01\x02\x03\xff", "a kind that is not known"),
        (b"{\"a\": 1}", "a JSON file"),
    ];
    for (bytes, expected) in cases {
        let found = seen("model.onnx", bytes);
        assert!(message(&found).contains(expected), "{found:?}");
    }
    // Two models in one file begin as one does; the reader of such files tells them apart.
    assert_eq!(seen("x.png", &[ONNX, ONNX].concat()).kind, Kind::Onnx);
}

#[test]
fn o17_a_file_over_two_gib_is_looked_at_without_being_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), "model.onnx", b"\x08\x08\x12\x02me\x3a\xf0\xff\xff\xff\x0b");
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(3 << 30).unwrap();
    assert_eq!(recognise(&path, &Limits::default()).unwrap().kind, Kind::Onnx);
}

#[test]
fn p1_p4_a_pickle_is_found_under_any_name_and_never_clean() {
    for name in ["m.pkl", "m.bin", "m.onnx", "m.npy", "m.csv"] {
        let found = seen(name, SYSTEM);
        assert_eq!(found.kind, Kind::Pickle);
        assert!(
            matches!(&found.converts, How::AfterConsent { format: Format::Pickle, why, .. } if why.contains("any code"))
        );
        system(&found);
    }
}

#[test]
fn p3_garbage_behind_the_payload_changes_nothing() {
    let broken = [&SYSTEM[..SYSTEM.len() - 1], b"\xff\xff\xff"].concat();
    let found = seen("m.pkl", &broken);
    system(&found);
    assert!(found.detail.pickle().unwrap().error.is_some());
}

#[test]
fn p4_pickles_in_archives_are_found_however_the_archive_lies() {
    let plain = Entry::deflated("model/weights", SYSTEM);
    system(&seen("a.zip", &zip(std::slice::from_ref(&plain))));
    let lies = [
        Entry { checksum: Some(1), ..plain.clone() },
        Entry { local_name: Some(b"other".to_vec()), ..plain.clone() },
        Entry { flags: 1, ..plain.clone() },
        Entry { bytes: Some(5), ..plain.clone() },
        Entry { bytes: Some(u32::MAX), extra: vec![1, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0], ..plain.clone() },
        Entry { method: 99, ..Entry::new("model/weights", SYSTEM) },
    ];
    for lie in lies {
        let found = seen("a.zip", &zip(&[lie]));
        assert_eq!(found.kind, Kind::BrokenZip);
        system(&found);
    }
    let found = seen("a.zip", &[b"#!/bin/sh\n".as_slice(), &zip(&[plain])].concat());
    assert_eq!(found.kind, Kind::BrokenZip, "bytes in front");
    system(&found);
}

#[test]
fn p6_object_arrays_are_refused_alone_in_archives_and_compressed() {
    let header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n";
    let array =
        [b"\x93NUMPY\x01\0".as_slice(), &(header.len() as u16).to_le_bytes(), header, SYSTEM].concat();
    let found = seen("a.npy", &array);
    assert_eq!(found.kind, Kind::NumpyArray);
    assert!(message(&found).contains("pickled objects"));
    system(&found);
    let found = seen("a.npz", &zip(&[Entry::deflated("a.npy", &array)]));
    assert_eq!(found.kind, Kind::NumpyArchive);
    assert!(message(&found).contains("pickled objects"));
    system(&found);
    // A member that is no array is unpickled by NumPy.
    system(&seen("b.npz", &zip(&[Entry::new("b.npy", SYSTEM)])));
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(SYSTEM).unwrap();
    let found = seen("m.joblib", &zlib.finish().unwrap());
    assert_eq!(found.kind, Kind::Joblib);
    system(&found);
}

#[test]
fn p6_a_header_of_a_gib_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let huge = [b"\x93NUMPY\x02\0".as_slice(), &(1_u32 << 30).to_le_bytes(), b"{"].concat();
    let error = recognise(&write(dir.path(), "a.npy", &huge), &Limits::default()).unwrap_err();
    assert_eq!(error.code(), "numpy-header");
}

#[test]
fn p8_keras_models_are_flagged_and_not_followed() {
    let config = br#"{"module":"keras","class_name":"Sequential","config":{"layers":[{"module":"keras.layers","class_name":"Lambda","config":{"name":"l"}}]}}"#;
    let metadata = Entry::new("metadata.json", br#"{"keras_version":"3.9.0"}"#);
    let found = seen("m.keras", &zip(&[Entry::new("config.json", config), metadata.clone()]));
    let Detail::Keras(facts) = &found.detail else { panic!("{found:?}") };
    assert_eq!(
        (found.kind, facts.version.as_deref(), facts.lambdas.as_slice()),
        (Kind::Keras, Some("3.9.0"), &["l".to_owned()][..])
    );
    assert_eq!(found.findings[0].code, "code-carrying");
    assert!(
        matches!(&found.converts, How::Not { how_to_export, .. } if how_to_export.contains("format=\"onnx\""))
    );
    let h5 = seen("m.h5", b"\x89HDF\r\n\x1a\n....{\"class_name\": \"Lambda\"}");
    assert_eq!((h5.kind, h5.findings.len()), (Kind::Hdf5, 1));
    assert!(message(&h5).contains("not followed"));
    let plain =
        seen("m.keras", &zip(&[Entry::new("config.json", b"{\"class_name\":\"Functional\"}"), metadata]));
    assert!(plain.findings.is_empty());
}

#[test]
fn models_of_pytorch_are_told_apart() {
    let entry = |name: &str| Entry::new(name, b"x");
    let data = Entry::new("m/data.pkl", SYSTEM);
    let script = seen(
        "m.pt",
        &zip(&[data.clone(), entry("m/constants.pkl"), entry("m/code/__torch__.py"), entry("m/version")]),
    );
    let export = seen("m.pt2", &zip(&[entry("m/archive_format"), entry("m/models/model.json")]));
    let weights = seen("m.pth", &zip(&[data, entry("m/version"), entry("m/data/0")]));
    let legacy = seen("m.pth", &[b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".as_slice(), SYSTEM].concat());
    let kinds = [&script, &export, &weights, &legacy].map(|found| found.kind);
    assert_eq!(kinds, [Kind::TorchScript, Kind::TorchExport, Kind::TorchWeights, Kind::TorchWeights]);
    for found in [&script, &weights, &legacy] {
        system(found);
    }
    for found in [script, export, weights, legacy] {
        assert!(
            matches!(found.converts, How::Not { how_to_export, .. } if how_to_export.contains("dynamo=True") && how_to_export.contains("onnxscript"))
        );
    }
}

#[test]
fn a_zip_with_one_model_is_taken() {
    let found = seen("m.zip", &zip(&[Entry::deflated("net", ONNX), Entry::new("w.bin", &[1; 9])]));
    assert_eq!((found.kind, &found.converts), (Kind::ZippedOnnx, &How::Directly));
    assert_eq!(found.detail, Detail::Holds(vec!["net".into()]));
    let none = seen("m.zip", &zip(&[Entry::new("a.txt", b"hello")]));
    assert!(message(&none).contains("a.txt"));
}

/// Files as the libraries themselves write them.
const LIBRARIES: &str = r#"
import os, pickle, sys
import catboost, cloudpickle, joblib, lightgbm, numpy as np, pandas as pd, xgboost
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
at = lambda name: os.path.join(sys.argv[1], name)
X = pd.DataFrame({"a": np.arange(60.) % 7, "c": list("xyz") * 20}); y = (np.arange(60) % 7 > 3).astype(int)
m = make_pipeline(make_column_transformer((OneHotEncoder(), ["c"]), (StandardScaler(), ["a"])), RandomForestClassifier(3, random_state=0)).fit(X, y)
joblib.dump(m, at("plain")); Z = X[["a"]].to_numpy()
for how in ("zlib", "gzip", "bz2", "xz", "lzma"): joblib.dump(m, at(how), compress=(how, 3))
for protocol in range(6): pickle.dump(m, open(at(f"p{protocol}"), "wb"), protocol=protocol)
cloudpickle.dump(m, open(at("cloud"), "wb"))
np.save(at("numbers"), np.ones((3, 2))); np.savez(at("many"), x=np.ones(3), y=np.zeros((2, 2)))
x = xgboost.XGBClassifier(n_estimators=2).fit(Z, y); x.save_model(at("x.json")); x.save_model(at("x.ubj"))
lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(Z, y).booster_.save_model(at("lgb"))
catboost.CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False).fit(Z, y).save_model(at("cat"))
import sklearn; open(at("versions"), "w").write(f"{sklearn.__version__} {xgboost.__version__}")
"#;

#[test]
fn what_the_libraries_write_is_recognised() {
    let dir = tempfile::tempdir().unwrap();
    crate::run(&crate::python(), LIBRARIES, dir.path());
    let of = |name: &str| recognise(&dir.path().join(name), &Limits::default()).unwrap();
    let versions = fs::read_to_string(dir.path().join("versions")).unwrap();
    let (sklearn, xgboost) = versions.split_once(' ').unwrap();
    for name in ["plain", "zlib", "gzip", "cloud", "p0", "p1", "p2", "p3", "p4", "p5"] {
        pipeline(&of(name), name, sklearn);
    }
    for (name, kind) in [("bz2", Kind::Bzip2), ("xz", Kind::Xz), ("lzma", Kind::Lzma)] {
        let found = of(name);
        assert_eq!(found.kind, kind);
        assert!(matches!(found.converts, How::AfterConsent { format: Format::Joblib, .. }));
        assert!(found.detail.pickle().unwrap().error.is_some());
    }
    assert_eq!([of("numbers.npy").kind, of("many.npz").kind], [Kind::NumpyArray, Kind::NumpyArchive]);
    for (name, kind, format) in [
        ("x.json", Kind::XgboostJson, Format::Xgboost),
        ("x.ubj", Kind::XgboostUbj, Format::Xgboost),
        ("lgb", Kind::Lightgbm, Format::Lightgbm),
        ("cat", Kind::Catboost, Format::Catboost),
    ] {
        let How::ByConverter { format: found, needs } = of(name).converts else { panic!("{name}") };
        assert_eq!((of(name).kind, found), (kind, format));
        let version = needs[0].version.as_deref();
        assert_eq!(version, (format == Format::Xgboost).then_some(xgboost), "{name}");
    }
}

fn pipeline(found: &Recognised, name: &str, version: &str) {
    let scan = found.detail.pickle().unwrap();
    assert_eq!((scan.error.as_deref(), scan.sklearn_version.as_deref()), (None, Some(version)), "{name}");
    assert!(scan.callables.iter().any(|callable| callable == "sklearn.pipeline.Pipeline"), "{name}");
    let How::AfterConsent { needs, .. } = &found.converts else { panic!("{name}") };
    assert_eq!((needs[0].package.as_str(), needs[0].rule), ("scikit-learn", VersionRule::SameMinor));
    assert_eq!(needs[0].version.as_deref(), Some(version));
}

#[test]
fn what_is_neither_file_nor_folder_is_refused() {
    let missing = recognise(Path::new("no/such/file"), &Limits::default()).unwrap_err();
    assert_eq!(missing.code(), "unreadable");
    #[cfg(unix)]
    assert_eq!(recognise(Path::new("/dev/null"), &Limits::default()).unwrap_err().code(), "not-regular");
}
