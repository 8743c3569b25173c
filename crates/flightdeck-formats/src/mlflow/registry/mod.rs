//! A model of an MLflow registry, fetched into a folder that is then recognised like any other.
//!
//! Only the tracking server itself is asked: no redirect is followed, and files that lie on other hosts are not fetched.
//! The person who gives the address vouches for the server; what it sends is as untrusted as any other file.

mod address;
mod error;
mod http;

pub use address::{Access, Address, Choice, Reference};
pub use error::RegistryError;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flightdeck_core::{Cancel, Progress, Unit};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::archive::{Seen, name_parts};
use crate::limits::Limits;
use crate::text::shown;
use address::encoded;
use http::Server;

const API: &str = "/api/2.0/mlflow";
const ARTIFACTS: &str = "/api/2.0/mlflow-artifacts/artifacts";
/// Folders of a model are followed so deep.
const DEPTH: usize = 8;

/// A registry on a tracking server.
pub struct Registry {
    server: Server,
    limits: Limits,
}

/// A version as the registry describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredVersion {
    /// The model's registered name.
    pub model: String,
    /// The version's number.
    pub version: String,
    /// The run that made it.
    pub run_id: Option<String>,
    /// Where MLflow says that its files are.
    pub location: String,
}

/// Who watches a download.
pub struct Watch<'a> {
    /// Asks it to stop.
    pub cancel: &'a Cancel,
    /// Hears how far it is.
    pub progress: &'a mut (dyn FnMut(Progress) + Send),
}

/// A file to fetch.
struct Listed {
    name: String,
    bytes: Option<u64>,
}

impl Registry {
    /// A registry at an address; nothing is asked yet.
    pub fn new(address: Address, access: Access, limits: Limits) -> Result<Self, RegistryError> {
        Ok(Self { server: Server::new(address, access)?, limits })
    }

    /// Looks up a version and where its files are.
    pub async fn find(
        &self,
        wanted: &Reference,
        cancel: &Cancel,
    ) -> Result<RegisteredVersion, RegistryError> {
        let what = wanted.to_string();
        let name = encoded(&wanted.model);
        let path = match &wanted.choice {
            Choice::Alias(alias) => {
                format!("{API}/registered-models/alias?name={name}&alias={}", encoded(alias))
            }
            Choice::Version(version) => format!("{API}/model-versions/get?name={name}&version={version}"),
        };
        let found = self.server.ask(&path, &what, cancel).await?;
        let found = &found["model_version"];
        let Some(version) = found["version"].as_str().map(str::to_owned) else {
            return Err(self.server.answer("it names no version"));
        };
        if let Some(status) = found["status"].as_str().filter(|status| *status != "READY") {
            let (model, status) = (wanted.model.clone(), shown(status));
            return Err(RegistryError::NotReady { model, version: shown(&version), status });
        }
        let path = format!("{API}/model-versions/get-download-uri?name={name}&version={}", encoded(&version));
        let answer = self.server.ask(&path, &what, cancel).await?;
        let Some(location) = answer["artifact_uri"].as_str() else {
            return Err(self.server.answer("it does not say where the files are"));
        };
        let run_id = found["run_id"].as_str().filter(|run| !run.is_empty()).map(shown);
        Ok(RegisteredVersion {
            model: wanted.model.clone(),
            version: shown(&version),
            run_id,
            location: location.to_owned(),
        })
    }

    /// Fetches all files of a version into a folder that is not there yet, and returns that folder. On an error nothing
    /// of it is left.
    pub async fn download(
        &self,
        version: &RegisteredVersion,
        into: &Path,
        watch: Watch<'_>,
    ) -> Result<PathBuf, RegistryError> {
        let root = self.root(&version.location)?;
        let files = self.list(&root, watch.cancel).await?;
        fs::create_dir(into).map_err(unwritable(into))?;
        let result = self.fetch_all(&root, &files, into, watch).await;
        if result.is_err() {
            // The first error is the one to report.
            let _ = fs::remove_dir_all(into);
        }
        result.map(|()| into.to_owned())
    }

