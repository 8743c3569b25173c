//! What an alert does from its first step to its last, and what a person reads.

use crate::support::{Random, Texts, numbers};
use flightdeck_core::Timestamp;
use flightdeck_drift::{
    Baseline, Counter, Monitor, MonitorState, Rule, Severity, Step, StepError, Verdict, WindowCounts, freeze,
    words,
};

/// Traffic of two columns, hour by hour.
struct Traffic {
    baseline: Baseline,
    counter: Counter,
    monitor: Monitor,
    random: Random,
    hour: i64,
    rows: usize,
}

/// How a step differs from the baseline.
#[derive(Clone, Copy, Default)]
struct Change {
    shift: f64,
    null_share: f64,
    violet_share: f64,
}

impl Traffic {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let ages: Vec<f64> = (0..4_000).map(|_| 40.0 + 10.0 * random.normal()).collect();
        let colours = Texts::of((0..4_000).map(|i| Some(["red", "green", "blue", "blue"][i % 4])));
        let baseline = freeze(&[numbers("age", &ages), colours.sample("colour")], None);
        let (counter, monitor) = (Counter::new(&baseline), Monitor::new(&baseline, Rule::default()));
        Self { baseline, counter, monitor, random, hour: 0, rows: 200 }
    }

    fn window(&mut self, change: Change) -> WindowCounts {
        for _ in 0..self.rows {
            if self.random.uniform() < change.null_share {
                self.counter.null(0);
            } else {
                self.counter.number(0, 40.0 + 10.0 * (self.random.normal() + change.shift));
            }
            let colour = ["red", "green", "blue", "blue"][(self.random.uniform() * 4.0) as usize % 4];
            let violet = self.random.uniform() < change.violet_share;
            self.counter.value(1, if violet { "violet" } else { colour });
        }
        self.counter.answered(self.rows as u64, 900);
        self.counter.take()
    }

    fn step(&mut self, change: Change) -> Step {
        let window = self.window(change);
        self.hour += 1;
        self.monitor.step(at(self.hour), &window).unwrap()
    }

    fn quiet(&mut self, steps: usize) {
        for _ in 0..steps {
            assert_eq!(self.step(Change::default()).opened, []);
        }
    }
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_ms(hour * 3_600_000)
}

#[test]
fn an_alert_opens_once_rises_once_and_closes_when_traffic_is_as_before() {
    let mut traffic = Traffic::new(31);
    traffic.quiet(30);
    let moderate = Change { shift: 0.4, ..Change::default() };
    let opened = (0..30).find_map(|_| traffic.step(moderate).opened.pop()).unwrap();
    assert_eq!((opened.feature.as_str(), opened.escalated), ("age", false));
    assert!(
        opened.severity <= Severity::Moderate && opened.since <= opened.opened_at && opened.rows() >= 200
    );
    let raised: Vec<_> = (0..30).flat_map(|_| traffic.step(moderate).opened).collect();
    assert!(raised.iter().all(|alert| alert.escalated && alert.severity > opened.severity), "{raised:?}");

    let raised: Vec<_> =
        (0..10).flat_map(|_| traffic.step(Change { shift: 2.0, ..moderate }).opened).collect();
    assert_eq!(raised.len(), 1);
    assert_eq!(
        (raised[0].severity, raised[0].escalated, raised[0].opened_at),
        (Severity::Large, true, opened.opened_at)
    );
    let verdict = traffic.step(Change { shift: 2.0, ..moderate }).features.remove(0);
    assert_eq!((verdict.verdict, verdict.severity), (Verdict::Alert, Severity::Large));

    let closed: Vec<Step> = (0..12).map(|_| traffic.step(Change::default())).collect();
    let first = closed.iter().position(|step| !step.closed.is_empty()).unwrap();
    assert!(first >= 2, "three quiet steps are needed");
    assert_eq!(closed[first].closed[0].closed_at, Some(closed[first].start));
    assert!(
        closed[first..]
            .iter()
            .all(|step| step.features[0].verdict != Verdict::Alert && step.opened.is_empty())
    );
}

#[test]
fn on_quiet_endpoints_an_alert_closes_when_two_hundred_rows_have_come() {
    let mut traffic = Traffic::new(42);
    traffic.rows = 25;
    traffic.quiet(12);
    let shifted = Change { shift: 2.0, ..Change::default() };
    assert!((0..10).any(|_| !traffic.step(shifted).opened.is_empty()));
    let closed = (1..=40).find(|_| !traffic.step(Change::default()).closed.is_empty()).unwrap();
    assert!(closed >= 8, "closed after {closed} steps of 25 rows");
}

#[test]
fn a_column_that_becomes_all_null_alarms() {
    let mut traffic = Traffic::new(32);
    traffic.quiet(12);
    let all_null = Change { null_share: 1.0, ..Change::default() };
    let opened: Vec<_> = (0..3).flat_map(|_| traffic.step(all_null).opened).collect();
    assert_eq!(opened.len(), 1);
    assert_eq!((opened[0].feature.as_str(), opened[0].severity), ("age", Severity::Large));
    let verdict = traffic.step(all_null).features.remove(0);
    assert_eq!((verdict.null_rate, verdict.psi, verdict.out_of_range), (Some(1.0), None, None));
    let text = words::alert_sentence(&traffic.baseline.columns[0], &opened[0]);
    assert_eq!(text, "age: Missing values rose from 0 % to 100 %. Since 1970-01-01 13:00 UTC, in 200 rows.");
}

