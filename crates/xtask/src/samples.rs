//! `cargo xtask samples`: runs `sample-models/generate.py` with the versions it is pinned to.
//!
//! Nothing else needs this: what it writes is committed.

use std::process::Command;

use anyhow::Result;

use crate::place::Place;
use crate::process::run;

/// Makes an environment of its own, outside the repository, and lets the script write into `sample-models/`.
pub(crate) fn write(place: &Place) -> Result<()> {
    let folder = place.root.join("sample-models");
    let environment = place.cache.join("tools").join("sample-models");
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if !python.is_file() {
        let system = if cfg!(windows) { "python" } else { "python3" };
        run(Command::new(system).args(["-m", "venv"]).arg(&environment))?;
    }
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--requirement"])
        .arg(folder.join("requirements.txt")))?;
    run(Command::new(&python).arg("-B").arg(folder.join("generate.py")))
}
