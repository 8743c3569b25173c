//! What Linux says of processes: who started whom, processor time, memory.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

/// The kernel's unit of processor time towards programs, on every architecture.
const TICKS_PER_S: f64 = 100.0;

/// A line of `/proc/PID/stat`.
#[derive(Debug, PartialEq)]
pub(super) struct Stat {
    pub(super) name: String,
    state: char,
    parent: u32,
    /// User and system time of the process itself, in ticks.
    own: u64,
    /// The same of its children that ended and were waited for.
    children: u64,
}

impl Stat {
    fn parse(line: &str) -> Option<Self> {
        // The name is in parentheses and may hold any of them.
        let (head, rest) = line.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self {
            name: head.split_once('(')?.1.to_owned(),
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            own: number(11)? + number(12)?,
            children: number(13)? + number(14)?,
        })
    }

    /// What is known of a process, if there is one.
    pub(super) fn of(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Whether it only waits for its parent to notice that it ended.
    pub(super) fn is_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    /// Processor time of the process itself, in seconds.
    fn cpu_s(&self) -> f64 {
        self.own as f64 / TICKS_PER_S
    }
}

/// Processor time of a process so far, in seconds. It has to be there.
pub(super) fn cpu_s(pid: u32) -> Result<f64> {
    Stat::of(pid).map(|stat| stat.cpu_s()).with_context(|| format!("process {pid} is gone"))
}

/// The same to the nanosecond, as long as none of its threads ended in between.
pub(super) fn fine_cpu_s(pid: u32) -> Result<f64> {
    let folder = format!("/proc/{pid}/task");
    let threads = fs::read_dir(&folder).with_context(|| format!("process {pid} is gone"))?;
    let of = |thread: fs::DirEntry| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    };
    Ok(threads.flatten().filter_map(of).sum::<u64>() as f64 / 1e9)
}

/// Memory that a process holds now, in MiB.
pub(super) fn rss_mib(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    kib(&text, "VmRSS:").map(|kib| kib / 1024.0).with_context(|| format!("{path} says nothing of VmRSS"))
}

/// Processor time of all processes that this one started and waited for, in seconds.
pub(super) fn cpu_of_ended_s() -> Result<f64> {
    let stat = Stat::of(std::process::id()).context("/proc is not there: this needs Linux")?;
    Ok(stat.children as f64 / TICKS_PER_S)
}

/// A process and all that it started, itself first.
pub(super) fn tree(root: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return vec![root] };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parents: BTreeMap<u32, u32> = pids.filter_map(|pid| Some((pid, Stat::of(pid)?.parent))).collect();
    below(root, &parents)
}

fn below(root: u32, parents: &BTreeMap<u32, u32>) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, of)| **of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found
}

/// Memory of a process, pages shared with others counted by their share, in MiB.
pub(super) fn pss_mib(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    kib(&text, "Pss:").map(|kib| kib / 1024.0).with_context(|| format!("{path} says nothing of Pss"))
}

fn kib(text: &str, field: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_move_the_fields() {
        let line = "12 (a) b (c) S 7 12 12 0 -1 4194560 100 0 0 0 30 12 5 1 20 0 1 0 4 1 1";
        let stat = Stat::parse(line).unwrap();
        assert_eq!(stat, Stat { name: "a) b (c".into(), state: 'S', parent: 7, own: 42, children: 6 });
        assert_eq!(stat.cpu_s(), 0.42);
    }

    #[test]
    fn a_tree_is_everything_below() {
        let parents = BTreeMap::from([(2, 1), (3, 2), (4, 1), (5, 3), (9, 8)]);
        assert_eq!(below(2, &parents), [2, 3, 5]);
    }

    #[test]
    fn memory_is_read_by_field() {
        let text = "5581-7fff ---p 0 0:0 0 [rollup]\nRss:   4096 kB\nPss:   2048 kB\nPss_Anon: 1 kB\n";
        assert_eq!(kib(text, "Pss:"), Some(2048.0));
        assert_eq!(kib(text, "Swap:"), None);
    }
}
