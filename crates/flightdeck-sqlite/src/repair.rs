//! When a file is damaged or gone: finding that out, moving it aside with everything that belongs to it, taking over what
//! can still be read, and putting a file back that was deleted while it was in use.
//!
//! Nothing is ever deleted here but copies that were made here.

use crate::open::{Inner, connect, lock};
use crate::{Database, Error, Result};
use rusqlite::{Connection, params_from_iter, types::Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A database and what SQLite keeps beside it.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

/// Rows that were taken over from a damaged file, by table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// How many rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// Tables of which some rows could not be read.
    pub torn: Vec<String>,
}

/// Moves a database aside, its log and index with it, and says where it is now.
pub fn move_aside(path: &Path, stamp: i64) -> Result<PathBuf> {
    let aside = with_suffix(path, &format!(".damaged-{stamp}"));
    for part in PARTS {
        let (from, to) = (with_suffix(path, part), with_suffix(&aside, part));
        match std::fs::rename(&from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(Error::Io { path: from, source }),
        }
    }
    Ok(aside)
}

/// A connection to a copy of a damaged database; the copy is gone when this is dropped. The original keeps every byte: also
/// reading would change it, because SQLite tidies up.
pub struct DamagedCopy {
    connection: Option<Connection>,
    copy: PathBuf,
}

impl DamagedCopy {
    /// Copies the file and what belongs to it.
    pub fn of(aside: &Path) -> Result<Self> {
        let copy = with_suffix(aside, ".reading");
        for part in PARTS {
            let from = with_suffix(aside, part);
            if from.exists() {
                std::fs::copy(&from, with_suffix(&copy, part))
                    .map_err(|source| Error::Io { path: from, source })?;
            }
        }
        let connection = Some(Connection::open(&copy)?);
        Ok(Self { connection, copy })
    }

    /// The connection. Whatever it says may be wrong.
    pub fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }
}

impl Drop for DamagedCopy {
    fn drop(&mut self) {
        drop(self.connection.take());
        for part in PARTS {
            let _ = std::fs::remove_file(with_suffix(&self.copy, part));
        }
    }
}

impl Database {
    /// Whether SQLite finds the file sound.
    pub fn check(&self) -> Result<()> {
        self.read(|connection| quick_check(connection, self.path()))
    }

    /// Takes over the rows of these tables from a damaged file, from both ends towards the damage. Rows that this
    /// database's own rules refuse are left out.
    pub fn salvage(&self, damaged: &DamagedCopy, tables: &[&str]) -> Result<Salvaged> {
        let mut salvaged = Salvaged::default();
        let Some(from) = damaged.connection() else { return Ok(salvaged) };
        self.record(|act| {
            for table in tables {
                let ends = ["ASC", "DESC"].map(|order| copy_table(from, act, (table, order)));
                let [whole, rest] = ends;
                let (count, whole) = whole.unwrap_or((0, false));
                let more = if whole { 0 } else { rest.map_or(0, |(count, _)| count) };
                salvaged.rows.insert((*table).to_owned(), count + more);
                if !whole {
                    salvaged.torn.push((*table).to_owned());
                }
            }
            Ok::<_, Error>(())
        })?;
        Ok(salvaged)
    }

    /// Whether the file is still the one that was opened: not deleted, not another one of the same name.
    pub fn is_in_place(&self) -> bool {
        file_id(self.path()) == *lock(&self.inner().file)
    }

    /// Writes everything into a new file of the same name, after the old one was deleted while in use. Nothing is lost by
    /// that: the deleted file lives as long as it is open.
    pub fn put_back(&self) -> Result<()> {
        let inner = self.inner();
        let (mut writer, mut readers, mut watcher) =
            (lock(&inner.writer), lock(&inner.readers), lock(&inner.watcher));
        let path = &inner.path;
        let partial = with_suffix(path, ".partial");
        let _ = std::fs::remove_file(&partial);
        writer.execute("VACUUM INTO ?1", [partial.to_string_lossy()])?;
        keep_private(&partial).map_err(|source| Error::Io { path: partial.clone(), source })?;
        for part in &PARTS[1..] {
            let _ = std::fs::remove_file(with_suffix(path, part));
        }
        std::fs::rename(&partial, path).map_err(|source| Error::Io { path: path.clone(), source })?;
        readers.clear();
        *writer = connect(path)?;
        *watcher = connect(path)?;
        *lock(&inner.file) = file_id(path);
        Ok(())
    }

    fn inner(&self) -> &Inner {
        &self.inner
    }
}

/// What SQLite says of a file that is open.
pub fn quick_check(connection: &Connection, path: &Path) -> Result<()> {
    let damaged = |detail: String| Error::Damaged { path: path.into(), detail };
    let verdict = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match verdict {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(verdict) => Err(damaged(verdict)),
        Err(error) => Err(damaged(error.to_string())),
    }
}

/// Copies rows in an order until the end or the damage; how many, and whether it was the end.
fn copy_table(
    from: &Connection,
    to: &Connection,
    (table, order): (&str, &str),
) -> rusqlite::Result<(u64, bool)> {
    let columns = shared_columns(from, to, table)?;
    let (list, places) = (columns.join(", "), vec!["?"; columns.len()].join(", "));
    let mut read = from.prepare(&format!("SELECT {list} FROM {table} ORDER BY rowid {order}"))?;
    let mut write = to.prepare(&format!("INSERT OR IGNORE INTO {table} ({list}) VALUES ({places})"))?;
    let mut rows = read.query([])?;
    let mut count = 0;
    loop {
        match rows.next() {
            Ok(None) => return Ok((count, true)),
            Err(_) => return Ok((count, false)),
            Ok(Some(row)) => {
                let values =
                    (0..columns.len()).map(|place| row.get(place)).collect::<Result<Vec<Value>, _>>();
                let written = values.and_then(|values| write.execute(params_from_iter(values)));
                count += written.unwrap_or(0) as u64;
            }
        }
    }
}

/// The columns that both have: the damaged file may be of an older format.
fn shared_columns(from: &Connection, to: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let columns = |connection: &Connection| -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        statement.query_map([table], |row| row.get(0))?.collect()
    };
    let known = columns(to)?;
    Ok(columns(from)?.into_iter().filter(|column| known.contains(column)).collect())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Whatever its owner's habits are, nobody else reads a copy.
#[cfg(unix)]
pub(crate) fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

/// A new file has its folder's permissions there.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(crate) fn keep_private(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

/// What tells two files of the same name apart.
#[cfg(unix)]
pub(crate) fn file_id(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// A file that is open cannot be deleted there.
#[cfg(not(unix))]
pub(crate) fn file_id(path: &Path) -> Option<(u64, u64)> {
    path.exists().then_some((0, 0))
}
