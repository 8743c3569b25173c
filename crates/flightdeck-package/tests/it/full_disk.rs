//! A disk that is really full: a tiny one of its own, mounted where only a child process sees it.
//!
//! That a disk may run full at *every* step is tested beside the code, where a step can be made to fail; this is the
//! check that the operating system's answer is recognised as what it is.

#![cfg(target_os = "linux")]

use crate::fill;
use flightdeck_package::{Artifacts, PackageError};
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const DISK: &str = "FLIGHTDECK_TEST_SMALL_DISK";
const MOUNT: &str = r#"mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" --exact full_disk::f1_a_disk_that_is_really_full_is_said_so_with_its_free_bytes"#;

#[test]
fn f1_a_disk_that_is_really_full_is_said_so_with_its_free_bytes() {
    if let Some(disk) = env::var_os(DISK) {
        return inside_a_small_disk(Path::new(&disk));
    }
    let folder = TempDir::new().unwrap();
    let ran = ["-m", "-rm"].into_iter().any(|namespaces| {
        let output = Command::new("unshare")
            .args([namespaces, "sh", "-c", MOUNT, "sh"])
            .arg(folder.path())
            .arg(env::current_exe().unwrap())
            .env(DISK, folder.path())
            .output();
        let Ok(output) = output else { return false };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() || !text.contains("running 1 test"), "{text}");
        output.status.success()
    });
    if !ran {
        // This system lets nobody mount; the device that is always full asks the same question of the same code.
        let error = append_to_the_full_device();
        assert!(matches!(error, PackageError::StorageFull { free_bytes: Some(_), .. }), "{error}");
    }
}

/// Parts append to `<hex>.part`, which here leads to the device that answers every write with "no space left".
fn append_to_the_full_device() -> PackageError {
    let folder = TempDir::new().unwrap();
    let parts = flightdeck_package::Parts::open(folder.path()).unwrap();
    let digest = crate::sha256(b"x");
    std::os::unix::fs::symlink("/dev/full", folder.path().join(format!("{}.part", digest.hex()))).unwrap();
    parts.append(&digest, 0, b"x", 1).unwrap_err()
}

#[test]
fn f1_the_device_that_is_always_full_is_recognised() {
    let error = append_to_the_full_device();
    assert!(matches!(error, PackageError::StorageFull { .. }), "{error}");
    assert_eq!(error.code(), "storage-full");
    assert!(error.hint().contains("Free some space"));
}

fn inside_a_small_disk(disk: &Path) {
    let artifacts = Artifacts::open(disk.join("artifacts")).unwrap();
    let mut staging = artifacts.stage().unwrap();
    fill(&mut staging, b"model").unwrap();
    let error = staging.write("weights.bin", &vec![1; 256 << 10]).unwrap_err();
    let PackageError::StorageFull { free_bytes: Some(free), .. } = error else { panic!("{error}") };
    assert!(free < 64 << 10, "{free}");

    let source = TempDir::new().unwrap();
    fs::write(source.path().join("weights.bin"), vec![1; 256 << 10]).unwrap();
    let copied = staging.copy("weights.bin", &source.path().join("weights.bin"), &mut |_| {});
    assert_eq!(copied.unwrap_err().code(), "storage-full");
    drop(staging);
    assert_eq!(fs::read_dir(disk.join("artifacts/staging")).unwrap().count(), 0);

    let mut smaller = artifacts.stage().unwrap();
    fill(&mut smaller, b"model").unwrap();
    smaller.finish(None).unwrap().verify().unwrap();
}
