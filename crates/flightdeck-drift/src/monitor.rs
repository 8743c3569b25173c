//! Watching an endpoint: windows in, verdicts out. A pure value; the same counts give the same verdicts on every machine.
//!
//! An alert is raised when the evidence of a feature reaches (number of features) × (steps between false alerts); see
//! `sequential` for why that keeps the promise of `rule`. Where windows come from and who is told is not here.

use crate::alert::Alert;
use crate::baseline::{Baseline, ColumnBaseline};
use crate::counts::{ColumnCounts, EdgeSetMismatch, WindowCounts};
use crate::distances::{FEWEST_VALUES, compared, new_values, out_of_range};
use crate::measures::{chi2_tail, homogeneity_merged, psi};
use crate::multiplicity::benjamini_hochberg;
use crate::rule::Rule;
use crate::severity::{Severity, Verdict, severity_of};
use crate::watched::{Plan, Watched};
use flightdeck_core::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use thiserror::Error;

/// Adjusted p-values below this are worth watching.
pub(crate) const WATCH_P: f64 = 0.05;
/// Adjusted PSI from which they are.
pub(crate) const WATCH_PSI: f64 = 0.1;

/// Watches the features of an endpoint.
#[derive(Clone, Debug)]
pub struct Monitor {
    fixed: Arc<Fixed>,
    state: MonitorState,
}

/// What stays the same from step to step.
#[derive(Debug)]
struct Fixed {
    baseline: Baseline,
    rule: Rule,
    plans: Vec<Plan>,
}

/// What a monitor knows after the steps that it saw: enough to go on on another machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorState {
    edge_set: Digest,
    last_step: Option<Timestamp>,
    features: Vec<Watched>,
}

/// What a step showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its start.
    pub start: Timestamp,
    /// The logarithm of the evidence at which a feature alerts.
    pub threshold_log: f64,
    /// The features, in the baseline's order.
    pub features: Vec<FeatureVerdict>,
    /// Alerts that were raised, or raised again more severe.
    pub opened: Vec<Alert>,
    /// Alerts that ended.
    pub closed: Vec<Alert>,
}

/// How a feature stands after a step. Distances are of this step alone, and `None` from fewer than 30 values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureVerdict {
    /// The feature.
    pub name: String,
    /// How it stands.
    pub verdict: Verdict,
    /// How large the step's move is.
    pub severity: Severity,
    /// The natural logarithm of its evidence; `None` before the first row.
    pub evidence_log: Option<f64>,
    /// Rows of the step.
    pub rows: u64,
    /// Population stability index over canonical(10) or over values.
    pub psi: Option<f64>,
    /// The same less sampling noise.
    pub psi_adjusted: Option<f64>,
    /// p-value of the step alone, adjusted over features (Benjamini-Hochberg).
    pub p_adjusted: Option<f64>,
    /// Share of rows without a value.
    pub null_rate: Option<f64>,
    /// Share of numbers outside the baseline's range.
    pub out_of_range: Option<f64>,
    /// Share of values that the baseline did not have.
    pub new_values: Option<f64>,
    /// How much more than independent rows its traffic varies.
    pub phi: f64,
    /// Whether that still waits for enough quiet steps.
    pub phi_provisional: bool,
}

/// A step that was refused; nothing changed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum StepError {
    /// The counts stand on other edges than the baseline.
    #[error(transparent)]
    EdgeSet(#[from] EdgeSetMismatch),
    /// Steps come in the order of time.
    #[error("the step at {start} does not come after the one at {last}")]
    Late {
        /// The step that was refused.
        start: Timestamp,
        /// The last one that was taken.
        last: Timestamp,
    },
}

impl Monitor {
    /// A monitor that saw nothing yet.
    pub fn new(baseline: &Baseline, rule: Rule) -> Self {
        let plans: Vec<Plan> = baseline.columns.iter().map(|column| Plan::of(column, &rule)).collect();
        let features = plans.iter().map(Watched::new).collect();
        let state = MonitorState { edge_set: baseline.edge_set, last_step: None, features };
        Self { fixed: Arc::new(Fixed { baseline: baseline.clone(), rule, plans }), state }
    }

    /// A monitor that goes on where another one was. `None` when the state is of another baseline or rule.
    pub fn resume(baseline: &Baseline, rule: Rule, state: MonitorState) -> Option<Self> {
        let fresh = Self::new(baseline, rule);
        let fits = state.edge_set == baseline.edge_set
            && state.features.len() == fresh.fixed.plans.len()
            && state.features.iter().zip(&fresh.fixed.plans).all(|(feature, plan)| feature.fits(plan));
        fits.then_some(Self { state, ..fresh })
    }

    /// What it knows.
    pub fn state(&self) -> &MonitorState {
        &self.state
    }

    /// The rule that it follows.
    pub fn rule(&self) -> &Rule {
        &self.fixed.rule
    }

