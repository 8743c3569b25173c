//! What is different between a version and the one before it: the cells, the data, the numbers, the packages.

use crate::views::{CellRecord, ChangedCell, DifferenceView, OriginView, ParityView};
use crate::words::median;
use crate::{App, Result};
use flightdeck_core::{Digest, Signature};
use flightdeck_drift::words::number;
use flightdeck_drift::{Baseline, CategoricalBaseline, Counted};
use flightdeck_package::SIGNATURE;
use flightdeck_store::origin;
use flightdeck_store::version::{self, VersionRecord};
use similar::{Algorithm, ChangeTag, DiffOp, TextDiff, capture_diff_slices};
use std::collections::BTreeMap;

/// Lines of one cell that are shown.
const LINES: usize = 200;
/// A typical value that moved by more of the standard deviation than this is told.
const MOVED: f64 = 0.1;
/// A share that moved by more than this is told.
const SHARE: f64 = 0.02;

impl App {
    /// What is different from the version before, when both were made from a notebook or another program's model.
    pub(crate) fn difference(&self, record: &VersionRecord) -> Result<Option<DifferenceView>> {
        let Some((now, parity)) = self.origin(record)? else { return Ok(None) };
        let Some(number) = record.version.checked_sub(1).filter(|number| *number > 0) else {
            return Ok(None);
        };
        let Some(before) = self.read(|c| version::find(c, record.model.as_str(), Some(number)))? else {
            return Ok(None);
        };
        let Some((then, parity_then)) = self.origin(&before)? else { return Ok(None) };
        let (data, rows) = self.data(&before.digest, &record.digest)?;
        let largest = |parity: Option<ParityView>| parity.and_then(|parity| parity.max_abs);
        let p99 = |record: &VersionRecord| {
            let profile = self.newest_profile(record)?;
            Ok::<_, crate::Error>(
                profile.and_then(|profile| profile.latency_us.first().map(|latency| latency.p99)),
            )
        };
        let package =
            |digest: &Digest| self.package(digest)?.read::<Signature>(SIGNATURE).map_err(crate::Error::from);
        Ok(Some(DifferenceView {
            previous: before.version,
            cells: cells(&then.cells, &now.cells),
            rows,
            data,
            metrics: metrics(&then, &now),
            parity: (largest(parity_then), largest(parity)),
            signature: signatures(&package(&before.digest)?, &package(&record.digest)?),
            p99_us: (p99(&before)?, p99(record)?),
            packages: packages(&then.packages, &now.packages),
        }))
    }

    /// Where a version comes from and how it compared, as they were kept at its import.
    pub(crate) fn origin(&self, record: &VersionRecord) -> Result<Option<(OriginView, Option<ParityView>)>> {
        let kept = self.read(|c| origin::find(c, &record.model, record.version))?;
        Ok(kept.and_then(|kept| {
            let origin = serde_json::from_str(&kept.document).ok()?;
            let parity = kept.parity.and_then(|parity| serde_json::from_str(&parity).ok());
            Some((origin, parity))
        }))
    }

    #[expect(clippy::type_complexity, reason = "two fields of one view")]
    fn data(
        &self,
        then: &Digest,
        now: &Digest,
    ) -> Result<(Vec<(String, String)>, (Option<u64>, Option<u64>))> {
        let (then, now) = (self.baseline(then)?, self.baseline(now)?);
        let rows = (then.as_ref().map(|then| then.rows), now.as_ref().map(|now| now.rows));
        let moved = match (&then, &now) {
            (Some(then), Some(now)) => columns(then, now),
            _ => Vec::new(),
        };
        Ok((moved, rows))
    }
}

fn cells(then: &[CellRecord], now: &[CellRecord]) -> Vec<ChangedCell> {
    let digests = |cells: &[CellRecord]| cells.iter().map(|cell| cell.digest).collect::<Vec<_>>();
    let operations = capture_diff_slices(Algorithm::Myers, &digests(then), &digests(now));
    operations.into_iter().flat_map(|operation| changed(operation, then, now)).collect()
}

fn changed(operation: DiffOp, then: &[CellRecord], now: &[CellRecord]) -> Vec<ChangedCell> {
    let (_, old, new) = operation.as_tag_tuple();
    if matches!(operation, DiffOp::Equal { .. }) {
        return Vec::new();
    }
    let (old, new) = (&then[old], &now[new]);
    let pairs = old.iter().zip(new).map(|(old, new)| cell("changed", new, &old.source, &new.source));
    let removed = old.iter().skip(new.len()).map(|old| cell("removed", old, &old.source, ""));
    let added = new.iter().skip(old.len()).map(|new| cell("added", new, "", &new.source));
    pairs.chain(removed).chain(added).collect()
}

fn cell(change: &str, shown: &CellRecord, old: &str, new: &str) -> ChangedCell {
    let text = TextDiff::from_lines(old, new);
    let groups = text.grouped_ops(2);
    let lines = groups.iter().flatten().flat_map(|operation| text.iter_changes(operation)).map(|line| {
        let mark = match line.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        format!("{mark}{}", line.value().trim_end_matches('\n'))
    });
    let lines = lines.take(LINES).collect();
    ChangedCell { change: change.into(), number: shown.number, title: shown.title.clone(), lines }
}

fn metrics(then: &OriginView, now: &OriginView) -> Vec<(String, Option<f64>, Option<f64>)> {
    let of = |origin: &OriginView| -> BTreeMap<String, Option<f64>> {
        origin
            .metrics
            .iter()
            .map(|metric| (format!("{} ({})", metric.name, metric.on), metric.value))
            .collect()
    };
    merged(&of(then), &of(now)).into_iter().map(|(name, a, b)| (name, a.flatten(), b.flatten())).collect()
}

