//! Measured figures, their medians, and the table that they are shown in.

use std::fmt::Write;

use serde_json::{Value, json};

/// One line of the table.
pub(super) struct Figure {
    part: &'static str,
    what: String,
    /// Every round's value, ascending.
    rounds: Vec<f64>,
    unit: &'static str,
    /// What it must be, and what is wanted.
    must: Option<Limit>,
    aim: Option<Limit>,
    note: String,
}

/// Where a figure has to end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Limit {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    fn text(self, unit: &str) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {} {unit}", short(most)),
            Self::AtLeast(least) => format!("≥ {} {unit}", short(least)),
        }
    }
}

impl Figure {
    /// A figure from the values of its rounds, of which there is at least one.
    pub(super) fn of(
        part: &'static str,
        what: impl Into<String>,
        unit: &'static str,
        rounds: &[f64],
    ) -> Self {
        let mut rounds = rounds.to_vec();
        rounds.sort_by(f64::total_cmp);
        Self { part, what: what.into(), rounds, unit, must: None, aim: None, note: String::new() }
    }

    /// How much one side's median is of the other's.
    pub(super) fn ratio(part: &'static str, what: impl Into<String>, sides: &Sides, unit: &str) -> Self {
        let (ours, theirs) = (median(&sides.ours), median(&sides.theirs));
        let each: Vec<f64> =
            sides.ours.iter().zip(&sides.theirs).map(|(ours, theirs)| ours / theirs).collect();
        let note = format!("{} against {} {unit}", short(ours), short(theirs));
        Self { note, ..Self::of(part, what, "×", &each) }
    }

    /// What could not be measured, and why.
    pub(super) fn failed(part: &'static str, what: impl Into<String>, error: &anyhow::Error) -> Self {
        Self::of(part, what, "", &[]).note(format!("{error:#}"))
    }

    /// Whether a target is stated for it.
    pub(super) fn is_judged(&self) -> bool {
        self.must.is_some() || self.is_failed()
    }

    pub(super) fn is_failed(&self) -> bool {
        self.rounds.is_empty()
    }

    pub(super) fn at_most(self, target: f64) -> Self {
        self.must(Limit::AtMost(target))
    }

    pub(super) fn must(self, limit: Limit) -> Self {
        Self { must: Some(limit), ..self }
    }

    pub(super) fn aim(self, limit: Limit) -> Self {
        Self { aim: Some(limit), ..self }
    }

    pub(super) fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    pub(super) fn median(&self) -> f64 {
        median(&self.rounds)
    }

    fn met(&self) -> Option<bool> {
        self.must.map(|limit| limit.is_met(self.median()))
    }

    /// One word for both limits.
    fn verdict(&self) -> &'static str {
        if self.is_failed() {
            return "FAILED";
        }
        match (self.met(), self.aim.map(|limit| limit.is_met(self.median()))) {
            (Some(false), _) => "MISSED",
            (_, Some(true)) => "met, aim too",
            (Some(true), _) => "met",
            (None, _) => "",
        }
    }

    /// The line as an object.
    pub(super) fn json(&self) -> Value {
        json!({
            "part": self.part, "what": self.what, "value": self.median(), "unit": self.unit,
            "must": self.must.map(|limit| limit.text(self.unit)), "met": self.met(),
            "aim": self.aim.map(|limit| limit.text(self.unit)), "rounds": self.rounds, "note": self.note,
        })
    }

    fn cells(&self) -> [String; 7] {
        let (least, most) = (self.rounds.first(), self.rounds.last());
        let range = least.zip(most).filter(|_| self.rounds.len() > 1);
        let text = |limit: Option<Limit>| limit.map(|limit| limit.text(self.unit)).unwrap_or_default();
        [
            format!("{}: {}", self.part, self.what),
            if self.is_failed() { "–".into() } else { format!("{} {}", short(self.median()), self.unit) },
            range.map(|(least, most)| format!("{} – {}", short(*least), short(*most))).unwrap_or_default(),
            text(self.must),
            text(self.aim),
            self.verdict().into(),
            self.note.clone(),
        ]
    }
}

