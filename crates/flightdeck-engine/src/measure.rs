//! What a loaded model costs: time per run by batch size.

use crate::message::Latency;
use crate::rows;
use crate::runtime::{RuntimeError, Session};
use flightdeck_core::{Progress, Tensor, Unit};
use std::time::{Duration, Instant};

/// Runs before anything is measured.
const WARM_RUNS: usize = 5;
/// The fewest runs that a quantile of 99 is taken from.
const MIN_RUNS: usize = 20;
/// More runs say nothing new.
const MAX_RUNS: usize = 5_000;
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// Measures runs of `batch` rows taken from `sample` for about `budget`. Also gives rows per second.
pub fn measure(
    session: &mut Session,
    sample: &[Tensor],
    batch: usize,
    (budget, progress): (Duration, &mut dyn FnMut(Progress)),
) -> Result<(Latency, f64), RuntimeError> {
    let inputs: Vec<Tensor> = sample.iter().map(|tensor| rows::cycle(tensor, batch)).collect();
    for _ in 0..WARM_RUNS {
        session.run(&inputs)?;
    }
    let (start, mut reported, mut times) = (Instant::now(), Instant::now(), Vec::new());
    while times.len() < MIN_RUNS || (start.elapsed() < budget && times.len() < MAX_RUNS) {
        let run = Instant::now();
        session.run(&inputs)?;
        times.push(run.elapsed().as_secs_f64() * 1e6);
        if reported.elapsed() >= REPORT_EVERY {
            reported = Instant::now();
            progress(Progress::new("measure", times.len() as u64, None, Unit::Runs));
        }
        // A model of seconds per run must not take minutes to be measured.
        if start.elapsed() > budget * 4 && times.len() >= 3 {
            break;
        }
    }
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    times.sort_by(f64::total_cmp);
    let latency = Latency {
        batch,
        p50: quantile(&times, 0.5),
        p90: quantile(&times, 0.9),
        p99: quantile(&times, 0.99),
    };
    Ok((latency, batch as f64 * 1e6 / mean))
}

/// The smallest value that `q` of all values do not exceed. `sorted` is not empty.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!([0.5, 0.9, 0.99, 1.0].map(|q| quantile(&values, q)), [50.0, 90.0, 99.0, 100.0]);
        assert_eq!(quantile(&[7.0], 0.99), 7.0);
    }
}
