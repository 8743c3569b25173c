//! Handing a model file to ONNX Runtime on a system that lacks the language its text operators ask for.

use flightdeck_engine::runtime::{RuntimeError, Source};
use flightdeck_onnx::with_locale;
use std::path::Path;

/// A locale that every system with ONNX Runtime's default missing has. Small and capital letters are those of Unicode in
/// both.
const ALWAYS_THERE: &str = "C.UTF-8";

/// Loads a model with `load`. Text operators that state no locale want `en_US.UTF-8`, which a small system does not have:
/// there they are given one that it has, in memory only.
pub(crate) fn with_model<T>(
    path: &Path,
    load: impl Fn(Source<'_>) -> Result<T, RuntimeError>,
) -> Result<T, RuntimeError> {
    let lacking = match load(Source::File(path)) {
        Err(RuntimeError::Locale(lacking)) => lacking,
        other => return other,
    };
    let edited = std::fs::read(path).ok().and_then(|bytes| with_locale(&bytes, ALWAYS_THERE));
    let Some(model) = edited else { return Err(RuntimeError::Locale(lacking)) };
    let folder = path.parent().unwrap_or(Path::new("."));
    load(Source::Bytes { model: &model, folder })
}
