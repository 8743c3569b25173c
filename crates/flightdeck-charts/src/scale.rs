//! From values to pixels, and round numbers for the ticks.

/// Values beyond this are drawn at it; their exact size stands in the table. It keeps every difference finite.
const FARTHEST: f64 = 1e300;

/// A value as it is drawn; `None` for one that is no number.
pub(crate) fn drawable(value: f64) -> Option<f64> {
    value.is_finite().then(|| value.clamp(-FARTHEST, FARTHEST))
}

/// A linear scale from values to pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

/// Round values along a scale and how many decimals they need.
pub(crate) struct Ticks {
    pub(crate) values: Vec<f64>,
    pub(crate) decimals: usize,
}

impl Scale {
    /// `from` lies at pixel `start`, `to` at pixel `end`. Equal values are widened.
    pub(crate) fn new((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        let (from, to) = widened(from, to);
        Self { from, to, start, end }
    }

    /// The pixel of a value.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = (value.clamp(-FARTHEST, FARTHEST) - self.from) / (self.to - self.from);
        self.start + share * (self.end - self.start)
    }

    /// The values at both ends.
    pub(crate) const fn range(&self) -> (f64, f64) {
        (self.from, self.to)
    }
}

fn widened(from: f64, to: f64) -> (f64, f64) {
    if to - from > (from.abs().max(to.abs())) * 1e-12 {
        return (from, to);
    }
    let half = (from.abs() * 0.1).max(if from == 0.0 { 1.0 } else { f64::MIN_POSITIVE });
    (from - half, to + half)
}

/// A range around the values that starts and ends on a tick, with 3 to 5 ticks.
pub(crate) fn rounded(low: f64, high: f64) -> ((f64, f64), Ticks) {
    let (low, high) = widened(low, high);
    let step = nice((high - low) / 3.0);
    let from = (low / step + 1e-9).floor() * step;
    let to = (high / step - 1e-9).ceil() * step;
    (widened(from, to), ticks_at(from, to, step))
}

/// At most `count` round values inside a range.
pub(crate) fn ticks(low: f64, high: f64, count: usize) -> Ticks {
    let (low, high) = widened(low, high);
    let step = nice((high - low) / count.max(1) as f64);
    ticks_at((low / step - 1e-9).ceil() * step, high, step)
}

fn ticks_at(from: f64, to: f64, step: f64) -> Ticks {
    let count = (((to - from) / step + 1e-6).floor()).clamp(0.0, 20.0) as usize;
    let values = (0..=count).map(|index| from + step * index as f64).collect();
    let exponent = step.abs().log10().floor();
    let halves = (step / 10f64.powf(exponent) - 2.5).abs() < 1e-6;
    let decimals = (-exponent).clamp(0.0, 12.0) as usize + usize::from(halves && exponent <= 0.0);
    Ticks { values, decimals }
}

/// The next of 1, 2, 2.5, 5, 10 times a power of ten.
pub(crate) fn nice(step: f64) -> f64 {
    let power = 10f64.powf(step.max(f64::MIN_POSITIVE).log10().floor());
    let lead = step / power;
    let round = [1.0, 2.0, 2.5, 5.0].into_iter().find(|round| lead <= round * 1.000_001).unwrap_or(10.0);
    round * power
}

impl Ticks {
    /// A tick's text.
    pub(crate) fn label(&self, value: f64) -> String {
        let size = value.abs();
        if size != 0.0 && (size >= 1e9 || self.decimals >= 6) {
            crate::words::brief(value)
        } else {
            crate::words::fixed(value, self.decimals)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_round_and_hold_the_values() {
        for (low, high) in
            [(0.0, 462.0), (0.61, 0.7), (-3.0, 11.6), (5.0, 5.0), (0.0, 0.0), (-1e300, 1e300), (0.0, 1e-300)]
        {
            let ((from, to), ticks) = rounded(low, high);
            assert!(from <= low && high <= to && from < to, "{low} {high}: {from} {to}");
            assert!((2..=8).contains(&ticks.values.len()), "{low} {high}: {:?}", ticks.values);
            assert!(ticks.values.iter().all(|value| value.is_finite()));
        }
    }

    #[test]
    fn labels_have_the_decimals_that_the_step_needs() {
        let labels = |low, high| {
            let ticks = rounded(low, high).1;
            ticks.values.iter().map(|value| ticks.label(*value)).collect::<Vec<_>>()
        };
        assert_eq!(labels(0.0, 700.0), ["0", "250", "500", "750"]);
        assert_eq!(labels(0.5, 0.7), ["0.5", "0.6", "0.7"]);
        assert_eq!(labels(0.0, 0.7), ["0.00", "0.25", "0.50", "0.75"]);
        assert_eq!(labels(0.0, 12_000.0), ["0", "5000", "10,000", "15,000"]);
    }

    #[test]
    fn a_scale_maps_its_ends_to_its_pixels() {
        let scale = Scale::new((0.0, 10.0), (100.0, 0.0));
        assert!((scale.at(0.0) - 100.0).abs() < 1e-9 && scale.at(10.0).abs() < 1e-9);
        assert!(Scale::new((1e308, 1e308), (0.0, 1.0)).at(1e308).is_finite());
    }
}