#[test]
fn new_values_alarm() {
    let mut traffic = Traffic::new(33);
    traffic.quiet(12);
    let opened: Vec<_> = (0..4)
        .flat_map(|_| traffic.step(Change { violet_share: 0.12, ..Change::default() }).opened)
        .collect();
    assert_eq!(opened[0].feature, "colour");
    let text = words::alert_sentence(&traffic.baseline.columns[1], &opened[0]);
    assert!(text.starts_with("colour: New values make up 1"), "{text}");
}

#[test]
fn a_resumed_monitor_goes_on_as_if_nothing_had_happened() {
    let mut traffic = Traffic::new(34);
    traffic.quiet(25);
    traffic.step(Change { shift: 0.3, ..Change::default() });
    let json = serde_json::to_string(traffic.monitor.state()).unwrap();
    let state: MonitorState = serde_json::from_str(&json).unwrap();
    let mut resumed = Monitor::resume(&traffic.baseline, Rule::default(), state.clone()).unwrap();
    for _ in 0..20 {
        let window = traffic.window(Change { shift: 0.3, ..Change::default() });
        traffic.hour += 1;
        let preview = resumed.preview(at(traffic.hour), &window).unwrap();
        let step = traffic.monitor.step(at(traffic.hour), &window).unwrap();
        assert_eq!(preview, step);
        assert_eq!(resumed.step(at(traffic.hour), &window).unwrap(), step);
    }
    assert_eq!(resumed.state(), traffic.monitor.state());
    let other = Traffic::new(35).baseline;
    assert!(Monitor::resume(&other, Rule::default(), state).is_none());
}

#[test]
fn steps_out_of_order_and_on_other_edges_change_nothing() {
    let mut traffic = Traffic::new(36);
    traffic.quiet(2);
    let before = traffic.monitor.state().clone();
    let window = traffic.window(Change::default());
    let late = traffic.monitor.step(at(2), &window).unwrap_err();
    assert_eq!(late, StepError::Late { start: at(2), last: at(2) });
    let other = WindowCounts::empty(&Traffic::new(37).baseline);
    assert!(matches!(traffic.monitor.step(at(9), &other), Err(StepError::EdgeSet(_))));
    assert_eq!(traffic.monitor.state(), &before);
}

#[test]
fn empty_steps_say_so_and_weigh_nothing() {
    let mut traffic = Traffic::new(38);
    traffic.quiet(3);
    let before = traffic.step(Change::default());
    let empty = WindowCounts::empty(&traffic.baseline);
    let after = traffic.monitor.step(at(100), &empty).unwrap();
    for (before, after) in before.features.iter().zip(&after.features) {
        assert_eq!((after.verdict, after.psi, after.null_rate), (Verdict::NotEnoughData, None, None));
        assert_eq!(after.evidence_log, before.evidence_log);
    }
}

#[test]
fn phi_is_provisional_until_ten_quiet_steps() {
    let mut traffic = Traffic::new(39);
    for step in 1..=12 {
        let told = traffic.step(Change::default()).features.remove(0);
        assert_eq!(told.phi_provisional, step < 10, "step {step}");
        assert!(told.phi >= if step < 10 { 2.0 } else { 1.0 });
    }
}

#[test]
fn one_unusual_step_is_watched_and_not_alerted_when_the_bar_is_high() {
    let mut traffic = Traffic::new(40);
    traffic.monitor = Monitor::new(&traffic.baseline, Rule { days: 1e12, ..Rule::default() });
    traffic.quiet(12);
    let step = traffic.step(Change { shift: 0.6, ..Change::default() });
    assert_eq!(step.features.iter().map(|f| f.verdict).collect::<Vec<_>>(), [Verdict::Watch, Verdict::None]);
    assert!(step.features[0].psi_adjusted.unwrap() >= 0.1 && step.features[0].p_adjusted.unwrap() < 0.05);
}

#[test]
fn the_threshold_follows_from_days_steps_and_features() {
    let hourly = Rule::default();
    assert!((hourly.threshold_log(20) - (20.0_f64 * 2_160.0).ln()).abs() < 1e-12);
    let quarter = Rule { step_seconds: 900, ..hourly };
    assert!((quarter.threshold_log(1) - 8_640.0_f64.ln()).abs() < 1e-12);
}

#[test]
fn what_changed_is_told_in_sentences() {
    let mut traffic = Traffic::new(41);
    let mut told = |change: Change, column: usize| {
        let window = traffic.window(change);
        words::sentence(&traffic.baseline.columns[column], &window.columns[column])
    };
    assert_eq!(told(Change::default(), 0), None);
    let moved = told(Change { shift: 4.2, ..Change::default() }, 0).unwrap();
    assert!(moved.starts_with("Typical value moved from 40") && moved.contains("to 8"), "{moved}");
    assert!(moved.contains(" % of rows lie outside the range seen in training."), "{moved}");
    let nulls = told(Change { null_share: 0.34, ..Change::default() }, 0).unwrap();
    assert!(nulls.contains("Missing values rose from 0 % to 3"), "{nulls}");
    let violet = told(Change { violet_share: 1.0, ..Change::default() }, 1).unwrap();
    assert_eq!(violet, "New values make up 100 % of rows. The share of \"blue\" fell from 50 % to 0 %.");
}
