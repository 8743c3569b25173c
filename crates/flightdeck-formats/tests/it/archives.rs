//! What archives are taken, what is refused, and that a refusal leaves nothing behind.

use std::fs;
use std::path::{Path, PathBuf};

use flightdeck_core::Cancel;
use flightdeck_formats::archive::{Archive, ArchiveError, extract, list};
use flightdeck_formats::{FormatError, Limits, model_in_zip};
use tempfile::TempDir;

use crate::zips::{Entry, close, zip};
use crate::{ONNX, write};

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn zip(&self, bytes: &[u8]) -> PathBuf {
        write(self.dir.path(), "a.zip", bytes)
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    fn unpack(&self, bytes: &[u8]) -> Result<Vec<PathBuf>, ArchiveError> {
        let path = self.zip(bytes);
        Archive::open(&path, &Limits::default())
            .and_then(|mut archive| extract(&mut archive, &self.out(), &|_| true, &Cancel::default()))
    }

    /// The error, after a look that nothing was left and nothing outside was made.
    fn refusal(&self, bytes: &[u8]) -> ArchiveError {
        let error = self.unpack(bytes).unwrap_err();
        let left: Vec<_> =
            fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["a.zip"], "{error}");
        assert!(!error.hint().is_empty());
        error
    }
}

fn code(entries: &[Entry]) -> &'static str {
    Place::new().refusal(&zip(entries)).code()
}

#[test]
fn honest_archives_are_unpacked() {
    let place = Place::new();
    let entries = [
        Entry { mode: 0o040_755, ..Entry::new("m/", b"") },
        Entry::deflated("m/model.onnx", ONNX),
        Entry::new("m/weights.bin", &vec![7; 100_000]),
    ];
    let files = place.unpack(&zip(&entries)).unwrap();
    assert_eq!(files, ["model.onnx", "weights.bin"].map(|name| place.out().join("m").join(name)));
    assert_eq!(fs::read(&files[0]).unwrap(), ONNX);
    assert_eq!(fs::read(&files[1]).unwrap(), vec![7; 100_000]);
}

#[test]
fn z1_names_links_and_devices_are_refused_and_nothing_is_written() {
    for name in
        ["../x", "/x", "C:\\x", "C:x", "a\\b", "a/../../x", "x.", "x ", "NUL", "com1.bin", "a//b", "./x"]
    {
        let entries = [Entry::new("good", b"1"), Entry::new(name, b"2")];
        assert_eq!(code(&entries), "archive-name", "{name}");
    }
    let link = Entry { mode: 0o120_777, ..Entry::new("dir", b"/tmp") };
    assert_eq!(code(&[link, Entry::new("dir/x", b"1")]), "archive-not-regular");
    for mode in [0o060_644, 0o020_644, 0o010_644, 0o140_644] {
        assert_eq!(code(&[Entry { mode, ..Entry::new("x", b"") }]), "archive-not-regular", "{mode:o}");
    }
}

#[test]
fn z1_duplicates_in_any_case_and_files_that_are_folders_are_refused() {
    for (first, second) in
        [("x", "x"), ("Model.onnx", "model.ONNX"), ("a", "a/b"), ("a/b", "a"), ("A/x", "a/y")]
    {
        assert_eq!(
            code(&[Entry::new(first, b"1"), Entry::new(second, b"2")]),
            "archive-duplicate",
            "{first} {second}"
        );
    }
}

#[test]
fn z1_too_many_entries_are_refused_before_they_are_read() {
    let limits = Limits { entries: 3, ..Limits::default() };
    let place = Place::new();
    let path = place.zip(&zip(&["a", "b", "c", "d"].map(|name| Entry::new(name, b""))));
    assert!(matches!(list(&path, &limits), Err(ArchiveError::TooMany { entries: 4, limit: 3 })));
    assert_eq!(list(&path, &Limits::default()).unwrap().len(), 4);
    let many: Vec<Entry> = (0..10_001).map(|number| Entry::new(&format!("f{number}"), b"")).collect();
    assert_eq!(code(&many), "archive-too-many");
}

#[test]
fn z2_bombs_are_refused_by_what_they_claim_and_by_what_they_do() {
    let zeros = vec![0; 1 << 20];
    let claim = Entry { bytes: Some(65 << 20), ..Entry::deflated("zeros", &zeros) };
    assert_eq!(code(&[claim]), "archive-bomb");
    // Claims to be small, and is not: stopped after the bytes it claimed.
    let lie = Entry { bytes: Some(1_000), ..Entry::deflated("zeros", &zeros) };
    assert_eq!(code(&[lie]), "archive-size");
    let limits = Limits { total_bytes: 10, ..Limits::default() };
    let place = Place::new();
    let path = place.zip(&zip(&[Entry::new("a", b"123456"), Entry::new("b", b"123456")]));
    assert!(matches!(list(&path, &limits), Err(ArchiveError::TooLarge { bytes: 12, limit: 10 })));
}

