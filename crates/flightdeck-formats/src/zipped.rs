//! What a zip archive is: a model of some library, a model packed by a person, or something else.

use std::path::{Path, PathBuf};

use flightdeck_core::{Cancel, Finding, Severity};
use serde_json::Value;

use crate::advice::{not, not_because};
use crate::archive::{self, Archive, ArchiveError, Entry};
use crate::error::FormatError;
use crate::keras::KerasFacts;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::look::{Ends, HEAD, look};
use crate::numpy;
use crate::pickle::{self, PickleScan};
use crate::recognised::{Detail, Format, How, Need, Recognised};
use crate::text::{shown, some_of};

/// Unpacks the one ONNX model of an archive and everything that lies with it or below, and returns its path. `into`
/// is empty or not there yet, and is left as it was on an error.
pub fn model_in_zip(
    path: &Path,
    into: &Path,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<PathBuf, FormatError> {
    let mut archive = Archive::open(path, limits)?;
    let mut models = onnx_entries(&mut archive)?;
    let Some(model) = models.pop() else {
        return Err(FormatError::NoModelInside { held: held(archive.entries()) });
    };
    if !models.is_empty() {
        models.push(model);
        models.sort();
        return Err(FormatError::ManyModelsInside { names: models });
    }
    let folder = model.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside = |entry: &Entry| {
        let within =
            folder.is_empty() || entry.name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        within && !is_litter(&entry.name)
    };
    archive::extract(&mut archive, into, &beside, cancel)?;
    Ok(model.split('/').fold(into.to_owned(), |path, part| path.join(part)))
}

/// Recognises a zip archive. One that contradicts itself is named as such, with whatever code can be seen in it.
pub(crate) fn recognise(path: &Path, limits: &Limits) -> Result<Recognised, FormatError> {
    let mut archive = match Archive::open(path, limits) {
        Ok(archive) => archive,
        Err(ArchiveError::Unreadable(source)) => return Err(FormatError::unreadable(path)(source)),
        Err(error) => return broken(path, limits, &error),
    };
    match classify(path, &mut archive, limits) {
        Err(FormatError::Archive(error)) if !matches!(error, ArchiveError::Unreadable(_)) => {
            broken(path, limits, &error)
        }
        result => result,
    }
}

fn classify(path: &Path, archive: &mut Archive, limits: &Limits) -> Result<Recognised, FormatError> {
    let has = |wanted: &dyn Fn(&str) -> bool| archive.entries().iter().any(|entry| wanted(&entry.name));
    let ends = |end: &'static str| move |name: &str| name == &end[1..] || name.ends_with(end);
    let is_skops = has(&|name| name == "schema.json");
    let is_keras = has(&|name| name == "config.json")
        && has(&|name| matches!(name, "metadata.json" | "model.weights.h5" | "model.weights.npz"));
    let is_export = has(&ends("/archive_format")) || has(&|name| name == "serialized_exported_program.json");
    let is_torch = has(&ends("/data.pkl"));
    let is_script =
        has(&ends("/constants.pkl")) && has(&|name| name.contains("/code/") || name.starts_with("code/"));
    if is_skops && let Some(found) = skops(path, archive, limits)? {
        return Ok(found);
    }
    if is_keras {
        return keras(path, archive, limits);
    }
    if is_torch || is_export {
        let kind = match (is_script, is_export) {
            (true, _) => Kind::TorchScript,
            (_, true) => Kind::TorchExport,
            _ => Kind::TorchWeights,
        };
        let detail = scan_all(archive, limits)?.map_or(Detail::Nothing, Detail::Pickle);
        return Ok(found(path, kind, detail, not(kind)));
    }
    arrays_or_anything(path, archive, limits)
}

fn arrays_or_anything(
    path: &Path,
    archive: &mut Archive,
    limits: &Limits,
) -> Result<Recognised, FormatError> {
    if let Some(objects) = arrays(archive)? {
        let kind = Kind::NumpyArchive;
        let scan = scan_all(archive, limits)?;
        let how = if objects || scan.is_some() {
            not_because(kind, "some of its arrays hold pickled objects, which are not read")
        } else {
            not(kind)
        };
        return Ok(found(path, kind, scan.map_or(Detail::Nothing, Detail::Pickle), how));
    }
    let models = onnx_entries(archive)?;
    let kind = if models.is_empty() { Kind::Zip } else { Kind::ZippedOnnx };
    let names =
        archive.entries().iter().filter(|entry| !is_litter(&entry.name)).map(|entry| shown(&entry.name));
    let names: Vec<String> = names.collect();
    let how = match models.as_slice() {
        [_] => return Ok(found(path, kind, Detail::Holds(models), How::Directly)),
        [] => not_because(kind, &format!("no ONNX model is in it; it holds {}", held(archive.entries()))),
        _ => not_because(kind, &format!("{} ONNX models are in it: {}", models.len(), some_of(&models))),
    };
    let detail = scan_all(archive, limits)?.map_or(Detail::Holds(names), Detail::Pickle);
    Ok(found(path, kind, detail, how))
}

/// The types that a skops file names; nothing when its schema is another one.
fn skops(path: &Path, archive: &mut Archive, limits: &Limits) -> Result<Option<Recognised>, FormatError> {
    let Some(schema) = read(archive, "schema.json", limits)? else { return Ok(None) };
    let Ok(schema) = serde_json::from_slice::<Value>(&schema) else { return Ok(None) };
    if schema.get("__loader__").is_none() {
        return Ok(None);
    }
    let mut types = Vec::new();
    visit_types(&schema, &mut types);
    types.sort();
    types.dedup();
    // Before 0.13 a file could name harmless types and load others.
    let needs = vec![Need::at_least("skops", Some("0.13.0".into())), Need::any("scikit-learn")];
    let converts = How::ByConverter { format: Format::Skops, needs };
    Ok(Some(found(path, Kind::Skops, Detail::Types(types), converts)))
}

fn visit_types(value: &Value, types: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            if let (Some(module), Some(class)) = (value["__module__"].as_str(), value["__class__"].as_str()) {
                types.push(shown(&format!("{module}.{class}")));
            }
            object.values().for_each(|value| visit_types(value, types));
        }
        Value::Array(values) => values.iter().for_each(|value| visit_types(value, types)),
        _ => {}
    }
}

