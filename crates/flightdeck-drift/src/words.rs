//! Drift in sentences that a person reads.
//!
//! Everything is told from counts: a typical value is a median read off the bins, never a row.

use crate::alert::Alert;
use crate::baseline::{CategoricalBaseline, ColumnBaseline, Counted, NumericBaseline};
use crate::counts::ColumnCounts;
use crate::distances;
use crate::edges::Binned;
use flightdeck_core::Timestamp;

/// Shares that moved by less are not mentioned.
const WORTH_A_WORD: f64 = 0.01;
/// A typical value has moved when it left this part of the baseline around its own.
const TYPICAL: std::ops::RangeInclusive<f64> = 0.45..=0.55;
/// Longer values are cut.
const LONGEST_VALUE: usize = 40;

/// What changed in a column, in up to four sentences; `None` when nothing is worth a word.
pub fn sentence(baseline: &ColumnBaseline, counts: &ColumnCounts) -> Option<String> {
    let (before, after) = (baseline.null_rate().unwrap_or(0.0), counts.null_rate()?);
    let wrong = counts.type_errors as f64 / counts.rows() as f64;
    let mut parts = match &baseline.counted {
        Counted::Numeric(numeric) => numbers(numeric, baseline, counts),
        Counted::Categorical(values) => categories(values, baseline, counts),
    };
    if (after - before).abs() >= WORTH_A_WORD {
        parts.push(missing(before, after));
    }
    if wrong >= WORTH_A_WORD {
        parts.push(format!("{} of rows have a value of the wrong type.", percent(wrong)));
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// What an alert says: what moved, from where to where, since when, seen in how many rows.
pub fn alert_sentence(baseline: &ColumnBaseline, alert: &Alert) -> String {
    let what = sentence(baseline, &alert.counts)
        .unwrap_or_else(|| "Small moves in one direction added up beyond chance.".into());
    let rows = alert.rows();
    let rows = if rows == 1 { "1 row".into() } else { format!("{} rows", grouped(&rows.to_string())) };
    format!("{}: {what} Since {}, in {rows}.", value_text(&alert.feature), time(alert.since))
}

/// A move of the typical value; `None` when both read the same.
pub fn typical(from: f64, to: f64) -> Option<String> {
    let (from, to) = (number(from), number(to));
    (from != to).then(|| format!("Typical value moved from {from} to {to}."))
}

/// Rows outside the range of the baseline.
pub fn out_of_range(share: f64) -> String {
    format!("{} of rows lie outside the range seen in training.", percent(share))
}

/// Values that the baseline did not have.
pub fn new_values(share: f64) -> String {
    format!("New values make up {} of rows.", percent(share))
}

/// A move of the share of missing values.
pub fn missing(from: f64, to: f64) -> String {
    format!("Missing values {} from {} to {}.", rose(from, to), percent(from), percent(to))
}

/// A move of the share of one value.
pub fn value_share(value: &str, from: f64, to: f64) -> String {
    format!(
        "The share of \"{}\" {} from {} to {}.",
        value_text(value),
        rose(from, to),
        percent(from),
        percent(to)
    )
}

/// Three significant digits; whole numbers below 10,000 in full.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value.total_cmp(&0.0).is_eq() || size < 1e-300 {
        return "0".into();
    }
    if !(1e-4..1e9).contains(&size) {
        return format!("{value:.2e}");
    }
    let digits = size.log10().floor() as i32;
    if digits >= 4 {
        let unit = 10.0_f64.powi(digits - 2);
        return grouped(&format!("{:.0}", (value / unit).round() * unit));
    }
    let text = format!("{value:.*}", (2 - digits).max(0) as usize);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    grouped(text)
}

/// A share in percent: whole from 10 % on, one digit from 0.1 %.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        none if none <= 0.0 => "0 %".into(),
        all if all >= 100.0 => "100 %".into(),
        few if few < 0.1 => "less than 0.1 %".into(),
        most if most > 99.0 => format!("{most:.1} %").replace("100.0", "99.9"),
        few if few < 9.95 => format!("{few:.1} %").replace(".0 ", " "),
        _ => format!("{percent:.0} %"),
    }
}

fn numbers(numeric: &NumericBaseline, baseline: &ColumnBaseline, counts: &ColumnCounts) -> Vec<String> {
    let mut parts = Vec::new();
    let outside = distances::out_of_range(baseline, counts).unwrap_or(0.0);
    let ours = (numeric.min, numeric.max);
    let theirs = (counts.min, counts.max);
    let before = quartiles(&numeric.edges, &numeric.counts, ours);
    if let Some((before, now)) = before.zip(quartiles(&numeric.edges, &counts.counts, theirs)) {
        let place = share_below(numeric, now[1]);
        let moved = typical(before[1], now[1]).filter(|_| !TYPICAL.contains(&place));
        let spread = || spread(before, now).filter(|_| outside < WORTH_A_WORD);
        parts.extend(moved.or_else(spread));
    }
    if outside >= WORTH_A_WORD {
        parts.push(out_of_range(outside));
    }
    if parts.len() == 2 {
        // One thought, one sentence.
        let joined = parts.join(" ").replacen(". ", "; ", 1);
        return vec![joined];
    }
    parts
}

