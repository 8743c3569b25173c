//! Parts of files in any order, and packages made of them. An input is a list of steps, held against a model of what has to
//! be there afterwards.

use super::check_refusal;
use crate::clock::SystemClock;
use crate::control::{Shelf, store};
use crate::problem::Problem;
use crate::state;
use flightdeck_core::Digest;
use flightdeck_package::{Artifacts, Entry, Parts, root_digest};
use flightdeck_protocol::{PackageFile, PackageUpload};
use flightdeck_sqlite::Database;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub(super) const WORDS: &[&str] = &[
    "../",
    "/",
    "a/b",
    "model.onnx",
    "model.sig",
    ".",
    "CON",
    "\u{0}",
    "\\",
    "manifest.json",
    "~",
    "\"root\"",
    "\"files\"",
    "\"path\"",
    "\"sha256\"",
    "\"bytes\"",
    "sha256:",
];

/// Files that the steps are about.
const FILES: [&[u8]; 4] = [b"", b"a", b"a model, in a few words", &[7; 3000]];

fn digest(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let whole = |file: u8| [0, file, 0, 0, 255];
    let package = |files: &[(&str, u8)]| {
        let mut step = vec![2, files.len() as u8];
        for (path, file) in files {
            step.extend([path.len() as u8]);
            step.extend(path.as_bytes());
            step.extend([*file, 0]);
        }
        step.push(0);
        step
    };
    let parts: Vec<u8> = (0..4).flat_map(whole).collect();
    let good = [parts.clone(), package(&[("manifest.json", 1), ("data/weights", 2)])].concat();
    let halves = [0, 3, 0, 0, 9, 1, 0, 3, 0, 0, 255, 0, 2, 1, 0, 3, 0, 2, 0, 1, 255].to_vec();
    let wrong = [0, 2, 0, 0, 4, 4, 2, b'a', b'b', 0, 2, 0, 0, 255].to_vec();
    let mut raw = vec![3];
    raw.extend(upload_text().into_bytes());
    vec![
        [good.clone(), package(&[("manifest.json", 1), ("data/weights", 2)])].concat(),
        [parts.clone(), package(&[("../x", 1)])].concat(),
        [halves, package(&[("a", 3)])].concat(),
        [parts, raw].concat(),
        wrong,
        Vec::new(),
    ]
}

/// The wire's own form of a package of one file.
fn upload_text() -> String {
    let file = PackageFile { path: "a".into(), sha256: digest(FILES[1]), bytes: 1 };
    let root = root_of(std::slice::from_ref(&file));
    serde_json::to_string(&PackageUpload { root, files: vec![file] }).unwrap_or_default()
}

fn root_of(files: &[PackageFile]) -> Digest {
    let entry =
        |file: &PackageFile| Entry { path: file.path.clone(), sha256: file.sha256, bytes: file.bytes };
    root_digest(&files.iter().map(entry).collect::<Vec<_>>())
}

pub(super) fn check(input: &[u8]) {
    let place = Place::clean();
    let mut desk = Desk { place, received: FILES.map(|_| Vec::new()), is_whole: FILES.map(|_| false) };
    let mut script = Script(input);
    // Every step takes a byte at least, and writes to the disk: a long input says nothing new.
    for _ in 0..64 {
        match script.byte() {
            None => break,
            Some(step) => desk.step(step, &mut script),
        }
    }
    desk.place.nothing_else();
}