fn keras(path: &Path, archive: &mut Archive, limits: &Limits) -> Result<Recognised, FormatError> {
    let config = read(archive, "config.json", limits)?.unwrap_or_default();
    let mut facts = KerasFacts::read(&config);
    if let Some(metadata) = read(archive, "metadata.json", limits)? {
        let metadata: Value = serde_json::from_slice(&metadata).unwrap_or_default();
        facts.version = metadata["keras_version"].as_str().map(shown);
    }
    let findings = keras_findings(&facts);
    let mut found = found(path, Kind::Keras, Detail::Keras(facts), not(Kind::Keras));
    found.findings = findings;
    Ok(found)
}

/// What a person should know before loading such a model anywhere.
pub(crate) fn keras_findings(facts: &KerasFacts) -> Vec<Finding> {
    let message = match facts {
        KerasFacts { error: Some(error), .. } => error.clone(),
        _ if facts.is_flagged() => {
            let named: Vec<String> = facts.lambdas.iter().chain(&facts.foreign).cloned().collect();
            format!(
                "The model carries Python code, or names modules that are not Keras's: {}",
                some_of(&named)
            )
        }
        _ => return Vec::new(),
    };
    let hint =
        "Export it to ONNX only where you trust whoever made it: loading it in Keras may run that code.";
    vec![Finding::new("code-carrying", Severity::Warning, message, hint)]
}