fn categories(values: &CategoricalBaseline, baseline: &ColumnBaseline, counts: &ColumnCounts) -> Vec<String> {
    let mut parts = Vec::new();
    let (all_before, all_now) = (baseline.counted_values() as f64, counts.values() as f64);
    if let Some(new) = distances::new_values(baseline, counts).filter(|new| *new >= WORTH_A_WORD) {
        parts.push(new_values(new));
    }
    let shares = values
        .values
        .iter()
        .zip(&counts.counts)
        .map(|(kept, now)| (kept.value.as_str(), kept.count as f64 / all_before, *now as f64 / all_now));
    let most = shares.max_by(|a, b| (a.1 - a.2).abs().total_cmp(&(b.1 - b.2).abs()));
    parts.extend(
        most.filter(|(_, from, to)| (from - to).abs() >= WORTH_A_WORD)
            .map(|(value, from, to)| value_share(value, from, to)),
    );
    parts
}

/// The middle half when the middle itself stayed.
fn spread(before: [f64; 3], now: [f64; 3]) -> Option<String> {
    let (was, is) = (before[2] - before[0], now[2] - now[0]);
    let word = if is > was * 1.2 { "wider" } else { "closer together" };
    (is > was * 1.2 || is * 1.2 < was).then(|| {
        let [a, b, c, d] = [before[0], before[2], now[0], now[2]].map(number);
        format!("Values lie {word}: the middle half ran from {a} to {b} and now from {c} to {d}.")
    })
}

/// Lower quartile, median and upper quartile.
fn quartiles(edges: &[f64], counts: &[u64], (min, max): (Option<f64>, Option<f64>)) -> Option<[f64; 3]> {
    let bins = Binned { edges, counts, min: min?, max: max? };
    Some([bins.quantile(0.25)?, bins.quantile(0.5)?, bins.quantile(0.75)?])
}

fn share_below(numeric: &NumericBaseline, value: f64) -> f64 {
    let bin = numeric.edges.partition_point(|edge| *edge < value);
    let before = crate::edges::total(numeric.counts.get(..bin).unwrap_or(&[])) as f64;
    let here = numeric.counts.get(bin).copied().unwrap_or(0) as f64;
    let all = crate::edges::total(&numeric.counts).max(1) as f64;
    // A value in the bin of the median has not moved, however much of the baseline the bin holds.
    if before < all / 2.0 && before + here >= all / 2.0 { 0.5 } else { (before + here / 2.0) / all }
}

fn rose(from: f64, to: f64) -> &'static str {
    if to >= from { "rose" } else { "fell" }
}

/// A text of somebody else, safe to print: no control characters, not endless.
fn value_text(value: &str) -> String {
    let cut = value.chars().take(LONGEST_VALUE).map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let dots = if value.chars().nth(LONGEST_VALUE).is_some() { "…" } else { "" };
    cut.chain(dots.chars()).collect()
}

fn grouped(number: &str) -> String {
    let (whole, rest) =
        number.split_once('.').map_or((number, ""), |(whole, _)| (whole, &number[whole.len()..]));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut text = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

/// To the minute, as a person reads it.
fn time(at: Timestamp) -> String {
    let text = at.to_string();
    match text.get(..16) {
        Some(minute) if text.ends_with('Z') => format!("{} UTC", minute.replace('T', " ")),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_shares_what_matters() {
        let told =
            [0.0, -0.0, 36.0, 0.123_456, 1.0 / 3.0, 2013.0, 123_456.0, -1.5, 5e-7, 3e12, 99.96].map(number);
        let expected =
            ["0", "0", "36", "0.123", "0.333", "2,013", "123,000", "-1.5", "5.00e-7", "3.00e12", "100"];
        assert_eq!(told, expected);
        let told = [0.0, 0.0002, 0.001, 0.05, 0.123, 0.612, 0.9999, 1.0].map(percent);
        assert_eq!(told, ["0 %", "less than 0.1 %", "0.1 %", "5 %", "12 %", "61 %", "99.9 %", "100 %"]);
    }

    #[test]
    fn values_of_others_are_cut_and_cleaned() {
        let value = format!("a\u{1b}[2J{}", "x".repeat(100));
        let text = value_share(&value, 0.5, 0.25);
        assert!(
            text.starts_with("The share of \"a\u{fffd}[2Jxx") && text.contains("…\" fell from 50 % to 25 %")
        );
    }

    #[test]
    fn times_are_told_to_the_minute() {
        assert_eq!(time(Timestamp::from_ms(1_372_636_800_123)), "2013-07-01 00:00 UTC");
    }
}
