//! The history as the use cases write it.

use super::*;
use crate::window::{Range, WindowRecord};
use flightdeck_core::{
    Challenge, Challenger, Digest, Name, Origin, Resolution, Task, Timestamp, TrafficPolicy, VersionRole,
    WindowKey,
};
use flightdeck_sqlite::Error;

struct Noon;
impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(43_200_000)
    }
}

fn history() -> (tempfile::TempDir, Database) {
    let dir = tempfile::tempdir().unwrap();
    let database = open(dir.path(), Arc::new(Noon)).unwrap();
    (dir, database)
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn digest(n: u8) -> Digest {
    Digest::from_bytes([n; 32])
}

fn window(sequence: u64, start_ms: i64, counts: &[u8]) -> WindowRecord {
    let key = WindowKey {
        endpoint: name("e"),
        version: digest(1),
        role: VersionRole::Champion,
        edge_set: digest(2),
        slice: None,
        resolution: Resolution::MINUTE,
        start: Timestamp::from_ms(start_ms),
    };
    let origin = Origin { producer: "p".into(), boot_epoch: 1, sequence };
    WindowRecord { origin, runner: name("r"), key, counts: counts.into() }
}

/// Stands in for adding counts: one byte each.
#[expect(clippy::unnecessary_wraps, reason = "adding real counts can fail")]
fn sum(a: &[u8], b: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(vec![a[0] + b[0]])
}

fn receive(database: &Database, window: &WindowRecord) -> bool {
    let stored = database.record(|act| {
        let new = window::add(act, window)?;
        if new {
            rollup::add(act, window, sum)?;
        }
        Ok::<_, Error>(new)
    });
    stored.unwrap()
}

fn rolled(database: &Database, resolution: Resolution) -> Vec<(i64, u8)> {
    let (runner, endpoint, version) = (name("r"), name("e"), digest(1));
    let (from, to) = (Timestamp::from_ms(i64::MIN), Timestamp::from_ms(i64::MAX));
    let range = Range { runner: &runner, endpoint: &endpoint, version: &version, from, to };
    let rows = database.read(|c| rollup::range(c, &range, resolution)).unwrap();
    rows.iter().map(|row| (row.start.as_ms(), row.counts[0])).collect()
}

#[test]
fn windows_add_up_to_hours_and_days_and_a_second_copy_changes_nothing() {
    let (_dir, database) = history();
    let hour = 3_600_000;
    for (sequence, start, counts) in [(1, 0, 1), (2, 60_000, 2), (3, hour, 4), (4, 24 * hour, 8)] {
        assert!(receive(&database, &window(sequence, start, &[counts])));
    }
    assert!(!receive(&database, &window(2, 60_000, &[2])));
    assert_eq!(rolled(&database, Resolution::HOUR), [(0, 3), (hour, 4), (24 * hour, 8)]);
    assert_eq!(rolled(&database, Resolution::DAY), [(0, 7), (24 * hour, 8)]);
}

#[test]
fn days_stay_when_hours_and_minutes_are_past_their_time() {
    let (_dir, database) = history();
    let day = 86_400_000;
    receive(&database, &window(1, 0, &[1]));
    receive(&database, &window(2, 40 * day, &[2]));
    let newest = Timestamp::from_ms(40 * day);
    let forget = database.record(|act| {
        window::forget(act, &name("r"), &name("e"), newest.plus_seconds(-2 * 86_400))?;
        rollup::forget(act, &name("r"), &name("e"), newest)
    });
    forget.unwrap();
    assert_eq!(rolled(&database, Resolution::HOUR), [(40 * day, 2)]);
    assert_eq!(rolled(&database, Resolution::DAY), [(0, 1), (40 * day, 2)]);
}

#[test]
fn the_same_bytes_are_the_same_version_and_other_bytes_the_next() {
    let (_dir, database) = history();
    let record = |n| version::VersionRecord {
        model: name("m"),
        version: 0,
        digest: digest(n),
        imported_at: Timestamp::from_ms(0),
        source: "m.onnx".into(),
        baseline: None,
        original: digest(9),
        task: Task::Binary,
        kind: "test".into(),
        bytes: 1,
        findings: vec![],
    };
    let add = |n| database.act("me", "import-version", "m", |act| version::add(act, &record(n))).unwrap();
    assert_eq!(add(1), (1, false));
    assert_eq!(add(2), (2, false));
    assert_eq!(add(1), (1, true));
    let newest = database.read(|c| version::find(c, "m", None)).unwrap().unwrap();
    assert_eq!((newest.version, newest.digest), (2, digest(2)));
}

#[test]
fn the_schema_is_what_it_was() {
    let (_dir, database) = history();
    let tables = database.read(|c| {
        let mut statement = c.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        Ok::<_, Error>(rows.collect::<flightdeck_sqlite::rusqlite::Result<Vec<_>>>()?)
    });
    insta::assert_snapshot!(tables.unwrap().join(";\n"));
}

/// A library as a program wrote it that knew so many of the migrations.
fn library_of(migrations: usize, write: &[&str]) -> (tempfile::TempDir, Database) {
    let before = Schema { migrations: SCHEMA.migrations.split_at(migrations).0, ..SCHEMA };
    let before: &'static Schema = Box::leak(Box::new(before));
    let dir = tempfile::tempdir().unwrap();
    let old = Database::open(&dir.path().join(FILE), before, Arc::new(Noon)).unwrap();
    old.record(|act| {
        for statement in write {
            act.execute(statement, [])?;
        }
        Ok::<_, Error>(())
    })
    .unwrap();
    drop(old);
    let database = open(dir.path(), Arc::new(Noon)).unwrap();
    (dir, database)
}

#[test]
fn a_library_from_before_notebooks_keeps_its_endpoints() {
    let endpoint = format!(
        "INSERT INTO endpoint (runner, endpoint, digest, window_seconds, replay, step_seconds, deployed_at_ms)
           VALUES ('r', 'e', '{}', 60, 0, 3600, 7)",
        digest(3)
    );
    let (_dir, database) = library_of(9, &[&endpoint]);
    let kept = database.read(|c| endpoint::find(c, &name("r"), &name("e"))).unwrap().unwrap();
    assert_eq!((kept.policy(), kept.previous), (TrafficPolicy::champion(digest(3)), None));
    assert_eq!((kept.serving, kept.deployed_at.as_ms()), (None, 7));
    assert!(database.read(watch::all).unwrap().is_empty());
}

#[test]
fn a_library_from_before_remote_runners_keeps_its_shadow_and_its_runner() {
    let endpoint = format!(
        "INSERT INTO endpoint (runner, endpoint, digest, window_seconds, replay, step_seconds, deployed_at_ms, shadow)
           VALUES ('r', 'e', '{}', 60, 0, 3600, 7, '{}')",
        digest(3),
        digest(4)
    );
    let runner =
        "INSERT INTO runner (name, kind, url, producer) VALUES ('this-computer', 'embedded', 'u', 'p')";
    let (_dir, database) = library_of(13, &[&endpoint, runner]);
    let kept = database.read(|c| endpoint::find(c, &name("r"), &name("e"))).unwrap().unwrap();
    assert_eq!((kept.shadow(), kept.canary()), (Some(digest(4)), None));
    let runner = database.read(|c| runner::find(c, &name("this-computer"))).unwrap().unwrap();
    assert_eq!((runner.producer.as_deref(), runner.pairing), (Some("p"), None));
}

#[test]
fn a_paired_runner_and_a_policy_are_kept_as_they_are() {
    let (_dir, database) = history();
    let pairing = runner::Pairing {
        pin: digest(5),
        certificate: vec![0x30, 0],
        secret: "slot".into(),
        token_id: "t".into(),
    };
    let paired = runner::RunnerRecord {
        name: name("edge"),
        kind: "remote".into(),
        url: Some("https://edge".into()),
        producer: Some("p".into()),
        version: None,
        last_contact: None,
        pairing: Some(pairing),
    };
    let challengers = [(2, Challenge::Canary(10)), (3, Challenge::Shadow)];
    let endpoint = endpoint::EndpointRecord {
        runner: name("edge"),
        endpoint: name("e"),
        digest: digest(1),
        challengers: challengers.map(|(n, challenge)| Challenger { version: digest(n), challenge }).to_vec(),
        previous: None,
        window_seconds: 60,
        replay: false,
        step_seconds: 3600,
        serving: Some(r#"{"batch":false}"#.into()),
        deployed_at: Timestamp::from_ms(1),
        figures: None,
    };
    database
        .record(|act| {
            runner::put(act, &paired)?;
            endpoint::put(act, &endpoint)
        })
        .unwrap();
    let (runner, edge) = (name("edge"), name("e"));
    assert_eq!(database.read(|c| runner::find(c, &runner)).unwrap(), Some(paired));
    assert_eq!(database.read(|c| endpoint::find(c, &runner, &edge)).unwrap(), Some(endpoint.clone()));
    assert_eq!((endpoint.canary(), endpoint.shadow()), (Some((digest(2), 10)), Some(digest(3))));
    database
        .record(|act| {
            assert!(runner::remove(act, &runner)?);
            endpoint::remove_of(act, &runner)
        })
        .unwrap();
    assert!(database.read(endpoint::all).unwrap().is_empty());
    assert!(database.read(runner::all).unwrap().is_empty());
}
