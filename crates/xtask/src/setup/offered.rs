//! The converter's overlay where the product looks for it, so that the first import needs no network.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::output;

/// Says what the product names an overlay after: the Python and the platform.
const NAME: &str = "import sys, platform; print('cp%d%d-%s-%s' % (*sys.version_info[:2], sys.platform, platform.machine().lower()))";

/// Puts the filled overlay among the product's own. One that the product has filled itself is left alone.
pub(super) fn offer(filled: &Path, overlays: &Path, python: &Path) -> Result<()> {
    let name = output(Command::new(python).args(["-I", "-c", NAME]))?;
    let place = overlays.join(format!("converter-{}", name.trim()));
    if place.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(overlays).with_context(|| format!("cannot make {}", overlays.display()))?;
    // What is left is a link to a folder that is gone.
    let _ = fs::remove_file(&place);
    link(filled, &place).with_context(|| format!("cannot make {}", place.display()))
}

#[cfg(unix)]
fn link(filled: &Path, place: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(filled, place)
}

/// Links are for administrators there: the folder is copied.
#[cfg(not(unix))]
fn link(filled: &Path, place: &Path) -> std::io::Result<()> {
    fs::create_dir_all(place)?;
    for entry in fs::read_dir(filled)? {
        let (entry, inside) = entry.map(|entry| (entry.path(), place.join(entry.file_name())))?;
        if entry.is_dir() {
            link(&entry, &inside)?;
        } else {
            fs::copy(&entry, inside)?;
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_filled_overlay_is_offered_once_and_a_link_to_nothing_is_mended() {
        let cache = std::env::temp_dir().join(format!("flightdeck-offered-{}", std::process::id()));
        let (filled, overlays) = (cache.join("converter"), cache.join("overlays"));
        fs::create_dir_all(&filled).unwrap();
        fs::write(filled.join("part.py"), "").unwrap();
        let offered = || offer(&filled, &overlays, Path::new("python3"));
        offered().unwrap();
        let place = fs::read_dir(&overlays).unwrap().next().unwrap().unwrap().path();
        assert!(place.file_name().unwrap().to_str().unwrap().starts_with("converter-cp3"));
        assert!(place.join("part.py").is_file());
        fs::remove_file(&place).unwrap();
        std::os::unix::fs::symlink(cache.join("gone"), &place).unwrap();
        offered().unwrap();
        assert!(place.join("part.py").is_file());
        // What the product filled itself stays.
        fs::remove_file(&place).unwrap();
        fs::create_dir(&place).unwrap();
        offered().unwrap();
        assert!(!place.join("part.py").exists());
        fs::remove_dir_all(&cache).unwrap();
    }
}
