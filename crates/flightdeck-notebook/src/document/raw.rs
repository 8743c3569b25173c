//! A notebook as its JSON says it, before formats 3 and 4 are told apart: the cells may stand before the format.

use super::loose::Loose;
use super::outputs::OutputFacts;
use super::quirk::QuirkKind;
use super::shape::{Elements, Fields, State, list, object};
use serde::de::{MapAccess, SeqAccess};

#[derive(Default)]
pub(super) struct RawNotebook {
    pub(super) major: Loose,
    pub(super) minor: Loose,
    pub(super) metadata: Option<RawMetadata>,
    pub(super) cells: Option<RawCells>,
    pub(super) worksheets: Option<RawSheets>,
}

impl Fields for RawNotebook {
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        state: &State,
    ) -> Result<(), A::Error> {
        match key {
            "nbformat" => self.major = map.next_value()?,
            "nbformat_minor" => self.minor = map.next_value()?,
            "metadata" => self.metadata = read_object(map, state)?,
            "cells" => self.cells = read_list(map, state)?,
            "worksheets" => self.worksheets = read_list(map, state)?,
            _ => state.pass(map)?,
        }
        Ok(())
    }
}

fn read_object<'de, T, A>(map: &mut A, state: &State) -> Result<Option<T>, A::Error>
where
    T: Fields + Default,
    A: MapAccess<'de>,
{
    let mut into = T::default();
    Ok(map.next_value_seed(object(state, &mut into))?.then_some(into))
}

fn read_list<'de, T, A>(map: &mut A, state: &State) -> Result<Option<T>, A::Error>
where
    T: Elements + Default,
    A: MapAccess<'de>,
{
    let mut into = T::default();
    Ok(map.next_value_seed(list(state, &mut into))?.then_some(into))
}

#[derive(Default)]
pub(super) struct RawMetadata {
    pub(super) kernel: Option<RawKernel>,
    pub(super) language: Option<RawKernel>,
}

impl Fields for RawMetadata {
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        state: &State,
    ) -> Result<(), A::Error> {
        match key {
            "kernelspec" => self.kernel = read_object(map, state)?,
            "language_info" => self.language = read_object(map, state)?,
            _ => state.pass(map)?,
        }
        Ok(())
    }
}

/// `kernelspec` or `language_info`.
#[derive(Default)]
pub(super) struct RawKernel {
    pub(super) name: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) language: Option<String>,
}

impl Fields for RawKernel {
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        state: &State,
    ) -> Result<(), A::Error> {
        match key {
            "name" => self.name = map.next_value::<Loose>()?.text(),
            "display_name" => self.display_name = map.next_value::<Loose>()?.text(),
            "language" => self.language = map.next_value::<Loose>()?.text(),
            _ => state.pass(map)?,
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct RawSheets(pub(super) Vec<RawSheet>);

impl Elements for RawSheets {
    fn element<'de, A: SeqAccess<'de>>(&mut self, list: &mut A, state: &State) -> Result<bool, A::Error> {
        let mut sheet = RawSheet { cells: None, before: self.0.iter().map(RawSheet::len).sum() };
        let found = list.next_element_seed(object(state, &mut sheet))?.is_some();
        if found {
            state.cell(self.0.len())?;
            self.0.push(sheet);
        }
        Ok(found)
    }
}

pub(super) struct RawSheet {
    pub(super) cells: Option<RawCells>,
    before: usize,
}

impl RawSheet {
    fn len(&self) -> usize {
        self.cells.as_ref().map_or(0, |cells| cells.cells.len())
    }
}

impl Fields for RawSheet {
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        state: &State,
    ) -> Result<(), A::Error> {
        if key != "cells" {
            return state.pass(map);
        }
        let mut cells = RawCells { cells: Vec::new(), before: self.before };
        self.cells = map.next_value_seed(list(state, &mut cells))?.then_some(cells);
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct RawCells {
    pub(super) cells: Vec<RawCell>,
    before: usize,
}

impl Elements for RawCells {
    fn element<'de, A: SeqAccess<'de>>(&mut self, list: &mut A, state: &State) -> Result<bool, A::Error> {
        let mut cell = RawCell::default();
        match list.next_element_seed(object(state, &mut cell))? {
            None => return Ok(false),
            Some(false) => state.quirk(QuirkKind::NotACell, None),
            Some(true) => {
                state.cell(self.before + self.cells.len())?;
                self.cells.push(cell);
            }
        }
        Ok(true)
    }
}

/// A cell of either format: `source` or `input`, `execution_count` or `prompt_number`.
#[derive(Default)]
pub(super) struct RawCell {
    pub(super) kind: Loose,
    pub(super) source: Option<Loose>,
    pub(super) language: Option<String>,
    pub(super) count: Loose,
    pub(super) id: Option<Loose>,
    pub(super) metadata: Option<RawCellMetadata>,
    pub(super) outputs: Option<OutputFacts>,
}

impl Fields for RawCell {
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        state: &State,
    ) -> Result<(), A::Error> {
        match key {
            "cell_type" => self.kind = map.next_value()?,
            "source" | "input" => self.source = Some(map.next_value()?),
            "language" => self.language = map.next_value::<Loose>()?.text(),
            "execution_count" | "prompt_number" => self.count = map.next_value()?,
            "id" => self.id = Some(map.next_value()?),
            "metadata" => self.metadata = read_object(map, state)?,
            "outputs" => {
                let start = state.read_bytes();
                self.outputs = read_list(map, state)?;
                if let Some(outputs) = &mut self.outputs {
                    outputs.bytes = state.read_bytes() - start;
                }
            }
            _ => state.pass(map)?,
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct RawCellMetadata {
    pub(super) tags: Option<Loose>,
    pub(super) editor: Option<RawEditor>,
}

impl Fields for RawCellMetadata {
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        state: &State,
    ) -> Result<(), A::Error> {
        match key {
            "tags" => self.tags = Some(map.next_value()?),
            "vscode" => self.editor = read_object(map, state)?,
            _ => state.pass(map)?,
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct RawEditor {
    pub(super) language: Option<String>,
}

impl Fields for RawEditor {
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        state: &State,
    ) -> Result<(), A::Error> {
        match key {
            "languageId" => self.language = map.next_value::<Loose>()?.text(),
            _ => state.pass(map)?,
        }
        Ok(())
    }
}