fn packages(
    then: &[(String, String)],
    now: &[(String, String)],
) -> Vec<(String, Option<String>, Option<String>)> {
    let of = |packages: &[(String, String)]| packages.iter().cloned().collect::<BTreeMap<_, _>>();
    merged(&of(then), &of(now)).into_iter().filter(|(_, a, b)| a != b).collect()
}

fn merged<V: Clone>(
    then: &BTreeMap<String, V>,
    now: &BTreeMap<String, V>,
) -> Vec<(String, Option<V>, Option<V>)> {
    let mut names: Vec<&String> = then.keys().chain(now.keys()).collect();
    names.sort();
    names.dedup();
    names.into_iter().map(|name| (name.clone(), then.get(name).cloned(), now.get(name).cloned())).collect()
}

fn signatures(then: &Signature, now: &Signature) -> Vec<String> {
    let columns = |signature: &Signature| -> BTreeMap<String, String> {
        signature
            .columns()
            .map(|(input, column)| (column.name.clone(), input.data_type.to_string()))
            .collect()
    };
    let mut said: Vec<String> = merged(&columns(then), &columns(now))
        .into_iter()
        .filter_map(|(name, a, b)| match (a, b) {
            (None, Some(kind)) => Some(format!("new column {name} ({kind})")),
            (Some(_), None) => Some(format!("column {name} is gone")),
            (Some(a), Some(b)) if a != b => Some(format!("column {name} is {b}, was {a}")),
            _ => None,
        })
        .collect();
    let classes =
        |signature: &Signature| signature.outputs.iter().flat_map(|o| o.classes.clone()).collect::<Vec<_>>();
    if classes(then) != classes(now) {
        said.push(format!("classes are {}, were {}", classes(now).join(", "), classes(then).join(", ")));
    }
    said
}

/// Columns of the training data that moved, in words.
fn columns(then: &Baseline, now: &Baseline) -> Vec<(String, String)> {
    now.columns
        .iter()
        .filter_map(|column| {
            let (_, before) = then.column(&column.name)?;
            let moved = match (&before.counted, &column.counted) {
                (Counted::Numeric(a), Counted::Numeric(b)) => {
                    let (old, new) = (median(a)?, median(b)?);
                    let spread = a.std.unwrap_or(0.0);
                    ((new - old).abs() > MOVED * spread)
                        .then(|| format!("typical value moved from {} to {}", number(old), number(new)))
                }
                (Counted::Categorical(a), Counted::Categorical(b)) => largest_share(a, b),
                _ => Some("it is counted otherwise".into()),
            };
            let nulls = |nulls: u64, rows: u64| nulls as f64 / rows.max(1) as f64;
            let (old, new) = (nulls(before.nulls, then.rows), nulls(column.nulls, now.rows));
            let missing = ((new - old).abs() > SHARE).then(|| {
                format!("missing moved from {} % to {} %", number(old * 100.0), number(new * 100.0))
            });
            let said: Vec<String> = moved.into_iter().chain(missing).collect();
            (!said.is_empty()).then(|| (column.name.clone(), said.join("; ")))
        })
        .collect()
}

fn largest_share(then: &CategoricalBaseline, now: &CategoricalBaseline) -> Option<String> {
    let shares = |counted: &CategoricalBaseline| -> BTreeMap<String, f64> {
        let total: u64 = counted.values.iter().map(|value| value.count).sum();
        let share = |count: u64| count as f64 / total.max(1) as f64;
        counted.values.iter().map(|value| (value.value.clone(), share(value.count))).collect()
    };
    let moved = merged(&shares(then), &shares(now)).into_iter().map(|(value, a, b)| {
        let (a, b) = (a.unwrap_or(0.0), b.unwrap_or(0.0));
        (value, a, b)
    });
    let (value, a, b) = moved.max_by(|x, y| (x.2 - x.1).abs().total_cmp(&(y.2 - y.1).abs()))?;
    let percent = |share: f64| number((share * 1_000.0).round() / 10.0);
    ((b - a).abs() > SHARE)
        .then(|| format!("share of {value} moved from {} % to {} %", percent(a), percent(b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::CellState;
    use sha2::{Digest as _, Sha256};

    fn record(number: u32, source: &str) -> CellRecord {
        CellRecord {
            number,
            title: source.into(),
            digest: Digest::from_bytes(Sha256::digest(source).into()),
            source: source.into(),
            state: CellState::Done,
            seconds: None,
        }
    }

    #[test]
    fn changed_added_and_removed_cells_are_told_apart() {
        let then =
            [record(1, "import x\n"), record(2, "a = 1\nb = 2\n"), record(3, "fit()\n"), record(4, "old\n")];
        let now = [record(1, "import x\n"), record(2, "a = 1\nb = 3\n"), record(3, "fit()\n")];
        let found = cells(&then, &now);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].change.as_str(), found[0].number), ("changed", 2));
        assert_eq!(found[0].lines, [" a = 1", "-b = 2", "+b = 3"]);
        assert_eq!(
            (found[1].change.as_str(), found[1].lines.as_slice()),
            ("removed", &["-old".to_owned()][..])
        );
        let back = cells(&now, &then);
        assert_eq!(back[1].change, "added");
    }

    #[test]
    fn only_packages_that_differ_are_named() {
        let of = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect::<Vec<_>>()
        };
        let found = packages(
            &of(&[("numpy", "1"), ("pandas", "2")]),
            &of(&[("numpy", "1"), ("pandas", "3"), ("x", "1")]),
        );
        assert_eq!(
            found,
            [("pandas".into(), Some("2".into()), Some("3".into())), ("x".into(), None, Some("1".into()))]
        );
    }
}
