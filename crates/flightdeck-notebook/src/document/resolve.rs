//! From what the JSON says to a notebook: the formats told apart, cells numbered, digests taken.

use super::loose::Loose;
use super::quirk::QuirkKind;
use super::raw::{RawCell, RawMetadata, RawNotebook};
use super::shape::State;
use super::{Cell, CellKind, KernelSpec, Notebook, NotebookError, is_python};
use flightdeck_core::Digest;
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;

/// The newest minor number of format 4 that is known.
const MINOR: u32 = 5;

pub(super) fn notebook(
    mut raw: RawNotebook,
    state: &State,
    file_digest: Digest,
) -> Result<Notebook, NotebookError> {
    let format = format(&raw, state)?;
    let metadata = raw.metadata.take().unwrap_or_else(|| {
        state.quirk(QuirkKind::NoMetadata, None);
        RawMetadata::default()
    });
    let kernel = kernel(&metadata, state);
    let raw_cells = cells(raw);
    let language = language(&metadata, &raw_cells);
    let mut reader =
        CellReader { state, format: format.0, language: &language, number: 0, ids: HashSet::new() };
    let cells: Vec<Cell> =
        raw_cells.into_iter().enumerate().map(|(index, cell)| reader.cell(index, cell)).collect();
    Ok(Notebook {
        format,
        kernel,
        file_digest,
        code_digest: code_digest(&cells),
        run_in_order: run_in_order(&cells),
        quirks: state.take_quirks(),
        language,
        cells,
    })
}

fn format(raw: &RawNotebook, state: &State) -> Result<(u32, u32), NotebookError> {
    let major = match (&raw.major, &raw.cells, &raw.worksheets) {
        (Loose::Number(major), ..) => *major,
        (Loose::Text(text), ..) if text.trim().parse::<u32>().is_ok() => text.trim().parse().unwrap_or(0.0),
        (_, Some(_), _) => missing(state, 4.0),
        (_, None, Some(_)) => missing(state, 3.0),
        _ => return Err(NotebookError::NotANotebook),
    };
    let minor = match raw.minor {
        Loose::Number(minor) => minor as u32,
        _ => 0,
    };
    match major as i64 {
        3 => state.quirk(QuirkKind::OldFormat, None),
        4 if minor > MINOR => state.quirk(QuirkKind::UnknownMinor(minor), None),
        4 => {}
        major => return Err(NotebookError::Format { major }),
    }
    if raw.worksheets.as_ref().is_some_and(|sheets| sheets.0.len() > 1) {
        state.quirk(QuirkKind::Worksheets, None);
    }
    if raw.cells.is_none() && raw.worksheets.is_none() {
        return Err(NotebookError::NotANotebook);
    }
    Ok((major as u32, minor))
}

fn missing(state: &State, assumed: f64) -> f64 {
    state.quirk(QuirkKind::NoFormat, None);
    assumed
}

fn cells(raw: RawNotebook) -> Vec<RawCell> {
    match (raw.cells, raw.worksheets) {
        (Some(cells), _) => cells.cells,
        (None, Some(sheets)) => {
            sheets.0.into_iter().filter_map(|sheet| sheet.cells).flat_map(|c| c.cells).collect()
        }
        (None, None) => Vec::new(),
    }
}

fn kernel(metadata: &RawMetadata, state: &State) -> Option<KernelSpec> {
    let raw = metadata.kernel.as_ref()?;
    if raw.name.is_none() || raw.display_name.is_none() {
        state.quirk(QuirkKind::IncompleteKernel, None);
    }
    Some(KernelSpec {
        name: raw.name.clone().unwrap_or_default(),
        display_name: raw.display_name.clone().or_else(|| raw.name.clone()).unwrap_or_default(),
        language: raw.language.clone(),
    })
}

/// What the notebook says of its language, and else what its kernel's name tells.
fn language(metadata: &RawMetadata, cells: &[RawCell]) -> String {
    let said = metadata.language.as_ref().and_then(|info| info.name.clone());
    let kernel = metadata.kernel.as_ref();
    let said = said.or_else(|| kernel.and_then(|kernel| kernel.language.clone()));
    let said = said.or_else(|| cells.iter().find_map(|cell| cell.language.clone()));
    let named = kernel.and_then(|kernel| kernel.name.as_deref()).unwrap_or("");
    let by_name = || match named.to_ascii_lowercase() {
        name if name == "ir" => "r",
        name if name.starts_with("julia") => "julia",
        _ => "python",
    };
    said.map_or_else(|| by_name().to_owned(), |language| language.to_ascii_lowercase())
}

struct CellReader<'a> {
    state: &'a State,
    format: u32,
    language: &'a str,
    number: usize,
    ids: HashSet<String>,
}

