//! A time axis: minutes, hours, days, months or years, whichever fits.

use crate::canvas::{Anchor, Canvas};
use crate::chart::Area;
use crate::theme::Palette;
use crate::words::text_width;
use flightdeck_core::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// Years 1 to 9998: what has a date in every offset.
const EARLIEST_MS: i64 = -62_135_000_000_000;
const LATEST_MS: i64 = 253_339_000_000_000;
/// Pixels per tick, at least.
const ROOM: f64 = 68.0;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const FIXED: [i64; 14] = [
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
];
const MONTHS: [i32; 9] = [1, 2, 3, 6, 12, 24, 60, 120, 1200];

/// Times on a horizontal stretch of pixels, read on a clock that is some minutes ahead of UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeAxis {
    from_ms: i64,
    to_ms: i64,
    left: f64,
    right: f64,
    offset: Offset,
}

impl TimeAxis {
    /// Equal times are widened by half a minute on both sides.
    pub(crate) fn new(
        (from, to): (Timestamp, Timestamp),
        (left, right): (f64, f64),
        utc_offset_minutes: i32,
    ) -> Self {
        let bounded = |at: Timestamp| at.as_ms().clamp(EARLIEST_MS, LATEST_MS);
        let (mut from_ms, mut to_ms) = (bounded(from), bounded(to));
        if from_ms >= to_ms {
            (from_ms, to_ms) = (from_ms - MINUTE / 2, from_ms + MINUTE / 2);
        }
        Self { from_ms, to_ms, left, right, offset: offset(utc_offset_minutes) }
    }

    /// The pixel of a time.
    pub(crate) fn at(&self, at: Timestamp) -> f64 {
        let passed = at.as_ms().clamp(EARLIEST_MS, LATEST_MS) - self.from_ms;
        self.left + passed as f64 / (self.to_ms - self.from_ms) as f64 * (self.right - self.left)
    }

    /// Writes the ticks under the plot; those without room are left out.
    pub(crate) fn paint(&self, canvas: &mut Canvas<'_>, bottom: f64, palette: &Palette) {
        let mut free = f64::NEG_INFINITY;
        for (at, label) in self.ticks() {
            let x = self.at(at);
            let width = text_width(&label);
            let (anchor, left) = if x - width / 2.0 < self.left {
                (Anchor::Start, x)
            } else if x + width / 2.0 > self.right {
                (Anchor::End, x - width)
            } else {
                (Anchor::Middle, x - width / 2.0)
            };
            if left >= free {
                canvas.text(&label, (x, bottom), anchor, palette.ink_3);
                free = left + width + 8.0;
            }
        }
    }

    /// Round times inside the range and their texts.
    fn ticks(&self) -> Vec<(Timestamp, String)> {
        let span = self.to_ms - self.from_ms;
        let count = ((self.right - self.left) / ROOM).floor().max(1.0);
        let least = (span as f64 / count) as i64;
        let step = FIXED.into_iter().find(|step| *step >= least);
        let mut times = step.map_or_else(|| self.monthly(least), |step| self.fixed(step));
        if times.is_empty() {
            times.push(Timestamp::from_ms(self.from_ms));
        }
        times.into_iter().map(|at| (at, self.label(at, step))).collect()
    }

    fn fixed(&self, step: i64) -> Vec<Timestamp> {
        let shift = i64::from(self.offset.seconds()) * 1000;
        // Weeks start on Monday; the epoch was a Thursday.
        let origin = if step == 7 * DAY { 4 * DAY } else { 0 };
        let local = self.from_ms + shift - origin;
        let first = -(-local).div_euclid(step) * step + origin - shift;
        let count = (self.to_ms - first).div_euclid(step);
        (0..=count).map(|index| Timestamp::from_ms(first + index * step)).collect()
    }

    fn monthly(&self, least: i64) -> Vec<Timestamp> {
        let months =
            MONTHS.into_iter().find(|months| i64::from(*months) * 30 * DAY >= least).unwrap_or(12_000);
        let start = civil(Timestamp::from_ms(self.from_ms), self.offset);
        let index = i32::from(start.year()) * 12 + i32::from(start.month()) - 1;
        let mut index = index.div_euclid(months) * months;
        let mut times = Vec::new();
        while let Some(at) = self.month_start(index) {
            if at.as_ms() > self.to_ms {
                break;
            }
            if at.as_ms() >= self.from_ms {
                times.push(at);
            }
            index += months;
        }
        times
    }

