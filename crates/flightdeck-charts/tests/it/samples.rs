//! Charts as the window shows them, from arithmetic that every machine does alike.

use flightdeck_charts::{
    Band, Categories, Category, DistributionChart, HeatAlert, HeatMap, HeatRow, Histogram, Ink, Limit,
    LineChart, Mark, PSI_STEPS, Point, Series, Shape, Size,
};
use flightdeck_core::Timestamp;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A number in `0..1` that looks random; no library function whose last digit differs between machines.
pub(crate) fn noise(seed: u64) -> f64 {
    let mixed = (seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((mixed ^ (mixed >> 32)) >> 40) as f64 / f64::from(1 << 24)
}

pub(crate) fn series(
    name: &str,
    ink: Ink,
    start: &str,
    step: i64,
    values: impl Iterator<Item = Option<f64>>,
) -> Series {
    let start = time(start);
    let point = |(index, value)| Point { at: start.plus_seconds(index as i64 * step), value };
    Series { name: name.into(), ink, dashed: false, points: values.enumerate().map(point).collect() }
}

pub(crate) fn chart(title: &str, size: (u32, u32), series: Vec<Series>) -> LineChart {
    LineChart {
        title: title.into(),
        size: Size { width: size.0, height: size.1 },
        unit: String::new(),
        series,
        band: None,
        limit: None,
        alerts: vec![],
        from_zero: true,
        utc_offset_minutes: 0,
    }
}

/// Requests per minute over a day, with a gap where the runner was away.
pub(crate) fn traffic() -> LineChart {
    let value =
        |i: u64| 450.0 + 12.0 * ((i as f64 - 48.0) / 4.0).abs() - 60.0 * noise(i / 6) + 40.0 * noise(i);
    let values = (0..96).map(|i| (!(60..66).contains(&i)).then(|| value(i).round()));
    chart(
        "Traffic in requests per minute",
        (596, 92),
        vec![series("traffic", Ink::Quiet, "2026-07-18", 900, values)],
    )
}

/// Two quantiles of latency in milliseconds.
pub(crate) fn latency() -> LineChart {
    let p50 = (0..60).map(|i| Some(0.21 + 0.04 * noise(i)));
    let p99 = (0..60).map(|i| Some(1.1 + 0.35 * noise(100 + i)));
    let lines = vec![
        series("p50", Ink::Then, "2026-07-18T09:00:00Z", 60, p50),
        series("p99", Ink::Now, "2026-07-18T09:00:00Z", 60, p99),
    ];
    LineChart { unit: "ms".into(), ..chart("Latency", (596, 120), lines) }
}

/// The evidence of one feature against its alarm line.
pub(crate) fn evidence() -> LineChart {
    let values = (0..66).map(|i| Some(if i < 18 { 0.0 } else { (i - 18) as f64 * 0.24 + 0.3 * noise(i) }));
    let lines = vec![series("evidence", Ink::Now, "2026-05-01", DAY, values)];
    LineChart {
        limit: Some(Limit { value: 9.6, meaning: "alarm: 1 false alert in 90 days at most".into() }),
        ..chart("Evidence of drift in temp, log scale", (352, 112), lines)
    }
}

/// An estimate in its band, the labelled figure that is ten days late, and the day of an alert.
pub(crate) fn performance() -> LineChart {
    let estimate = |i: u64| 0.69 - 0.0018 * (i.max(60) - 60) as f64 + 0.012 * noise(i / 2);
    let labelled = |i: u64| 0.68 - 0.0016 * (i.max(50) - 50) as f64 + 0.02 * noise(500 + i / 3);
    let mut late = series("labelled", Ink::Strong, "2026-03-03", DAY, (0..112).map(|i| Some(labelled(i))));
    late.dashed = true;
    let estimated = series("estimated", Ink::Now, "2026-03-03", DAY, (0..122).map(|i| Some(estimate(i))));
    let band = estimated.points.iter().map(|point| {
        let value = point.value.unwrap();
        (point.at, value - 0.021, value + 0.021)
    });
    let band = Band { points: band.collect(), meaning: "estimate ± 3 standard errors".into() };
    LineChart {
        band: Some(band),
        alerts: vec![Mark { at: time("2026-04-28"), text: "temp drifted, large".into() }],
        from_zero: false,
        ..chart("AUC", (596, 120), vec![late, estimated])
    }
}

/// Counts of a bell around `center` with steps of a sixth, as a histogram over `edges` would hold them.
fn bell(edges: &[f64], center: f64, width: f64) -> Vec<u64> {
    let density = |x: f64| (1.0 - ((x - center) / width).powi(2)).max(0.0).powi(3);
    let count = |from: f64, to: f64| {
        let middles = (0..20).map(|i| from + (to - from) * (f64::from(i) + 0.5) / 20.0);
        (middles.map(density).sum::<f64>() / 20.0 * (to - from) * 400.0).round() as u64
    };
    let inside = edges.windows(2).map(|pair| count(pair[0], pair[1]));
    let last = edges[edges.len() - 1];
    std::iter::once(count(edges[0] - 60.0, edges[0]))
        .chain(inside)
        .chain([count(last, last + 60.0)])
        .collect()
}

pub(crate) fn distribution(title: &str, size: (u32, u32), unit: &str, shape: Shape) -> DistributionChart {
    DistributionChart {
        title: title.into(),
        size: Size { width: size.0, height: size.1 },
        unit: unit.into(),
        then: "training, Jan–Feb".into(),
        now: "July".into(),
        shape,
    }
}

/// Temperature: cold then, warm now, a third of it beyond what training saw. Edges are closer where training is denser.
pub(crate) fn temperature() -> DistributionChart {
    let edges: Vec<f64> =
        (0..=40).map(|i| f64::from(i) / 20.0 - 1.0).map(|x| 36.0 + 44.0 * (x + x.powi(3)) / 2.0).collect();
    let (then, now) = (bell(&edges, 36.0, 44.0), bell(&edges, 74.0, 30.0));
    distribution(
        "temp",
        (352, 150),
        "°F",
        Shape::Numeric(Histogram { edges, then, now, ends: Some((-8.0, 104.0)) }),
    )
}

/// The same, when it is not known how far beyond the edges the values lie.
pub(crate) fn beyond() -> DistributionChart {
    let mut chart = temperature();
    if let Shape::Numeric(histogram) = &mut chart.shape {
        histogram.ends = None;
    }
    chart
}

/// A small move: both bells lie over each other and the names must not.
pub(crate) fn overlapping() -> DistributionChart {
    let edges: Vec<f64> = (0..=64).map(|i| f64::from(i) / 2.0).collect();
    let (then, now) = (bell(&edges, 15.0, 14.0), bell(&edges, 17.0, 13.0));
    distribution("wind speed", (352, 150), "mph", Shape::Numeric(Histogram { edges, then, now, ends: None }))
}

/// Hours of the day: a bar each.
pub(crate) fn hours() -> DistributionChart {
    let edges: Vec<f64> = (5..24).flat_map(|hour| [f64::from(hour).next_down(), f64::from(hour)]).collect();
    let counts = |shift: u64| {
        (0..=edges.len() as u64)
            .map(|i| if i % 2 == 1 { 200 + (300.0 * noise(i + shift)) as u64 } else { 0 })
            .collect()
    };
    let (then, now) = (counts(0), counts(7));
    distribution("dep hour", (352, 150), "", Shape::Numeric(Histogram { edges, then, now, ends: None }))
}

pub(crate) fn carriers() -> DistributionChart {
    let values =
        [("UA", 5100, 3000), ("B6", 4400, 4900), ("EV", 4100, 2100), ("DL", 3900, 6400), ("AA", 2600, 2500)];
    let small =
        [("MQ", 1900, 1100), ("US", 1500, 900), ("9E", 1300, 200), ("WN", 900, 800), ("VX", 300, 100)];
    let values = values.into_iter().chain(small);
    let value = |(name, then, now): (&str, u64, u64)| Category { name: name.into(), then, now };
    let values = values.map(value).collect();
    let shape = Shape::Categorical(Categories { values, others: (120, 80), unseen: 1700 });
    distribution("carrier", (352, 240), "", shape)
}

pub(crate) fn drift() -> HeatMap {
    let names =
        ["temp", "dew point", "humidity", "wind speed", "carrier", "origin", "dest", "distance", "dep hour"];
    let value = |row: usize, step: usize| {
        let quiet = 0.018 * noise((row * 1000 + step) as u64);
        let since = step as f64 - 17.0;
        match row {
            0 | 1 if since > 0.0 => {
                quiet + since * since * 0.0022 * (0.8 + 0.4 * noise((row * 77 + step) as u64))
            }
            2 if step > 30 => quiet + (step - 30) as f64 * 0.014 * (0.6 + 0.8 * noise(step as u64)),
            _ => quiet,
        }
    };
    let row = |(row, name): (usize, &&str)| {
        let values = (0..46).map(|step| (!(9..12).contains(&step)).then(|| value(row, step)));
        HeatRow { name: (*name).into(), values: values.collect() }
    };
    let start = time("2026-03-01");
    HeatMap {
        title: "Drift".into(),
        width: 588,
        measure: "PSI".into(),
        starts: (0..46).map(|step| start.plus_seconds(step * 3 * DAY)).collect(),
        step_seconds: 3 * DAY as u32,
        rows: names.iter().enumerate().map(row).collect(),
        selected: Some(0),
        alerts: vec![
            HeatAlert { row: 0, step: 27, text: "temp drifted, large".into() },
            HeatAlert { row: 1, step: 31, text: "dew point drifted, large".into() },
        ],
        steps: PSI_STEPS,
        utc_offset_minutes: 0,
    }
}
