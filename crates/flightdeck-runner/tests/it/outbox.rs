//! What nobody has taken yet: bounded, kept through damage, and never in the way of an answer.

use crate::counts::pulled;
use crate::metrics::scrape;
use crate::support::{Built, Server, command, desired, endpoint, eventually, four_columns, linear, request};
use flightdeck_protocol::{Gap, GapReason, Refuse};
use flightdeck_sqlite::rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An endpoint whose windows last a second.
async fn deploy_short(server: &Server, package: &Built) {
    server.upload(package).await;
    let mut wanted = desired(package.root);
    wanted.window_seconds = 1;
    server.control.put_endpoint(&endpoint("e"), &wanted).await.unwrap();
}

/// Rows of windows, and rows and gaps of what is missing.
async fn told(server: &Server) -> (u64, Vec<Gap>) {
    let rows = pulled(server, 0).await.iter().map(|(_, counts)| counts.rows).sum();
    (rows, server.control.windows(0, 1000).await.unwrap().gaps)
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_budget_the_oldest_windows_become_a_gap_with_their_rows() {
    let folder = tempfile::tempdir().unwrap();
    // The smallest budget that there is: 64 KiB.
    let server = Server::start_with(folder.path(), &["--outbox-bytes", "1"]).await;
    deploy_short(&server, &four_columns("linear", linear)).await;
    let mut sent = 0;
    let dropped = async |sent: &mut u64| {
        server.control.infer(&endpoint("e"), &request(&[[1.0; 4]; 5])).await.unwrap();
        *sent += 5;
        server.control.flush().await.unwrap();
        scrape(&server).await["flightdeck_outbox_dropped_total"] > 0.0
    };
    while !dropped(&mut sent).await {}
    let (rows, gaps) = told(&server).await;
    let [gap] = gaps.as_slice() else { panic!("{gaps:?}") };
    assert_eq!((gap.reason, gap.endpoint.as_str(), gap.from < gap.to), (GapReason::Budget, "e", true));
    assert_eq!(rows + gap.count.unwrap(), sent, "every row is counted or said to be missing");
    let samples = scrape(&server).await;
    assert!(samples["flightdeck_outbox_bytes"] <= 65536.0 && samples["flightdeck_outbox_gaps_total"] == 1.0);
    // Dropped once more, the gap grows instead of becoming two.
    let before = samples["flightdeck_outbox_dropped_total"];
    while scrape(&server).await["flightdeck_outbox_dropped_total"] == before {
        dropped(&mut sent).await;
    }
    let (rows, gaps) = told(&server).await;
    assert_eq!(rows + gaps.iter().filter_map(|gap| gap.count).sum::<u64>(), sent);
}

/// A server whose files may not grow beyond a limit that is set later: a write beyond it fails as on a broken disk.
fn limited(data: &Path) -> Server {
    let inner = command(data);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(inner.get_program()).args(inner.get_args());
    Server::launch(shell, data, Stdio::null())
}

fn limit_files(server: &Server, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let pid = server.pid().to_string();
    assert!(Command::new("prlimit").args([&limit, "--pid", &pid]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn l3_when_nothing_can_be_written_it_serves_on_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let server = limited(folder.path());
    eventually(async || server.control.ready().await.unwrap()).await;
    deploy_short(&server, &four_columns("linear", linear)).await;
    limit_files(&server, "0");
    for n in 0..50_u8 {
        assert_eq!(server.infer("e", [f32::from(n); 4]).await, linear([f32::from(n); 4]));
    }
    assert!(server.control.flush().await.is_err(), "counts cannot be written down");
    let audit = server.control.audit(0).await.unwrap().rows;
    let refused = server.control.remove_endpoint(&endpoint("e")).await;
    assert!(refused.is_err(), "what cannot be audited is not done");
    assert_eq!(server.infer("e", [1.0; 4]).await, linear([1.0; 4]));
    limit_files(&server, "unlimited");
    server.control.flush().await.unwrap();
    let (rows, gaps) = told(&server).await;
    assert_eq!((rows, gaps), (51, vec![]));
    assert_eq!(server.control.audit(0).await.unwrap().rows, audit);
}

#[tokio::test(flavor = "multi_thread")]
async fn l3_a_state_file_that_is_deleted_while_it_runs_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    deploy_short(&server, &four_columns("linear", linear)).await;
    server.infer("e", [1.0; 4]).await;
    server.control.flush().await.unwrap();
    for part in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(part));
    }
    server.infer("e", [1.0; 4]).await;
    eventually(async || folder.path().join("state.db").exists()).await;
    server.control.flush().await.unwrap();
    let server = Server::start(&server.kill()).await;
    assert_eq!(server.infer("e", [1.0; 4]).await, linear([1.0; 4]));
    assert_eq!(told(&server).await.0, 2);
    assert!(server.control.audit(0).await.unwrap().rows.iter().any(|row| row.action == "deploy"));
}

/// A folder whose server counted ten rows into closed windows and was killed.
async fn killed() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    server.control.infer(&endpoint("e"), &request(&[[1.0; 4]; 10])).await.unwrap();
    server.control.flush().await.unwrap();
    let data = server.kill();
    // Everything in one file: what is damaged below is what will be read.
    let state = Connection::open(data.join("state.db")).unwrap();
    state.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(state);
    (folder, data)
}