    /// Alerts that are open.
    pub fn open_alerts(&self) -> impl Iterator<Item = &Alert> {
        self.state.features.iter().filter_map(|feature| feature.open.as_ref())
    }

    /// What a step would show, without taking it: for the step that is still being counted.
    pub fn preview(&self, start: Timestamp, counts: &WindowCounts) -> Result<Step, StepError> {
        self.clone().step(start, counts)
    }

    /// Takes the counts of the step that starts then.
    pub fn step(&mut self, start: Timestamp, counts: &WindowCounts) -> Result<Step, StepError> {
        counts.fit(&self.fixed.baseline)?;
        if let Some(last) = self.state.last_step.filter(|last| start <= *last) {
            return Err(StepError::Late { start, last });
        }
        self.state.last_step = Some(start);
        let threshold_log = self.fixed.rule.threshold_log(self.fixed.plans.len());
        let mut step = Step {
            start,
            threshold_log,
            features: self.look(counts),
            opened: Vec::new(),
            closed: Vec::new(),
        };
        let features = self.state.features.iter_mut().zip(&self.fixed.plans);
        let columns = self.fixed.baseline.columns.iter().zip(&counts.columns).zip(&mut step.features);
        for ((watched, plan), ((column, counts), verdict)) in features.zip(columns) {
            if verdict.rows > 0 {
                let seen = (column, counts, verdict.verdict);
                let (opened, closed) = take(watched, plan, (start, threshold_log), seen);
                step.opened.extend(opened);
                step.closed.extend(closed);
            }
            verdict.evidence_log = watched.evidence_log;
            verdict.phi = watched.phi;
            verdict.phi_provisional = watched.provisional;
            if watched.open.is_some() {
                verdict.verdict = Verdict::Alert;
            }
        }
        Ok(step)
    }

    /// What this step alone shows.
    fn look(&self, counts: &WindowCounts) -> Vec<FeatureVerdict> {
        let columns = self.fixed.baseline.columns.iter().zip(&counts.columns).zip(&self.state.features);
        let (mut verdicts, p): (Vec<FeatureVerdict>, Vec<Option<f64>>) =
            columns.map(|((column, counts), watched)| look_at(column, counts, watched)).unzip();
        let tested: Vec<f64> = p.iter().copied().flatten().collect();
        let mut adjusted = benjamini_hochberg(&tested).into_iter();
        for (verdict, p) in verdicts.iter_mut().zip(p) {
            verdict.p_adjusted = p.and_then(|_| adjusted.next());
            let unusual = verdict.p_adjusted.is_some_and(|p| p < WATCH_P);
            if unusual && verdict.psi_adjusted.is_some_and(|psi| psi >= WATCH_PSI) {
                verdict.verdict = Verdict::Watch;
            }
        }
        verdicts
    }
}

fn look_at(
    column: &ColumnBaseline,
    counts: &ColumnCounts,
    watched: &Watched,
) -> (FeatureVerdict, Option<f64>) {
    let (rows, enough) = (counts.rows(), counts.values() >= FEWEST_VALUES);
    let (a, b) = if enough { compared(column, counts) } else { (Vec::new(), Vec::new()) };
    let told = psi(&a, &b).filter(|_| enough);
    let p = homogeneity_merged(&a, &b)
        .filter(|_| enough)
        .map(|test| chi2_tail(test.stat / watched.phi, test.dof));
    let verdict = FeatureVerdict {
        name: column.name.clone(),
        verdict: if rows >= FEWEST_VALUES { Verdict::None } else { Verdict::NotEnoughData },
        severity: severity_of(column, counts),
        evidence_log: None,
        rows,
        psi: told.map(|(psi, _)| psi),
        psi_adjusted: told.map(|(_, adjusted)| adjusted),
        p_adjusted: None,
        null_rate: counts.null_rate(),
        out_of_range: out_of_range(column, counts),
        new_values: new_values(column, counts),
        phi: watched.phi,
        phi_provisional: watched.provisional,
    };
    (verdict, p)
}

/// Takes a step with rows into one feature: evidence, then the alert, then what quiet traffic teaches.
fn take(
    watched: &mut Watched,
    plan: &Plan,
    (start, threshold_log): (Timestamp, f64),
    (column, counts, verdict): (&ColumnBaseline, &ColumnCounts, Verdict),
) -> (Option<Alert>, Option<Alert>) {
    let shares = plan.indicators.shares(counts);
    let before = watched.evidence_log.filter(|_| watched.has_evidence());
    watched.weigh(plan, shares.clone());
    watched.gather(start, counts, before);
    let closed = watched.close(plan, start);
    let evidence = watched.evidence_log.unwrap_or(f64::NEG_INFINITY);
    let reached = closed.is_none() && evidence >= threshold_log;
    let opened = reached.then(|| watched.raise(column, start)).flatten();
    let quiet = verdict != Verdict::Watch && evidence < threshold_log / 2.0;
    if quiet && closed.is_none() && watched.open.is_none() {
        watched.learn(&shares);
    }
    (opened, closed)
}
