//! ONNX Runtime's shared library, out of the wheel of this platform, pinned by version and digest.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::python;
use crate::place::Place;
use crate::process::run;

const VERSION: &str = "1.32.0";

/// A wheel of [`VERSION`] and the library in it.
struct Wheel {
    /// As in [`env::consts::OS`].
    os: &'static str,
    /// As in [`env::consts::ARCH`].
    arch: &'static str,
    /// pip's name of the platform.
    platform: &'static str,
    sha256: &'static str,
    /// The library's path in the wheel.
    member: &'static str,
    /// The library's name in the cache.
    library: &'static str,
}

const WHEELS: &[Wheel] = &[
    Wheel {
        os: "linux",
        arch: "x86_64",
        platform: "manylinux_2_28_x86_64",
        sha256: "99e1074c4b2197accd5073052a465361be17b89c093b8ffb6e6bd8f986c52df8",
        member: "onnxruntime/capi/libonnxruntime.so.1.32.0",
        library: "libonnxruntime.so",
    },
    Wheel {
        os: "linux",
        arch: "aarch64",
        platform: "manylinux_2_28_aarch64",
        sha256: "e36c187006e7a7c8b8d6d57f1a209dd63f52430dca6c282b177718ad6b841054",
        member: "onnxruntime/capi/libonnxruntime.so.1.32.0",
        library: "libonnxruntime.so",
    },
    Wheel {
        os: "macos",
        arch: "aarch64",
        platform: "macosx_14_0_arm64",
        sha256: "d52510bbbcc880c13b826f7d75cdf33ac5cf0bb864d960000fc29ce73f0cb83e",
        member: "onnxruntime/capi/libonnxruntime.1.32.0.dylib",
        library: "libonnxruntime.dylib",
    },
    Wheel {
        os: "windows",
        arch: "x86_64",
        platform: "win_amd64",
        sha256: "efe7456952c243a05a53d5b8732953625144642c2f3989094277f6217f0c0c40",
        member: "onnxruntime/capi/onnxruntime.dll",
        library: "onnxruntime.dll",
    },
];

/// Takes one member out of a zip file: archive, member, destination.
const EXTRACT: &str = "
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as member, open(sys.argv[3], 'wb') as library:
    shutil.copyfileobj(member, library)
";

/// The library's path; fetched on first use. `FLIGHTDECK_ONNXRUNTIME` overrides it.
pub(super) fn fetch(place: &Place) -> Result<PathBuf> {
    if let Some(path) = env::var_os("FLIGHTDECK_ONNXRUNTIME").map(PathBuf::from) {
        if !path.is_file() {
            bail!("FLIGHTDECK_ONNXRUNTIME names {}, which is not a file", path.display());
        }
        return Ok(path);
    }
    let wheel = wheel(env::consts::OS, env::consts::ARCH)?;
    let folder = place.cache.join("onnxruntime").join(VERSION);
    let library = folder.join(wheel.library);
    if library.is_file() {
        return Ok(library);
    }
    println!("fetching ONNX Runtime {VERSION} for {}", wheel.platform);
    let part = folder.join(format!("part-{}", process::id()));
    fs::create_dir_all(&part).with_context(|| format!("cannot create {}", part.display()))?;
    let outcome = bring(wheel, &part, &library);
    fs::remove_dir_all(&part).with_context(|| format!("cannot remove {}", part.display()))?;
    outcome.map(|()| library)
}

fn wheel(os: &str, arch: &str) -> Result<&'static Wheel> {
    WHEELS.iter().find(|wheel| wheel.os == os && wheel.arch == arch).with_context(|| {
        format!(
            "there is no wheel of ONNX Runtime {VERSION} for {os} on {arch}. \
             Build the library and name it in FLIGHTDECK_ONNXRUNTIME"
        )
    })
}

/// Downloads, compares, unpacks beside the destination and moves it there in one step.
fn bring(wheel: &Wheel, part: &Path, library: &Path) -> Result<()> {
    let python = python::with_pip()?;
    // The wheel's Python version is fixed, so that the digest holds whatever Python runs here.
    run(Command::new(python)
        .args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"])
        .args(["--implementation", "cp", "--python-version", "3.12", "--abi", "cp312"])
        .args(["--platform", wheel.platform, &format!("onnxruntime=={VERSION}"), "--dest"])
        .arg(part))?;
    let archive = fs::read_dir(part)?.next().context("pip downloaded nothing")??.path();
    let digest = sha256(&archive)?;
    if digest != wheel.sha256 {
        bail!("{} has the digest {digest}, not {}: it is not used", archive.display(), wheel.sha256);
    }
    let unpacked = part.join("library");
    run(Command::new(python).args(["-c", EXTRACT]).arg(&archive).arg(wheel.member).arg(&unpacked))?;
    fs::rename(&unpacked, library).with_context(|| format!("cannot write {}", library.display()))
}

fn sha256(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(format!("{:x}", hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_platform_has_a_wheel_and_a_digest_of_its_own() {
        let platforms: BTreeSet<_> = WHEELS.iter().map(|wheel| (wheel.os, wheel.arch)).collect();
        let digests: BTreeSet<_> = WHEELS.iter().map(|wheel| wheel.sha256).collect();
        assert_eq!((platforms.len(), digests.len()), (WHEELS.len(), WHEELS.len()));
        assert!(
            digests.iter().all(|digest| digest.len() == 64 && digest.chars().all(|c| c.is_ascii_hexdigit()))
        );
    }

    #[test]
    fn a_platform_without_a_wheel_is_told_what_to_do() {
        let Err(error) = wheel("macos", "x86_64") else { panic!("there is a wheel after all") };
        assert!(error.to_string().contains("FLIGHTDECK_ONNXRUNTIME"), "{error}");
    }
}
