//! What the Live place draws. The same pictures go into reports, in the light theme.

use crate::drift::of;
use crate::judge::Mark;
use crate::series::Series;
use crate::views::{FeatureCharts, LiveCharts};
use crate::{App, Result};
use flightdeck_charts::{
    Chart, HeatAlert, HeatMap, HeatRow, Ink, Limit, LineChart, Mark as ChartMark, PSI_STEPS, Point, Size,
    Theme, heat, line,
};
use flightdeck_core::Timestamp;
use flightdeck_drift::{Baseline, ColumnBaseline, ColumnCounts, FEWEST_VALUES, distances, words};
use flightdeck_store::alert::AlertRecord;
use flightdeck_store::endpoint::EndpointRecord;
use std::sync::Arc;

mod distribution;

/// Width of the left and of the right column of charts, in CSS pixels.
const WIDE: u32 = 586;
const NARROW: u32 = 350;
/// Times are those of the rows, in UTC as everywhere in the window.
const UTC: i32 = 0;

impl App {
    /// The charts of an endpoint in one theme; of `feature`, or of the one that drifts most.
    pub fn live_charts(&self, address: &str, theme: Theme, feature: Option<&str>) -> Result<LiveCharts> {
        let record = self.endpoint(address)?;
        // Traffic and latency need no training data: without it there are just no features.
        let baseline =
            self.baseline(&record.digest)?.unwrap_or_else(|| Arc::new(flightdeck_drift::freeze(&[], None)));
        let series = self.series(&record, &baseline, None)?;
        let alerts: Vec<AlertRecord> = self.alert_records()?.into_iter().filter(|a| of(&record, a)).collect();
        let picture =
            Picture { record: &record, baseline: &baseline, series: &series, alerts: &alerts, theme };
        let chosen = feature.map(str::to_owned).or_else(|| picture.loudest());
        let feature = match chosen.as_deref().and_then(|name| baseline.column(name)) {
            Some((index, _)) => picture.feature(index, &self.judged(&record, None)?),
            None => None,
        };
        let selected = feature.as_ref().and_then(|f| baseline.column(&f.name)).map(|(index, _)| index);
        Ok(LiveCharts {
            heat: picture.heat(selected),
            traffic_unit: picture.traffic_unit().0,
            traffic: picture.traffic(),
            latency: picture.latency(),
            feature,
            column_seconds: series.seconds,
        })
    }
}

/// What charts are drawn from.
struct Picture<'a> {
    record: &'a EndpointRecord,
    baseline: &'a Baseline,
    series: &'a Series,
    alerts: &'a [AlertRecord],
    theme: Theme,
}

