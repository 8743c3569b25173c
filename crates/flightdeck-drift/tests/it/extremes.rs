//! Columns that break formulas: nothing may be NaN, infinite, or a panic.

use crate::support::{Texts, numbers};
use flightdeck_core::Timestamp;
use flightdeck_drift::{
    Baseline, Comparison, ComparisonVerdict, Counter, Monitor, Rule, Sample, Status, compare, distances,
    freeze, words,
};
use serde_json::Value;

/// Numbers of a JSON document, wherever they stand; a NaN or infinity would have become null.
fn finite_numbers(json: &Value, path: &str, allow_null: &[&str]) -> usize {
    match json {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| finite_numbers(value, &format!("{path}.{name}"), allow_null))
            .sum(),
        Value::Array(items) => items.iter().map(|value| finite_numbers(value, path, allow_null)).sum(),
        Value::Number(number) => usize::from(number.as_f64().is_some_and(f64::is_finite)),
        Value::Null => {
            assert!(allow_null.iter().any(|name| path.ends_with(name)), "{path} is null");
            0
        }
        _ => 0,
    }
}

fn columns() -> Vec<(&'static str, Vec<f64>)> {
    vec![
        ("constant", vec![5.0; 200]),
        ("all null", vec![f64::NAN; 200]),
        ("single row", vec![1.5]),
        ("no rows", vec![]),
        ("huge", (0..200).map(|i| if i % 2 == 0 { 1e308 } else { -1e308 }).collect()),
        ("limits", vec![f64::MAX, f64::MIN, 0.0, 5e-324, -5e-324]),
        ("zeros", (0..200).map(|i| if i % 2 == 0 { 0.0 } else { -0.0 }).collect()),
        ("infinite", vec![f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY]),
        ("ordinary", (0..200).map(f64::from).collect()),
    ]
}

#[test]
fn d3_every_pair_of_awkward_columns_compares_without_nan() {
    for (name, baseline) in columns() {
        for (other, current) in columns() {
            let told = compare(&[numbers("x", &baseline)], &[numbers("x", &current)]);
            let json = serde_json::to_string(&told).unwrap();
            assert_eq!(serde_json::from_str::<Comparison>(&json).unwrap(), told, "{name} against {other}");
            let column = &told.columns[0];
            let empty = [name, other].iter().any(|side| ["all null", "no rows", "infinite"].contains(side));
            assert_eq!(column.status == Status::NoValues, empty, "{name} against {other}");
            assert_eq!(column.psi.is_none(), empty, "{name} against {other}");
            assert!([column.psi, column.ks, column.chi2, column.p].iter().flatten().all(|x| x.is_finite()));
        }
    }
}

#[test]
fn d3_every_awkward_column_can_be_watched() {
    for (name, baseline) in columns() {
        for (other, current) in columns() {
            let frozen = freeze(&[numbers("x", &baseline)], None);
            let json = serde_json::to_string(&frozen).unwrap();
            assert_eq!(serde_json::from_str::<Baseline>(&json).unwrap(), frozen, "{name}");
            let mut counter = Counter::new(&frozen);
            counter.numbers(0, current.iter().copied());
            let window = counter.take();
            let told = distances(&frozen.columns[0], &window.columns[0]);
            assert!(
                [told.psi, told.ks, told.wasserstein, told.hellinger].iter().flatten().all(|x| x.is_finite())
            );
            let mut monitor = Monitor::new(&frozen, Rule::default());
            for hour in 0..3 {
                let step = monitor.step(Timestamp::from_ms(hour * 3_600_000), &window).unwrap();
                let allowed = [
                    "evidence_log",
                    "psi",
                    "psi_adjusted",
                    "p_adjusted",
                    "null_rate",
                    "out_of_range",
                    "new_values",
                    "closed_at",
                    "min",
                    "max",
                ];
                let found = finite_numbers(&serde_json::to_value(&step).unwrap(), "", &allowed);
                assert!(found >= 3, "{name} against {other}");
                for alert in &step.opened {
                    let text = words::alert_sentence(&frozen.columns[0], alert);
                    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
                }
            }
            let state = serde_json::to_string(monitor.state()).unwrap();
            assert_eq!(
                &serde_json::from_str::<flightdeck_drift::MonitorState>(&state).unwrap(),
                monitor.state()
            );
        }
    }
}

#[test]
fn d3_a_constant_that_stays_is_quiet_and_one_that_moves_is_drift() {
    let (five, three) = (vec![5.0; 200], vec![3.0; 200]);
    let stays = compare(&[numbers("x", &five)], &[numbers("x", &five)]);
    assert_eq!((stays.columns[0].verdict, stays.columns[0].p), (ComparisonVerdict::None, Some(1.0)));
    let moves = compare(&[numbers("x", &five)], &[numbers("x", &three)]);
    assert_eq!(moves.drifted, ["x"]);
}

#[test]
fn columns_of_one_table_only_and_changed_types_are_said() {
    let (values, texts) = (vec![1.0; 50], Texts::of((0..50).map(|_| Some("a"))));
    let told = compare(
        &[numbers("gone", &values), numbers("x", &values)],
        &[texts.sample("x"), texts.sample("new")],
    );
    let codes: Vec<_> = told.columns.iter().map(|c| (c.name.as_str(), c.findings[0].code.as_str())).collect();
    assert_eq!(codes, [("gone", "column-missing"), ("x", "type-changed"), ("new", "column-added")]);
    assert_eq!(told.columns[0].status, Status::NoValues);
    let nothing: &[Sample<'_>] = &[];
    assert_eq!(compare(nothing, nothing).columns, []);
}

#[test]
fn counts_at_the_end_of_the_number_range_do_not_overflow() {
    let values: Vec<f64> = (0..200).map(f64::from).collect();
    let texts = Texts::of((0..200).map(|i| Some(["a", "b"][i % 2])));
    let frozen = freeze(&[numbers("x", &values), texts.sample("y")], None);
    let mut window = Counter::new(&frozen).take();
    for column in &mut window.columns {
        column.counts.fill(u64::MAX);
        (column.nulls, column.type_errors) = (u64::MAX, u64::MAX);
    }
    let other = window.clone();
    window.merge(&other).unwrap();
    let mut monitor = Monitor::new(&frozen, Rule::default());
    for hour in 0..12 {
        let step = monitor.step(Timestamp::from_ms(hour * 3_600_000), &window).unwrap();
        assert!(step.features.iter().all(|f| f.evidence_log.is_some_and(f64::is_finite)));
    }
    assert!(distances(&frozen.columns[0], &window.columns[0]).psi.is_some_and(f64::is_finite));
}

#[test]
fn d3_the_order_of_both_zeros_leaves_no_trace() {
    let frozen = freeze(&[numbers("x", &[0.0; 50])], None);
    let [first, second] = [[0.0, -0.0], [-0.0, 0.0]].map(|zeros| {
        let mut counter = Counter::new(&frozen);
        counter.number(0, zeros[0]);
        counter.numbers(0, [zeros[1]]);
        counter.take().encode()
    });
    assert_eq!(first, second);
}

#[test]
fn few_rows_are_shown_and_not_judged() {
    let (many, few) = (vec![1.0; 200], vec![9.0; 29]);
    let told = compare(&[numbers("x", &many)], &[numbers("x", &few)]);
    let column = &told.columns[0];
    assert_eq!((column.status, column.verdict), (Status::TooFew, ComparisonVerdict::NotEnoughData));
    assert_eq!((column.p_adjusted, column.ks), (None, Some(1.0)));
}
