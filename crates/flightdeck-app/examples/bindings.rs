//! Writes the TypeScript types of everything the window is told, or with `--check` says whether they are current.

#![expect(clippy::print_stderr, reason = "a command line speaks to its user")]

use std::process::ExitCode;

fn main() -> ExitCode {
    let check = std::env::args().nth(1).is_some_and(|argument| argument == "--check");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/lib/ipc/bindings");
    match bindings::write(&folder, check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

mod bindings {
    use flightdeck_app::views;
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;
    use ts_rs::{Config, TS};

    /// Every type that crosses into the window; what they are made of comes along.
    fn export(config: &Config) -> Result<(), ts_rs::ExportError> {
        macro_rules! all {
            ($($name:ident),*) => { $(views::$name::export_all(config)?;)* };
        }
        all!(
            AlertView,
            Corrections,
            DeployRequest,
            DeployView,
            DriftView,
            EndpointRow,
            ErrorView,
            Event,
            ImportPlan,
            ImportView,
            JobView,
            KernelPlan,
            LiveCharts,
            LiveView,
            ModelView,
            PairRequest,
            ProfileView,
            RemovedView,
            RunnerView,
            ShowView,
            WatchView
        );
        flightdeck_app::Theme::export_all(config)
    }

    pub(crate) fn write(folder: &Path, check: bool) -> Result<(), String> {
        let fresh = tempfile::tempdir().map_err(|error| error.to_string())?;
        let config = Config::new().with_out_dir(fresh.path()).with_large_int("number");
        export(&config).map_err(|error| error.to_string())?;
        let (now, before) = (read(fresh.path())?, read(folder).unwrap_or_default());
        if now == before {
            return Ok(());
        }
        if check {
            return Err("ui/src/lib/ipc/bindings is not what Rust says: run `cargo xtask bindings`".into());
        }
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        for (name, text) in now {
            fs::write(folder.join(name), text).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn read(folder: &Path) -> Result<BTreeMap<String, String>, String> {
        let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
        let files = entries.map(|entry| {
            let entry = entry.map_err(|error| error.to_string())?;
            let text = fs::read_to_string(entry.path()).map_err(|error| error.to_string())?;
            Ok((entry.file_name().to_string_lossy().into_owned(), text))
        });
        files.collect()
    }
}
