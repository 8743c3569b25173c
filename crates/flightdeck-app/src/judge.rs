//! Running the decision rule over the windows that have arrived, step by step, and keeping what it says.
//!
//! The rule itself is `flightdeck-drift`'s, a pure function of counts; here it gets its counts and its state. A step is
//! judged once, when a later one has begun (or, for traffic at wall-clock time, when it is over): windows that arrive
//! after that are counted in the history and no longer judged.

use crate::{App, Result, pull};
use flightdeck_core::{Digest, Name, Timestamp, VersionRole};
use flightdeck_drift::{
    Alert, Baseline, FeatureVerdict, Monitor, MonitorState, Rule, Severity, Step, Verdict, WindowCounts,
};
use flightdeck_sqlite::{Act, Connection};
use flightdeck_store::alert::{self, AlertRecord};
use flightdeck_store::endpoint::EndpointRecord;
use flightdeck_store::monitor::{self, VerdictRecord, Watched};
use flightdeck_store::window::{self, Range, WindowRecord};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How long after its end a step at wall-clock time waits for its last window, in seconds.
const GRACE_SECONDS: i64 = 120;
/// Steps judged in one transaction.
const STEPS_AT_ONCE: usize = 200;

/// What the rule said of one feature at one step, small enough to keep for ever.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mark(
    pub(crate) Verdict,
    pub(crate) Severity,
    pub(crate) Option<f32>,
    pub(crate) Option<f32>,
);

impl Mark {
    fn of(verdict: &FeatureVerdict) -> Self {
        let small = |value: Option<f64>| value.map(|value| value as f32).filter(|value| value.is_finite());
        Self(verdict.verdict, verdict.severity, small(verdict.evidence_log), small(verdict.psi_adjusted))
    }

    /// Natural logarithm of the evidence after the step.
    pub(crate) const fn evidence_log(&self) -> Option<f32> {
        self.2
    }
}

/// One step's windows, added.
struct Counted {
    start: Timestamp,
    /// After the last window in it.
    end: Timestamp,
    counts: WindowCounts,
}

impl App {
    /// Judges what can be judged at the endpoints of a runner; with `all`, also the step that is still being counted.
    pub(crate) fn judge_all(&self, runner: &Name, all: bool) -> Result<()> {
        for record in self.endpoints_on(runner)? {
            let Some(baseline) = self.baseline(&record.digest)? else { continue };
            while self.judge(&record, &baseline, all)? == STEPS_AT_ONCE {}
        }
        Ok(())
    }

    /// Judges at most so many steps and answers how many. State, verdicts and alerts are one transaction.
    fn judge(&self, record: &EndpointRecord, baseline: &Baseline, all: bool) -> Result<usize> {
        let now = self.now();
        // Most looks find nothing to do: that is seen without taking the write lock.
        if self.inner.history.read(|c| ready(c, record, all, now))?.is_empty() {
            return Ok(0);
        }
        self.inner.history.record(|act| {
            let steps = ready(act, record, all, now)?;
            let of = watched(record);
            let mut monitor = resume(act, record, baseline)?;
            let mut next = Timestamp::from_ms(i64::MIN);
            for counted in steps.iter().take(STEPS_AT_ONCE) {
                // A step of another edge set, or one out of order, cannot be judged and is left to the history.
                if let Ok(step) = monitor.step(counted.start, &counted.counts) {
                    keep(act, record, baseline, &step, counted.counts.rows)?;
                }
                next = counted.end;
            }
            if !steps.is_empty() {
                let state = serde_json::to_vec(monitor.state()).unwrap_or_default();
                monitor::put_state(act, of, next, &state)?;
            }
            Ok(steps.len().min(STEPS_AT_ONCE))
        })
    }

    /// What the step that is still being counted would say; between steps, how the rule stands.
    pub(crate) fn preview(&self, record: &EndpointRecord, baseline: &Baseline) -> Result<Option<Step>> {
        self.inner.history.read(|connection| {
            let monitor = resume(connection, record, baseline)?;
            let counting = pending(connection, record)?.pop();
            let (start, counts) = match counting {
                Some(last) => (last.start, last.counts),
                None => (self.now(), WindowCounts::empty(baseline)),
            };
            Ok(monitor.preview(start, &counts).ok())
        })
    }

    /// The rule of an endpoint.
    pub(crate) fn rule(record: &EndpointRecord) -> Rule {
        Rule { step_seconds: record.step_seconds, ..Rule::default() }
    }
}

/// A version at an endpoint, as the tables know it.
pub(crate) const fn watched(record: &EndpointRecord) -> Watched<'_> {
    Watched { runner: &record.runner, endpoint: &record.endpoint, version: &record.digest }
}

