//! Data files: where a model says they lie, and what lies there.

use crate::build::{bytes, external_tensor, look_in, model, node, tensor};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn words(words: &[(&str, &str)]) -> Vec<u8> {
    model(&bytes(5, external_tensor(&[2, 2], words)))
}

fn code_in(folder: &Path, model: &[u8]) -> &'static str {
    look_in(folder, model).err().map_or("taken", |refusal| refusal.code())
}

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/w.bin"), [0; 32]).unwrap();
    folder
}

#[test]
fn data_beside_the_model_is_found_once() {
    let folder = folder();
    let at = |offset| bytes(5, external_tensor(&[2, 2], &[("location", "data/w.bin"), ("offset", offset)]));
    let inspection = look_in(folder.path(), &model(&[at("0"), at("16")].concat())).unwrap();
    let [file] = &inspection.external[..] else { panic!("{:?}", inspection.external) };
    assert_eq!((file.location.as_str(), file.bytes), ("data/w.bin", 32));
    assert_eq!(fs::read(&file.source).unwrap(), [0; 32]);
    assert_eq!(inspection.facts.parameters, 8);
}

#[test]
fn o1_o2_o3_places_outside_are_refused_before_anything_is_opened() {
    let folder = folder();
    let places =
        ["../../etc/passwd", "/etc/passwd", "C:\\Windows\\win.ini", "//host/x", "\\\\?\\C:\\x", "%2e%2e/x"];
    for place in places.iter().chain(&["a/../../b", "CON", "x:ads", "w.bin ", "w.bin.", "", "a\0b"]) {
        assert_eq!(code_in(folder.path(), &words(&[("location", place)])), "path-escape", "{place:?}");
    }
    assert_eq!(code_in(folder.path(), &words(&[])), "path-escape");
    assert_eq!(code_in(folder.path(), &words(&[("location", "data/none.bin")])), "external-data-missing");
    assert_eq!(code_in(folder.path(), &words(&[("location", "data/w.bin/x")])), "external-data-not-regular");
}

#[cfg(unix)]
#[test]
fn o4_o5_o6_links_and_other_things_are_refused() {
    let folder = folder();
    let at = |place: &str| code_in(folder.path(), &words(&[("location", place)]));
    let link =
        |target: &str, name: &str| std::os::unix::fs::symlink(target, folder.path().join(name)).unwrap();
    link("/etc/passwd", "secret.bin");
    link("data", "linked");
    link("nowhere", "dangling");
    assert_eq!(at("secret.bin"), "external-data-link");
    assert_eq!(at("linked/w.bin"), "external-data-link");
    assert_eq!(at("dangling"), "external-data-link");
    fs::hard_link(folder.path().join("data/w.bin"), folder.path().join("second.bin")).unwrap();
    assert_eq!(at("second.bin"), "external-data-link");
    assert_eq!(at("data"), "external-data-not-regular");
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    assert_eq!(at("socket"), "external-data-not-regular");
}

#[test]
fn o7_ranges_outside_of_the_file_are_refused() {
    let folder = folder();
    let range = |offset, length| {
        code_in(folder.path(), &words(&[("location", "data/w.bin"), ("offset", offset), ("length", length)]))
    };
    assert_eq!(range("16", "16"), "taken");
    for (offset, length) in [
        ("-1", "16"),
        ("0", "-1"),
        ("17", "16"),
        ("33", "16"),
        ("18446744073709551615", "16"),
        ("18446744073709551616", "16"),
        ("0", "1125899906842624"),
        ("0", "15"),
        (" 0", "16"),
        ("+0", "16"),
        ("0x0", "16"),
        ("", "16"),
    ] {
        assert_eq!(range(offset, length), "external-data-range", "{offset:?} {length:?}");
    }
    let huge = model(&bytes(5, external_tensor(&[1 << 50], &[("location", "data/w.bin")])));
    assert_eq!(code_in(folder.path(), &huge), "external-data-range");
}

#[test]
fn o21_data_that_is_missing_or_short_by_one_byte_is_named_with_both_counts() {
    let folder = folder();
    fs::write(folder.path().join("short.bin"), [0; 15]).unwrap();
    let said = |place: &str| {
        let file = words(&[("location", place), ("length", "16")]);
        look_in(folder.path(), &file).unwrap_err().to_string()
    };
    assert!(said("none.bin").contains("\"none.bin\", which is not there"), "{}", said("none.bin"));
    let short = said("short.bin");
    assert!(short.contains("16 bytes") && short.contains("\"short.bin\", which has 15 bytes"), "{short}");
}

#[test]
fn o7_unknown_and_repeated_words_are_refused() {
    let folder = folder();
    let place = ("location", "data/w.bin");
    assert_eq!(code_in(folder.path(), &words(&[place, ("checksum", "ab")])), "taken");
    assert_eq!(code_in(folder.path(), &words(&[place, ("__class__", "x")])), "external-data-range");
    assert_eq!(code_in(folder.path(), &words(&[place, ("location", "/etc/passwd")])), "external-data-range");
}

#[test]
fn o9_memory_addresses_are_refused_wherever_they_stand() {
    let folder = folder();
    let address = [("location", "*/_ORT_MEM_ADDR_/*"), ("offset", "4096"), ("length", "65536")];
    let outside = external_tensor(&[128, 128], &address);
    let attribute = |field: u64, value: &[u8]| [bytes(1, "value"), bytes(field, value)].concat();
    let constant = node("", "Constant", &[], &["c"], &[attribute(5, &outside)]);
    let inner = |graph: &[u8]| bytes(1, node("", "If", &["x"], &["z"], &[attribute(6, graph)]));
    let cases = [
        model(&bytes(5, &outside)),
        model(&bytes(1, &constant)),
        model(&inner(&bytes(5, &outside))),
        model(&inner(&inner(&bytes(1, &constant)))),
        model(&bytes(15, bytes(1, &outside))),
        [model(&[]), bytes(25, [bytes(1, "F"), bytes(7, &constant)].concat())].concat(),
        [model(&[]), bytes(20, bytes(1, bytes(5, &outside)))].concat(),
    ];
    for (case, hostile) in cases.iter().enumerate() {
        assert_eq!(code_in(folder.path(), hostile), "path-escape", "{case}");
    }
    // Stated, but not said to be used: the data is also there.
    let unused = [
        &tensor("w", 1, &[1], &[0; 4]),
        &bytes(13, [bytes(1, "location"), bytes(2, address[0].1)].concat())[..],
    ];
    assert_eq!(code_in(folder.path(), &model(&bytes(5, unused.concat()))), "path-escape");
}
