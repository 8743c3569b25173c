//! One database file: its writer, its readers, its settings.

use crate::act::Act;
use crate::repair::{file_id, keep_private, quick_check};
use crate::{Change, Error, Result, Schema, audit, change, migrate};
use flightdeck_core::Clock;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many connections for reading are kept open.
const READERS: usize = 4;

/// An open database. Clones share it.
#[derive(Clone)]
pub struct Database {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) path: PathBuf,
    clock: Arc<dyn Clock>,
    pub(crate) writer: Mutex<Connection>,
    pub(crate) readers: Mutex<Vec<Connection>>,
    /// Never used for anything but `PRAGMA data_version`, whose value is relative to the connection.
    pub(crate) watcher: Mutex<Connection>,
    /// Which file was opened.
    pub(crate) file: Mutex<Option<(u64, u64)>>,
}

impl Database {
    /// Opens or creates the file and brings it to the schema's format. Refuses files of other programs, of newer
    /// versions, and damaged ones, and changes nothing in them.
    pub fn open(path: &Path, schema: &Schema, clock: Arc<dyn Clock>) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| Error::Io { path: folder.into(), source })?;
        }
        let open = || connect(path).map_err(|error| damage(error, path));
        // Whose file it is comes first: nothing is written to another program's, not even its journal mode.
        let guarded = bare(path).and_then(|connection| migrate::guard(&connection, schema, path));
        guarded.map_err(|error| damage(error, path))?;
        let mut writer = open()?;
        migrate::migrate(&mut writer, schema).map_err(|error| damage(error, path))?;
        let watcher = open()?;
        let inner = Inner {
            path: path.into(),
            clock,
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            watcher: Mutex::new(watcher),
            file: Mutex::new(file_id(path)),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The clock it was opened with.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Reads, in one consistent view.
    pub fn read<T, E: From<Error>>(&self, work: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let file = *lock(&self.inner.file);
        let kept = lock(&self.inner.readers).pop();
        let mut connection = match kept {
            Some(connection) => connection,
            // A file that was deleted meanwhile is not made anew, empty, by looking at it.
            None if !self.is_in_place() => return Err(gone(&self.inner.path).into()),
            None => connect(&self.inner.path).map_err(|error| damage(error, &self.inner.path))?,
        };
        let transaction = connection.transaction().map_err(Error::from)?;
        let answer = work(&transaction);
        drop(transaction);
        let mut readers = lock(&self.inner.readers);
        // Of a file that was replaced meanwhile nothing is to be read any more.
        if readers.len() < READERS && file == *lock(&self.inner.file) {
            readers.push(connection);
        }
        answer
    }

    /// Changes something on behalf of `actor`: the work, its audit row and its entries in the change feed are one
    /// transaction. `action` is a kebab-case word, `object` names what it is done to.
    pub fn act<T, E: From<Error>>(
        &self,
        actor: &str,
        action: &str,
        object: &str,
        work: impl FnOnce(&Act<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write(|act| {
            let answer = work(act)?;
            audit::append(act, self.inner.clock.now(), [actor, action, object])?;
            Ok(answer)
        })
    }

    /// Stores counts, checkpoints and other things that happen by themselves: no audit row is written.
    pub fn record<T, E: From<Error>>(&self, work: impl FnOnce(&Act<'_>) -> Result<T, E>) -> Result<T, E> {
        self.write(work)
    }

    fn write<T, E: From<Error>>(&self, work: impl FnOnce(&Act<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut writer = lock(&self.inner.writer);
        let transaction =
            writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Error::from)?;
        let act = Act::new(transaction);
        let answer = work(&act)?;
        act.commit()?;
        Ok(answer)
    }

    /// Entries of the change feed after `seq`, oldest first.
    pub fn changes_after(&self, seq: i64) -> Result<Vec<Change>> {
        self.read(|connection| change::after(connection, seq))
    }

    /// The newest entry's number in the change feed, 0 when there is none.
    pub fn newest_change(&self) -> Result<i64> {
        self.read(change::newest)
    }

    /// A number that differs from the last one when any connection of any process has committed since. Cheap enough
    /// to ask several times a second.
    pub fn data_version(&self) -> Result<i64> {
        Ok(lock(&self.inner.watcher).query_row("PRAGMA data_version", [], |row| row.get(0))?)
    }

    /// Writes a consistent copy to `target`, while in use. The copy is checked and on the disk before it gets its name.
    pub fn backup(&self, target: &Path) -> Result<()> {
        let partial = target.with_extension("partial");
        let io = |source| Error::Io { path: target.into(), source };
        let _ = std::fs::remove_file(&partial);
        connect(&self.inner.path)?.execute("VACUUM INTO ?1", [partial.to_string_lossy()])?;
        keep_private(&partial).map_err(io)?;
        let copy = connect(&partial)?;
        quick_check(&copy, &partial)?;
        copy.close().map_err(|(_, error)| error)?;
        std::fs::File::open(&partial).and_then(|file| file.sync_all()).map_err(io)?;
        std::fs::rename(&partial, target).map_err(io)?;
        sync_folder(target).map_err(io)
    }
}

/// The new name is on the disk, too.
#[cfg(unix)]
fn sync_folder(target: &Path) -> std::io::Result<()> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

/// A folder cannot be opened there.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
fn sync_folder(_target: &Path) -> std::io::Result<()> {
    Ok(())
}

fn gone(path: &Path) -> Error {
    Error::Io { path: path.into(), source: std::io::Error::from(std::io::ErrorKind::NotFound) }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while a connection was held rolled its transaction back: the connection itself is sound.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn connect(path: &Path) -> Result<Connection> {
    let connection = bare(path)?;
    connection.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; PRAGMA recursive_triggers = ON;
         PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 67108864;
         PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;",
    )?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(Error::value(
            "journal mode",
            format!("wanted wal, got {mode}: is this a network folder?"),
        ));
    }
    Ok(connection)
}

fn bare(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    // NOFOLLOW refuses a link anywhere on the way, so the folder is resolved first: only the file may not be one.
    let io = |source| Error::Io { path: path.into(), source };
    let folder = path.parent().unwrap_or(Path::new(".")).canonicalize().map_err(io)?;
    let file = folder.join(path.file_name().unwrap_or_default());
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(connection)
}

fn damage(error: Error, path: &Path) -> Error {
    use rusqlite::ErrorCode;
    match &error {
        Error::Sqlite(inner) => match inner.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Error::Damaged { path: path.into(), detail: inner.to_string() }
            }
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
                Error::Io { path: path.into(), source: std::io::Error::other(inner.to_string()) }
            }
            _ => error,
        },
        _ => error,
    }
}
