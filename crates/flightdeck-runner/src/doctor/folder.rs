//! The data folder: whose it is, who may read it, how much room it has and on what kind of disk it lies.

use super::Finding;
use std::path::Path;

const FOLDER: &str = "folder";

/// The least room that a server should have left.
#[cfg(unix)]
const LOW_BYTES: u64 = 256 << 20;

pub(super) fn checks(data: &Path) -> Vec<Finding> {
    match std::fs::metadata(data) {
        Ok(found) if found.is_dir() => {
            let mut findings = vec![permissions(data, &found), writable(data)];
            #[cfg(unix)]
            findings.push(space(data));
            #[cfg(target_os = "linux")]
            findings.push(kind(data));
            findings
        }
        Ok(_) => {
            vec![Finding::fail(FOLDER, format!("{} is not a folder", data.display()), "Choose another one.")]
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            vec![Finding::ok(
                FOLDER,
                format!("{} does not exist yet; the first start makes it", data.display()),
            )]
        }
        Err(error) => {
            vec![Finding::fail(FOLDER, format!("{}: {error}", data.display()), "Check that you may read it.")]
        }
    }
}

#[cfg(unix)]
fn permissions(data: &Path, found: &std::fs::Metadata) -> Finding {
    use std::os::unix::fs::MetadataExt;
    let (mode, owner, own) = (found.mode() & 0o777, found.uid(), rustix::process::geteuid().as_raw());
    let said = format!("{} belongs to user {owner}, mode {mode:o}", data.display());
    if owner != own {
        return Finding::warn(
            FOLDER,
            format!("{said}; this is user {own}"),
            "Run doctor as the server's user.",
        );
    }
    if mode & 0o022 != 0 {
        let hint = "Others may change what the server remembers: chmod go-w on the folder.";
        return Finding::warn(FOLDER, said, hint);
    }
    Finding::ok(FOLDER, said)
}

#[cfg(not(unix))]
fn permissions(data: &Path, _found: &std::fs::Metadata) -> Finding {
    Finding::ok(FOLDER, data.display().to_string())
}

fn writable(data: &Path) -> Finding {
    let probe = data.join(format!(".doctor-{}", std::process::id()));
    let written = std::fs::write(&probe, b"x");
    let _ = std::fs::remove_file(&probe);
    match written {
        Ok(()) => Finding::ok("writable", "the folder can be written"),
        Err(error) => {
            let hint = "Predictions would go on, but nothing could be deployed and no counts kept.";
            Finding::fail("writable", format!("the folder cannot be written: {error}"), hint)
        }
    }
}

#[cfg(unix)]
fn space(data: &Path) -> Finding {
    let disk = match rustix::fs::statvfs(data) {
        Ok(disk) => disk,
        Err(error) => {
            return Finding::warn("space", format!("the disk cannot be asked: {error}"), "Check its room.");
        }
    };
    let (free, all) = (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize);
    let said = format!("{} MiB of {} MiB are free", free >> 20, all >> 20);
    if free < LOW_BYTES {
        return Finding::warn("space", said, "Free some space: without it nothing can be deployed.");
    }
    Finding::ok("space", said)
}

/// Kinds of file systems over a network, by the numbers of the kernel's `magic.h`: SQLite's locks do not hold there.
#[cfg(target_os = "linux")]
const NETWORK: [(u64, &str); 8] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x00c3_6400, "Ceph"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9P"),
    (0x5346_414f, "AFS"),
];

#[cfg(target_os = "linux")]
fn kind(data: &Path) -> Finding {
    let Ok(disk) = rustix::fs::statfs(data) else {
        return Finding::warn("filesystem", "its kind cannot be told", "Use a local disk.");
    };
    // The number is 32 bits wide, whatever type carries it.
    let magic = disk.f_type as u64 & 0xffff_ffff;
    match NETWORK.iter().find(|(number, _)| *number == magic) {
        Some((_, name)) => {
            let hint = "Use a local disk: over a network, locks may not hold and the state may be damaged.";
            Finding::warn("filesystem", format!("the folder lies on {name}"), hint)
        }
        None if magic == 0x0102_1994 => {
            let hint = "What nobody has pulled is gone with the next restart of this computer.";
            Finding::warn("filesystem", "the folder lies in memory (tmpfs)", hint)
        }
        None => Finding::ok("filesystem", "a local disk"),
    }
}