    fn month_start(&self, index: i32) -> Option<Timestamp> {
        // Year 0 is a year here too; the axis starts in year 1 at the earliest.
        let year = i16::try_from(index.div_euclid(12)).ok()?;
        let date = Date::new(year, index.rem_euclid(12) as i8 + 1, 1).ok()?;
        let at = self.offset.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()?;
        Some(Timestamp::from_ms(at.as_millisecond()))
    }

    fn label(&self, at: Timestamp, step: Option<i64>) -> String {
        let local = civil(at, self.offset);
        match step {
            Some(step) if step < DAY && (local.hour(), local.minute()) != (0, 0) => {
                local.strftime("%H:%M").to_string()
            }
            Some(_) => day(local),
            None if local.month() == 1 => local.year().to_string(),
            None => local.strftime("%b").to_string(),
        }
    }
}

/// The area of the labels under a plot.
pub(crate) const LABEL_HEIGHT: f64 = 18.0;

/// Where the baseline of the labels under a plot lies.
pub(crate) fn label_baseline(plot: &Area) -> f64 {
    plot.bottom + 14.0
}

fn offset(utc_offset_minutes: i32) -> Offset {
    Offset::from_seconds(utc_offset_minutes.clamp(-1080, 1080) * 60).unwrap_or(Offset::UTC)
}

fn civil(at: Timestamp, offset: Offset) -> DateTime {
    let ms = at.as_ms().clamp(EARLIEST_MS, LATEST_MS);
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| DateTime::default(), |at| offset.to_datetime(at))
}

fn day(local: DateTime) -> String {
    local.strftime("%-d %b").to_string()
}

/// A time in words: the day, and the time of day unless it is midnight and `step_ms` counts whole days.
pub(crate) fn moment(at: Timestamp, step_ms: i64, utc_offset_minutes: i32) -> String {
    let local = civil(at, offset(utc_offset_minutes));
    if step_ms >= DAY && local.hour() == 0 && local.minute() == 0 {
        return day(local);
    }
    local.strftime("%-d %b %H:%M").to_string()
}

/// A day with its year, for sentences.
pub(crate) fn dated(at: Timestamp, utc_offset_minutes: i32) -> String {
    civil(at, offset(utc_offset_minutes)).strftime("%-d %B %Y").to_string()
}

/// "on 3 May 2026" or "from 3 May 2026 to 5 June 2026".
pub(crate) fn period(from: Timestamp, to: Timestamp, utc_offset_minutes: i32) -> String {
    let (from, to) = (dated(from, utc_offset_minutes), dated(to, utc_offset_minutes));
    if from == to { format!("on {from}") } else { format!("from {from} to {to}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: &str, to: &str, width: f64, offset: i32) -> Vec<String> {
        let at = |text| Timestamp::parse(text).unwrap();
        let axis = TimeAxis::new((at(from), at(to)), (0.0, width), offset);
        axis.ticks().into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_hours_days_months_or_years_as_fits() {
        for (from, to, expected) in [
            ("2026-06-18T00:00:00Z", "2026-06-18T23:59:00Z", "18 Jun|06:00|12:00|18:00"),
            ("2026-06-18T10:00:00Z", "2026-06-18T10:20:00Z", "10:00|10:05|10:10|10:15|10:20"),
            ("2026-06-18T00:00:00Z", "2026-06-22T00:00:00Z", "18 Jun|19 Jun|20 Jun|21 Jun|22 Jun"),
            ("2025-11-10T00:00:00Z", "2026-03-20T00:00:00Z", "Dec|2026|Feb|Mar"),
            ("2020-02-01T00:00:00Z", "2026-02-01T00:00:00Z", "2021|2022|2023|2024|2025|2026"),
        ] {
            assert_eq!(labels(from, to, 500.0, 0).join("|"), expected);
        }
    }

    #[test]
    fn days_start_at_the_readers_midnight() {
        let ticks = labels("2026-06-18T00:00:00Z", "2026-06-18T23:59:00Z", 500.0, 120);
        assert_eq!(ticks.join("|"), "06:00|12:00|18:00|19 Jun");
    }

    #[test]
    fn absurd_times_still_make_an_axis() {
        for (from, to) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MAX), (0, 0), (5, 1), (i64::MIN, 0)] {
            let ends = (Timestamp::from_ms(from), Timestamp::from_ms(to));
            let axis = TimeAxis::new(ends, (0.0, 500.0), 9999);
            let ticks = axis.ticks();
            assert!((1..=12).contains(&ticks.len()), "{from} {to}: {ticks:?}");
            assert!(axis.at(ends.0).is_finite() && axis.at(ends.1).is_finite());
        }
    }
}
