//! The promise about false alarms, against simulated months.

use crate::support::{Random, numbers};
use flightdeck_core::Timestamp;
use flightdeck_drift::{
    Baseline, Counter, Indicators, Monitor, Phi, Rule, Sample, Series, WindowCounts, compare, freeze,
};

const HOUR_MS: i64 = 3_600_000;

/// Steps until the first alert.
fn first_alert(
    monitor: &mut Monitor,
    from: i64,
    windows: impl Iterator<Item = WindowCounts>,
) -> Option<usize> {
    let mut hour = from;
    windows
        .map(|window| {
            hour += 1;
            monitor.step(Timestamp::from_ms(hour * HOUR_MS), &window).unwrap()
        })
        .position(|step| !step.opened.is_empty())
}

fn window(counter: &mut Counter, columns: &[Vec<f64>]) -> WindowCounts {
    columns.iter().enumerate().for_each(|(column, values)| counter.numbers(column, values.iter().copied()));
    counter.take()
}

#[test]
fn two_thousand_quiet_steps_raise_nothing_and_a_shift_is_found_at_once() {
    const ROWS: usize = 150;
    let mut random = Random(11);
    let (a, b, c) = (random.normals(5_000), random.normals(5_000), random.normals(5_000));
    let baseline = freeze(&[numbers("a", &a), numbers("b", &b), numbers("c", &c)], None);
    let mut counter = Counter::new(&baseline);
    let mut monitor = Monitor::new(&baseline, Rule::default());
    let mut quiet = |shift: f64| {
        let mut columns: Vec<Vec<f64>> = (0..3).map(|_| random.normals(ROWS)).collect();
        columns[1].iter_mut().for_each(|value| *value += shift);
        window(&mut counter, &columns)
    };
    assert_eq!(first_alert(&mut monitor, 0, (0..2_000).map(|_| quiet(0.0))), None);
    assert!(monitor.open_alerts().next().is_none());

    let mut small = monitor.clone();
    let found = first_alert(&mut small, 2_000, (0..40).map(|_| quiet(0.5))).unwrap();
    assert!(found < 12, "half a deviation after {found} steps");
    let found = first_alert(&mut monitor, 2_000, (0..10).map(|_| quiet(1.0))).unwrap();
    assert!(found < 3, "one deviation after {found} steps");
    let alert = monitor.open_alerts().next().unwrap();
    assert_eq!(alert.feature, "b");
}

#[test]
fn a_shift_from_the_first_step_is_found_while_phi_is_provisional() {
    let mut random = Random(12);
    let values = random.normals(5_000);
    let baseline = freeze(&[numbers("a", &values)], None);
    let (mut counter, mut monitor) = (Counter::new(&baseline), Monitor::new(&baseline, Rule::default()));
    let mut shifted = || window(&mut counter, &[random.normals(200).into_iter().map(|x| x + 1.0).collect()]);
    assert!(first_alert(&mut monitor, 0, (0..5).map(|_| shifted())).is_some_and(|steps| steps < 3));
}

/// Hourly rows around a level that wanders like weather: a remembered part of .98 an hour, a memory of two days.
struct Weather {
    random: Random,
    level: f64,
}

impl Weather {
    const ROWS: usize = 20;

    fn hour(&mut self) -> Vec<f64> {
        let (keep, noise) = (0.98_f64, (1.0 - 0.98_f64 * 0.98).sqrt());
        self.level = keep * self.level + noise * self.random.normal();
        (0..Self::ROWS).map(|_| 0.7 * self.level + self.random.normal()).collect()
    }
}

/// What comparing single windows alone would give.
fn plain_phi(baseline: &Baseline, hours: &[Vec<f64>]) -> f64 {
    let indicators = Indicators::of(&baseline.columns[0]);
    let (mut series, mut counter) = (Series::default(), Counter::new(baseline));
    for hour in hours {
        series.push(&indicators.shares(&window(&mut counter, std::slice::from_ref(hour)).columns[0]));
    }
    assert_eq!(series.phi().map(f64::to_bits), baseline.columns[0].phi[0].value.to_bits().into());
    series.phi_of_blocks(0).unwrap()
}

#[test]
fn correlated_traffic_stays_silent_for_ninety_days_and_would_not_with_phi_of_single_windows() {
    const HOURS: usize = 90 * 24;
    let mut weather = Weather { random: Random(21), level: 0.0 };
    let history: Vec<Vec<f64>> = (0..HOURS).map(|_| weather.hour()).collect();
    let rows: Vec<f64> = history.iter().flatten().copied().collect();
    let times: Vec<i64> = (0..rows.len()).map(|row| (row / Weather::ROWS) as i64 * HOUR_MS).collect();
    let baseline = freeze(&[numbers("temperature", &rows)], Some(&times));
    let phi = baseline.columns[0].phi[0];
    assert_eq!((phi.step_seconds, phi.windows), (3_600, HOURS as u64));

    let mut counter = Counter::new(&baseline);
    let traffic: Vec<WindowCounts> = (0..HOURS).map(|_| window(&mut counter, &[weather.hour()])).collect();
    let mut monitor = Monitor::new(&baseline, Rule::default());
    assert_eq!(first_alert(&mut monitor, 0, traffic.iter().cloned()), None, "φ = {}", phi.value);

    let mut plain = baseline.clone();
    plain.columns[0].phi = vec![Phi { value: plain_phi(&baseline, &history), ..phi }];
    assert!(plain.columns[0].phi[0].value < phi.value / 4.0);
    let mut monitor = Monitor::new(&plain, Rule::default());
    assert!(first_alert(&mut monitor, 0, traffic.into_iter()).is_some());

    // A real change is still found: weather three deviations warmer, for good.
    let mut monitor = Monitor::new(&baseline, Rule::default());
    let warmer =
        (0..240).map(|_| window(&mut counter, &[weather.hour().into_iter().map(|x| x + 3.0).collect()]));
    assert!(first_alert(&mut monitor, 0, warmer).is_some());
}

#[test]
fn undrifted_tables_compare_as_such_even_when_one_is_small() {
    let mut random = Random(51);
    let names: Vec<String> = (0..20).map(|i| format!("f{i}")).collect();
    let baseline: Vec<Vec<f64>> = (0..20).map(|_| random.normals(5_000)).collect();
    let baseline: Vec<Sample<'_>> =
        names.iter().zip(&baseline).map(|(name, values)| numbers(name, values)).collect();
    let drifted = (0..60).filter(|_| {
        let current: Vec<Vec<f64>> = (0..20).map(|_| random.normals(100)).collect();
        let current: Vec<Sample<'_>> =
            names.iter().zip(&current).map(|(name, values)| numbers(name, values)).collect();
        !compare(&baseline, &current).drifted.is_empty()
    });
    // Five in a hundred are promised; with a lone value out of range taken at its word it would be seventeen.
    let drifted = drifted.count();
    assert!(drifted <= 7, "{drifted} of 60");
}

#[test]
fn shuffled_rows_tell_nothing_about_windows() {
    let values = Random(3).normals(1_000);
    let times: Vec<i64> = (0..1_000).map(|i| (i * 7_919 % 1_000) * HOUR_MS).collect();
    assert_eq!(freeze(&[numbers("x", &values)], Some(&times)).columns[0].phi, []);
    let missing: Vec<i64> = (0..1_000).map(|i| if i == 0 { i64::MIN } else { i * HOUR_MS }).collect();
    assert_eq!(freeze(&[numbers("x", &values)], Some(&missing)).columns[0].phi, []);
}
