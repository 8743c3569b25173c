//! Counting under everything that happens to it at once.

use super::*;
use flightdeck_core::{Column, ColumnKind, DataType, Input, Task, TensorData, Unknown};
use flightdeck_drift::{Sample, SampleData, freeze};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

fn counting(missing: Option<&str>, replay: bool) -> Counting {
    let column = Column {
        name: "a".into(),
        index: 0,
        kind: ColumnKind::Numeric,
        missing: missing.map(str::to_owned),
        unknown: Unknown::Unstated,
    };
    let input = Input {
        name: "x".into(),
        data_type: DataType::Fp64,
        shape: vec![-1, 1],
        batch_axis: Some(0),
        columns: vec![column],
    };
    let signature = Signature { task: Task::Other, inputs: vec![input], outputs: vec![] };
    let values: Vec<f64> = (0..50).map(f64::from).collect();
    let data = SampleData::Numbers { values: &values, nulls: 0 };
    let baseline = freeze(&[Sample { name: "a", kind: ColumnKind::Numeric, data }], None);
    Counting::new(&Subject {
        endpoint: &"e".parse().unwrap(),
        version: Digest::from_bytes([1; 32]),
        role: VersionRole::Champion,
        signature: &signature,
        baseline: &baseline,
        window_seconds: 60,
        replay,
    })
}

fn column(values: &[f64]) -> [Tensor; 1] {
    [Tensor::new("x", vec![values.len(), 1], TensorData::Fp64(values.to_vec())).unwrap()]
}

#[test]
fn nothing_is_lost_or_counted_twice_while_shards_are_emptied() {
    let counting = counting(None, true);
    let done = AtomicBool::new(false);
    let now = Timestamp::from_ms(0);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    for n in 0..1000_i64 {
                        // A hundred windows at once: more than a shard keeps.
                        let times = [n % 100, (n * 7) % 100].map(|m| Timestamp::from_ms(m * 60_000)).to_vec();
                        let spans = counting.spans(2, Some(&EventTime::PerRow(times)), now);
                        counting.seen(&column(&[1.0, 2.0]), spans.as_ref());
                        counting.answered(spans.as_ref(), 2, 5);
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                counting.gather();
            }
        });
        for client in clients {
            client.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    let totals = counting.totals();
    assert_eq!((totals.requests, totals.rows, totals.errors), (4000, 8000, 0));
    let open = counting.open();
    assert_eq!(open.windows.len(), 100);
    assert_eq!(open.windows.values().map(|window| window.rows).sum::<u64>(), 8000);
    assert_eq!(open.windows.values().map(|window| window.columns[0].values()).sum::<u64>(), 8000);
    assert_eq!(open.newest, Some(Timestamp::from_ms(99 * 60_000)));
}

#[test]
fn what_stands_for_a_missing_value_is_counted_as_missing() {
    let counting = counting(Some("-1"), false);
    let now = Timestamp::from_ms(61_000);
    let spans = counting.spans(3, Some(&EventTime::At(Timestamp::from_ms(0))), now);
    counting.seen(&column(&[-1.0, 3.0, f64::NAN]), spans.as_ref());
    counting.failed(None, now);
    counting.gather();
    let open = counting.open();
    // Without replay a stated time says nothing: the window is that of the arrival.
    let window = &open.windows[&Timestamp::from_ms(60_000)];
    assert_eq!((window.columns[0].missing(), window.columns[0].values()), (2, 1));
    assert_eq!((window.requests, window.errors, window.rows), (1, 1, 0));
}

#[test]
fn rows_without_a_time_are_no_part_of_a_replayed_history() {
    let counting = counting(None, true);
    let now = Timestamp::from_ms(1_800_000_000_000);
    let spans = counting.spans(2, None, now);
    assert_eq!(spans, None);
    counting.seen(&column(&[1.0, 2.0]), spans.as_ref());
    counting.answered(spans.as_ref(), 2, 5);
    counting.failed(None, now);
    let totals = counting.totals();
    assert_eq!((totals.requests, totals.rows, totals.errors), (2, 2, 1));
    assert!(counting.open().windows.is_empty(), "the history has not begun");
}

#[test]
fn windows_are_over_by_the_clock_or_by_the_rows() {
    let ms = Timestamp::from_ms;
    let live = counting(None, false);
    assert!(!live.is_over(ms(0), Some(ms(900_000)), ms(60_999)) && live.is_over(ms(0), None, ms(61_000)));
    let replay = counting(None, true);
    assert!(!replay.is_over(ms(0), Some(ms(179_999)), ms(9_000_000)));
    assert!(replay.is_over(ms(0), Some(ms(180_000)), ms(0)));
}