/// What was measured by turns, round by round.
#[derive(Default)]
pub(super) struct Sides {
    pub(super) ours: Vec<f64>,
    pub(super) theirs: Vec<f64>,
}

impl Sides {
    pub(super) fn add(&mut self, ours: f64, theirs: f64) {
        self.ours.push(ours);
        self.theirs.push(theirs);
    }
}

/// The middle one, or the mean of the middle two. NaN of nothing.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The value that this share of all does not exceed: the nearest one that was measured. NaN of nothing.
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// Three digits that count.
fn short(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

/// The lines with their columns aligned.
pub(super) fn table(figures: &[Figure]) -> String {
    let head = ["what", "median", "rounds", "must", "aim", "", ""].map(str::to_owned);
    let lines: Vec<[String; 7]> = std::iter::once(head).chain(figures.iter().map(Figure::cells)).collect();
    let mut widths = [0; 7];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut table = String::new();
    for line in &lines {
        let [what, value, range, must, aim, met, note] = line;
        let [w0, w1, w2, w3, w4, w5, _] = widths;
        let row = format!("{what:w0$}  {value:>w1$}  {range:>w2$}  {must:w3$}  {aim:w4$}  {met:w5$}  {note}");
        // Writing into a string does not fail.
        let _ = writeln!(table, "{}", row.trim_end());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_do_not_care_for_order() {
        assert_eq!(median(&[9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 100.0]), 3.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn the_95th_percentile_of_twenty_is_the_second_slowest() {
        let values: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        assert_eq!(
            (quantile(&values, 0.95), quantile(&values, 1.0), quantile(&[7.0], 0.95)),
            (19.0, 20.0, 7.0)
        );
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let sides = Sides { ours: vec![10.0, 40.0, 30.0], theirs: vec![10.0, 20.0, 20.0] };
        let figure = Figure::ratio("p", "cost", &sides, "µs").at_most(1.4);
        assert_eq!((figure.median(), figure.met()), (1.5, Some(false)));
        assert_eq!(figure.json()["note"], "30.0 against 20.0 µs");
    }

    #[test]
    fn what_could_not_be_measured_stands_in_the_table() {
        let failed = [Figure::failed("a", "gone", &anyhow::anyhow!("no server"))];
        let line = table(&failed).lines().nth(1).unwrap().to_owned();
        assert!(line.contains("FAILED") && line.ends_with("no server") && !line.contains("NaN"), "{line}");
    }

    #[test]
    fn the_table_says_what_is_met_and_what_is_not() {
        let figures = [
            Figure::of("a", "fast", "ms", &[1.0, 2.0, 3.0]).at_most(2.0),
            Figure::of("a", "slow", "s", &[0.75]).at_most(0.5),
            Figure::of("a", "free", "MiB", &[123.4]),
            Figure::of("a", "many", "×", &[17.0]).must(Limit::AtLeast(15.0)).aim(Limit::AtLeast(20.0)),
            Figure::of("a", "more", "×", &[21.0]).must(Limit::AtLeast(15.0)).aim(Limit::AtLeast(20.0)),
        ];
        let table = table(&figures);
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = table.lines().map(words).collect();
        assert_eq!(lines.len(), 6);
        assert!(lines[1].contains("2.00 ms 1.00 – 3.00 ≤ 2.00 ms met"), "{table}");
        assert!(lines[2].contains("≤ 0.50 s") && lines[2].ends_with("MISSED"), "{table}");
        assert!(lines[4].contains("≥ 15.0 × ≥ 20.0 × met") && lines[4].ends_with("met"), "{table}");
        assert!(lines[5].ends_with("met, aim too"), "{table}");
        assert!(lines[3].contains("123 MiB") && !lines[3].contains('≤'), "{table}");
    }
}
