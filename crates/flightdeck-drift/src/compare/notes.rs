//! What a comparison says beside its numbers.

use crate::severity::Severity;
use crate::words;
use flightdeck_core::{Finding, Severity as Weight};

/// A share of missing values has moved when it moved by this much.
const NULLS_MOVED: f64 = 0.02;
/// Shares from which values outside the baseline are worth a word.
const WORTH_A_WORD: f64 = 0.01;

/// What notes are made from.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) null_rates: (f64, f64),
    /// Values of the current table.
    pub(super) values: u64,
    pub(super) medians: Option<(f64, f64)>,
    pub(super) out_of_range: u64,
    pub(super) new_values: u64,
    /// The value whose share moved most.
    pub(super) moved: Option<(String, f64, f64)>,
    /// More than half of the baseline's rows have a value of their own.
    pub(super) identifier: bool,
}

impl Facts {
    /// From nulls and rows of both sides and the values of the current one.
    pub(super) fn new(baseline: (u64, u64), current: (u64, u64), values: u64) -> Self {
        let rate = |(nulls, rows): (u64, u64)| nulls as f64 / rows.max(1) as f64;
        Self { null_rates: (rate(baseline), rate(current)), values, ..Self::default() }
    }
}

pub(super) fn of(facts: &Facts, severity: Severity) -> Vec<Finding> {
    let share = |count: u64| count as f64 / facts.values.max(1) as f64;
    let (before, after) = facts.null_rates;
    let mut notes = Vec::new();
    if (after - before).abs() >= NULLS_MOVED {
        notes.push(note(
            "nulls-moved",
            words::missing(before, after),
            "Check the source that fills this column.",
        ));
    }
    if severity >= Severity::Moderate
        && let Some(text) = facts.medians.and_then(|(from, to)| words::typical(from, to))
    {
        notes.push(note("typical-value-moved", text, "Check whether the unit or the population changed."));
    }
    if severity >= Severity::Moderate
        && let Some((value, from, to)) = &facts.moved
    {
        let text = words::value_share(value, *from, *to);
        notes.push(note("value-share-moved", text, "Check whether the population changed."));
    }
    if share(facts.out_of_range) >= WORTH_A_WORD {
        let text = words::out_of_range(share(facts.out_of_range));
        notes.push(note("out-of-range", text, "The model extrapolates on these rows."));
    }
    if share(facts.new_values) >= WORTH_A_WORD && !facts.identifier {
        let text = words::new_values(share(facts.new_values));
        notes.push(note("new-values", text, "The model never saw these values."));
    }
    if facts.identifier {
        let text = "Most rows have a value of their own, as in an identifier.";
        notes.push(Finding::new(
            "identifier",
            Weight::Info,
            text,
            "Leave the column out: its drift means nothing.",
        ));
    }
    notes
}

pub(super) fn type_changed() -> Finding {
    note(
        "type-changed",
        "Numbers in the baseline, texts now.".into(),
        "Texts were compared; check the export.",
    )
}

pub(super) fn column_lost() -> Finding {
    note(
        "column-missing",
        "Only the baseline has this column.".into(),
        "Check the export of the current table.",
    )
}

pub(super) fn column_added() -> Finding {
    note(
        "column-added",
        "Only the current table has this column.".into(),
        "Nothing to do unless it was renamed.",
    )
}

fn note(code: &str, message: String, hint: &str) -> Finding {
    Finding::new(code, Weight::Warning, message, hint)
}
