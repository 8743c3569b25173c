//! The capture hook as files: a Python package that travels inside this program and is written to a private folder
//! for each kernel. What it does is in Python; running it is the kernel's room, reading what it wrote is the wire's.

use std::fs;
use std::io;
use std::path::Path;

/// The name of the package: `import flightdeck_capture` works where its parent folder is on `sys.path`.
pub const PACKAGE: &str = "flightdeck_capture";

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        /// Every file of the package: its name, and its text.
        pub const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../python/flightdeck_capture/", $name)))),*];
    };
}

embedded!(
    "__init__.py",
    "candidates.py",
    "capture.py",
    "cells.py",
    "columns.py",
    "computed.py",
    "estimators.py",
    "evidence.py",
    "findings.py",
    "fitted.py",
    "folding.py",
    "golden.py",
    "history.py",
    "hook.py",
    "imports.py",
    "judged.py",
    "kept.py",
    "lineage.py",
    "live.py",
    "models.py",
    "native.py",
    "origins.py",
    "outside.py",
    "parity.py",
    "paste.py",
    "prints.py",
    "probes.py",
    "proof.py",
    "rebuild.py",
    "redirect.py",
    "rows.py",
    "saved.py",
    "seeds.py",
    "selection.py",
    "session.py",
    "surroundings.py",
    "targets.py",
    "times.py",
    "watched.py",
    "writer.py",
);

/// Write the package below `folder`, which then belongs on `sys.path` for the time of the import.
///
/// # Errors
/// What the file system says: no room, no right to write, or a package that is there already.
pub fn write(folder: &Path) -> io::Result<()> {
    let package = folder.join(PACKAGE);
    fs::create_dir(&package)?;
    for (name, text) in FILES {
        fs::write(package.join(name), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn every_file_of_the_package_is_written_and_none_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("python").join(PACKAGE);
        let names = |folder: &Path| -> BTreeSet<String> {
            fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| Path::new(name).extension().is_some_and(|end| end == "py"))
                .collect()
        };
        assert_eq!(names(&folder.path().join(PACKAGE)), names(&source));
    }

    #[test]
    fn a_package_that_is_there_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        assert_eq!(write(folder.path()).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
