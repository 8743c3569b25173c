//! Counting, merging and the bytes of a window.

use crate::support::{Random, Texts, numbers};
use flightdeck_drift::{Baseline, BaselineError, Counter, WindowCounts, compare, distances, freeze};
use proptest::prelude::*;

fn baseline() -> Baseline {
    let values = Random(1).normals(500);
    let texts = Texts::of((0..500).map(|i| Some(["red", "green", "blue", "blue"][i % 4])));
    freeze(&[numbers("size", &values), texts.sample("colour")], None)
}

/// What traffic is made of.
#[derive(Clone, Debug)]
enum Event {
    Number(f64),
    Text(String),
    Null,
    Wrong,
    Answered(u64),
    Failed,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        any::<f64>().prop_map(Event::Number),
        (-3.0..3.0_f64).prop_map(Event::Number),
        "red|blue|violet|7".prop_map(Event::Text),
        Just(Event::Null),
        Just(Event::Wrong),
        (0_u64..1_000_000).prop_map(Event::Answered),
        Just(Event::Failed),
    ]
}

fn count(baseline: &Baseline, events: &[Event]) -> WindowCounts {
    let mut counter = Counter::new(baseline);
    for event in events {
        match event {
            Event::Number(number) => counter.number(0, *number),
            Event::Text(text) => counter.value(1, text),
            Event::Null => counter.null(1),
            Event::Wrong => counter.type_error(0),
            Event::Answered(us) => counter.answered(3, *us),
            Event::Failed => counter.failed(),
        }
    }
    counter.take()
}

proptest! {
    #[test]
    fn merging_is_exact_in_any_order(
        events in prop::collection::vec(event(), 0..200),
        cut in 0.0..1.0_f64,
        other in 0.0..1.0_f64,
    ) {
        let baseline = baseline();
        let at = |share: f64| (events.len() as f64 * share) as usize;
        let (first, second) = (at(cut.min(other)), at(cut.max(other)));
        let parts = [&events[..first], &events[first..second], &events[second..]].map(|part| count(&baseline, part));
        let whole = count(&baseline, &events);
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]] {
            let mut merged = WindowCounts::empty(&baseline);
            for part in order {
                merged.merge(&parts[part]).unwrap();
            }
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(merged.encode(), whole.encode());
        }
    }

    #[test]
    fn windows_are_read_back_from_bytes_and_json(events in prop::collection::vec(event(), 0..100)) {
        let window = count(&baseline(), &events);
        let read = WindowCounts::decode(&window.encode());
        prop_assert_eq!(read.as_ref(), Ok(&window));
        let json = serde_json::to_string(&window).unwrap();
        prop_assert_eq!(serde_json::from_str::<WindowCounts>(&json).unwrap(), window);
    }

    #[test]
    fn damaged_bytes_never_panic(
        events in prop::collection::vec(event(), 0..50),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let baseline = baseline();
        let mut bytes = count(&baseline, &events).encode();
        prop_assert!(WindowCounts::decode(&bytes[..cut.index(bytes.len())]).is_err(), "cut short");
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(read) = WindowCounts::decode(&bytes) && read.fit(&baseline).is_ok() {
            let told = distances(&baseline.columns[0], &read.columns[0]);
            prop_assert!(told.psi.is_none_or(f64::is_finite) && told.wasserstein.is_none_or(f64::is_finite));
            let mut sum = read.clone();
            prop_assert!(sum.merge(&read).is_ok());
        }
    }
}

#[test]
fn a_window_is_small() {
    let values = Random(2).normals(20_000);
    let baseline = freeze(&[numbers("x", &values)], None);
    let mut counter = Counter::new(&baseline);
    counter.numbers(0, Random(3).normals(2_000));
    let bytes = counter.take().encode();
    assert!(bytes.len() < 200, "{} bytes", bytes.len());
}

#[test]
fn one_by_one_and_all_at_once_count_the_same() {
    let baseline = baseline();
    let traffic: Vec<f64> =
        Random(5).normals(1_000).into_iter().chain([f64::NAN, f64::INFINITY, -0.0, 1e308]).collect();
    let (mut single, mut many) = (Counter::new(&baseline), Counter::new(&baseline));
    for number in &traffic {
        single.number(0, *number);
    }
    many.numbers(0, traffic);
    assert_eq!(single.take(), many.take());
    assert_eq!(many.take(), WindowCounts::empty(&baseline));
}

