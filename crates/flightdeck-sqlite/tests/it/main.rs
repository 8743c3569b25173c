//! A database as its programs use it: opened twice, refused, interrupted, copied.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing there")]

use flightdeck_core::{Clock, Timestamp};
use flightdeck_sqlite::{AuditRow, Database, Error, Schema, params};
use std::path::Path;
use std::sync::Arc;

struct Noon;
impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(43_200_000)
    }
}

const FIRST: &str = "CREATE TABLE thing (name TEXT PRIMARY KEY) STRICT;";
const V1: Schema = Schema { application_id: 0x466c_7431, program: "test", migrations: &[FIRST] };
const V2: Schema =
    Schema { migrations: &[FIRST, "ALTER TABLE thing ADD COLUMN size INTEGER NOT NULL DEFAULT 7;"], ..V1 };

fn open(path: &Path, schema: &Schema) -> flightdeck_sqlite::Result<Database> {
    Database::open(path, schema, Arc::new(Noon))
}

fn add(database: &Database, name: &str) -> flightdeck_sqlite::Result<()> {
    database.act("me", "add-thing", name, |act| {
        act.execute("INSERT INTO thing (name) VALUES (?1)", [name])?;
        act.note("length", name.len());
        act.changed("thing", name)
    })
}

fn count(database: &Database, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    database.read(|c| Ok::<_, Error>(c.query_row(&sql, [], |row| row.get(0))?)).unwrap()
}

#[test]
fn a_change_and_its_audit_row_are_both_there_or_neither_is() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir.path().join("a.db"), &V1).unwrap();
    add(&database, "one").unwrap();
    assert!(add(&database, "one").is_err(), "the name is taken");
    let rows = database.read(|c| AuditRow::after(c, 0, 10)).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].actor.as_str(), rows[0].object.as_str()), ("me", "one"));
    assert_eq!(rows[0].detail["length"], 3);
    // The change is refused when its audit row is: an actor is obligatory.
    let nobody = database.act("", "add-thing", "two", |act| {
        Ok::<_, Error>(act.execute("INSERT INTO thing (name) VALUES ('two')", [])?)
    });
    assert!(nobody.is_err());
    assert_eq!(count(&database, "thing"), 1);
}

#[test]
fn other_connections_notice_and_read_what_changed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    let (here, there) = (open(&path, &V1).unwrap(), open(&path, &V1).unwrap());
    let (version, seq) = (there.data_version().unwrap(), there.newest_change().unwrap());
    assert_eq!(there.data_version().unwrap(), version);
    add(&here, "one").unwrap();
    assert_ne!(there.data_version().unwrap(), version);
    let changes = there.changes_after(seq).unwrap();
    assert!(changes.iter().any(|change| change.kind == "thing" && change.id == "one"));
}

#[test]
fn older_formats_are_brought_forward_and_newer_ones_refused_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    add(&open(&path, &V1).unwrap(), "one").unwrap();
    let database = open(&path, &V2).unwrap();
    let size: i64 =
        database.read(|c| Ok::<_, Error>(c.query_row("SELECT size FROM thing", [], |r| r.get(0))?)).unwrap();
    assert_eq!(size, 7);
    drop(database);
    assert!(matches!(open(&path, &V1), Err(Error::Newer { found: 2, known: 1, .. })));
    assert_eq!(count(&open(&path, &V2).unwrap(), "thing"), 1);
}

#[test]
fn s4_other_programs_files_and_rubbish_are_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("other.db");
    let other = rusqlite_file(&path, "PRAGMA application_id = 99; CREATE TABLE thing (name TEXT);");
    assert!(matches!(open(&path, &V1), Err(Error::Foreign { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), other);
    let unnamed = dir.path().join("unnamed.db");
    rusqlite_file(
        &unnamed,
        "CREATE TABLE thing (name TEXT); CREATE TRIGGER t AFTER INSERT ON thing BEGIN DELETE FROM thing; END;",
    );
    assert!(matches!(open(&unnamed, &V1), Err(Error::Foreign { .. })));
    let rubbish = dir.path().join("rubbish.db");
    std::fs::write(&rubbish, b"not a database, but long enough to be looked at".repeat(40)).unwrap();
    assert!(matches!(open(&rubbish, &V1), Err(Error::Damaged { .. })));
}

fn rusqlite_file(path: &Path, sql: &str) -> Vec<u8> {
    let connection = flightdeck_sqlite::Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn a_full_database_is_told_apart_and_the_next_change_works() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir.path().join("a.db"), &V1).unwrap();
    let fill = |pages: i64| {
        database.record(|act| {
            act.execute_batch(&format!("PRAGMA max_page_count = {pages}"))?;
            act.execute("INSERT INTO thing (name) VALUES (?1)", params!["x".repeat(100_000)])?;
            Ok::<_, Error>(())
        })
    };
    assert!(matches!(fill(1), Err(Error::Full)));
    assert_eq!(count(&database, "thing"), 0);
    fill(100_000).unwrap();
}

#[test]
fn a_backup_is_a_database_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir.path().join("a.db"), &V1).unwrap();
    add(&database, "one").unwrap();
    let copy = dir.path().join("copy.db");
    database.backup(&copy).unwrap();
    add(&database, "two").unwrap();
    assert_eq!(count(&open(&copy, &V1).unwrap(), "thing"), 1);
}
