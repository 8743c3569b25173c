//! Bringing a package to a runner, going on where an earlier attempt stopped.

use crate::{BlobState, Control, ControlError, PackageFile, PackageStored, PackageUpload};
use flightdeck_core::{Cancel, Digest, Progress, Unit};
use reqwest::Method;
use std::path::PathBuf;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// How much goes into one request: what an interrupted transfer loses at most.
const PART_BYTES: u64 = 4 << 20;

/// A file of a package and where it lies here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFile {
    /// The file as the package lists it.
    pub file: PackageFile,
    /// Where to read it.
    pub source: PathBuf,
}

impl Control {
    /// Brings a package: nothing is sent that the runner has. Progress is in bytes of the whole package.
    pub async fn upload(
        &self,
        root: Digest,
        files: &[LocalFile],
        progress: &mut (dyn FnMut(Progress) + Send),
        cancel: &Cancel,
    ) -> Result<PackageStored, ControlError> {
        let wanted = PackageUpload { root, files: files.iter().map(|local| local.file.clone()).collect() };
        match self.post("/packages", &wanted).await {
            Err(ControlError::Refused { body, .. }) if body.code == "parts-missing" => {}
            answer => return answer,
        }
        let total: u64 = files.iter().map(|local| local.file.bytes).sum();
        let mut done = 0;
        for local in files {
            let mut report = |sent| progress(Progress::new("upload", done + sent, total, Unit::Bytes));
            self.upload_file(local, &mut report, cancel).await?;
            done += local.file.bytes;
        }
        self.post("/packages", &wanted).await
    }

    async fn upload_file(
        &self,
        local: &LocalFile,
        report: &mut (dyn FnMut(u64) + Send),
        cancel: &Cancel,
    ) -> Result<(), ControlError> {
        let (blob, total) = (local.file.sha256.hex(), local.file.bytes);
        let mut received = self.get::<BlobState>(&format!("/blobs/{blob}")).await?.received;
        let unreadable = |source| ControlError::File { path: local.source.clone(), source };
        let mut file = File::open(&local.source).await.map_err(unreadable)?;
        report(received);
        let mut sent = false;
        // An empty file is brought by one empty part.
        while received < total || (total == 0 && !sent) {
            if cancel.is_cancelled() {
                return Err(ControlError::Cancelled);
            }
            file.seek(std::io::SeekFrom::Start(received)).await.map_err(unreadable)?;
            let mut part = Vec::new();
            (&mut file).take(PART_BYTES).read_to_end(&mut part).await.map_err(unreadable)?;
            if part.is_empty() && total > 0 {
                return Err(unreadable(std::io::ErrorKind::UnexpectedEof.into()));
            }
            let path = format!("/blobs/{blob}?offset={received}&total={total}");
            let before = received;
            received = self.send::<BlobState>(self.request(Method::PUT, &path).body(part)).await?.received;
            sent = true;
            if received <= before && total > 0 {
                return Err(self.stranger(format!("it keeps nothing of {}", local.file.path)));
            }
            report(received);
        }
        Ok(())
    }
}
