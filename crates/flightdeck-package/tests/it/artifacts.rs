//! Staging, publishing, reading, verifying and removing packages.

use crate::{fill, sha256};
use flightdeck_package::{
    Artifacts, Damage, Lineage, MANIFEST, MANIFEST_FORMAT, MODEL, MODEL_SIG, Manifest, PackageError,
    root_digest,
};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn library() -> (TempDir, Artifacts) {
    let folder = TempDir::new().unwrap();
    let artifacts = Artifacts::open(folder.path().join("artifacts")).unwrap();
    (folder, artifacts)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_package_appears_whole_under_its_digest_and_is_read_back() {
    let (folder, artifacts) = library();
    let source = folder.path().join("weights.bin");
    fs::write(&source, vec![7; 3 << 20]).unwrap();
    let mut staging = artifacts.stage().unwrap();
    fill(&mut staging, b"model").unwrap();
    let mut told = Vec::new();
    let entry = staging.copy("data/weights.bin", &source, &mut |bytes| told.push(bytes)).unwrap();
    assert_eq!((entry.sha256, entry.bytes), (sha256(&vec![7; 3 << 20]), 3 << 20));
    assert_eq!(told.last(), Some(&(3 << 20)));
    assert!(told.is_sorted() && told.len() > 1);
    assert_eq!(artifacts.list().unwrap(), []);

    let package = staging.finish(None).unwrap();
    assert_eq!(package.root, root_digest(&package.files));
    assert_eq!(package.path, folder.path().join("artifacts/packages").join(package.root.hex()));
    assert_eq!(fs::read(package.path.join("data/weights.bin")).unwrap(), vec![7; 3 << 20]);
    assert_eq!(artifacts.list().unwrap(), [package.root]);
    assert_eq!(artifacts.package(&package.root).unwrap(), package);
    package.verify().unwrap();
    assert_eq!(package.read::<Manifest>(MANIFEST).unwrap().model, MODEL);
    assert_eq!(package.read::<Lineage>("lineage.json").unwrap_err().code(), "package-incomplete");
    assert!(names(&folder.path().join("artifacts/staging")).is_empty());
}

#[test]
fn the_same_files_are_the_same_package() {
    let (folder, artifacts) = library();
    let stage = || {
        let mut staging = artifacts.stage().unwrap();
        fill(&mut staging, b"model").unwrap();
        staging
    };
    let first = stage().finish(None).unwrap();
    let second = stage().finish(Some(first.root)).unwrap();
    assert_eq!(first, second);
    assert_eq!(artifacts.list().unwrap().len(), 1);
    assert!(names(&folder.path().join("artifacts/staging")).is_empty());
}

#[test]
fn another_digest_than_the_expected_one_is_refused_and_leaves_nothing() {
    let (folder, artifacts) = library();
    let mut staging = artifacts.stage().unwrap();
    fill(&mut staging, b"model").unwrap();
    let error = staging.finish(Some(sha256(b"other"))).unwrap_err();
    assert_eq!(error.code(), "wrong-digest");
    assert!(artifacts.list().unwrap().is_empty());
    assert!(names(&folder.path().join("artifacts/staging")).is_empty());
}

#[test]
fn a_package_without_manifest_or_model_is_refused() {
    let (_folder, artifacts) = library();
    let mut staging = artifacts.stage().unwrap();
    staging.write(MODEL, b"model").unwrap();
    assert!(
        matches!(staging.finish(None).unwrap_err(), PackageError::Incomplete { file } if file == MANIFEST)
    );

    for (model, code) in [("other.onnx", "package-incomplete"), ("../x", "bad-package-path")] {
        let mut staging = artifacts.stage().unwrap();
        let manifest = Manifest { format: 1, model: model.into(), facts: serde_json::Value::Null };
        staging.write_json(MANIFEST, &manifest).unwrap();
        assert_eq!(staging.finish(None).unwrap_err().code(), code);
    }
    let mut staging = artifacts.stage().unwrap();
    let manifest =
        Manifest { format: MANIFEST_FORMAT + 1, model: MODEL.into(), facts: serde_json::Value::Null };
    staging.write_json(MANIFEST, &manifest).unwrap();
    assert_eq!(staging.finish(None).unwrap_err().code(), "package-too-new");
}

#[test]
fn names_that_meet_on_some_system_are_refused() {
    let (_folder, artifacts) = library();
    let mut staging = artifacts.stage().unwrap();
    staging.write("data/a.bin", b"1").unwrap();
    for path in ["data/a.bin", "data/A.bin", "data", "Data/b.bin", "data/a.bin/c"] {
        assert!(matches!(staging.write(path, b"2"), Err(PackageError::DuplicatePath { .. })), "{path}");
    }
    staging.write("data/b.bin", b"2").unwrap();
    assert_eq!(staging.write("../outside", b"3").unwrap_err().code(), "bad-package-path");
}

#[test]
fn every_kind_of_damage_is_named() {
    let (_folder, artifacts) = library();
    let damage = |spoil: &dyn Fn(&Path)| {
        let mut staging = artifacts.stage().unwrap();
        fill(&mut staging, b"model").unwrap();
        let package = staging.finish(None).unwrap();
        package.verify().unwrap();
        spoil(&package.path);
        match package.verify() {
            Err(PackageError::Damaged { damage, .. }) => damage,
            other => panic!("{other:?}"),
        }
    };
    let file = MODEL.to_owned();
    assert_eq!(
        damage(&|path| fs::write(path.join(MODEL), b"Model").unwrap()),
        Damage::Changed { file: file.clone() }
    );
    assert_eq!(damage(&|path| fs::remove_file(path.join(MODEL)).unwrap()), Damage::Missing { file });
    let added = Damage::Added { file: "x/y".into() };
    assert_eq!(
        damage(&|path| {
            fs::create_dir(path.join("x")).unwrap();
            fs::write(path.join("x/y"), b"").unwrap();
        }),
        added
    );
}

#[test]
fn importing_again_repairs_a_damaged_package() {
    let (_folder, artifacts) = library();
    let stage = || {
        let mut staging = artifacts.stage().unwrap();
        fill(&mut staging, b"model").unwrap();
        staging.finish(None).unwrap()
    };
    let package = stage();
    fs::write(package.path.join(MODEL), b"m").unwrap();
    assert_eq!(artifacts.package(&package.root).unwrap_err().code(), "package-damaged");
    stage();
    artifacts.package(&package.root).unwrap().verify().unwrap();
}

#[test]
fn a_lost_index_is_rebuilt_and_a_lying_one_is_not_believed() {
    let (folder, artifacts) = library();
    let mut staging = artifacts.stage().unwrap();
    fill(&mut staging, b"model").unwrap();
    let package = staging.finish(None).unwrap();
    let index = folder.path().join("artifacts/index").join(format!("{}.json", package.root.hex()));
    let right = fs::read(&index).unwrap();
    let wrong =
        String::from_utf8(right.clone()).unwrap().replace(&sha256(b"model").hex(), &sha256(b"x").hex());
    fs::remove_file(&index).unwrap();
    assert_eq!(artifacts.package(&package.root).unwrap(), package);
    assert_eq!(fs::read(&index).unwrap(), right);
    for lie in [wrong.as_bytes(), b"[]", b"{", &[]] {
        fs::write(&index, lie).unwrap();
        assert_eq!(artifacts.package(&package.root).unwrap(), package);
    }
}

#[test]
fn a_signature_beside_the_files_does_not_change_the_identity() {
    let (_folder, artifacts) = library();
    let mut plain = artifacts.stage().unwrap();
    fill(&mut plain, b"model").unwrap();
    let plain = plain.finish(None).unwrap();
    fs::write(plain.path.join(MODEL_SIG), b"signature").unwrap();
    let signed = artifacts.package(&plain.root).unwrap();
    assert!(signed.entry(MODEL_SIG).is_some());
    signed.verify().unwrap();
}

#[test]
fn a_removed_package_is_gone_and_tells_what_it_freed() {
    let (_folder, artifacts) = library();
    let mut staging = artifacts.stage().unwrap();
    fill(&mut staging, b"model").unwrap();
    let package = staging.finish(None).unwrap();
    assert_eq!(artifacts.remove(&package.root).unwrap(), package.bytes());
    assert!(!artifacts.contains(&package.root));
    assert_eq!(artifacts.package(&package.root).unwrap_err().code(), "no-such-package");
    assert_eq!(artifacts.remove(&package.root).unwrap(), 0);
}

#[test]
fn opening_sweeps_dead_stagings_and_spares_living_ones() {
    let (folder, artifacts) = library();
    let staging_folder = folder.path().join("artifacts/staging");
    let mut living = artifacts.stage().unwrap();
    fill(&mut living, b"model").unwrap();
    // What a killed process leaves: a folder with a lock nobody holds, a lock alone, a folder alone.
    fs::create_dir(staging_folder.join("stage-dead")).unwrap();
    fs::write(staging_folder.join("stage-dead/model.onnx"), b"half").unwrap();
    fs::write(staging_folder.join("stage-dead.lock"), b"").unwrap();
    fs::write(staging_folder.join("stage-early.lock"), b"").unwrap();
    fs::create_dir(staging_folder.join("stage-alone")).unwrap();

    Artifacts::open(folder.path().join("artifacts")).unwrap();
    let left = names(&staging_folder);
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(
        left.iter().all(|name| !name.contains("dead") && !name.contains("early") && !name.contains("alone"))
    );
    living.finish(None).unwrap().verify().unwrap();
    assert!(names(&staging_folder).is_empty());
}

#[cfg(unix)]
#[test]
fn only_regular_files_are_copied() {
    let (folder, artifacts) = library();
    let mut staging = artifacts.stage().unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
    for source in [link.as_path(), folder.path(), Path::new("/dev/null")] {
        let error = staging.copy("a", source, &mut |_| {}).unwrap_err();
        assert_eq!(error.code(), "not-a-regular-file", "{}", source.display());
    }
    // F1: the disk that the file was on is gone.
    let gone = staging.copy("a", &folder.path().join("gone"), &mut |_| {}).unwrap_err();
    assert_eq!(gone.code(), "file-unreadable");
    staging.write("a", b"free").unwrap();
}