fn resume(connection: &Connection, record: &EndpointRecord, baseline: &Baseline) -> Result<Monitor> {
    let rule = App::rule(record);
    let state = monitor::state(connection, watched(record))?;
    let state = state.and_then(|(_, state)| serde_json::from_slice::<MonitorState>(&state).ok());
    let resumed = state.and_then(|state| Monitor::resume(baseline, rule, state));
    Ok(resumed.unwrap_or_else(|| Monitor::new(baseline, rule)))
}

/// Steps that are over and were not judged.
fn ready(
    connection: &Connection,
    record: &EndpointRecord,
    all: bool,
    now: Timestamp,
) -> Result<Vec<Counted>> {
    let mut steps = pending(connection, record)?;
    let Some(last) = steps.pop() else { return Ok(steps) };
    let over =
        last.start.floor(record.step_seconds).plus_seconds(i64::from(record.step_seconds) + GRACE_SECONDS);
    if all || (!record.replay && now >= over) {
        steps.push(last);
    }
    Ok(steps)
}

/// Steps that were not judged, each with its windows added, in the order of time.
fn pending(connection: &Connection, record: &EndpointRecord) -> Result<Vec<Counted>> {
    let from =
        monitor::state(connection, watched(record))?.map_or(Timestamp::from_ms(i64::MIN), |(next, _)| next);
    let range = Range {
        runner: &record.runner,
        endpoint: &record.endpoint,
        version: &record.digest,
        from,
        to: Timestamp::from_ms(i64::MAX),
    };
    let mut steps: Vec<Counted> = Vec::new();
    for window in window::range(connection, &range)?.iter().filter(|window| answers(window)) {
        let counts = pull::decode(&window.counts)?;
        let end = window.key.start.plus_seconds(i64::from(window.key.resolution.seconds()));
        let step = window.key.start.floor(record.step_seconds);
        match steps.last_mut().filter(|last| last.start.floor(record.step_seconds) == step) {
            Some(last) => {
                // Counts on other edges are another baseline's: they are not judged by this one.
                if last.counts.merge(&counts).is_ok() {
                    last.end = last.end.max(end);
                }
            }
            None => steps.push(Counted { start: window.key.start, end, counts }),
        }
    }
    Ok(steps)
}

/// Whether its rows were answered: what a shadow saw is not the endpoint's traffic twice.
fn answers(window: &WindowRecord) -> bool {
    window.key.role != VersionRole::Shadow && window.key.slice.is_none()
}

fn keep(act: &Act<'_>, record: &EndpointRecord, baseline: &Baseline, step: &Step, rows: u64) -> Result<()> {
    let of = watched(record);
    let marks: Vec<Mark> = step.features.iter().map(Mark::of).collect();
    let document = serde_json::to_vec(&marks).unwrap_or_default();
    monitor::add_verdict(act, of, &VerdictRecord { start: step.start, rows, document })?;
    for closed in &step.closed {
        alert::close(act, of, &closed.feature, closed.closed_at.unwrap_or(step.start))?;
    }
    for opened in &step.opened {
        alert::open(act, &alert_record(record, baseline, opened))?;
    }
    Ok(())
}

fn alert_record(record: &EndpointRecord, baseline: &Baseline, opened: &Alert) -> AlertRecord {
    let sentence = baseline.column(&opened.feature).map_or_else(
        || opened.feature.clone(),
        |(_, column)| flightdeck_drift::words::alert_sentence(column, opened),
    );
    AlertRecord {
        id: alert_id(record, opened),
        runner: record.runner.clone(),
        endpoint: record.endpoint.clone(),
        version: record.digest,
        feature: opened.feature.clone(),
        severity: severity_word(opened.severity).into(),
        opened_at: opened.opened_at,
        closed_at: None,
        sentence,
        action: "none".into(),
    }
}

/// The same alert has the same id on every computer that judges the same counts.
fn alert_id(record: &EndpointRecord, opened: &Alert) -> String {
    let mut hash = Sha256::new();
    for part in
        [record.runner.as_str(), record.endpoint.as_str(), &record.digest.to_string(), &opened.feature]
    {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.update(opened.opened_at.as_ms().to_le_bytes());
    Digest::from_bytes(hash.finalize().into()).hex()[..16].to_owned()
}

pub(crate) const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::None => "none",
        Severity::Small => "small",
        Severity::Moderate => "moderate",
        Severity::Large => "large",
    }
}

pub(crate) const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Alert => "alert",
        Verdict::Watch => "watch",
        Verdict::None => "none",
        Verdict::NotEnoughData => "not_enough_data",
    }
}