/// The rest of the input.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> usize {
        self.byte().unwrap_or(0).into()
    }

    fn bytes(&mut self, length: usize) -> &[u8] {
        let (bytes, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    /// A number that is mostly `right`.
    fn about(&mut self, right: u64) -> u64 {
        match self.number() {
            0..128 => right,
            128..160 => right.wrapping_add(1),
            160..192 => right.wrapping_sub(1),
            192..224 => u64::MAX,
            near => near as u64 - 224,
        }
    }
}

/// Folders that are emptied for every input, and one database for all of them.
struct Place {
    root: PathBuf,
    database: Database,
}

impl Place {
    fn clean() -> Self {
        static BASE: OnceLock<(PathBuf, Database)> = OnceLock::new();
        let (base, database) = BASE.get_or_init(|| {
            let base = std::env::temp_dir().join(format!("flightdeck-fuzz-{}", std::process::id()));
            std::fs::create_dir_all(&base).unwrap_or_else(|error| panic!("{}: {error}", base.display()));
            let database = state::open(&base, Arc::new(SystemClock));
            let database = database.unwrap_or_else(|error| panic!("{}: {error}", base.display()));
            (base, database)
        });
        let root = base.join("shelf");
        let _ = std::fs::remove_dir_all(&root);
        Self { root, database: database.clone() }
    }

    fn parts(&self) -> Parts {
        Parts::open(self.root.join("parts")).unwrap_or_else(|error| panic!("{error}"))
    }

    fn artifacts(&self) -> Artifacts {
        Artifacts::open(self.root.join("artifacts")).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Nothing was written beside the two folders.
    fn nothing_else(&self) {
        let names = |folder: &Path| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        let is_ours = |name: &String| matches!(name.as_str(), "parts" | "artifacts");
        let strangers: Vec<String> = names(&self.root).into_iter().filter(|name| !is_ours(name)).collect();
        assert!(strangers.is_empty(), "written outside: {strangers:?}");
    }
}

struct Desk {
    place: Place,
    /// What has to be there of each file.
    received: [Vec<u8>; 4],
    is_whole: [bool; 4],
}

impl Desk {
    fn step(&mut self, step: u8, script: &mut Script<'_>) {
        match step % 4 {
            0 => self.append(script, None),
            1 => {
                let length = script.number();
                let bytes = script.bytes(length).to_vec();
                self.append(script, Some(bytes));
            }
            2 => {
                let upload = Self::upload(script);
                self.store(&upload);
            }
            _ => {
                let length = script.0.len();
                if let Ok(upload) = serde_json::from_slice::<PackageUpload>(script.bytes(length)) {
                    self.store(&upload);
                }
            }
        }
    }

    /// Sends a piece of a file, a right one unless there are bytes of its own.
    fn append(&mut self, script: &mut Script<'_>, bytes: Option<Vec<u8>>) {
        let file = script.number() % FILES.len();
        let (content, digest) = (FILES[file], digest(FILES[file]));
        let before = self.received[file].len();
        let offset = script.about(before as u64);
        let total = script.about(content.len() as u64);
        let length = script.number() * 16;
        let right = || content.iter().skip(before).take(length).copied().collect();
        let piece = bytes.unwrap_or_else(right);
        let answer = self.place.parts().append(&digest, offset, &piece, total);
        match answer {
            Ok(now) if self.is_whole[file] => assert_eq!(now, content.len() as u64),
            Ok(now) => {
                assert_eq!(offset, before as u64, "a piece was taken that starts elsewhere");
                self.received[file].extend(piece);
                assert_eq!(now, self.received[file].len() as u64);
                if now == total {
                    assert_eq!(self.received[file], content, "a wrong file is complete");
                    self.is_whole[file] = true;
                }
            }
            Err(error) => {
                let is_gone = error.code() == "wrong-part";
                check_refusal(&Problem::from(error));
                if is_gone {
                    self.received[file].clear();
                }
            }
        }
        assert_eq!(self.place.parts().received(&digest), self.received[file].len() as u64);
    }

    fn upload(script: &mut Script<'_>) -> PackageUpload {
        let count = script.number() % 6;
        let files: Vec<PackageFile> = (0..count)
            .map(|_| {
                let length = script.number();
                let path = String::from_utf8_lossy(script.bytes(length)).into_owned();
                let content = FILES[script.number() % FILES.len()];
                let bytes = script.about(content.len() as u64);
                PackageFile { path, sha256: digest(content), bytes }
            })
            .collect();
        let root = if script.number() < 200 { root_of(&files) } else { digest(FILES[0]) };
        PackageUpload { root, files }
    }

    fn store(&mut self, upload: &PackageUpload) {
        let (parts, artifacts) = (self.place.parts(), self.place.artifacts());
        let was_there = artifacts.contains(&upload.root);
        let shelf = Shelf { artifacts: &artifacts, parts: &parts, database: &self.place.database };
        match store(&shelf, "fuzzer", upload) {
            Err(problem) => check_refusal(&problem),
            Ok(stored) => {
                assert_eq!((stored.root, stored.already), (upload.root, was_there));
                let package = artifacts.package(&stored.root).unwrap_or_else(|error| panic!("{error}"));
                package.verify().unwrap_or_else(|error| panic!("stored, but {error}"));
                if !was_there {
                    self.moved(&package.path, upload);
                }
            }
        }
    }

    /// The files are in the package, byte for byte, and no longer among the parts.
    fn moved(&mut self, package: &Path, upload: &PackageUpload) {
        for file in &upload.files {
            let place = FILES.iter().position(|content| digest(content) == file.sha256);
            let place = place.unwrap_or_else(|| panic!("nobody sent {}", file.path));
            let found = std::fs::read(package.join(&file.path)).unwrap_or_default();
            assert_eq!(found, FILES[place], "{}", file.path);
            self.received[place].clear();
            self.is_whole[place] = false;
        }
    }
}
