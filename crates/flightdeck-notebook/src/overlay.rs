//! What Flightdeck needs beside a user's packages, in folders of its own: an ipykernel for environments without one,
//! and the converters to ONNX. Nothing is installed into the user's environment.
//!
//! An overlay belongs to one minor version of Python and one platform, is made in a temporary folder and moved into
//! place whole. The kernel overlay is put *after* the user's packages, the converter overlay *before* them; therefore
//! the latter never brings dependencies, which would shadow the user's own numpy.

use crate::environment::pip::Pip;
use crate::environment::{EnvironmentError, Origin, Probe, Watch};
use flightdeck_core::{Finding, Progress, Severity, Unit};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What the converter overlay holds, for Python 3.10 to 3.13.
const CONVERTER: [&str; 7] = [
    "skl2onnx==1.20.0",
    "onnxmltools==1.16.0",
    "onnx==1.19.1",
    "protobuf==6.33.6",
    "ml_dtypes",
    "typing_extensions",
    "cloudpickle",
];
/// The onnx that has wheels for Python 3.14.
const ONNX_OF_314: &str = "onnx==1.23.2";
/// What the kernel overlay holds for Python 3.11 and newer: ipykernel with what it needs at once, and what those need.
const KERNEL: [&str; 13] = [
    "ipykernel==7.4.0",
    "ipython==9.18.1",
    "jupyter_client==8.10.0",
    "jupyter_core==5.9.1",
    "pyzmq==27.3.0",
    "tornado==6.6.1",
    "traitlets==5.16.1",
    "comm==0.2.3",
    "debugpy==1.8.22",
    "matplotlib_inline==0.2.2",
    "nest_asyncio2==1.7.4",
    "packaging==26.3",
    "psutil==7.2.2",
];
/// An ipykernel that runs on Python 3.8 to 3.10; each of these has other newest versions of what it needs.
const KERNEL_BEFORE_311: [&str; 1] = ["ipykernel==6.29.5"];
/// Parts of packages that are never needed; two thirds of onnx are its own tests.
const UNNEEDED: [&str; 2] = ["onnx/backend/test/data", "bin"];

/// Why an overlay is not there.
#[derive(Debug, Error)]
pub enum OverlayError {
    /// A Python that the converters have no wheels for.
    #[error("the converters need Python 3.10 or newer; this is {}.{}", .version.0, .version.1)]
    Unsupported {
        /// The version.
        version: (u8, u8),
    },
    /// The packages cannot be reached: no network, or not in the folder of wheels.
    #[error("the packages that Flightdeck needs beside this Python cannot be reached: {tail}")]
    Unreachable {
        /// What pip said last.
        tail: String,
        /// What to run once with network.
        command: String,
    },
    /// Anything else.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
}

impl OverlayError {
    /// A stable kebab-case name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "python-too-old",
            Self::Unreachable { .. } => "overlay-unreachable",
            Self::Environment(error) => error.code(),
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Unsupported { .. } => "Choose an environment with Python 3.10 or newer.".into(),
            Self::Unreachable { command, .. } => format!("Run this once with network: {command}"),
            Self::Environment(error) => error.hint(),
        }
    }

    /// It as a finding: without the converters, native exports still work.
    pub fn finding(&self) -> Finding {
        Finding::new(self.code(), Severity::Blocking, self.to_string(), self.hint())
    }
}

/// The overlay with an ipykernel, made when it is not there. To be appended to `sys.path`.
pub fn kernel(
    cache: &Path,
    probe: &Probe,
    origin: &Origin,
    watch: &mut Watch<'_>,
) -> Result<PathBuf, OverlayError> {
    let overlay = Overlay { kind: "kernel", packages: kernel_packages(probe), alone: false };
    overlay.get((cache, probe), origin, watch)
}

/// The overlay with the converters to ONNX, made when it is not there. To be put first on `sys.path`.
pub fn converter(
    cache: &Path,
    probe: &Probe,
    origin: &Origin,
    watch: &mut Watch<'_>,
) -> Result<PathBuf, OverlayError> {
    let (major, minor, _) = probe.version;
    if (major, minor) < (3, 10) {
        return Err(OverlayError::Unsupported { version: (major, minor) });
    }
    Overlay { kind: "converter", packages: converter_packages(probe), alone: true }.get(
        (cache, probe),
        origin,
        watch,
    )
}

/// Whether the converters are there already: nothing has to be fetched.
pub fn has_converter(cache: &Path, probe: &Probe) -> bool {
    let overlay = Overlay { kind: "converter", packages: converter_packages(probe), alone: true };
    overlay.is_whole(&overlay.place(cache, probe))
}

