//! From a path to everything that is known about the model behind it.

use crate::external::{self, External};
use crate::facts::Facts;
use crate::flops::check_growth;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::message::Model;
use crate::opsets;
use crate::reader::Reader;
use crate::refusal::Refusal;
use crate::signature;
use crate::wire::Message;
use crate::zipmap::{self, Zipped};
use flightdeck_core::{Digest, Finding, Signature};
use sha2::{Digest as _, Sha256};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::Path;

/// A model file that may be loaded, and what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// What is written down about it.
    pub facts: Facts,
    /// Task, roles and columns as proposed; a person may correct them.
    pub signature: Signature,
    /// What a person should look at. With a blocking one the model is not deployable.
    pub findings: Vec<Finding>,
    /// What goes into a package: the file's bytes, without a final `ZipMap`.
    pub model: Vec<u8>,
    /// Whether `model` differs from the file.
    pub model_changed: bool,
    /// The digest of the file as it was given.
    pub original: Digest,
    /// Its size.
    pub original_bytes: u64,
    /// The data files that belong to it.
    pub external: Vec<External>,
}

/// Reads the model file at `path`, checks it, and says what it takes and gives.
///
/// Its data files must lie in the same folder or below. They are looked at, not read.
pub fn inspect(path: &Path, limits: &Limits) -> Result<Inspection, Refusal> {
    let bytes = read(path, limits)?;
    let original = Digest::from_bytes(Sha256::digest(&bytes).into());
    let original_bytes = bytes.len() as u64;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));

    let Parsed { zipped, edited, mut report } = parse(&bytes, folder, limits, &Zipped::new())?;
    let model_changed = edited.is_some();
    let model = match edited {
        Some(edited) => {
            report = parse(&edited, folder, limits, &zipped)?.report;
            edited
        }
        None => bytes,
    };
    let Report { facts, signature, findings, external } = report;
    Ok(Inspection { facts, signature, findings, model, model_changed, original, original_bytes, external })
}

struct Parsed {
    zipped: Zipped,
    edited: Option<Vec<u8>>,
    report: Report,
}

struct Report {
    facts: Facts,
    signature: Signature,
    findings: Vec<Finding>,
    external: Vec<External>,
}

/// Reads a model; where it ends in a `ZipMap`, also makes the file without. `known` are classes found before.
fn parse(bytes: &[u8], folder: &Path, limits: &Limits, known: &Zipped) -> Result<Parsed, Refusal> {
    if let Some(kind) = Kind::of(bytes) {
        return Err(Refusal::NotAModel { kind });
    }
    let mut reader = Reader::new(limits);
    let model: Model<'_> = reader.model(Message::new(bytes))?;
    check_growth(&model.graph, limits)?;
    let external = external::resolve(&reader.pieces, folder)?;
    let zipped = zipmap::find(&model.graph);
    let edited = if zipped.is_empty() { None } else { Some(zipmap::remove(bytes, &model, &zipped)?) };
    let mut findings = opsets::findings(&model, &reader);
    let signature = signature::propose(&model, known, &mut findings);
    let report = Report { facts: Facts::of(&model, &reader), signature, findings, external };
    Ok(Parsed { zipped, edited, report })
}

fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let unreadable = |source| Refusal::Unreadable { path: path.into(), source };
    // Asked before opening, so that a pipe is not waited for, and again of what was opened.
    let not_regular = || Refusal::NotRegular { path: path.into() };
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(not_regular());
    }
    let file: File = OpenOptions::new().read(true).open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(not_regular());
    }
    let too_large = |bytes| Refusal::TooLarge { bytes, limit: limits.file_bytes };
    if meta.len() > limits.file_bytes {
        return Err(too_large(meta.len()));
    }
    let mut bytes = Vec::with_capacity(meta.len() as usize);
    file.take(limits.file_bytes + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limits.file_bytes {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}
