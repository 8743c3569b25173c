//! One watched feature: its bets, its evidence, how much its traffic varies by itself, and its alert.
//!
//! The steps of all features together, and what needs all of them, are in `monitor`.

use crate::alert::Alert;
use crate::baseline::ColumnBaseline;
use crate::counts::ColumnCounts;
use crate::indicators::Indicators;
use crate::phi::Series;
use crate::rule::Rule;
use crate::sequential::{Bet, Null, log_m, log_mean_exp, update};
use crate::severity::{Severity, severity_of};
use flightdeck_core::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Quiet steps that an endpoint's own φ needs.
const FEWEST_QUIET: u64 = 10;
/// After so many quiet steps φ stays: drift that comes later must not make itself normal.
const MOST_QUIET: u64 = 320;
/// φ until there are enough quiet steps.
const PROVISIONAL_PHI: f64 = 2.0;
/// An alert closes when so many of the last steps …
const CLOSING_STEPS: usize = 3;
/// … with so many rows together lie inside the null.
const CLOSING_ROWS: u64 = 200;
/// Steps that are remembered for it, on endpoints with few rows.
const REMEMBERED_STEPS: usize = 64;
/// Evidence is not told below this: e^-700 is close to the smallest double.
const LEAST_EVIDENCE_LOG: f64 = -700.0;

/// What stays the same: the questions and the bets on their answers.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) indicators: Indicators,
    nulls: Vec<Null>,
    bets: Vec<Vec<Bet>>,
    phi: Option<f64>,
}

/// What changes from step to step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Watched {
    /// `ln(1+M)` of every bet.
    states: Vec<f64>,
    /// The logarithm of their mean M after the last step with rows.
    pub(crate) evidence_log: Option<f64>,
    pub(crate) phi: f64,
    /// Whether φ still waits for quiet steps.
    pub(crate) provisional: bool,
    /// Quiet steps, while φ is learnt from them.
    learning: Option<Series>,
    /// What the last steps answered, newest last.
    recent: VecDeque<Vec<(u64, u64)>>,
    /// What was counted since evidence has stood above 1: a run long enough to tell how large a move is.
    run: Option<ColumnCounts>,
    /// Since when evidence has been gaining: what an alert speaks of.
    rising: Option<Rising>,
    pub(crate) open: Option<Alert>,
}

/// The steps since traffic turned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rising {
    since: Timestamp,
    /// What the steps since then have gained, in logarithms; above 0.
    gain: f64,
    counts: ColumnCounts,
}

impl Plan {
    pub(crate) fn of(column: &ColumnBaseline, rule: &Rule) -> Self {
        let indicators = Indicators::of(column);
        let nulls: Vec<Null> = indicators.iter().map(|i| Null::of(i.k, i.n, rule.tolerance())).collect();
        let bets = nulls.iter().map(Null::bets).collect();
        let phi = column.phi.iter().find(|phi| phi.step_seconds == rule.step_seconds).map(|phi| phi.value);
        Self { indicators, nulls, bets, phi }
    }

    fn bets(&self) -> usize {
        self.bets.iter().map(Vec::len).sum()
    }

    /// Whether the last steps, as few as are needed, lie inside the null together.
    fn is_quiet(&self, recent: &VecDeque<Vec<(u64, u64)>>) -> bool {
        let mut sums = vec![(0_u64, 0_u64); self.nulls.len()];
        for (steps, shares) in recent.iter().rev().enumerate() {
            for (sum, share) in sums.iter_mut().zip(shares) {
                *sum = (sum.0.saturating_add(share.0), sum.1.saturating_add(share.1));
            }
            if steps + 1 >= CLOSING_STEPS && rows(&sums) >= CLOSING_ROWS {
                return self.nulls.iter().zip(&sums).all(|(null, (k, n))| null.holds(*k, *n));
            }
        }
        false
    }
}

