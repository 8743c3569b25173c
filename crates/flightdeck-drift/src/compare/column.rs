//! One column of two tables.

use super::notes::{self, Facts};
use super::{ColumnComparison, ComparisonVerdict, Pair, Status};
use crate::distances::FEWEST_VALUES;
use crate::edges::{canonical, count_sorted, total};
use crate::exact::Exact;
use crate::measures::{Homogeneity, homogeneity, homogeneity_merged, measures};
use crate::sample::{Sample, SampleData, Tally};
use crate::severity::Severity;
use crate::sorted::Sorted;
use flightdeck_core::{ColumnKind, Finding};
use std::collections::HashMap;

/// Equal-mass bins that numbers are compared over.
const BINS: usize = 10;

/// The column, and the p-value that it is judged by.
pub(super) fn compare(pair: Pair<'_>) -> (ColumnComparison, Option<f64>) {
    match pair {
        (Some(baseline), Some(current)) => both(baseline, current),
        (Some(only), None) => (one_side(only, true), None),
        (None, Some(only)) => (one_side(only, false), None),
        (None, None) => (empty("", ColumnKind::Numeric), None),
    }
}

fn both(baseline: &Sample<'_>, current: &Sample<'_>) -> (ColumnComparison, Option<f64>) {
    match (&baseline.data, &current.data) {
        (
            SampleData::Numbers { values: a, nulls: nulls_a },
            SampleData::Numbers { values: b, nulls: nulls_b },
        ) if baseline.kind == ColumnKind::Numeric => numbers(baseline.name, (a, *nulls_a), (b, *nulls_b)),
        _ => {
            let mut told = values(baseline.name, &baseline.tally(), &current.tally());
            if baseline.counted_as() != current.counted_as() && baseline.counted_as() == ColumnKind::Numeric {
                told.findings.insert(0, notes::type_changed());
            }
            let judged = told.p.filter(|_| told.status == Status::Ok);
            (told, judged)
        }
    }
}

fn numbers(
    name: &str,
    (a, nulls_a): (&[f64], u64),
    (b, nulls_b): (&[f64], u64),
) -> (ColumnComparison, Option<f64>) {
    let (sorted_a, sorted_b) = (Sorted::of(a), Sorted::of(b));
    let edges = canonical(&sorted_a.values, BINS);
    let counts = (count_sorted(&sorted_a.values, &edges), count_sorted(&sorted_b.values, &edges));
    let exact = Exact::of(&sorted_a.values, &sorted_b.values);
    let nonfinite = |sorted: &Sorted, nulls: u64| sorted.nan.saturating_sub(nulls) + sorted.infinite();
    let outside = |counts: &[u64]| counts.first().zip(counts.last()).map_or(0, |(low, high)| low + high);
    let facts = Facts {
        medians: median(&sorted_a.values).zip(median(&sorted_b.values)),
        out_of_range: if edges.is_empty() { 0 } else { outside(&counts.1) },
        ..Facts::new((nulls_a, a.len() as u64), (nulls_b, b.len() as u64), sorted_b.values.len() as u64)
    };
    let mut told = filled(name, ColumnKind::Numeric, &counts, homogeneity(&counts.0, &counts.1));
    told.baseline_nulls = nulls_a;
    told.current_nulls = nulls_b;
    told.baseline_nonfinite = nonfinite(&sorted_a, nulls_a);
    told.current_nonfinite = nonfinite(&sorted_b, nulls_b);
    told.ks = exact.map(|exact| exact.ks);
    told.wasserstein = exact.and_then(|exact| exact.wasserstein);
    told.findings = notes::of(&facts, told.severity);
    let merged = homogeneity_merged(&counts.0, &counts.1).filter(|_| told.status == Status::Ok);
    (told, merged.map(|test| test.p))
}

