//! Notebooks on a desk: copied from the samples with what lies beside them, or written cell by cell, and how their imports go.

use crate::{Answer, Desk, python, sample};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

/// A notebook of these code cells, as Jupyter writes it.
pub fn of_cells(cells: &[&str]) -> Value {
    let cell = |(index, source): (usize, &&str)| {
        json!({"cell_type": "code", "execution_count": null, "id": format!("cell-{index}"), "metadata": {},
               "outputs": [], "source": source})
    };
    json!({
        "cells": cells.iter().enumerate().map(cell).collect::<Vec<_>>(),
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                     "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    })
}

/// A notebook of these code cells, written into the desk's home.
///
/// # Panics
/// When it cannot be written.
pub fn notebook(desk: &Desk, name: &str, cells: &[&str]) -> PathBuf {
    let path = desk.home().join(name);
    fs::write(&path, of_cells(cells).to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
    path
}

/// A sample notebook, copied with its whole folder, so that nothing is written into the repository.
///
/// # Panics
/// When it cannot be copied.
pub fn beside(desk: &Desk, notebook: &str) -> PathBuf {
    let from = sample(notebook);
    let folder = from.parent().map(Path::to_path_buf).unwrap_or_default();
    let to = desk.home().join(folder.file_name().unwrap_or_default());
    let copy = || -> std::io::Result<()> {
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        Ok(())
    };
    copy().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    to.join(from.file_name().unwrap_or_default())
}

/// An import that goes on, seen as it happens.
pub struct Events {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Desk {
    /// The arguments that import a notebook with a pinned environment.
    pub fn importing(&self, notebook: &Path, environment: &str, more: &[&str]) -> Vec<OsString> {
        let mut all: Vec<OsString> = vec!["import".into(), notebook.into()];
        all.extend(["--python".into(), python(environment).into()]);
        all.extend(more.iter().map(OsString::from));
        all
    }

    /// Imports a notebook with `--json`, whatever comes of it.
    pub fn import(&self, notebook: &Path, environment: &str, more: &[&str]) -> Answer {
        let mut all = self.importing(notebook, environment, more);
        all.push("--json".into());
        self.run(all)
    }

    /// Starts an import in a process group of its own, to be looked at while it goes.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_import(&self, notebook: &Path, environment: &str, more: &[&str]) -> Events {
        let mut command = self.command(self.importing(notebook, environment, more));
        Events::start(command.arg("--json"))
    }
}

impl Events {
    /// Starts a command whose output is lines of JSON.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(command: &mut std::process::Command) -> Self {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{error}"));
        let out = child.stdout.take().unwrap_or_else(|| panic!("no output"));
        Self { child, lines: BufReader::new(out).lines() }
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads on until a line is what is waited for, and gives it.
    ///
    /// # Panics
    /// When the output ends before.
    pub fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Vec::new();
        for line in self.lines.by_ref() {
            let line = line.unwrap_or_else(|error| panic!("{error}"));
            let value: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if wanted(&value) {
                return value;
            }
            seen.push(line.chars().take(200).collect::<String>());
        }
        panic!("it ended before: {:#?}", &seen[seen.len().saturating_sub(8)..]);
    }

    /// Ctrl-C, as a terminal sends it.
    ///
    /// # Panics
    /// When the process is gone.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        use rustix::process::{Pid, Signal, kill_process};
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.unwrap_or_else(|| panic!("no process"));
        kill_process(pid, Signal::INT).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Waits for its end, whatever it still says; gives the exit code.
    ///
    /// # Panics
    /// When the system does not tell.
    pub fn wait(mut self) -> Option<i32> {
        while self.lines.by_ref().next().is_some_and(|line| line.is_ok()) {}
        self.child.wait().unwrap_or_else(|error| panic!("{error}")).code()
    }

    /// Waits for its end; gives the exit code and the last line.
    ///
    /// # Panics
    /// When it printed nothing.
    pub fn end(mut self) -> (Option<i32>, Value) {
        let last = self.lines.by_ref().map_while(Result::ok).last().unwrap_or_default();
        let status = self.child.wait().unwrap_or_else(|error| panic!("{error}"));
        let value = serde_json::from_str(&last).unwrap_or_else(|error| panic!("{error}: {last}"));
        (status.code(), value)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