impl Picture<'_> {
    /// The feature whose open alert came first, else the one farthest from training.
    fn loudest(&self) -> Option<String> {
        // Alerts stand newest first; what drifted first is nearest to the cause.
        let open = self.alerts.iter().rfind(|alert| alert.closed_at.is_none());
        if let Some(alert) = open {
            return Some(alert.feature.clone());
        }
        let now = self.series.total(self.baseline);
        let far = |index: usize| distances(&self.baseline.columns[index], &now.columns[index]).psi_adjusted;
        let columns = (0..self.baseline.columns.len()).map(|index| (index, far(index).unwrap_or(-1.0)));
        let (index, _) = columns.max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(self.baseline.columns[index].name.clone())
    }

    fn heat(&self, selected: Option<usize>) -> Chart {
        let columns = &self.series.columns;
        let rows = self.baseline.columns.iter().enumerate().map(|(index, column)| HeatRow {
            name: column.name.clone(),
            values: columns.iter().map(|(_, c)| self.beyond_quiet(column, &c.columns[index])).collect(),
        });
        let alerts = self.alerts.iter().filter_map(|alert| {
            let (row, _) = self.baseline.column(&alert.feature)?;
            let start = alert.opened_at.floor(self.series.seconds);
            let step = columns.iter().position(|(at, _)| *at == start)?;
            Some(HeatAlert { row, step, text: alert.sentence.clone() })
        });
        let map = HeatMap {
            title: format!("Drift of {} by feature", self.record.endpoint),
            width: WIDE,
            measure: "PSI less what quiet traffic shows".into(),
            starts: columns.iter().map(|(start, _)| *start).collect(),
            step_seconds: self.series.seconds,
            rows: rows.collect(),
            selected,
            alerts: alerts.collect(),
            steps: PSI_STEPS,
            utc_offset_minutes: UTC,
        };
        heat(&map, self.theme)
    }

    /// Population stability index less what it would be without drift: bins × (φ / n + 1 / N), with φ telling how much more
    /// than independent rows the baseline's own windows varied. A cold week in a cold winter is no drift.
    fn beyond_quiet(&self, column: &ColumnBaseline, counts: &ColumnCounts) -> Option<f64> {
        let told = distances(column, counts);
        let phi = column
            .phi
            .iter()
            .find(|phi| phi.step_seconds == self.record.step_seconds)
            .map_or(1.0, |phi| phi.value);
        let (psi, bins) = (told.psi?, told.dof? as f64);
        let noise = bins * (phi / told.values as f64 + 1.0 / column.counted_values() as f64);
        (told.values >= FEWEST_VALUES).then(|| (psi - noise).max(0.0))
    }

    /// What traffic is counted in, and by what the counts of a column are multiplied.
    fn traffic_unit(&self) -> (String, f64) {
        let per = f64::from(self.series.seconds);
        let (time, scale) = match self.series.seconds {
            ..3_600 => ("minute", 60.0 / per),
            3_600..86_400 => ("hour", 3_600.0 / per),
            _ => ("day", 86_400.0 / per),
        };
        // A replay sends months in a few requests: there the rows are the traffic.
        let what = if self.record.replay { "rows" } else { "requests" };
        (format!("{what} per {time}"), scale)
    }

    fn traffic(&self) -> Chart {
        let (unit, scale) = self.traffic_unit();
        let replay = self.record.replay;
        let points =
            self.points(|counts| Some(if replay { counts.rows } else { counts.requests } as f64 * scale));
        self.line(
            "Traffic",
            &unit,
            vec![series(if replay { "rows" } else { "requests" }, Ink::Quiet, points)],
        )
    }

    fn latency(&self) -> Chart {
        let quantile = |q| self.points(move |counts| counts.latency.quantile(q).map(|us| us / 1000.0));
        let both = vec![series("p50", Ink::Quiet, quantile(0.5)), series("p99", Ink::Now, quantile(0.99))];
        self.line("Latency", "ms", both)
    }

    fn line(&self, title: &str, unit: &str, series: Vec<flightdeck_charts::Series>) -> Chart {
        let chart = LineChart {
            title: format!("{title} of {}", self.record.endpoint),
            size: Size { width: WIDE, height: 96 },
            unit: unit.into(),
            series,
            band: None,
            limit: None,
            alerts: Vec::new(),
            from_zero: true,
            utc_offset_minutes: UTC,
        };
        line(&chart, self.theme)
    }

    fn points(&self, value: impl Fn(&flightdeck_drift::WindowCounts) -> Option<f64>) -> Vec<Point> {
        self.series.columns.iter().map(|(at, counts)| Point { at: *at, value: value(counts) }).collect()
    }

    fn feature(&self, index: usize, judged: &[(Timestamp, Vec<Mark>)]) -> Option<FeatureCharts> {
        let column = &self.baseline.columns[index];
        let (from, now) = self.series.newest(self.baseline, self.now_seconds())?;
        let counts = &now.columns[index];
        let told = distances(column, counts);
        let sentence = words::sentence(column, counts).unwrap_or_else(|| "As in training.".into());
        Some(FeatureCharts {
            name: column.name.clone(),
            sentence,
            measures: measures(&told),
            distribution: distribution::draw(column, counts, &self.since(from), self.theme),
            evidence: self.evidence(index, judged),
        })
    }

    /// How long "now" is: a week of months, a day of weeks, an hour of days, else everything.
    fn now_seconds(&self) -> i64 {
        let span = self.series.period().map_or(0, |[from, to]| (to.as_ms() - from.as_ms()) / 1000);
        match span / 86_400 {
            0 => span,
            1..=7 => 3_600 * 6,
            8..=30 => 86_400,
            _ => 604_800,
        }
    }

    /// What the newest counts are called on the chart.
    fn since(&self, from: Timestamp) -> String {
        let text = from.to_string();
        let day = &text[..text.len().min(10)];
        if self.now_seconds() >= 86_400 { format!("since {day}") } else { "now".into() }
    }

    fn evidence(&self, index: usize, judged: &[(Timestamp, Vec<Mark>)]) -> Chart {
        let name = &self.baseline.columns[index].name;
        let rule = App::rule(self.record);
        let alerts: Vec<&AlertRecord> = self.alerts.iter().filter(|alert| alert.feature == *name).collect();
        // An open alert has had its evidence; what gathers after it is only asked whether it grows more severe.
        let told = |at: Timestamp| {
            alerts
                .iter()
                .any(|alert| at > alert.opened_at && alert.closed_at.is_none_or(|closed| at < closed))
        };
        let alarm = rule.threshold_log(self.baseline.columns.len());
        let of_feature = |(at, marks): &(Timestamp, Vec<Mark>)| {
            let evidence = marks.get(index).and_then(Mark::evidence_log).map(|log| f64::from(log).max(0.0));
            let raised = alerts.iter().any(|alert| alert.opened_at == *at);
            Point { at: *at, value: if raised { Some(alarm) } else { evidence.filter(|_| !told(*at)) } }
        };
        let chart = LineChart {
            title: format!("Evidence that {name} has drifted, natural logarithm"),
            size: Size { width: NARROW, height: 104 },
            unit: String::new(),
            series: vec![series("evidence", Ink::Now, judged.iter().map(of_feature).collect())],
            band: None,
            limit: Some(Limit {
                value: alarm,
                meaning: format!("alarm: 1 false alert in {:.0} days at most", rule.days),
            }),
            alerts: alerts.iter().map(|a| ChartMark { at: a.opened_at, text: a.sentence.clone() }).collect(),
            from_zero: true,
            utc_offset_minutes: UTC,
        };
        line(&chart, self.theme)
    }
}

fn series(name: &str, ink: Ink, points: Vec<Point>) -> flightdeck_charts::Series {
    flightdeck_charts::Series { name: name.into(), ink, dashed: false, points }
}

/// The familiar numbers, each with its definition in a word.
fn measures(told: &flightdeck_drift::Distances) -> String {
    let mut parts = Vec::new();
    let number = |value: f64| words::number(value);
    parts.extend(told.psi_adjusted.map(|psi| format!("PSI {} (adjusted)", number(psi))));
    parts.extend(told.js_distance_base2.map(|js| format!("JS distance {} (base 2)", number(js))));
    parts.extend(told.ks.map(|ks| match told.ks_error {
        Some(error) => format!("KS {} ± {}", number(ks), number(error)),
        None => format!("KS {}", number(ks)),
    }));
    if parts.is_empty() { "Too few rows for a distance".into() } else { parts.join(" · ") }
}