impl CellReader<'_> {
    fn cell(&mut self, index: usize, mut raw: RawCell) -> Cell {
        let kind = self.kind(index, &raw.kind);
        let number = (kind == CellKind::Code).then(|| {
            self.number += 1;
            self.number
        });
        self.id(index, raw.id.take());
        if raw.metadata.is_none() && self.format > 3 {
            self.state.quirk(QuirkKind::NoCellMetadata, Some(index));
        }
        if kind == CellKind::Code && raw.outputs.is_none() {
            self.state.quirk(QuirkKind::NoOutputs, Some(index));
        }
        let source = self.source(index, raw.source.take());
        Cell {
            index,
            number,
            kind,
            digest: Digest::from_bytes(Sha256::digest(source.as_bytes()).into()),
            source,
            tags: self.tags(index, raw.metadata.as_mut().and_then(|metadata| metadata.tags.take())),
            count: self.count(index, &raw.count),
            foreign: self.foreign(kind, &raw),
            outputs: raw.outputs.unwrap_or_default(),
        }
    }

    fn kind(&self, index: usize, kind: &Loose) -> CellKind {
        match kind {
            Loose::Text(kind) => match kind.as_str() {
                "code" => return CellKind::Code,
                "markdown" | "heading" => return CellKind::Markdown,
                "raw" | "html" => return CellKind::Raw,
                other => {
                    let shown = other.chars().take(60).collect();
                    self.state.quirk(QuirkKind::UnknownCellKind(shown), Some(index));
                }
            },
            _ => self.state.quirk(QuirkKind::UnknownCellKind(String::new()), Some(index)),
        }
        CellKind::Raw
    }

    fn id(&mut self, index: usize, id: Option<Loose>) {
        let fine = match id {
            None => true,
            Some(Loose::Text(id)) => {
                let formed =
                    id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
                formed && (1..=64).contains(&id.len()) && self.ids.insert(id)
            }
            Some(_) => false,
        };
        if !fine {
            self.state.quirk(QuirkKind::OddId, Some(index));
        }
    }

    fn source(&self, index: usize, source: Option<Loose>) -> String {
        let text = match source {
            Some(Loose::Text(text)) => text,
            Some(Loose::List { texts, odd: false }) => texts.concat(),
            Some(Loose::List { texts, odd: true }) => {
                self.state.quirk(QuirkKind::OddSource, Some(index));
                texts.concat()
            }
            _ => {
                self.state.quirk(QuirkKind::OddSource, Some(index));
                String::new()
            }
        };
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
    }

    fn tags(&self, index: usize, tags: Option<Loose>) -> Vec<String> {
        match tags {
            None => Vec::new(),
            Some(Loose::List { texts, odd }) => {
                if odd {
                    self.state.quirk(QuirkKind::OddTags, Some(index));
                }
                texts
            }
            Some(other) => {
                self.state.quirk(QuirkKind::OddTags, Some(index));
                other.text().into_iter().collect()
            }
        }
    }

    fn count(&self, index: usize, count: &Loose) -> Option<i64> {
        let (value, odd) = match count {
            Loose::Null => (None, false),
            // JSON does not tell 1 from 1.0 in every writer; both are the same count.
            Loose::Number(number) => (Some(*number as i64), number.fract() != 0.0),
            Loose::Text(text) => (text.trim().parse().ok(), true),
            Loose::List { .. } | Loose::Other => (None, true),
        };
        if odd {
            self.state.quirk(QuirkKind::OddCount, Some(index));
        }
        value
    }

    fn foreign(&self, kind: CellKind, raw: &RawCell) -> Option<String> {
        let editor = raw.metadata.as_ref().and_then(|metadata| metadata.editor.as_ref());
        let own = editor.and_then(|editor| editor.language.as_ref()).or(raw.language.as_ref())?;
        let own = own.to_ascii_lowercase();
        let same = own == self.language || is_python(&own) && is_python(self.language);
        (kind == CellKind::Code && !same).then_some(own)
    }
}

fn code_digest(cells: &[Cell]) -> Digest {
    let mut hash = Sha256::new();
    for cell in cells.iter().filter(|cell| cell.kind == CellKind::Code) {
        // The length in front: two cells are never the same as one.
        hash.update((cell.source.len() as u64).to_le_bytes());
        hash.update(cell.source.as_bytes());
    }
    Digest::from_bytes(hash.finalize().into())
}

fn run_in_order(cells: &[Cell]) -> bool {
    let code = cells.iter().filter(|cell| cell.kind == CellKind::Code && !cell.source.trim().is_empty());
    let counts: Option<Vec<i64>> = code.map(|cell| cell.count).collect();
    counts.is_some_and(|counts| counts.windows(2).all(|pair| pair[0] < pair[1]))
}
