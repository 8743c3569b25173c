//! What a heat map says in words: its sentence, its table, its hover areas.

use super::{HeatMap, Plan};
use crate::chart::HoverArea;
use crate::time_axis::{moment, period};
use crate::words::{brief, counted, exact, exact_time, printable};
use flightdeck_core::Timestamp;

pub(crate) fn alt(map: &HeatMap) -> String {
    let (Some(first), Some(last)) = (map.starts.first(), map.starts.last()) else {
        return printable(&format!("{}: no data yet.", map.title));
    };
    let mut said = vec![format!(
        "{} of {} in {}, {}.",
        map.title,
        counted(map.rows.len() as u64, "feature"),
        counted(map.starts.len() as u64, "time step"),
        period(*first, *last, map.utc_offset_minutes)
    )];
    let at = |step: usize| map.starts.get(step).map(|at| moment(*at, step_ms(map), map.utc_offset_minutes));
    match strongest(map) {
        Some((row, step, value)) => {
            let when = at(step).unwrap_or_default();
            let name = &map.rows[row].name;
            said.push(format!("Strongest is {name}, {} {} on {when}.", map.measure, brief(value)));
        }
        None => said.push("No time step has enough rows.".into()),
    }
    if !map.alerts.is_empty() {
        let alerts = map
            .alerts
            .iter()
            .filter_map(|alert| Some(format!("{} on {}", map.rows.get(alert.row)?.name, at(alert.step)?)));
        let list: Vec<_> = alerts.collect();
        said.push(format!("{}: {}.", counted(list.len() as u64, "alert"), list.join(", ")));
    }
    printable(&said.join(" "))
}

/// Row, time step and value of the largest value.
fn strongest(map: &HeatMap) -> Option<(usize, usize, f64)> {
    let cells = map.rows.iter().enumerate().flat_map(|(row, values)| {
        let values = values.values.iter().take(map.starts.len()).enumerate();
        values.filter_map(move |(step, value)| Some((row, step, value.filter(|value| !value.is_nan())?)))
    });
    cells.reduce(|best, cell| if cell.2 > best.2 { cell } else { best })
}

pub(crate) fn table(map: &HeatMap) -> Vec<Vec<String>> {
    let header = std::iter::once("feature".to_owned()).chain(map.starts.iter().map(|at| exact_time(*at)));
    let rows = map.rows.iter().map(|row| {
        let values = (0..map.starts.len())
            .map(|step| exact(row.values.get(step).copied().flatten().filter(|value| value.is_finite())));
        std::iter::once(printable(&row.name)).chain(values).collect()
    });
    std::iter::once(header.collect()).chain(rows).collect()
}

pub(crate) fn hover(map: &HeatMap, plan: &Plan) -> Vec<HoverArea> {
    let when: Vec<String> = (0..plan.cells()).map(|cell| when(map, plan, cell)).collect();
    let mut areas = Vec::with_capacity(map.rows.len() * when.len());
    for (index, row) in map.rows.iter().enumerate() {
        let (name, measure) = (printable(&row.name), printable(&map.measure));
        let alerts: Vec<_> = map.alerts.iter().filter(|alert| alert.row == index).collect();
        for (cell, when) in when.iter().enumerate() {
            let mut label = match plan.value(row, cell) {
                Some(value) => format!("{name} · {when} · {measure} {}", brief(value)),
                None => format!("{name} · {when} · too few rows"),
            };
            for alert in alerts.iter().filter(|alert| alert.step / plan.together == cell) {
                label.push_str(" · ▲ ");
                label.push_str(&printable(&alert.text));
            }
            areas.push(HoverArea::new(plan.area(map, index, (cell, cell + 1)), label));
        }
    }
    areas
}

/// The time steps that a cell stands for.
fn when(map: &HeatMap, plan: &Plan, cell: usize) -> String {
    let (from, to) = (cell * plan.together, ((cell + 1) * plan.together).min(plan.steps));
    let said = |at: &Timestamp| moment(*at, step_ms(map), map.utc_offset_minutes);
    match &map.starts[from..to] {
        [first, .., last] => format!("{} to {}", said(first), said(last)),
        other => other.iter().map(said).collect(),
    }
}

fn step_ms(map: &HeatMap) -> i64 {
    i64::from(map.step_seconds) * 1000
}
