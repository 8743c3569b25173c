//! The converter's Python, carried inside the program and written out for the process.

use std::io;
use std::path::{Path, PathBuf};

macro_rules! modules {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../python/flightdeck_convert/", $name)))),*]
    };
}

const MODULES: &[(&str, &str)] = modules![
    "__init__.py",
    "answers.py",
    "boosters.py",
    "capturing.py",
    "catboost.py",
    "categories.py",
    "collapse.py",
    "columns.py",
    "convert.py",
    "extract.py",
    "formats.py",
    "graph.py",
    "imputer.py",
    "ladder.py",
    "messages.py",
    "outputs.py",
    "parsing.py",
    "plausible.py",
    "power.py",
    "rebuild.py",
    "refusals.py",
    "sandbox.py",
    "start.py",
    "stock.py",
    "stream.py",
    "structure.py",
    "text.py",
    "trees.py",
    "unknowns.py",
];

/// What the interpreter is given as `-c`: the path, then the work. The first two arguments are folders.
pub(super) const BOOT: &str = "import sys\n\
    first = sys.argv[1:3]\n\
    sys.path[:0] = first\n\
    from flightdeck_convert import start\n\
    start.clean_path(first)\n\
    sys.exit(start.main(sys.argv[3:]))\n";

/// Writes the package below a folder and returns the folder that belongs on `sys.path`.
pub(super) fn write(folder: &Path) -> io::Result<PathBuf> {
    let root = folder.join("python");
    let package = root.join("flightdeck_convert");
    std::fs::create_dir_all(&package)?;
    for (name, text) in MODULES {
        std::fs::write(package.join(name), text)?;
    }
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::MODULES;

    #[test]
    fn every_module_of_the_package_is_carried() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/python/flightdeck_convert");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| std::path::Path::new(name).extension().is_some_and(|end| end == "py"))
            .collect();
        there.sort();
        let mut carried: Vec<&str> = MODULES.iter().map(|(name, _)| *name).collect();
        carried.sort_unstable();
        assert_eq!(carried, there);
    }
}