    /// The path below the server's own store of files, if the location is there.
    fn root(&self, location: &str) -> Result<String, RegistryError> {
        let address = &self.server.address;
        let own = format!("{address}{ARTIFACTS}/");
        let host = address.origin.split_once("://").map_or("", |(_, host)| host);
        let path = match location.strip_prefix("mlflow-artifacts:") {
            Some(rest) => match rest.strip_prefix("//") {
                Some(named) => named.strip_prefix(host).filter(|rest| rest.starts_with('/')),
                None => Some(rest),
            },
            None => location.strip_prefix(&own),
        };
        let path = path
            .map(|path| path.trim_matches('/'))
            .filter(|path| !path.is_empty() && !path.contains(['?', '#', '%']));
        let Some(path) = path else {
            return Err(RegistryError::Elsewhere { location: shown(&without_credentials(location)) });
        };
        name_parts(path).map_err(RegistryError::Name)?;
        Ok(path.to_owned())
    }

    async fn list(&self, root: &str, cancel: &Cancel) -> Result<Vec<Listed>, RegistryError> {
        let (mut files, mut seen) = (Vec::new(), Seen::default());
        let mut folders = vec![(String::new(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let path =
                format!("{ARTIFACTS}?path={}", encoded(format!("{root}/{folder}").trim_end_matches('/')));
            let answer = self.server.ask(&path, "the model's folder", cancel).await?;
            for file in answer["files"].as_array().into_iter().flatten() {
                let (name, is_folder) = self.entry(file, &folder)?;
                seen.add(&name, is_folder).map_err(RegistryError::Name)?;
                if files.len() + folders.len() >= self.limits.entries || depth >= DEPTH {
                    return Err(RegistryError::TooMany { limit: self.limits.entries });
                }
                if is_folder {
                    folders.push((format!("{name}/"), depth + 1));
                } else {
                    files.push(Listed { name, bytes: size(&file["file_size"]) });
                }
            }
        }
        if files.is_empty() {
            return Err(self.server.answer("the model has no files"));
        }
        Ok(files)
    }

    fn entry(&self, file: &Value, folder: &str) -> Result<(String, bool), RegistryError> {
        let Some(name) = file["path"].as_str() else { return Err(self.server.answer("a file has no name")) };
        let name = name.trim_end_matches('/');
        // Servers list names within the folder.
        if name_parts(name).map_err(RegistryError::Name)?.len() != 1 {
            return Err(self.server.answer("a file's name leads elsewhere"));
        }
        Ok((format!("{folder}{name}"), file["is_dir"].as_bool().unwrap_or(false)))
    }

    async fn fetch_all(
        &self,
        root: &str,
        files: &[Listed],
        into: &Path,
        watch: Watch<'_>,
    ) -> Result<(), RegistryError> {
        let total = files.iter().try_fold(0_u64, |sum, file| sum.checked_add(file.bytes?));
        if total.is_some_and(|total| total > self.limits.total_bytes) {
            return Err(RegistryError::TooLarge { limit: self.limits.total_bytes });
        }
        let mut done = 0;
        for file in files {
            let parts: Vec<&str> = file.name.split('/').collect();
            let to = parts.iter().fold(into.to_owned(), |path, part| path.join(part));
            let folder = to.parent().unwrap_or(into);
            fs::create_dir_all(folder).map_err(unwritable(folder))?;
            let from: Vec<String> = root.split('/').chain(parts).map(encoded).collect();
            let mut stream = self
                .server
                .fetch(&format!("{ARTIFACTS}/{}", from.join("/")), &shown(&file.name), watch.cancel)
                .await?;
            let mut output = fs::File::create_new(&to).map_err(unwritable(&to))?;
            let before = done;
            while let Some(part) = stream.next(watch.cancel).await? {
                done += part.len() as u64;
                if done > self.limits.total_bytes {
                    return Err(RegistryError::TooLarge { limit: self.limits.total_bytes });
                }
                output.write_all(&part).map_err(unwritable(&to))?;
                (watch.progress)(Progress::new("download", done, total, Unit::Bytes));
            }
            if let Some(expected) = file.bytes.filter(|bytes| *bytes != done - before) {
                return Err(RegistryError::Size { name: shown(&file.name), expected, found: done - before });
            }
        }
        Ok(())
    }
}

/// Older servers write numbers as texts.
fn size(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn without_credentials(location: &str) -> String {
    match (location.split_once("://"), location.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => location.to_owned(),
    }
}

fn unwritable(path: &Path) -> impl FnOnce(std::io::Error) -> RegistryError + use<> {
    let path = path.to_owned();
    move |source| RegistryError::Unwritable { path, source }
}
