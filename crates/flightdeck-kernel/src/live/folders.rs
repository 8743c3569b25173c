//! Where Jupyter keeps the connection files of running kernels.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The runtime folders of this user, the likeliest first. The environment is passed in.
pub fn runtime_folders(variable: impl Fn(&str) -> Option<OsString>, home: &Path) -> Vec<PathBuf> {
    let named = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let mut folders: Vec<PathBuf> = named("JUPYTER_RUNTIME_DIR").into_iter().collect();
    folders.extend(named("JUPYTER_DATA_DIR").map(|data| data.join("runtime")));
    if cfg!(windows) {
        folders.extend(named("APPDATA").map(|data| data.join("jupyter").join("runtime")));
    } else if cfg!(target_os = "macos") {
        folders.push(home.join("Library/Jupyter/runtime"));
    } else {
        let data = named("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share"));
        folders.push(data.join("jupyter/runtime"));
        folders.extend(named("XDG_RUNTIME_DIR").map(|runtime| runtime.join("jupyter")));
    }
    let mut seen = std::collections::HashSet::new();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_variable_comes_first_and_nothing_comes_twice() {
        let variable = |name: &str| match name {
            "JUPYTER_RUNTIME_DIR" => Some("/r".into()),
            "XDG_DATA_HOME" => Some("/d".into()),
            "JUPYTER_DATA_DIR" => Some("/d/jupyter".into()),
            _ => None,
        };
        let found = runtime_folders(variable, Path::new("/home/u"));
        assert_eq!(found, [PathBuf::from("/r"), PathBuf::from("/d/jupyter/runtime")]);
        let plain = runtime_folders(|_| None, Path::new("/home/u"));
        assert_eq!(plain, [PathBuf::from("/home/u/.local/share/jupyter/runtime")]);
    }
}
