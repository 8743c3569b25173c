//! Streams as Python's `pickle.dumps` writes them, and what an enemy makes of them.

use super::*;

/// `os.system("touch canary")`, by protocols 0, 1, 2 and 4.
const SYSTEM: [&[u8]; 4] = [
    b"cposix\nsystem\np0\n(Vtouch canary\np1\ntp2\nRp3\n.",
    b"cposix\nsystem\nq\x00(X\x0c\x00\x00\x00touch canaryq\x01tq\x02Rq\x03.",
    b"\x80\x02cposix\nsystem\nq\x00X\x0c\x00\x00\x00touch canaryq\x01\x85q\x02Rq\x03.",
    b"\x80\x04\x95'\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x0ctouch canary\x94\x85\x94R\x94.",
];
/// `pickle.loads(...)` of the last one.
const NESTED: &[u8] = b"\x80\x04\x95N\x00\x00\x00\x00\x00\x00\x00\x8c\x07_pickle\x94\x8c\x05loads\x94\x93\x94C2\x80\x04\x95'\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x0ctouch canary\x94\x85\x94R\x94.\x94\x85\x94R\x94.";
/// `{"_sklearn_version": "1.9.1"}`.
const VERSION: &[u8] =
    b"\x80\x04\x95\x1f\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x10_sklearn_version\x94\x8c\x051.9.1\x94s.";
/// `{"a": [1, 2]}` by protocol 0.
const PLAIN: &[u8] = b"(dp0\nVa\np1\n(lp2\nI1\naI2\nas.";

fn scanned(bytes: &[u8]) -> PickleScan {
    scan(bytes, &Limits::default())
}

#[test]
fn p1_what_a_stream_would_call_is_named_in_every_protocol() {
    for (stream, protocol) in SYSTEM.iter().zip([0, 0, 2, 4]) {
        let found = scanned(stream);
        assert_eq!((found.protocol, found.error.as_deref()), (protocol, None));
        assert_eq!(found.callables, ["posix.system"]);
        assert!(found.calls && found.code_carrying && looks_like(stream));
    }
}

#[test]
fn p2_no_list_decides_even_plain_data_is_code_carrying() {
    let handler = b"\x80\x04\x95(\x00\x00\x00\x00\x00\x00\x00\x8c\x07logging\x94\x8c\x0bFileHandler\x94\x93\x94\x8c\x06canary\x94\x85\x94R\x94.";
    assert_eq!(scanned(handler).callables, ["logging.FileHandler"]);
    let plain = scanned(PLAIN);
    assert!(plain.code_carrying && !plain.calls && plain.modules.is_empty() && plain.error.is_none());
}

#[test]
fn p2_names_through_memo_extension_and_old_instructions_are_seen() {
    let memo = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x940 0h\x00h\x01\x93.".to_vec();
    let memo: Vec<u8> = memo.into_iter().filter(|byte| *byte != b' ').collect();
    assert_eq!(scanned(&memo).callables, ["posix.system"]);
    assert_eq!(scanned(b"(Vx\niposix\nsystem\n.").callables, ["posix.system"]);
    assert_eq!(scanned(b"(cposix\nsystem\nVx\no.").callables, ["posix.system"]);
    assert_eq!(scanned(b"\x80\x02\x82\x07.").callables, ["copyreg extension.7"]);
    assert_eq!(scanned(b"\x80\x04NN\x93.").callables, ["?.?"]);
}

#[test]
fn p3_a_payload_before_garbage_is_shown_with_the_error() {
    for stream in SYSTEM {
        let mut broken = stream[..stream.len() - 1].to_vec();
        broken.extend(b"\xff\xfe garbage");
        let found = scanned(&broken);
        assert_eq!(found.callables, ["posix.system"]);
        assert!(found.code_carrying && found.calls && looks_like(&broken));
        assert!(found.error.is_some_and(|error| error.contains("no instruction")));
    }
}

#[test]
fn p3_every_cut_of_a_stream_ends_in_an_error_and_is_code_carrying() {
    for end in 0..NESTED.len() {
        let found = scanned(&NESTED[..end]);
        assert!(found.error.is_some() && found.code_carrying, "{end}");
    }
}

#[test]
fn p4_pickles_in_pickles_and_after_pickles_are_followed() {
    let nested = scanned(NESTED);
    assert_eq!(nested.callables, ["_pickle.loads", "posix.system"]);
    assert_eq!(nested.nested, 1);
    let after = [VERSION, SYSTEM[3]].concat();
    assert_eq!(scanned(&after).callables, ["posix.system"]);
}

#[test]
fn the_scikit_learn_version_is_read_from_the_state() {
    assert_eq!(scanned(VERSION).sklearn_version.as_deref(), Some("1.9.1"));
    assert_eq!(scanned(PLAIN).sklearn_version, None);
}

#[test]
fn p2_lengths_depth_and_loops_cannot_hurt_the_reader() {
    let huge = b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff".as_slice();
    assert!(scanned(huge).error.is_some_and(|error| error.contains("longer")));
    let gib = b"\x80\x04B\xff\xff\xff\x7f".as_slice();
    assert!(scanned(gib).error.is_some_and(|error| error.contains("ends")));
    // Tuples in tuples, which would be deep to drop as they stand.
    let mut deep = b"\x80\x02N".to_vec();
    deep.extend(std::iter::repeat_n(0x85, 2_000_000));
    deep.push(b'.');
    assert_eq!(scanned(&deep).error, None);
    let few = Limits { pickle_steps: 1000, ..Limits::default() };
    assert!(scan(&deep[..], &few).error.is_some_and(|error| error.contains("more instructions")));
    // Strings in strings, each the beginning of a pickle.
    let mut inner = SYSTEM[0].to_vec();
    for _ in 0..5_000 {
        let mut outer = b"(B".to_vec();
        outer.extend((inner.len() as u32).to_le_bytes());
        outer.extend(&inner);
        inner = outer;
    }
    assert!(scanned(&inner).code_carrying);
}

#[test]
fn texts_are_not_taken_for_pickles() {
    let texts: [&[u8]; 8] = [
        b"a,b\n1,2\n",
        b"column\nname\nother\n",
        b"import os\nprint(1)\n",
        b"(1, 2)\n",
        b"tree\nversion=v4\n",
        b"{\"a\": 1}",
        b"[package]\nname = 1\n",
        b"",
    ];
    for text in texts {
        assert!(!looks_like(text), "{}", String::from_utf8_lossy(text));
    }
    assert!(looks_like(PLAIN) && looks_like(VERSION));
}