#[test]
fn counts_on_other_edges_are_refused() {
    let mut window = WindowCounts::empty(&baseline());
    let before = window.clone();
    let values = Random(9).normals(500);
    let other = WindowCounts::empty(&freeze(&[numbers("size", &values)], None));
    let refused = window.merge(&other).unwrap_err();
    assert_eq!((refused.expected, refused.found), (before.edge_set, other.edge_set));
    let mut shapeless = before.clone();
    shapeless.columns.pop();
    assert!(window.merge(&shapeless).is_err());
    assert_eq!(window, before);
}

#[test]
fn kept_known_and_new_values_are_told_apart() {
    let names: Vec<String> = (0..200).map(|i| format!("v{i:03}")).collect();
    // v000 occurs 200 times, v199 once.
    let rows =
        names.iter().enumerate().flat_map(|(i, name)| std::iter::repeat_n(Some(name.as_str()), 200 - i));
    let baseline = freeze(&[Texts::of(rows).sample("x")], None);
    let mut counter = Counter::new(&baseline);
    for value in ["v000", "v063", "v064", "v199", "nobody", ""] {
        counter.value(0, value);
    }
    counter.number(0, 7.0);
    let counts = &counter.take().columns[0].counts;
    assert_eq!((counts.len(), counts[0], counts[63], counts[64], counts[65]), (66, 1, 1, 2, 3));
}

#[test]
fn numbers_declared_as_values_count_as_values() {
    let values = [1.0, 2.0, 2.0, -0.0, 0.0];
    let sample =
        flightdeck_drift::Sample { kind: flightdeck_core::ColumnKind::Categorical, ..numbers("x", &values) };
    let baseline = freeze(&[sample], None);
    let mut counter = Counter::new(&baseline);
    counter.number(0, 2.0);
    counter.value(0, "0");
    counter.number(0, 3.0);
    assert_eq!(counter.take().columns[0].counts, [1, 1, 0, 0, 1]);
}

#[test]
fn a_baseline_is_read_back_exactly_and_checked() {
    let values: Vec<f64> =
        Random(4).normals(999).into_iter().chain([f64::INFINITY, f64::MIN, 0.1 + 0.2]).collect();
    let times: Vec<i64> = (0..1002).map(|i| i * 600_000).collect();
    let texts = Texts::of((0..1002).map(|i| if i % 9 == 0 { None } else { Some(["a", "b\"\n"][i % 2]) }));
    let baseline = freeze(&[numbers("x", &values), texts.sample("y")], Some(&times));
    assert_eq!(baseline.columns[0].phi.len(), 1, "167 hours, 7 days");
    let json = serde_json::to_string(&baseline).unwrap();
    let read: Baseline = serde_json::from_str(&json).unwrap();
    assert_eq!(read, baseline);
    assert_eq!(serde_json::to_string(&read).unwrap(), json);

    let format =
        serde_json::from_str::<Baseline>(&json.replacen("\"format\":1", "\"format\":2", 1)).unwrap_err();
    assert_eq!(format.to_string(), BaselineError::Format(2).to_string());
    let renamed = serde_json::from_str::<Baseline>(&json.replacen("\"x\"", "\"z\"", 1)).unwrap_err();
    assert_eq!(renamed.to_string(), BaselineError::EdgeSet.to_string());
    let mut cut: serde_json::Value = serde_json::from_str(&json).unwrap();
    cut["columns"][0]["counted"]["numeric"]["counts"].as_array_mut().unwrap().pop();
    let damaged = serde_json::from_value::<Baseline>(cut).unwrap_err();
    assert_eq!(damaged.to_string(), BaselineError::Column("x".into()).to_string());
}

#[test]
fn l7_a_table_compared_with_itself_has_no_distance() {
    let (values, texts) =
        (Random(6).normals(5_000), Texts::of((0..5_000).map(|i| Some(["a", "b", "c"][i % 3]))));
    let table = [numbers("x", &values), texts.sample("y")];
    for column in compare(&table, &table).columns {
        assert_eq!(
            (column.psi, column.psi_adjusted, column.js_distance_base2),
            (Some(0.0), Some(0.0), Some(0.0))
        );
        assert_eq!((column.chi2, column.p, column.p_adjusted), (Some(0.0), Some(1.0), Some(1.0)));
        assert!(column.ks.is_none_or(|ks| ks < 1e-300) && column.wasserstein.is_none_or(|w| w < 1e-300));
        assert!(column.findings.is_empty());
    }
}