#[test]
fn z2_overlapping_entries_are_refused() {
    let first = Entry::new("same", b"12345678");
    let second = Entry { same_data_as: Some(0), ..first.clone() };
    // Under one name they are duplicates; the local name betrays a second one.
    assert_eq!(code(&[first.clone(), second]), "archive-duplicate");
    let other = Entry { name: b"other".to_vec(), same_data_as: Some(0), ..first.clone() };
    assert_eq!(code(&[first, other]), "archive-contradiction");
    // One stored entry that contains the other as it stands.
    let inner = zip(&[Entry::new("inner", b"payload")]);
    let local = &inner[..inner.windows(4).position(|word| word == b"PK\x01\x02").unwrap()];
    let whole = zip(&[Entry::new("outer", local)]);
    let directory = whole.windows(4).rposition(|word| word == b"PK\x01\x02").unwrap();
    let mut two = whole[directory..whole.len() - 22].to_vec();
    let mut hidden = inner[local.len()..inner.len() - 22].to_vec();
    hidden[42..46].copy_from_slice(&((directory - local.len()) as u32).to_le_bytes());
    two.extend(hidden);
    assert_eq!(Place::new().refusal(&close(whole[..directory].to_vec(), &two, 2)).code(), "archive-overlap");
}

#[test]
fn z2_large_sizes_that_lie_are_refused() {
    let large = |numbers: &[u64]| {
        let mut field = [1_u16.to_le_bytes(), (numbers.len() as u16 * 8).to_le_bytes()].concat();
        field.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        field
    };
    let contradiction =
        |extra: Vec<u8>, bytes| code(&[Entry { bytes, extra, ..Entry::new("x", b"12345678") }]);
    assert_eq!(contradiction(large(&[1 << 40]), Some(u32::MAX)), "archive-contradiction");
    assert_eq!(contradiction(large(&[]), Some(u32::MAX)), "archive-contradiction");
    assert_eq!(contradiction(large(&[9, 8]), None), "archive-contradiction");
    // The same numbers again are no lie.
    let honest = Entry { extra: large(&[8, 8]), ..Entry::new("x", b"12345678") };
    assert_eq!(Place::new().unpack(&zip(&[honest])).unwrap().len(), 1);
}

#[test]
fn z2_an_archive_in_itself_is_not_followed() {
    let inner = zip(&[Entry::new("r", b"again")]);
    let place = Place::new();
    let files = place.unpack(&zip(&[Entry::new("r.bin", &inner)])).unwrap();
    assert_eq!(fs::read(&files[0]).unwrap(), inner);
}

#[test]
fn p4_contradictions_are_refused() {
    let plain = || Entry::new("x", b"12345678");
    assert_eq!(code(&[Entry { checksum: Some(1), ..plain() }]), "archive-checksum");
    assert_eq!(code(&[Entry { local_name: Some(b"y".to_vec()), ..plain() }]), "archive-contradiction");
    assert_eq!(code(&[Entry { flags: 1, ..plain() }]), "archive-encrypted");
    assert_eq!(code(&[Entry { method: 12, ..plain() }]), "archive-method");
    let good = zip(&[plain()]);
    assert_eq!(Place::new().refusal(&[b"prefix".as_slice(), &good].concat()).code(), "archive-damaged");
    assert_eq!(Place::new().refusal(&[&good, b"behind".as_slice()].concat()).code(), "archive-damaged");
    assert_eq!(Place::new().refusal(b"").code(), "archive-damaged");
}

