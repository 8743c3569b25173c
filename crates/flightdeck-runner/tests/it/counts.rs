//! What was sent is what was counted, once, whatever happens.

use crate::support::{Server, desired, endpoint, eventually, four_columns, linear, request, time};
use flightdeck_core::{Timestamp, WindowKey};
use flightdeck_drift::WindowCounts;
use flightdeck_protocol::{EventTime, GapReason, PredictRequest};
use serde_json::json;

/// All windows after a cursor, decoded.
pub(crate) async fn pulled(server: &Server, after: u64) -> Vec<(WindowKey, WindowCounts)> {
    let batch = server.control.windows(after, 1000).await.unwrap();
    let decode = |window: flightdeck_protocol::WindowRecord| {
        (window.key, WindowCounts::decode(&window.counts.0).unwrap())
    };
    batch.windows.into_iter().map(decode).collect()
}

fn sum(windows: &[(WindowKey, WindowCounts)]) -> WindowCounts {
    let mut all = windows[0].1.clone();
    windows[1..].iter().for_each(|(_, counts)| all.merge(counts).unwrap());
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_exactly_what_was_sent_and_are_pulled_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    server.deploy("e", &package).await;
    let row = |n: u16| [f32::from(n), 2.0, 1000.0, f32::NAN];
    for n in 0..10 {
        server.control.infer(&endpoint("e"), &request(&[row(n), row(n + 10)])).await.unwrap();
    }
    let wrong =
        reqwest::Client::new().post(format!("{}/v2/models/e/infer", server.base)).body("{").send().await;
    assert_eq!(wrong.unwrap().status(), 400);
    let live = server.control.live(&endpoint("e")).await.unwrap();
    assert_eq!((live.requests, live.rows, live.errors), (10, 20, 0));
    assert!(live.latency_us.p50.is_some() && !live.open.is_empty());
    assert_eq!(live.versions[0].rows, 20);

    assert!(server.control.flush().await.unwrap().windows >= 1);
    let batch = server.control.windows(0, 1000).await.unwrap();
    assert_eq!(server.control.windows(0, 1000).await.unwrap(), batch);
    let windows = pulled(&server, 0).await;
    let all = sum(&windows);
    assert_eq!((all.requests, all.rows, all.errors), (10, 20, 0));
    assert_eq!(
        (all.columns[0].min, all.columns[0].max, all.columns[0].values()),
        (Some(0.0), Some(19.0), 20)
    );
    // The baseline ends at 99: a thousand lies in the last bin. NaN is a missing value.
    assert_eq!((*all.columns[2].counts.last().unwrap(), all.columns[3].missing()), (20, 20));
    let key = &windows[0].0;
    assert_eq!((key.endpoint.as_str(), key.version, key.resolution.seconds()), ("e", package.root, 60));
    assert_eq!(key.start, key.start.floor(60));

    assert_eq!(server.control.ack(batch.cursor).await.unwrap().removed, batch.windows.len() as u64);
    assert_eq!(server.control.windows(0, 1000).await.unwrap().windows, []);
    assert_eq!(server.control.ack(batch.cursor).await.unwrap().removed, 0);
    assert_eq!(server.control.flush().await.unwrap().windows, 0);
    assert!(server.control.live(&endpoint("e")).await.unwrap().last_window.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_it_serves_again_and_says_what_may_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    server.deploy("e", &package).await;
    for n in 0..7_u8 {
        server.infer("e", [f32::from(n); 4]).await;
    }
    let first = server.control.handshake().await.unwrap();
    let checkpointed = async || {
        let state = rows_in_checkpoint(folder.path());
        state == 7
    };
    eventually(checkpointed).await;
    let server = Server::start(&server.kill()).await;
    assert_eq!(server.infer("e", [1.0; 4]).await, linear([1.0; 4]));
    let second = server.control.handshake().await.unwrap();
    assert_eq!((&second.runner_id, second.boot_epoch), (&first.runner_id, first.boot_epoch + 1));
    let batch = server.control.windows(0, 10).await.unwrap();
    assert_eq!(batch.windows.iter().map(|window| window.origin.boot_epoch).collect::<Vec<_>>(), [1]);
    assert_eq!(sum(&pulled(&server, 0).await).rows, 7);
    assert_eq!(batch.gaps.len(), 1);
    let gap = &batch.gaps[0];
    assert_eq!((gap.endpoint.as_str(), gap.reason, gap.from < gap.to), ("e", GapReason::Killed, true));
}

fn rows_in_checkpoint(data: &std::path::Path) -> u64 {
    use flightdeck_sqlite::rusqlite::{Connection, OpenFlags};
    let state = Connection::open_with_flags(data.join("state.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut rows = state.prepare("SELECT counts FROM checkpoint").unwrap();
    let counts = rows.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    counts.map(|counts| WindowCounts::decode(&counts.unwrap()).unwrap().rows).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn replayed_rows_are_counted_at_their_own_time() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    server.upload(&package).await;
    let mut wanted = desired(package.root);
    (wanted.replay, wanted.window_seconds) = (true, 3600);
    server.control.put_endpoint(&endpoint("e"), &wanted).await.unwrap();

    let row = json!({"f0": 1, "f1": 2, "f2": 3, "f3": 4});
    let rows = vec![row.as_object().unwrap().clone(); 3];
    let times = ["2013-07-01T00:10:00Z", "2013-07-01T00:59:59Z", "2013-07-01T01:00:00Z"].map(time);
    let body = PredictRequest { rows, event_time: Some(EventTime::PerRow(times.to_vec())) };
    server.control.predict(&endpoint("e"), &body).await.unwrap();
    let mut infer = request(&[[1.0; 4]]);
    infer.parameters.insert("event_time".into(), json!("2013-07-01T05:00:00Z"));
    server.control.infer(&endpoint("e"), &infer).await.unwrap();

    // Five o'clock is more than two windows past the end of the first two: they close by themselves.
    eventually(async || pulled(&server, 0).await.len() == 2).await;
    let found: Vec<(Timestamp, u64)> =
        pulled(&server, 0).await.iter().map(|(key, counts)| (key.start, counts.rows)).collect();
    assert_eq!(found, [(time("2013-07-01T00:00:00Z"), 2), (time("2013-07-01T01:00:00Z"), 1)]);
    assert_eq!(server.control.flush().await.unwrap().windows, 1);
    assert_eq!(sum(&pulled(&server, 0).await).requests, 2);

    let hours = (0..1025_i64).map(|hour| Timestamp::from_ms(hour * 3_600_000)).collect();
    let rows = vec![row.as_object().unwrap().clone(); 1025];
    let scattered = PredictRequest { rows, event_time: Some(EventTime::PerRow(hours)) };
    let refused = server.control.predict(&endpoint("e"), &scattered).await.unwrap_err();
    assert_eq!((refused.code(), refused.to_string().contains("1024 windows")), ("event-time", true));

    let mut late = times.to_vec();
    late[2] = time("2999-01-01");
    let late = PredictRequest { event_time: Some(EventTime::PerRow(late)), ..body.clone() };
    let refused = server.control.predict(&endpoint("e"), &late).await.unwrap_err();
    assert_eq!((refused.code(), refused.to_string().contains("row 2")), ("event-time", true), "{refused}");
    infer.parameters.insert("event_time".into(), json!(i64::MIN));
    assert_eq!(server.control.infer(&endpoint("e"), &infer).await.unwrap_err().code(), "event-time");

    let wrong = PredictRequest { event_time: Some(EventTime::PerRow(times[..2].to_vec())), ..body };
    assert_eq!(server.control.predict(&endpoint("e"), &wrong).await.unwrap_err().code(), "event-time");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_end_closes_windows_and_leaves_no_gap() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.deploy("e", &four_columns("linear", linear)).await;
    server.infer("e", [1.0; 4]).await;
    server.control.stop().await.unwrap();
    assert_eq!(server.wait().code(), Some(0));
    let server = Server::start(folder.path()).await;
    let batch = server.control.windows(0, 10).await.unwrap();
    assert_eq!((batch.windows.len(), batch.gaps.len()), (1, 0));
    assert_eq!(sum(&pulled(&server, 0).await).rows, 1);
    assert_eq!(server.control.audit(0).await.unwrap().rows.last().unwrap().action, "stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn short_windows_close_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    server.upload(&package).await;
    let mut wanted = desired(package.root);
    wanted.window_seconds = 1;
    server.control.put_endpoint(&endpoint("e"), &wanted).await.unwrap();
    server.infer("e", [1.0; 4]).await;
    eventually(async || !pulled(&server, 0).await.is_empty()).await;
    assert_eq!(sum(&pulled(&server, 0).await).rows, 1);
    assert_eq!(server.control.flush().await.unwrap().windows, 0);
}
