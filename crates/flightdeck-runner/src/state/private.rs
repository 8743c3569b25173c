//! The state is read by its owner alone: a pairing code stands in it while it may be used.

use std::path::Path;

/// Makes the file, or what there is of it, its owner's alone. The files that SQLite puts beside it get the same permissions.
#[cfg(unix)]
pub(super) fn keep(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // A link is left to SQLite, which refuses it.
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && found.permissions().mode() & 0o077 != 0 => {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        }
        Ok(_) => Ok(()),
        Err(_) => std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(|_| ()),
    }
}

#[cfg(not(unix))]
pub(super) fn keep(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{SCHEMA, StoredCode, StoredEndpoint, StoredToken, open};
    use crate::clock::SystemClock;
    use flightdeck_sqlite::rusqlite::Connection;
    use flightdeck_sqlite::{Database, Schema};
    use std::sync::Arc;

    /// A folder of the first version, with an endpoint in it, keeps it and can be served.
    #[test]
    fn a_folder_of_the_first_version_is_brought_along() {
        let folder = tempfile::tempdir().unwrap();
        let first = Schema { migrations: &SCHEMA.migrations[..1], ..SCHEMA };
        let path = folder.path().join("state.db");
        drop(Database::open(&path, &first, Arc::new(SystemClock)).unwrap());
        let policy = format!("sha256:{}", "0".repeat(64));
        let desired =
            serde_json::json!({ "policy": { "champion": policy, "challengers": [] }, "window_seconds": 60 });
        let raw = Connection::open(&path).unwrap();
        let insert = "INSERT INTO endpoint (name, desired, changed_ms) VALUES ('e', ?1, 1)";
        raw.execute(insert, [desired.to_string()]).unwrap();
        drop(raw);

        let database = open(folder.path(), Arc::new(SystemClock)).unwrap();
        assert_eq!(database.read(StoredEndpoint::all).unwrap()[0].name.as_str(), "e");
        assert_eq!(database.read(StoredToken::all).unwrap(), []);
        assert!(database.read(StoredCode::read).unwrap().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_the_state() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = || {
            let _database = open(folder.path(), Arc::new(SystemClock)).unwrap();
            let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
            files
                .map(|file| std::fs::metadata(file).unwrap().permissions().mode() & 0o777)
                .collect::<Vec<_>>()
        };
        assert_eq!(mode(), [0o600; 3]);
        let open_to_all = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(folder.path().join("state.db"), open_to_all).unwrap();
        assert_eq!(mode(), [0o600; 3]);
    }
}
