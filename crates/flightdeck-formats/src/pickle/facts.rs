//! What was seen in a pickle stream so far, bounded.

use std::collections::BTreeSet;

use super::source::Source;
use super::{DEPTH, Fault, looks_like, machine};
use crate::text::shown;

/// More names than this are not listed.
const NAMES: usize = 10_000;

/// What was seen so far, in this pickle and in those inside of it.
pub(super) struct Facts {
    pub(super) protocol: u8,
    pub(super) modules: BTreeSet<String>,
    pub(super) callables: BTreeSet<String>,
    pub(super) sklearn_version: Option<String>,
    pub(super) calls: bool,
    pub(super) object_arrays: bool,
    pub(super) nested: usize,
    pub(super) error: Option<Fault>,
    steps_left: u64,
}

impl Facts {
    pub(super) fn new(steps: u64) -> Self {
        Self {
            protocol: 0,
            modules: BTreeSet::new(),
            callables: BTreeSet::new(),
            sklearn_version: None,
            calls: false,
            object_arrays: false,
            nested: 0,
            error: None,
            steps_left: steps,
        }
    }

    pub(super) fn step(&mut self, at: u64) -> Result<(), Fault> {
        let left = self.steps_left.checked_sub(1);
        self.steps_left = left.ok_or(Fault::new(at, "it has more instructions than are looked at"))?;
        Ok(())
    }

    pub(super) fn protocol(&mut self, protocol: u64) {
        self.protocol = self.protocol.max(protocol.try_into().unwrap_or(u8::MAX));
    }

    pub(super) fn found(&mut self, module: &str, name: &str) {
        if self.callables.len() < NAMES {
            self.modules.insert(shown(module));
            self.callables.insert(shown(&format!("{module}.{name}")));
        }
    }

    pub(super) fn sklearn_version(&mut self, version: Option<&str>) {
        let version =
            version.filter(|version| version.len() < 40 && version.starts_with(|c: char| c.is_ascii_digit()));
        if self.sklearn_version.is_none() {
            self.sklearn_version = version.map(str::to_owned);
        }
    }

    /// Looks into bytes that may be a pickle themselves.
    pub(super) fn nested(&mut self, bytes: &[u8], depth: usize) {
        // Checked first: looking is following, and must not go deeper than that.
        if depth >= DEPTH || !looks_like(bytes) {
            return;
        }
        self.nested += 1;
        let mut source = Source::new(bytes, bytes.len() as u64);
        // Only what it names counts: bytes that merely look like a pickle are no fault of the one around them.
        let _ = machine::follow(&mut source, self, depth + 1);
    }
}
