//! Uploads that stop, go on, lie and meet.

use crate::sha256;
use flightdeck_core::Timestamp;
use flightdeck_package::{MAX_PART_BYTES, PackageError, Parts};
use std::fs;
use std::thread;
use tempfile::TempDir;

fn parts() -> (TempDir, Parts) {
    let folder = TempDir::new().unwrap();
    let parts = Parts::open(folder.path().join("parts")).unwrap();
    (folder, parts)
}

#[test]
fn an_interrupted_upload_goes_on_after_a_restart() {
    let (folder, parts) = parts();
    let digest = sha256(b"hello world");
    assert_eq!(parts.received(&digest), 0);
    assert_eq!(parts.append(&digest, 0, b"hello", 11).unwrap(), 5);
    assert_eq!(parts.take(&digest).unwrap_err().code(), "part-incomplete");

    let parts = Parts::open(folder.path().join("parts")).unwrap();
    assert_eq!(parts.received(&digest), 5);
    assert_eq!(parts.append(&digest, 5, b" world", 11).unwrap(), 11);
    assert_eq!(fs::read(parts.take(&digest).unwrap()).unwrap(), b"hello world");
    // The answer was lost and the client sends once more.
    assert_eq!(parts.append(&digest, 5, b" world", 11).unwrap(), 11);
    assert_eq!(parts.received(&digest), 11);
    parts.discard(&digest).unwrap();
    assert_eq!(parts.received(&digest), 0);
}

#[test]
fn an_empty_file_is_complete_with_its_first_piece() {
    let (_folder, parts) = parts();
    assert_eq!(parts.append(&sha256(b""), 0, b"", 0).unwrap(), 0);
    assert!(parts.take(&sha256(b"")).is_ok());
}

#[test]
fn r16_a_piece_at_the_wrong_place_is_refused() {
    let (_folder, parts) = parts();
    let digest = sha256(b"hello world");
    parts.append(&digest, 0, b"hello", 11).unwrap();
    for offset in [0, 4, 6, u64::MAX] {
        let error = parts.append(&digest, offset, b" world", 11).unwrap_err();
        assert!(matches!(error, PackageError::WrongOffset { received: 5, .. }), "{error}");
    }
    assert_eq!(parts.append(&digest, 5, b" world!", 11).unwrap_err().code(), "wrong-offset");
    assert_eq!(parts.append(&digest, 0, b"", MAX_PART_BYTES + 1).unwrap_err().code(), "too-large");
    assert_eq!(parts.received(&digest), 5);
}

#[test]
fn r16_wrong_bytes_are_refused_at_the_end_and_removed() {
    let (_folder, parts) = parts();
    let digest = sha256(b"hello world");
    parts.append(&digest, 0, b"hello", 11).unwrap();
    let error = parts.append(&digest, 5, b" WORLD", 11).unwrap_err();
    assert!(matches!(error, PackageError::WrongPart { found, .. } if found == sha256(b"hello WORLD")));
    assert_eq!(parts.received(&digest), 0);
    assert_eq!(parts.append(&digest, 0, b"hello world", 11).unwrap(), 11);
}

#[test]
fn r16_two_writers_of_one_file_take_turns() {
    let (_folder, parts) = parts();
    let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
    let digest = sha256(&bytes);
    let total = bytes.len() as u64;
    let writer = || {
        loop {
            let at = parts.received(&digest);
            if at == total {
                return;
            }
            let piece = &bytes[at as usize..bytes.len().min(at as usize + 1000)];
            match parts.append(&digest, at, piece, total) {
                Ok(_) | Err(PackageError::WrongOffset { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(writer);
        scope.spawn(writer);
    });
    assert_eq!(fs::read(parts.take(&digest).unwrap()).unwrap(), bytes);
}

#[test]
fn what_nobody_adds_to_is_swept() {
    let (_folder, parts) = parts();
    let (whole, begun) = (sha256(b"a"), sha256(b"bc"));
    parts.append(&whole, 0, b"a", 1).unwrap();
    parts.append(&begun, 0, b"b", 2).unwrap();
    assert_eq!(parts.sweep(Timestamp::from_ms(0)).unwrap(), 0);
    assert_eq!(parts.received(&begun), 1);
    assert_eq!(parts.sweep(Timestamp::from_ms(i64::MAX)).unwrap(), 2);
    assert_eq!(parts.received(&whole) + parts.received(&begun), 0);
}
