//! When an alert may be raised: the promise, and the numbers that follow from it.

use crate::sequential::Tolerance;
use serde::{Deserialize, Serialize};

/// The promise of an endpoint: at most one false alert in `days` on average, whatever the dependence between features, as
/// long as quiet traffic varies as the windows did that φ was estimated from.
///
/// Two rules on one endpoint (a fast one on counting windows, a thorough one on hours) keep one promise of 90 days when each
/// has 180.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Wanted days between false alerts.
    pub days: f64,
    /// Length of a step in seconds.
    pub step_seconds: u32,
    /// Moves that are ignored, in standard deviations of an indicator: sensitive 0.05, normal 0.1, relaxed 0.2.
    pub rho: f64,
    /// Moves that are ignored, as a share of rows.
    pub floor: f64,
}

impl Default for Rule {
    fn default() -> Self {
        Self { days: 90.0, step_seconds: 3_600, rho: 0.1, floor: 0.002 }
    }
}

impl Rule {
    /// The wanted number of steps between false alerts, at least 1.
    pub fn steps_between_false_alerts(&self) -> f64 {
        let steps = self.days * 86_400.0 / f64::from(self.step_seconds.max(1));
        if steps.is_finite() { steps.max(1.0) } else { 1.0 }
    }

    /// The logarithm of the evidence at which one of `features` alerts.
    pub fn threshold_log(&self, features: usize) -> f64 {
        (features.max(1) as f64 * self.steps_between_false_alerts()).ln()
    }

    pub(crate) fn tolerance(&self) -> Tolerance {
        Tolerance { rho: self.rho, floor: self.floor }
    }
}
