//! What a chart over time says in words: its sentence, its table, its hover areas.

use super::paint::Plan;
use super::{LineChart, Series};
use crate::chart::{Area, HoverArea};
use crate::time_axis::{moment, period};
use crate::words::{brief, counted, exact, exact_time, printable, with_unit};
use flightdeck_core::Timestamp;
use std::collections::BTreeMap;

/// Narrower than this no pointer hits it.
const NARROWEST: f64 = 3.0;

pub(crate) fn alt(chart: &LineChart) -> String {
    let times = chart.times();
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return printable(&format!("{}: no data yet.", chart.title));
    };
    let mut said = vec![format!("{}, {}.", chart.title, period(*first, *last, chart.utc_offset_minutes))];
    said.extend(chart.series.iter().map(|series| course(series, &chart.unit)));
    if let Some(limit) = chart.limit.as_ref().filter(|limit| limit.value.is_finite()) {
        let value = with_unit(&brief(limit.value), &chart.unit);
        said.push(format!("Dashed line at {value}: {}.", limit.meaning));
    }
    if !chart.alerts.is_empty() {
        said.push(format!("{} marked.", counted(chart.alerts.len() as u64, "alert")));
    }
    printable(&said.join(" "))
}

/// A series in one sentence: where it starts, ends and peaks.
fn course(series: &Series, unit: &str) -> String {
    let values: Vec<f64> = series.points.iter().filter_map(super::Point::finite).collect();
    let said = |value: f64| with_unit(&brief(value), unit);
    match (values.first(), values.last()) {
        (Some(first), Some(last)) if values.len() > 1 => {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if low >= high {
                return format!("{} stays at {}.", series.name, said(*first));
            }
            let ends = format!("{} goes from {} to {}", series.name, said(*first), said(*last));
            let beyond = low < first.min(*last) || high > first.max(*last);
            if beyond {
                format!("{ends}, between {} and {}.", said(low), said(high))
            } else {
                format!("{ends}.")
            }
        }
        (Some(only), _) => format!("{} is {}.", series.name, said(*only)),
        _ => format!("{} has no values.", series.name),
    }
}

/// Values of all series by time.
fn by_time(chart: &LineChart) -> BTreeMap<Timestamp, Vec<Option<f64>>> {
    let none = vec![None; chart.series.len()];
    let mut rows: BTreeMap<_, _> = chart.times().into_iter().map(|at| (at, none.clone())).collect();
    for (index, series) in chart.series.iter().enumerate() {
        for point in &series.points {
            if let Some(row) = rows.get_mut(&point.at) {
                row[index] = point.finite();
            }
        }
    }
    rows
}

pub(crate) fn table(chart: &LineChart) -> Vec<Vec<String>> {
    let mut header = vec!["time".to_owned()];
    let name = |name: &str| {
        let unit = if chart.unit.is_empty() { String::new() } else { format!(" ({})", chart.unit) };
        printable(&format!("{name}{unit}"))
    };
    header.extend(chart.series.iter().map(|series| name(&series.name)));
    let band: BTreeMap<_, _> = chart
        .band
        .iter()
        .flat_map(|band| band.points.iter().map(|point| (point.0, (point.1, point.2))))
        .collect();
    if let Some(band) = &chart.band {
        header.extend([name(&format!("{}, from", band.meaning)), name(&format!("{}, to", band.meaning))]);
    }
    let rows = by_time(chart).into_iter().map(|(at, values)| {
        let mut row = vec![exact_time(at)];
        row.extend(values.into_iter().map(exact));
        if chart.band.is_some() {
            let ends = band.get(&at).map_or([None, None], |(low, high)| [Some(*low), Some(*high)]);
            row.extend(ends.map(|end| exact(end.filter(|value| value.is_finite()))));
        }
        row
    });
    std::iter::once(header).chain(rows).collect()
}

/// One area per time, as high as the plot and half way to the neighbours; times that crowd share one.
pub(crate) fn hover(chart: &LineChart, plan: &Plan) -> Vec<HoverArea> {
    let rows = by_time(chart);
    let step_ms = step_ms(&rows.keys().copied().collect::<Vec<_>>());
    let mut shown: Vec<(f64, Timestamp, Vec<Option<f64>>)> = Vec::new();
    for (at, values) in rows {
        let x = plan.x.at(at);
        match shown.last_mut() {
            Some(last) if x - last.0 < NARROWEST => (last.1, last.2) = (at, values),
            _ => shown.push((x, at, values)),
        }
    }
    let edge = |index: usize| match (index.checked_sub(1).and_then(|i| shown.get(i)), shown.get(index)) {
        (Some(before), Some(after)) => f64::midpoint(before.0, after.0),
        (None, _) => plan.plot.left,
        (_, None) => plan.plot.right,
    };
    let area = |index| Area { left: edge(index), right: edge(index + 1), ..plan.plot };
    shown
        .iter()
        .enumerate()
        .map(|(index, (_, at, values))| {
            let mut parts = vec![moment(*at, step_ms, chart.utc_offset_minutes)];
            parts.extend(chart.series.iter().zip(values).map(|(series, value)| {
                let value =
                    value.map_or_else(|| "no value".into(), |value| with_unit(&brief(value), &chart.unit));
                if chart.series.len() > 1 { format!("{} {value}", series.name) } else { value }
            }));
            let here = chart.alerts.iter().filter(|mark| nearest(&shown, plan.x.at(mark.at)) == index);
            parts.extend(here.map(|mark| format!("▲ {}", mark.text)));
            HoverArea::new(area(index), printable(&parts.join(" · ")))
        })
        .collect()
}

fn nearest(shown: &[(f64, Timestamp, Vec<Option<f64>>)], x: f64) -> usize {
    let after = shown.partition_point(|(at, ..)| *at < x);
    match (after.checked_sub(1), shown.get(after)) {
        (Some(before), Some(next)) if x - shown[before].0 > next.0 - x => after,
        (Some(before), _) => before,
        (None, _) => 0,
    }
}

/// The smallest distance between two times.
fn step_ms(times: &[Timestamp]) -> i64 {
    times.windows(2).map(|pair| pair[1].as_ms().saturating_sub(pair[0].as_ms())).min().unwrap_or(0)
}