/// Whether all entries are arrays, and whether some hold objects.
fn arrays(archive: &mut Archive) -> Result<Option<bool>, FormatError> {
    let files: Vec<Entry> = archive.entries().iter().filter(|entry| !entry.is_folder).cloned().collect();
    let mut objects = false;
    for entry in &files {
        let head = archive.head(entry, HEAD)?;
        // `numpy.load` unpickles whatever is no array.
        match (head.starts_with(b"\x93NUMPY"), entry.name.strip_suffix(".npy").is_some()) {
            (true, _) => objects |= numpy::has_objects(&head)?,
            (false, true) => objects = true,
            _ => return Ok(None),
        }
    }
    Ok((!files.is_empty()).then_some(objects))
}

fn onnx_entries(archive: &mut Archive) -> Result<Vec<String>, FormatError> {
    let files: Vec<Entry> = archive.entries().iter().filter(|entry| !entry.is_folder).cloned().collect();
    let mut models = Vec::new();
    for entry in files.iter().filter(|entry| !is_litter(&entry.name)) {
        let head = archive.head(entry, HEAD)?;
        if look(Ends::of_head(&head, entry.bytes)) == Kind::Onnx {
            models.push(entry.name.clone());
        }
    }
    Ok(models)
}

/// What all pickles of an archive name together, told by their content.
fn scan_all(archive: &mut Archive, limits: &Limits) -> Result<Option<PickleScan>, FormatError> {
    let files: Vec<Entry> = archive.entries().iter().filter(|entry| !entry.is_folder).cloned().collect();
    let mut all: Option<PickleScan> = None;
    for entry in files {
        let head = archive.head(&entry, HEAD)?;
        let after = numpy::content(&head);
        if pickle::looks_like(&head) || after.is_some_and(|at| pickle::looks_like(&head[at..])) {
            let mut reader = archive.reader(&entry)?;
            let skipped = after.unwrap_or(0) as u64;
            std::io::copy(&mut std::io::Read::take(&mut reader, skipped), &mut std::io::sink())
                .map_err(ArchiveError::Unreadable)?;
            let scan = pickle::scan(reader, limits);
            all = Some(match all {
                Some(before) => before.and(scan),
                None => scan,
            });
        }
    }
    Ok(all)
}

/// An archive that is not taken; what lies in it is named all the same.
fn broken(path: &Path, limits: &Limits, error: &ArchiveError) -> Result<Recognised, FormatError> {
    let remains = archive::remains(path).map_err(FormatError::unreadable(path))?;
    let scans = remains.iter().filter(|remain| pickle::looks_like(&remain.head));
    let scan = scans.map(|remain| pickle::scan(&remain.head[..], limits)).reduce(PickleScan::and);
    let names = remains.iter().map(|remain| shown(&remain.name)).collect();
    let how = not_because(Kind::BrokenZip, &error.to_string());
    let how = match how {
        How::Not { message, .. } => How::Not { message, how_to_export: error.hint().to_owned() },
        how => how,
    };
    Ok(found(path, Kind::BrokenZip, scan.map_or(Detail::Holds(names), Detail::Pickle), how))
}

fn read(archive: &mut Archive, name: &str, limits: &Limits) -> Result<Option<Vec<u8>>, FormatError> {
    let Some(entry) = archive.entries().iter().find(|entry| entry.name == name).cloned() else {
        return Ok(None);
    };
    if entry.bytes > limits.text_bytes {
        return Err(FormatError::TooLarge {
            name: shown(name),
            bytes: entry.bytes,
            limit: limits.text_bytes,
        });
    }
    Ok(Some(archive.head(&entry, entry.bytes)?))
}

/// Files that some systems put into every archive.
fn is_litter(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    name.starts_with("__MACOSX/")
        || last.starts_with("._")
        || matches!(last, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

fn held(entries: &[Entry]) -> String {
    let files = entries.iter().filter(|entry| !entry.is_folder && !is_litter(&entry.name));
    let names: Vec<String> = files.map(|entry| entry.name.clone()).collect();
    if names.is_empty() { "no files".to_owned() } else { some_of(&names) }
}

fn found(path: &Path, kind: Kind, detail: Detail, converts: How) -> Recognised {
    Recognised { kind, model: path.to_owned(), detail, converts, findings: Vec::new() }
}
