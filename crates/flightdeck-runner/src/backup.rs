//! `flightdeck-runner backup`: a copy of the state, also while a server is running on it.

use crate::clock::SystemClock;
use clap::Args;
use flightdeck_sqlite::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Arguments of `backup`.
#[derive(Args, Clone, Debug)]
pub struct BackupArgs {
    /// The folder of the server.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The file to write. It is replaced when it is there already.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Writes the copy. It has its name when it is complete, checked and on the disk.
pub fn backup(args: &BackupArgs) -> ExitCode {
    match copy(&args.data, &args.out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "flightdeck-runner: {error}. {}", error.hint());
            ExitCode::FAILURE
        }
    }
}

fn copy(data: &Path, out: &Path) -> Result<(), Error> {
    let path = data.join("state.db");
    if !path.exists() {
        return Err(Error::Io { path, source: io::Error::from(io::ErrorKind::NotFound) });
    }
    crate::state::look(data, Arc::new(SystemClock))?.backup(out)
}
