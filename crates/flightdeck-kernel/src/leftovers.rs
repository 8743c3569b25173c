//! What a kernel started and what left its group: a child in a session of its own outlives a signal to the group. It
//! is known by its parents while they live, and by a mark in its environment afterwards. Only Linux shows both.

use std::collections::{HashMap, HashSet};
use std::io;

/// The name of the mark in the environment of a kernel, which whatever it starts inherits.
pub(crate) const MARK: &str = "FLIGHTDECK_KERNEL";
/// A process may start another one between being seen and being killed.
const ROUNDS: usize = 4;

/// A mark that no other kernel has.
pub(crate) fn mark() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}

/// Kills what descends from a process and what bears its mark, but not the process itself.
pub(crate) fn kill(root: u32, mark: &str) {
    for _ in 0..ROUNDS {
        let found = found(root, mark);
        if found.is_empty() {
            return;
        }
        found.into_iter().for_each(end);
    }
}

/// Those that are alive, without the root and without this program itself.
fn found(root: u32, mark: &str) -> HashSet<u32> {
    let parents = parents();
    let entry = format!("{MARK}={mark}");
    let is_ours = |id: u32| descends(id, root, &parents) || bears(id, entry.as_bytes());
    parents.keys().copied().filter(|id| *id != root && *id != std::process::id() && is_ours(*id)).collect()
}

fn descends(id: u32, root: u32, parents: &HashMap<u32, u32>) -> bool {
    // Numbers are given anew: a chain read while it changes could be a ring.
    std::iter::successors(parents.get(&id), |parent| parents.get(parent))
        .take(parents.len())
        .any(|parent| *parent == root)
}

/// Every process that is not dead, with its parent.
#[cfg(target_os = "linux")]
fn parents() -> HashMap<u32, u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return HashMap::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id: u32| Some((id, parent(&std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?)?)))
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn parents() -> HashMap<u32, u32> {
    HashMap::new()
}

/// The parent in a line of `/proc/*/stat`; the program's name before it may hold anything. Nothing for the dead.
fn parent(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") { None } else { fields.next()?.parse().ok() }
}

/// Whether the environment that a process was started with holds the mark; others' environments cannot be read.
fn bears(id: u32, entry: &[u8]) -> bool {
    std::fs::read(format!("/proc/{id}/environ"))
        .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|one| one == entry))
}

#[cfg(unix)]
fn end(id: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        // One that is gone already is what was wanted.
        let _ = kill_process(id, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn end(_: u32) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_read_after_any_name() {
        assert_eq!(parent("7 (a) b (c)) S 3 7 7 0"), Some(3));
        assert_eq!(parent("7 (dead) Z 3 7 7 0"), None);
        assert_eq!(parent("7 (cut"), None);
    }

    #[test]
    fn a_chain_of_parents_ends() {
        let parents = HashMap::from([(5, 4), (4, 3), (3, 1), (8, 9), (9, 8)]);
        assert!(descends(5, 3, &parents));
        assert!(!descends(5, 9, &parents));
        assert!(!descends(8, 3, &parents));
    }
}
