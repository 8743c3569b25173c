//! Pickles, read and never executed: which code a stream names, and by which versions it was written.
//!
//! There is no verdict "clean". A pickle is a program, and lists of harmful names have always been incomplete; what is
//! found here is shown to the person who decides.

mod arrays;
mod facts;
mod machine;
mod opcode;
mod source;
mod values;

use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use facts::Facts;
use source::Source;

/// Pickles inside of pickles are followed so far.
const DEPTH: usize = 8;
/// So many pickles may follow one another in a file.
const SEQUENCE: usize = 64;

/// What a pickle says without being loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickleScan {
    /// The highest protocol that the stream declares; 0 when it declares none.
    pub protocol: u8,
    /// The modules it imports, sorted. `?` stands for a name that is only made while loading.
    pub modules: Vec<String>,
    /// What it takes out of them, as `module.name`, sorted.
    pub callables: Vec<String>,
    /// Whether it calls something or sets the state of something while loading.
    pub calls: bool,
    /// How many byte strings in it look like pickles themselves; what they name is listed too.
    pub nested: usize,
    /// The scikit-learn version that wrote it.
    pub sklearn_version: Option<String>,
    /// Why it could not be followed to its end. What Python would do before that point is still done.
    pub error: Option<String>,
    /// Always true: loading any pickle may run any code.
    pub code_carrying: bool,
}

/// Where and why a stream could not be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fault {
    at: u64,
    problem: &'static str,
}

impl Fault {
    const fn new(at: u64, problem: &'static str) -> Self {
        Self { at, problem }
    }
}

impl PickleScan {
    /// A scan of something that could not be looked into.
    pub(crate) fn unseen(error: &str) -> Self {
        let mut scan = Self::from(Facts::new(0));
        scan.error = Some(error.to_owned());
        scan
    }

    /// What two pickles of one file say together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.protocol = self.protocol.max(other.protocol);
        self.modules.extend(other.modules);
        self.callables.extend(other.callables);
        for names in [&mut self.modules, &mut self.callables] {
            names.sort();
            names.dedup();
        }
        self.calls |= other.calls;
        self.nested += other.nested;
        self.sklearn_version = self.sklearn_version.or(other.sklearn_version);
        self.error = self.error.or(other.error);
        self
    }

    /// Whether the stream names this module or one inside of it.
    pub fn imports(&self, module: &str) -> bool {
        self.modules.iter().any(|known| {
            known.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

impl From<Facts> for PickleScan {
    fn from(facts: Facts) -> Self {
        Self {
            protocol: facts.protocol,
            modules: facts.modules.into_iter().collect(),
            callables: facts.callables.into_iter().collect(),
            calls: facts.calls,
            nested: facts.nested,
            sklearn_version: facts.sklearn_version,
            error: facts.error.map(|fault| format!("at byte {}, {}", fault.at, fault.problem)),
            code_carrying: true,
        }
    }
}

/// Follows the pickles that a stream consists of, one after another, joblib's arrays between them included.
pub fn scan(stream: impl Read, limits: &Limits) -> PickleScan {
    let mut facts = Facts::new(limits.pickle_steps);
    let mut source = Source::new(stream, limits.pickle_bytes);
    facts.error = follow_all(&mut source, &mut facts).err();
    facts.into()
}

fn follow_all(source: &mut Source<'_>, facts: &mut Facts) -> Result<(), Fault> {
    machine::follow(source, facts, 0)?;
    for _ in 1..SEQUENCE {
        if source.peek()? != Some(0x80) {
            return Ok(());
        }
        machine::follow(source, facts, 0)?;
    }
    Ok(())
}

/// Whether bytes begin as a pickle does. Protocol 0 and 1 have no magic number: there the stream itself must make sense,
/// at least until it has called something it named.
pub(crate) fn looks_like(head: &[u8]) -> bool {
    match head {
        [0x80, 0..=5, next, ..] => argument_exists(*next),
        [
            b'(' | b']' | b'}' | b'c' | b'i' | b'd' | b'l' | b't' | b'I' | b'L' | b'S' | b'V' | b'X' | b'U'
            | b'T' | b'K' | b'M' | b'J',
            ..,
        ] => {
            let mut facts = Facts::new(100_000);
            let mut source = Source::new(head, head.len() as u64);
            let whole = machine::follow(&mut source, &mut facts, DEPTH).is_ok();
            let named = facts.callables.iter().any(|name| is_dotted(name));
            named && (whole || facts.calls)
                || whole && matches!(head[0], b'(' | b']' | b'}') && head.len() > 3
        }
        _ => false,
    }
}

fn is_dotted(name: &str) -> bool {
    name.split('.').all(|part| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

fn argument_exists(op: u8) -> bool {
    let zeros = [0_u8; 16];
    let mut source = Source::new(&zeros[..], 16);
    source.at = 1;
    !matches!(opcode::argument(op, &mut source), Err(fault) if fault.problem.starts_with("this is no"))
}

#[cfg(test)]
mod tests;