/// Files that were moved aside, without their logs.
fn set_aside(data: &Path) -> usize {
    damaged(data).len()
}

fn damaged(data: &Path) -> Vec<String> {
    let names =
        std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_database = |name: &String| !name.ends_with("-wal") && !name.ends_with("-shm");
    names.filter(|name| name.starts_with("state.db.damaged-")).filter(is_database).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_a_damaged_page_is_noticed_and_the_rest_is_taken_over() {
    let (_folder, data) = killed().await;
    let path = data.join("state.db");
    let state = Connection::open(&path).unwrap();
    let page: i64 = state
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'audit'", [], |row| row.get(0))
        .unwrap();
    drop(state);
    let mut bytes = std::fs::read(&path).unwrap();
    let start = (page as usize - 1) * 4096;
    bytes[start..start + 64].fill(0xff);
    std::fs::write(&path, &bytes).unwrap();

    let server = Server::start(&data).await;
    assert_eq!(server.infer("e", [1.0; 4]).await, linear([1.0; 4]), "the endpoint was taken over");
    let (rows, gaps) = told(&server).await;
    assert_eq!((rows, gaps.len(), gaps[0].reason), (10, 1, GapReason::Damaged));
    let [aside] = &damaged(&data)[..] else { panic!() };
    assert_eq!(std::fs::read(data.join(aside)).unwrap(), bytes, "the damaged file keeps every byte");
    let audit = server.control.audit(0).await.unwrap().rows;
    assert!(audit.iter().any(|row| row.action == "recover-state" && row.detail["torn"][0] == "audit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_the_first_page_a_foreign_log_another_file_and_an_empty_one_are_noticed() {
    let (_folder, data) = killed().await;
    let path = data.join("state.db");
    let without_log = || {
        for part in ["state.db-wal", "state.db-shm"] {
            let _ = std::fs::remove_file(data.join(part));
        }
    };
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[0..100].iter_mut().for_each(|byte| *byte ^= 0x5a);
    std::fs::write(&path, &bytes).unwrap();
    drop(Server::start(&data).await);
    assert_eq!(set_aside(&data), 1, "the first page");

    let (_other, foreign) = killed().await;
    without_log();
    std::fs::copy(foreign.join("state.db"), &path).unwrap();
    drop(Server::start(&data).await);
    assert_eq!(set_aside(&data), 2, "another runner's");

    drop(Server::start(&foreign).await);
    let (_third, own) = killed().await;
    std::fs::copy(foreign.join("state.db-wal"), own.join("state.db-wal")).unwrap();
    drop(Server::start(&own).await);
    assert_eq!(set_aside(&own), 1, "the log of another runner");

    std::fs::write(&path, b"").unwrap();
    without_log();
    let server = Server::start(&data).await;
    assert_eq!(set_aside(&data), 3, "an empty one");
    assert_eq!(server.control.audit(0).await.unwrap().rows[0].action, "recover-state");
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_a_torn_log_and_a_missing_index_lose_nothing_that_was_complete() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    server.control.infer(&endpoint("e"), &request(&[[1.0; 4]; 10])).await.unwrap();
    server.control.flush().await.unwrap();
    let data = server.kill();
    let log = data.join("state.db-wal");
    let mut bytes = std::fs::read(&log).unwrap();
    bytes.extend_from_slice(&[7; 1000]);
    std::fs::write(&log, bytes).unwrap();
    std::fs::remove_file(data.join("state.db-shm")).unwrap();
    let server = Server::start(&data).await;
    let (rows, gaps) = told(&server).await;
    assert_eq!((rows, gaps.len(), gaps[0].reason), (10, 1, GapReason::Killed));
    assert_eq!(set_aside(&data), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_a_record_that_is_damaged_or_refused_again_and_again_gives_way_to_those_behind_it() {
    let (_folder, data) = killed().await;
    let server = Server::start(&data).await;
    server.control.infer(&endpoint("e"), &request(&[[1.0; 4]; 3])).await.unwrap();
    server.control.flush().await.unwrap();
    let batch = server.control.windows(0, 10).await.unwrap();
    assert_eq!(batch.windows.len(), 2);
    let refuse = Refuse { origin: batch.windows[0].origin.clone(), code: "counts-unreadable".into() };
    for times in 1..=3 {
        let refused = server.control.refuse(&refuse).await.unwrap();
        assert_eq!((refused.times, refused.quarantined), (times, times == 3));
    }
    assert!(server.control.refuse(&refuse).await.unwrap().quarantined, "said twice it stays so");
    let (rows, gaps) = told(&server).await;
    let missing = gaps.iter().find(|gap| gap.reason == GapReason::Quarantined).unwrap();
    assert_eq!((rows, missing.count), (3, Some(10)));

    let data = server.kill();
    let state = Connection::open(data.join("state.db")).unwrap();
    let flip = "UPDATE outbox SET counts = CAST(counts || x'00' AS BLOB) WHERE counts IS NOT NULL";
    assert_eq!(state.execute(flip, []).unwrap(), 1);
    drop(state);
    let server = Server::start(&data).await;
    let (rows, _) = told(&server).await;
    assert_eq!((rows, scrape(&server).await["flightdeck_outbox_quarantined_total"]), (0, 2.0));
    let gaps = told(&server).await.1;
    assert_eq!(gaps.iter().filter(|gap| gap.reason == GapReason::Quarantined).count(), 2);
}