impl Watched {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            states: vec![0.0; plan.bets()],
            evidence_log: None,
            phi: plan.phi.unwrap_or(PROVISIONAL_PHI),
            provisional: plan.phi.is_none(),
            learning: plan.phi.is_none().then(|| Series::up_to(MOST_QUIET)),
            recent: VecDeque::new(),
            run: None,
            rising: None,
            open: None,
        }
    }

    /// Whether this state can belong to that plan.
    pub(crate) fn fits(&self, plan: &Plan) -> bool {
        let finite = |state: &f64| state.is_finite() && *state >= 0.0;
        let shaped = self.recent.iter().all(|shares| shares.len() == plan.nulls.len());
        self.states.len() == plan.bets() && self.states.iter().all(finite) && self.phi >= 1.0 && shaped
    }

    /// Takes the answers of a step into the evidence.
    pub(crate) fn weigh(&mut self, plan: &Plan, shares: Vec<(u64, u64)>) {
        let mut logs = Vec::with_capacity(self.states.len());
        let mut states = self.states.iter_mut();
        for (bets, (k, n)) in plan.bets.iter().zip(&shares) {
            for (bet, state) in bets.iter().zip(states.by_ref()) {
                // A step without this question is no step: the bet waits.
                logs.push(if *n == 0 { log_m(*state) } else { update(state, bet.log_e(*k, *n) / self.phi) });
            }
        }
        self.evidence_log = Some(log_mean_exp(&logs).max(LEAST_EVIDENCE_LOG));
        self.recent.push_back(shares);
        while self.recent.len() > REMEMBERED_STEPS || newer_suffice(&self.recent) {
            self.recent.pop_front();
        }
    }

    /// Whether any bet stands; none does at the start and after an alert.
    pub(crate) fn has_evidence(&self) -> bool {
        self.states.iter().any(|state| *state > 0.0)
    }

    /// Remembers since when evidence has been gaining: a CUSUM of the e-values that all bets together make, which lies at
    /// 0 while traffic is quiet. M itself would not tell, since it grows with every quiet step as well.
    pub(crate) fn gather(&mut self, start: Timestamp, counts: &ColumnCounts, before: Option<f64>) {
        let stands = self.evidence_log.is_some_and(|log| log > 0.0);
        match &mut self.run {
            Some(run) if stands => run.merge(counts),
            run => *run = stands.then(|| counts.clone()),
        }
        let expected = before.map_or(0.0, |log_m| log_mean_exp(&[0.0, log_m]) + std::f64::consts::LN_2);
        let step = self.evidence_log.unwrap_or(LEAST_EVIDENCE_LOG) - expected;
        let gain = self.rising.as_ref().map_or(0.0, |rising| rising.gain) + step;
        match &mut self.rising {
            Some(rising) if gain > 0.0 => {
                rising.gain = gain;
                rising.counts.merge(counts);
            }
            rising => *rising = (gain > 0.0).then(|| Rising { since: start, gain, counts: counts.clone() }),
        }
    }

    /// Learns from a quiet step how much traffic varies by itself. φ is told anew when the quiet steps have doubled.
    pub(crate) fn learn(&mut self, shares: &[(u64, u64)]) {
        let Some(series) = &mut self.learning else { return };
        series.push(shares);
        let steps = series.windows();
        if steps < FEWEST_QUIET {
            self.phi = series.early_phi().unwrap_or(PROVISIONAL_PHI).max(PROVISIONAL_PHI);
        } else if steps.is_multiple_of(FEWEST_QUIET) && (steps / FEWEST_QUIET).is_power_of_two() {
            self.phi = series.phi().unwrap_or(PROVISIONAL_PHI);
            self.provisional = false;
        }
        if steps >= MOST_QUIET {
            self.learning = None;
        }
    }

    /// Closes the alert when traffic lies inside the null again; gives the closed one.
    pub(crate) fn close(&mut self, plan: &Plan, start: Timestamp) -> Option<Alert> {
        if self.open.is_none() || !plan.is_quiet(&self.recent) {
            return None;
        }
        self.reset();
        self.open.take().map(|alert| Alert { closed_at: Some(start), ..alert })
    }

    /// Opens an alert, or raises the open one: given only when it is new or a band higher. Severity is that of the whole
    /// run of evidence, since single steps jump between bands by chance; the next run starts from nothing.
    pub(crate) fn raise(&mut self, column: &ColumnBaseline, start: Timestamp) -> Option<Alert> {
        let run = self.run.take().unwrap_or_default();
        let turned = self.rising.take().map(|rising| (rising.since, rising.counts));
        let (since, counts) = turned.unwrap_or_else(|| (start, run.clone()));
        self.reset();
        let severity = severity_of(column, &run).max(Severity::Small);
        let raised = match self.open.take() {
            None => Alert::new(&column.name, (since, start), severity, counts),
            Some(open) if severity > open.severity => Alert { severity, counts, escalated: true, ..open },
            unchanged => {
                self.open = unchanged;
                return None;
            }
        };
        self.open = Some(raised.clone());
        Some(raised)
    }

    /// Starts the evidence anew.
    fn reset(&mut self) {
        self.states.fill(0.0);
        self.run = None;
        self.rising = None;
    }
}

/// Whether the oldest of the remembered steps is not needed any more.
fn newer_suffice(recent: &VecDeque<Vec<(u64, u64)>>) -> bool {
    let newer = recent.iter().skip(1);
    recent.len() > CLOSING_STEPS
        && newer.fold(0, |sum: u64, shares| sum.saturating_add(rows(shares))) >= CLOSING_ROWS
}

/// The rows of a step: every row is asked at least one question.
fn rows(shares: &[(u64, u64)]) -> u64 {
    shares.iter().map(|(_, n)| *n).max().unwrap_or(0)
}