/// Whether the converter overlay brings a package: then no environment has to have it.
pub fn brings(package: &str) -> bool {
    CONVERTER.iter().any(|own| own.split_once("==").map_or(*own, |(name, _)| name) == package)
}

fn kernel_packages(probe: &Probe) -> Vec<&'static str> {
    let newer = (probe.version.0, probe.version.1) >= (3, 11);
    if newer { KERNEL.to_vec() } else { KERNEL_BEFORE_311.to_vec() }
}

fn converter_packages(probe: &Probe) -> Vec<&'static str> {
    let newer = (probe.version.0, probe.version.1) >= (3, 14);
    CONVERTER.iter().map(|own| if newer && own.starts_with("onnx==") { ONNX_OF_314 } else { *own }).collect()
}

struct Overlay {
    kind: &'static str,
    packages: Vec<&'static str>,
    /// Without dependencies.
    alone: bool,
}

impl Overlay {
    fn place(&self, cache: &Path, probe: &Probe) -> PathBuf {
        let (major, minor, _) = probe.version;
        let short = match probe.implementation.as_str() {
            "CPython" => "cp".to_owned(),
            other => other.to_ascii_lowercase(),
        };
        cache.join(format!("{}-{short}{major}{minor}-{}", self.kind, probe.platform))
    }

    /// Every package is there with its pinned version: also true of a folder that a person filled by the command.
    fn is_whole(&self, folder: &Path) -> bool {
        let Ok(entries) = fs::read_dir(folder) else { return false };
        let names: Vec<String> =
            entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        let names: Vec<String> =
            names.iter().filter_map(|n| n.strip_suffix(".dist-info")).map(str::to_owned).collect();
        self.packages.iter().all(|package| {
            if let Some((name, version)) = package.split_once("==") {
                return names.contains(&format!("{name}-{version}"));
            }
            let name = package.split(['>', '<']).next().unwrap_or(package);
            names.iter().any(|own| own.strip_prefix(name).is_some_and(|rest| rest.starts_with('-')))
        })
    }

    fn get(
        &self,
        (cache, probe): (&Path, &Probe),
        origin: &Origin,
        watch: &mut Watch<'_>,
    ) -> Result<PathBuf, OverlayError> {
        let place = self.place(cache, probe);
        if self.is_whole(&place) {
            return Ok(place);
        }
        let write = |path: &Path, source| EnvironmentError::Write { path: path.to_owned(), source };
        fs::create_dir_all(cache).map_err(|source| write(cache, source))?;
        let made = tempfile::Builder::new()
            .prefix(".making-")
            .tempdir_in(cache)
            .map_err(|source| write(cache, source))?;
        self.install(made.path(), &place, (probe, origin), watch)?;
        (watch.progress)(Progress::new("place", 0, None, Unit::Steps));
        for part in UNNEEDED {
            let _ = fs::remove_dir_all(made.path().join(part));
        }
        self.put(&made.keep(), &place)?;
        Ok(place)
    }

    fn install(
        &self,
        folder: &Path,
        place: &Path,
        (probe, origin): (&Probe, &Origin),
        watch: &mut Watch<'_>,
    ) -> Result<(), OverlayError> {
        let pip = Pip::for_interpreter(probe, origin).ok_or(EnvironmentError::NoPip)?;
        match pip.install(&self.arguments(folder), origin, watch) {
            Err(EnvironmentError::Install { tail, unreachable, .. })
                if unreachable || origin.wheels.is_some() =>
            {
                // The command fills the final place, from the index: a folder of wheels has just proved incomplete.
                let command = pip.command_line(&self.arguments(place), &Origin::default());
                Err(OverlayError::Unreachable { tail, command })
            }
            other => Ok(other?),
        }
    }

    fn arguments(&self, target: &Path) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["--target".into(), target.into(), "--upgrade".into()];
        // Nothing is built here: a source distribution would run its own code.
        arguments.extend(["--no-compile", "--only-binary", ":all:"].map(OsString::from));
        if self.alone {
            arguments.push("--no-deps".into());
        }
        arguments.extend(self.packages.iter().map(OsString::from));
        arguments
    }

    /// Moves it into place. Another process may have been faster: then its overlay is taken.
    fn put(&self, made: &Path, place: &Path) -> Result<(), OverlayError> {
        if place.exists() && !self.is_whole(place) {
            let _ = fs::remove_dir_all(place);
        }
        let moved = fs::rename(made, place);
        if moved.is_err() {
            let _ = fs::remove_dir_all(made);
        }
        match moved {
            Err(source) if !self.is_whole(place) => {
                Err(EnvironmentError::Write { path: place.to_owned(), source }.into())
            }
            _ => Ok(()),
        }
    }
}
