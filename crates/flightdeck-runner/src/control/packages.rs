//! Packages brought in parts.

use super::blocking;
use crate::app::App;
use crate::http::{Answer, Call, json};
use crate::problem::Problem;
use axum::http::StatusCode;
use flightdeck_core::Digest;
use flightdeck_package::{Artifacts, Parts, root_digest};
use flightdeck_protocol::{BlobState, PackageFile, PackageStored, PackageUpload};
use flightdeck_sqlite::Database;
use std::sync::Arc;

/// Files in one package at most.
const MAX_FILES: usize = 1000;

pub(crate) async fn blob_state(app: Arc<App>, call: Call) -> Answer {
    let blob = digest(&call)?;
    json(&BlobState { received: blocking(move || Ok(app.parts.received(&blob))).await? })
}

pub(crate) async fn blob_part(app: Arc<App>, mut call: Call) -> Answer {
    let blob = digest(&call)?;
    let needed = |name| Problem::bad("bad-query", format!("{name} is needed"));
    let offset = call.number("offset")?.ok_or_else(|| needed("offset"))?;
    let total = call.number("total")?.ok_or_else(|| needed("total"))?;
    let bytes = call.bytes().await?;
    json(&BlobState {
        received: blocking(move || Ok(app.parts.append(&blob, offset, &bytes, total)?)).await?,
    })
}

pub(crate) async fn store_package(app: Arc<App>, mut call: Call) -> Answer {
    let upload: PackageUpload = call.json().await?;
    let store = move || {
        let shelf = Shelf { artifacts: &app.artifacts, parts: &app.parts, database: &app.database };
        store(&shelf, call.principal.id(), &upload)
    };
    json(&blocking(store).await?)
}

/// Where packages, and parts of them, are.
pub(crate) struct Shelf<'a> {
    pub(crate) artifacts: &'a Artifacts,
    pub(crate) parts: &'a Parts,
    pub(crate) database: &'a Database,
}

/// Makes a package of files that were brought.
pub(crate) fn store(
    shelf: &Shelf<'_>,
    actor: &str,
    upload: &PackageUpload,
) -> Result<PackageStored, Problem> {
    let PackageUpload { root, files } = upload;
    if shelf.artifacts.contains(root) {
        shelf.artifacts.package(root)?.verify()?;
        return Ok(PackageStored { root: *root, already: true });
    }
    check(root, files)?;
    let is_here = |file: &PackageFile| shelf.parts.take(&file.sha256).is_ok();
    if let Some(missing) = files.iter().find(|file| !is_here(file)) {
        let message = format!("{} was not received completely", missing.path.escape_debug());
        return Err(
            Problem::new(StatusCode::CONFLICT, "parts-missing", message).hint("Send its parts first.")
        );
    }
    let mut staging = shelf.artifacts.stage()?;
    for file in files {
        let entry = staging.copy(&file.path, &shelf.parts.take(&file.sha256)?, &mut |_| {})?;
        if entry.bytes != file.bytes || entry.sha256 != file.sha256 {
            let message = format!("{} is not what was announced", file.path.escape_debug());
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-part", message));
        }
    }
    let package = staging.finish(Some(*root))?;
    shelf.database.act(actor, "store-package", &root.to_string(), |act| {
        act.note("bytes", package.bytes());
        act.changed("package", &root.hex())
    })?;
    discard(shelf.parts, files);
    Ok(PackageStored { root: *root, already: false })
}

/// What can be told before a byte is copied.
fn check(root: &Digest, files: &[PackageFile]) -> Result<(), Problem> {
    if files.len() > MAX_FILES {
        return Err(Problem::bad("too-many-files", format!("a package has at most {MAX_FILES} files")));
    }
    let entry = |file: &PackageFile| flightdeck_package::Entry {
        path: file.path.clone(),
        sha256: file.sha256,
        bytes: file.bytes,
    };
    let found = root_digest(&files.iter().map(entry).collect::<Vec<_>>());
    if found == *root {
        return Ok(());
    }
    let message = format!("these files make the package {found}, not {root}");
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-root", message))
}

/// The parts are in the package now. What cannot be removed is swept at the next start.
fn discard(parts: &Parts, files: &[PackageFile]) {
    for file in files {
        if let Err(error) = parts.discard(&file.sha256) {
            tracing::warn!("a part stays until the next start: {error}");
        }
    }
}

fn digest(call: &Call) -> Result<Digest, Problem> {
    let parsed = call.param("sha256").parse();
    parsed.map_err(|error: flightdeck_core::DigestError| Problem::bad("bad-digest", error.to_string()))
}
