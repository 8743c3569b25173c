//! The files that a cell opens and that are not there, and where a file of that name lies instead.

use super::{Analysis, OpenedFile};
use std::fs;
use std::path::{Path, PathBuf};

/// How far up from the notebook is looked.
const PARENTS: usize = 4;
/// The folders that data usually lies in.
const FOLDERS: [&str; 6] = ["data", "input", "datasets", "dataset", "Data", "raw"];
/// How many files are looked for, and how many places are given for each.
const FILES: usize = 100;
const PLACES: usize = 8;
/// How many folders below a data folder are looked into.
const BELOW: usize = 64;

/// A file that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingFile {
    /// The path as the cell has it.
    pub path: String,
    /// The cell's position.
    pub cell: usize,
    /// Files of that name, the nearest first.
    pub found: Vec<PathBuf>,
}

/// Looks for each literal file that is not there: beside the notebook, upwards, in their data folders, in Downloads.
pub fn find_missing(analysis: &Analysis, folder: &Path, downloads: Option<&Path>) -> Vec<MissingFile> {
    let mut missing: Vec<MissingFile> = Vec::new();
    let opened = analysis.cells.iter().flat_map(|cell| cell.opens.iter().map(move |file| (cell.index, file)));
    let mut places = None;
    for (cell, file) in opened.filter(|(_, file)| !file.exists && !file.made) {
        if missing.len() < FILES && missing.iter().all(|known| known.path != file.path) {
            let places = places.get_or_insert_with(|| places_of(folder, downloads));
            missing.push(MissingFile { path: file.path.clone(), cell, found: look(file, places) });
        }
    }
    missing
}

fn look(file: &OpenedFile, places: &[PathBuf]) -> Vec<PathBuf> {
    let parts: Vec<&str> =
        file.path.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let Some(name) = parts.last() else { return Vec::new() };
    let mut found: Vec<PathBuf> = Vec::new();
    // With more of its own folders it is more surely the same file.
    for depth in (1..=parts.len().min(3)).rev() {
        let tail: PathBuf = parts[parts.len() - depth..].iter().collect();
        for place in places {
            let path = place.join(&tail);
            if found.len() < PLACES && path.is_file() && !found.contains(&path) {
                found.push(path);
            }
        }
    }
    // A notebook from another system may differ in case.
    if found.is_empty() {
        found.extend(places.iter().filter_map(|place| in_any_case(place, name)).take(PLACES));
    }
    found
}

fn in_any_case(place: &Path, name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(place).ok()?.take(5000).flatten();
    let mut same =
        entries.filter(|entry| entry.file_name().to_str().is_some_and(|own| own.eq_ignore_ascii_case(name)));
    same.find(|entry| entry.path().is_file()).map(|entry| entry.path())
}

fn places_of(folder: &Path, downloads: Option<&Path>) -> Vec<PathBuf> {
    let mut places = Vec::new();
    for place in folder.ancestors().take(PARENTS + 1) {
        places.push(place.to_owned());
        for name in FOLDERS {
            let data = place.join(name);
            if data.is_dir() {
                let below = folders_in(&data);
                places.push(data);
                places.extend(below);
            }
        }
    }
    if let Some(downloads) = downloads {
        places.push(downloads.to_owned());
        places.extend(folders_in(downloads));
    }
    places
}

fn folders_in(place: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let kinds =
        entries.take(5000).flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut folders: Vec<PathBuf> = kinds.map(|entry| entry.path()).take(BELOW).collect();
    folders.sort();
    folders
}

#[cfg(test)]
mod tests {
    use super::super::CellAnalysis;
    use super::*;

    fn opens(paths: &[(&str, bool, bool)]) -> Analysis {
        let opens = paths
            .iter()
            .map(|(path, exists, made)| OpenedFile {
                path: (*path).into(),
                line: 1,
                exists: *exists,
                made: *made,
            })
            .collect();
        Analysis { cells: vec![CellAnalysis { index: 2, opens, ..CellAnalysis::default() }] }
    }

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }

    #[test]
    fn files_are_found_upwards_in_data_folders_and_in_downloads() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("project/notebooks/deep");
        fs::create_dir_all(&folder).unwrap();
        let downloads = root.path().join("home/Downloads");
        let places = [
            root.path().join("project/data/train.csv"),
            downloads.join("archive/titanic/train.csv"),
            downloads.join("only.csv"),
            root.path().join("project/input/kaggle/Other.CSV"),
        ];
        for path in &places {
            touch(path);
        }
        fs::create_dir_all(root.path().join("project/data/folder.csv")).unwrap();
        let analysis = opens(&[
            ("../input/titanic/train.csv", false, false),
            ("C:\\Users\\me\\only.csv", false, false),
            ("other.csv", false, false),
            ("folder.csv", false, false),
            ("there.csv", true, false),
            ("made.csv", false, true),
        ]);
        let missing = find_missing(&analysis, &folder, Some(&downloads));
        let found: Vec<_> = missing.iter().map(|file| (file.path.as_str(), file.found.as_slice())).collect();
        assert_eq!(
            found,
            [
                ("../input/titanic/train.csv", &[places[1].clone(), places[0].clone()][..]),
                ("C:\\Users\\me\\only.csv", &places[2..3]),
                ("other.csv", &places[3..4]),
                ("folder.csv", &[]),
            ]
        );
        assert_eq!(missing[0].cell, 2);
    }

    #[test]
    fn more_of_the_same_path_comes_first() {
        let root = tempfile::tempdir().unwrap();
        let (near, right) = (root.path().join("a/train.csv"), root.path().join("titanic/train.csv"));
        touch(&near);
        touch(&right);
        let missing = find_missing(
            &opens(&[("/kaggle/titanic/train.csv", false, false)]),
            near.parent().unwrap(),
            None,
        );
        assert_eq!(missing[0].found, [right, near]);
    }
}
