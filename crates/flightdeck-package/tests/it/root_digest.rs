//! The identity against the reference implementation of the signature's specification.

use crate::sha256;
use flightdeck_package::{Entry, root_digest};

fn entry((path, bytes): &(&str, &[u8])) -> Entry {
    Entry { path: (*path).into(), sha256: sha256(bytes), bytes: bytes.len() as u64 }
}

/// The subject digest that `model_signing sign key` of the Python package model-signing 1.1.1 wrote for a folder of
/// exactly these files.
#[test]
fn identity_is_the_subject_digest_of_model_signing() {
    let files: [(&str, &[u8]); 6] = [
        ("Z.bin", b"upper"),
        ("data/weights.bin", b"weights"),
        ("manifest.json", b"{}"),
        ("model.onnx", b"onnx bytes"),
        ("model.sig", b"sig"),
        ("\u{e4}.bin", b"umlaut"),
    ];
    let entries: Vec<Entry> = files.iter().map(entry).collect();
    assert_eq!(
        root_digest(&entries).hex(),
        "237ea971578d1f0b24db84933fb495d9c3ba08e74db05df8c462e292f44ed553"
    );
}

/// The specification sorts whole paths by code point, in which `-` and `.` come before `/`. (model-signing 1.1.1 sorts
/// part by part when it signs, but takes a signature in either order.) Expected number from Python's hashlib.
#[test]
fn a_folder_is_sorted_by_its_whole_path() {
    let files: [(&str, &[u8]); 3] = [("data/w", b"3"), ("data.bin", b"2"), ("data-1", b"1")];
    let entries: Vec<Entry> = files.iter().map(entry).collect();
    assert_eq!(
        root_digest(&entries).hex(),
        "1ea51598cbb9b3744ebfe90ff77cdee9f3c646b25808015c78bb7aa070961c3d"
    );
}
