//! The stored outputs of a cell: measured, never kept.

use super::loose::Loose;
use super::shape::{Elements, Fields, State, object};
use serde::de::{MapAccess, SeqAccess};
use std::collections::BTreeMap;

/// More kinds than this are not told apart.
const KINDS: usize = 64;

/// What was stored as a cell's outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputFacts {
    /// How many there are.
    pub count: usize,
    /// Their size in the file.
    pub bytes: u64,
    /// How often each kind is there: `stream`, `error`, or the media types of what was shown.
    pub kinds: BTreeMap<String, usize>,
}

impl OutputFacts {
    fn add(&mut self, kind: &str) {
        let kind: String = kind.chars().take(80).collect();
        if self.kinds.len() < KINDS || self.kinds.contains_key(&kind) {
            *self.kinds.entry(kind).or_default() += 1;
        }
    }
}

impl Elements for OutputFacts {
    fn element<'de, A: SeqAccess<'de>>(&mut self, list: &mut A, state: &State) -> Result<bool, A::Error> {
        let mut output = Output::default();
        if list.next_element_seed(object(state, &mut output))?.is_none() {
            return Ok(false);
        }
        self.count += 1;
        match output {
            Output { media, .. } if !media.is_empty() => media.iter().for_each(|kind| self.add(kind)),
            Output { kind: Some(kind), .. } => self.add(&kind),
            Output { .. } => self.add("unknown"),
        }
        Ok(true)
    }
}

#[derive(Default)]
struct Output {
    kind: Option<String>,
    media: Vec<String>,
}

impl Fields for Output {
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        state: &State,
    ) -> Result<(), A::Error> {
        match key {
            "output_type" => self.kind = map.next_value::<Loose>()?.text(),
            "data" => {
                let mut media = Media(&mut self.media);
                map.next_value_seed(object(state, &mut media))?;
            }
            _ => state.pass(map)?,
        }
        Ok(())
    }
}

struct Media<'a>(&'a mut Vec<String>);

impl Fields for Media<'_> {
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        state: &State,
    ) -> Result<(), A::Error> {
        if self.0.len() < KINDS {
            self.0.push(key.to_owned());
        }
        state.pass(map)
    }
}