fn values(name: &str, a: &Tally<'_>, b: &Tally<'_>) -> ColumnComparison {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(a.values.len());
    let mut counts = (Vec::new(), Vec::new());
    for (value, count) in &a.values {
        places.insert(value, counts.0.len());
        counts.0.push(*count);
        counts.1.push(0);
    }
    let mut new = 0;
    for (value, count) in &b.values {
        if let Some(place) = places.get(&**value) {
            counts.1[*place] = *count;
        } else {
            counts.0.push(0);
            counts.1.push(*count);
            new += count;
        }
    }
    let (all_a, all_b) = (total(&counts.0), total(&counts.1));
    let facts = Facts {
        new_values: new,
        moved: moved(a, &counts),
        identifier: a.values.len() as u64 * 2 > all_a && all_a >= FEWEST_VALUES,
        ..Facts::new((a.nulls, a.nulls + all_a), (b.nulls, b.nulls + all_b), all_b)
    };
    let mut told = filled(name, ColumnKind::Categorical, &counts, homogeneity_merged(&counts.0, &counts.1));
    told.baseline_nulls = a.nulls;
    told.current_nulls = b.nulls;
    told.findings = notes::of(&facts, told.severity);
    told
}

/// The baseline's value whose share moved most, and its shares.
fn moved(a: &Tally<'_>, (counts_a, counts_b): &(Vec<u64>, Vec<u64>)) -> Option<(String, f64, f64)> {
    let (all_a, all_b) = (total(counts_a) as f64, total(counts_b) as f64);
    let shares = counts_a.iter().zip(counts_b).map(|(a, b)| (*a as f64 / all_a, *b as f64 / all_b));
    let most =
        a.values.iter().zip(shares).max_by(|(_, x), (_, y)| (x.0 - x.1).abs().total_cmp(&(y.0 - y.1).abs()));
    most.filter(|_| all_b > 0.0).map(|((value, _), (from, to))| (value.to_string(), from, to))
}

/// What follows from the counts on both sides.
fn filled(
    name: &str,
    kind: ColumnKind,
    (a, b): &(Vec<u64>, Vec<u64>),
    test: Option<Homogeneity>,
) -> ColumnComparison {
    let all = measures(a, b);
    let fewest = total(a).min(total(b));
    ColumnComparison {
        status: match fewest {
            0 => Status::NoValues,
            few if few < FEWEST_VALUES => Status::TooFew,
            _ => Status::Ok,
        },
        psi: all.map(|m| m.psi),
        psi_adjusted: all.map(|m| m.psi_adjusted),
        js_distance_base2: all.map(|m| m.js_distance_base2),
        chi2: test.map(|test| test.stat),
        p: test.map(|test| test.p),
        severity: all.map_or(Severity::None, |m| Severity::of(m.psi_adjusted)),
        ..empty(name, kind)
    }
}

fn one_side(only: &Sample<'_>, lost: bool) -> ColumnComparison {
    let (nulls, nonfinite) = match only.data {
        SampleData::Numbers { values, nulls } => {
            let nonfinite = values.iter().filter(|value| !value.is_finite()).count() as u64;
            (nulls, nonfinite.saturating_sub(nulls))
        }
        SampleData::Values { nulls, .. } => (nulls, 0),
    };
    let (ours, theirs) = if lost { ((nulls, nonfinite), (0, 0)) } else { ((0, 0), (nulls, nonfinite)) };
    ColumnComparison {
        baseline_nulls: ours.0,
        baseline_nonfinite: ours.1,
        current_nulls: theirs.0,
        current_nonfinite: theirs.1,
        findings: vec![if lost { notes::column_lost() } else { notes::column_added() }],
        ..empty(only.name, only.counted_as())
    }
}

fn empty(name: &str, kind: ColumnKind) -> ColumnComparison {
    ColumnComparison {
        name: name.to_owned(),
        kind,
        status: Status::NoValues,
        baseline_nulls: 0,
        current_nulls: 0,
        baseline_nonfinite: 0,
        current_nonfinite: 0,
        psi: None,
        psi_adjusted: None,
        js_distance_base2: None,
        ks: None,
        wasserstein: None,
        chi2: None,
        p: None,
        p_adjusted: None,
        verdict: ComparisonVerdict::NotEnoughData,
        severity: Severity::None,
        findings: Vec::<Finding>::new(),
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}
