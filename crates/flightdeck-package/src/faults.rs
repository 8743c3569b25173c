//! The disk running full at every single step of a package's and an upload's way, one after the other.

use crate::disk::Gate;
use crate::{Artifacts, MANIFEST, MODEL, Manifest, Package, PackageError, Parts};
use flightdeck_core::Digest;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tempfile::TempDir;

fn full_after(steps: i64) -> Gate {
    Gate { steps_left: Some(Arc::new(AtomicI64::new(steps))) }
}

fn make(artifacts: &Artifacts, source: &Path) -> Result<Package, PackageError> {
    let mut staging = artifacts.stage()?;
    staging
        .write_json(MANIFEST, &Manifest { format: 1, model: MODEL.into(), facts: serde_json::Value::Null })?;
    staging.write(MODEL, b"model")?;
    staging.copy("data/weights.bin", source, &mut |_| {})?;
    staging.finish(None)
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn f1_a_disk_full_at_any_step_of_a_package_leaves_nothing_half_written() {
    let mut failures = 0;
    for steps in 0.. {
        let folder = TempDir::new().unwrap();
        let source = folder.path().join("weights.bin");
        fs::write(&source, vec![1; 2 << 20]).unwrap();
        let artifacts = Artifacts::open(folder.path()).unwrap();
        let mut failing = artifacts.clone();
        failing.gate = full_after(steps);

        let made = make(&failing, &source);
        assert_eq!(count(&artifacts.staging()), 0, "after {steps} steps");
        for root in artifacts.list().unwrap() {
            artifacts.package(&root).unwrap().verify().unwrap();
        }
        make(&artifacts, &source).unwrap().verify().unwrap();
        let Err(error) = made else { break };
        assert_eq!(error.code(), "storage-full", "after {steps} steps: {error}");
        failures += 1;
    }
    assert!(failures > 10, "{failures}");
}

#[test]
fn f1_a_disk_full_at_any_step_of_an_upload_can_be_sent_again() {
    let digest = Digest::from_bytes(Sha256::digest(b"hello world").into());
    let send = |parts: &Parts| {
        let at = parts.received(&digest);
        parts.append(&digest, at, &b"hello"[at.min(5) as usize..], 11)?;
        parts.append(&digest, 5, b" world", 11)
    };
    let mut failures = 0;
    for steps in 0.. {
        let folder = TempDir::new().unwrap();
        let parts = Parts::open(folder.path()).unwrap();
        let mut failing = parts.clone();
        failing.gate = full_after(steps);
        let sent = send(&failing);
        let whole = parts.take(&digest).is_ok();
        assert!(!whole || fs::read(parts.take(&digest).unwrap()).unwrap() == b"hello world");
        if !whole {
            let at = parts.received(&digest);
            assert!(at == 0 || at == 5 || at == 11, "{at}");
            parts.append(&digest, at, &b"hello world"[at as usize..], 11).unwrap();
        }
        assert_eq!(fs::read(parts.take(&digest).unwrap()).unwrap(), b"hello world");
        let Err(error) = sent else { break };
        assert_eq!(error.code(), "storage-full");
        failures += 1;
    }
    assert!(failures > 4, "{failures}");
}