#[test]
fn z2_every_cut_and_every_changed_byte_ends_without_harm() {
    let good = zip(&[Entry::deflated("m/model.onnx", ONNX), Entry::new("m/b", b"123")]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.zip");
    for at in 0..good.len() {
        fs::write(&path, &good[..at]).unwrap();
        assert!(list(&path, &Limits::default()).is_err(), "cut at {at}");
        let mut changed = good.clone();
        changed[at] ^= 0x55;
        fs::write(&path, &changed).unwrap();
        let into = dir.path().join("out");
        let result = Archive::open(&path, &Limits::default())
            .and_then(|mut archive| extract(&mut archive, &into, &|_| true, &Cancel::default()));
        // A changed date is no harm; changed content is.
        if let Ok(files) = result {
            assert!(files.iter().any(|file| fs::read(file).unwrap() == ONNX), "changed at {at}");
            fs::remove_dir_all(&into).unwrap();
        }
        assert!(!into.exists(), "left at {at}");
    }
}

#[test]
fn f1_what_cannot_be_written_leaves_nothing_and_other_files_alone() {
    let place = Place::new();
    let path = place.zip(&zip(&[Entry::new("x", b"1")]));
    let mut archive = Archive::open(&path, &Limits::default()).unwrap();
    let cancel = Cancel::default();
    let mine = place.dir.path().join("mine");
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("x"), b"kept").unwrap();
    let error = extract(&mut archive, &mine, &|_| true, &cancel).unwrap_err();
    assert_eq!(
        (error.code(), fs::read(mine.join("x")).unwrap().as_slice()),
        ("folder-not-empty", b"kept".as_slice())
    );
    cancel.cancel();
    assert_eq!(extract(&mut archive, &place.out(), &|_| true, &cancel).unwrap_err().code(), "cancelled");
    assert!(!place.out().exists());
    // The file shrinks after its directory was read.
    let cancel = Cancel::default();
    fs::write(&path, b"PK").unwrap();
    assert!(extract(&mut archive, &place.out(), &|_| true, &cancel).is_err());
    assert!(!place.out().exists());
}

fn model(place: &Place, entries: &[Entry]) -> Result<PathBuf, FormatError> {
    model_in_zip(&place.zip(&zip(entries)), &place.out(), &Limits::default(), &Cancel::default())
}

#[test]
fn o21_a_model_and_what_lies_beside_it_come_out_together() {
    let place = Place::new();
    let entries = [
        Entry::new("readme.txt", b"hello"),
        Entry::deflated("deep/net.bin", ONNX),
        Entry::new("deep/data/w.bin", &[1; 64]),
        Entry::new("deep/._net.bin", ONNX),
        Entry::new("__MACOSX/deep/._net.bin", ONNX),
    ];
    let path = model(&place, &entries).unwrap();
    assert_eq!(path, place.out().join("deep").join("net.bin"));
    assert_eq!(fs::read(&path).unwrap(), ONNX);
    assert_eq!(fs::read(path.with_file_name("data").join("w.bin")).unwrap().len(), 64);
    assert!(!place.out().join("readme.txt").exists() && !path.with_file_name("._net.bin").exists());
}

#[test]
fn o21_none_or_several_models_are_named() {
    let none = model(&Place::new(), &[Entry::new("model.onnx", b"a,b\n1,2\n"), Entry::new("b.txt", b"x")])
        .unwrap_err();
    assert_eq!((none.code(), none.to_string().contains("model.onnx, b.txt")), ("no-model-inside", true));
    let several =
        model(&Place::new(), &[Entry::new("b.onnx", ONNX), Entry::new("a.onnx", ONNX)]).unwrap_err();
    assert_eq!(
        (several.code(), several.to_string().contains("2 ONNX models: a.onnx, b.onnx")),
        ("many-models-inside", true)
    );
}

#[test]
fn o21_an_external_file_short_by_one_byte_is_named_with_both_counts() {
    let short = Entry { bytes: Some(101), ..Entry::deflated("w.bin", &[7; 100]) };
    let place = Place::new();
    let error = model(&place, &[Entry::new("model.onnx", ONNX), short]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("w.bin") && text.contains("101 bytes") && text.contains("has 100"), "{text}");
    assert!(!place.out().exists());
}

#[test]
fn honest_archives_of_python_are_read() {
    let python = crate::python();
    let place = Place::new();
    let script = "import io,sys,zipfile\np=sys.argv[1]\nz=zipfile.ZipFile(p,'w',zipfile.ZIP_DEFLATED)\nz.writestr('a.txt','a'*1000)\n\
        f=z.open('big.bin','w',force_zip64=True); f.write(b'b'*5000); f.close(); z.mkdir('d'); z.writestr('d/ü.txt','x'); z.close()\n\
        class W(io.RawIOBase):\n  def writable(s): return True\n  def write(s,b): out.extend(b); return len(b)\n\
        out=bytearray(); z=zipfile.ZipFile(W(),'w',zipfile.ZIP_DEFLATED); z.writestr('s.txt','s'*99); z.close(); open(p+'.stream','wb').write(out)\n";
    let path = place.dir.path().join("p.zip");
    crate::run(&python, script, &path);
    let names = |path: &Path| -> Vec<(String, u64)> {
        list(path, &Limits::default()).unwrap().into_iter().map(|entry| (entry.name, entry.bytes)).collect()
    };
    let expected = [("a.txt", 1000), ("big.bin", 5000), ("d/", 0), ("d/ü.txt", 1)];
    assert_eq!(names(&path), expected.map(|(name, bytes)| (name.to_owned(), bytes)));
    assert_eq!(names(&path.with_extension("zip.stream")), [("s.txt".to_owned(), 99)]);
}
