//! Files that the person dropped, chose or named at the start. The web view gets an id and names; paths stay here.

use flightdeck_app::Error;
use serde::Serialize;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many choices are remembered: one is enough, a few allow for a sheet that stands open meanwhile.
const REMEMBERED: usize = 16;
/// More files than this at once are a mistake of the hand.
const AT_ONCE: usize = 64;

/// What the web view knows of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Chosen {
    id: u32,
    names: Vec<String>,
}

/// All choices of this session.
#[derive(Default)]
pub(crate) struct Files {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    newest: u32,
    chosen: VecDeque<(u32, Vec<PathBuf>)>,
    pending: Vec<PathBuf>,
}

impl Files {
    /// With the files that were named when the program was started.
    pub(crate) fn with_pending(pending: Vec<PathBuf>) -> Self {
        Self { inner: Mutex::new(Inner { pending, ..Inner::default() }) }
    }

    /// Remembers a choice.
    pub(crate) fn add(&self, mut paths: Vec<PathBuf>) -> Chosen {
        paths.truncate(AT_ONCE);
        let mut inner = self.lock();
        inner.newest += 1;
        let chosen = Chosen { id: inner.newest, names: names(&paths) };
        inner.chosen.push_back((chosen.id, paths));
        if inner.chosen.len() > REMEMBERED {
            inner.chosen.pop_front();
        }
        chosen
    }

    /// The files that were named when the program was started; told once.
    pub(crate) fn take_pending(&self) -> Option<Chosen> {
        let pending = std::mem::take(&mut self.lock().pending);
        if pending.is_empty() { None } else { Some(self.add(pending)) }
    }

    /// The paths of a choice.
    pub(crate) fn paths(&self, id: u32) -> Result<Vec<PathBuf>, Error> {
        let inner = self.lock();
        inner.chosen.iter().find(|(known, _)| *known == id).map(|(_, paths)| paths.clone()).ok_or_else(|| {
            Error::input("files-forgotten", "These files are no longer at hand", "Drop or choose them again")
        })
    }

    /// The path of a choice that must be one file.
    pub(crate) fn one(&self, id: u32) -> Result<PathBuf, Error> {
        let mut paths = self.paths(id)?;
        match (paths.pop(), paths.is_empty()) {
            (Some(path), true) => Ok(path),
            _ => Err(Error::input(
                "one-file",
                "One file is expected here",
                "Drop or choose one CSV or Parquet file",
            )),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names to show, without their folders.
pub(crate) fn names(paths: &[PathBuf]) -> Vec<String> {
    let name = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    paths.iter().map(|path| name(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_web_view_gets_names_and_an_id_never_a_path() {
        let files = Files::default();
        let chosen = files.add(vec!["/home/me/deep/flights.onnx".into()]);
        assert_eq!(serde_json::to_string(&chosen).unwrap(), r#"{"id":1,"names":["flights.onnx"]}"#);
        assert_eq!(files.paths(1).unwrap(), [PathBuf::from("/home/me/deep/flights.onnx")]);
    }

    #[test]
    fn an_id_that_nobody_gave_opens_nothing() {
        assert_eq!(Files::default().paths(7).unwrap_err().code, "files-forgotten");
    }

    #[test]
    fn old_choices_are_forgotten() {
        let files = Files::default();
        for n in 0..=REMEMBERED {
            files.add(vec![format!("{n}.onnx").into()]);
        }
        assert!(files.paths(1).is_err());
        assert!(files.paths(2).is_ok());
    }

    #[test]
    fn files_named_at_the_start_are_told_once() {
        let files = Files::with_pending(vec!["a.onnx".into()]);
        assert!(files.take_pending().is_some());
        assert!(files.take_pending().is_none());
    }
}
