//! Nothing, one thing, too much of it, and numbers at the edge of what there is.

use crate::samples;
use flightdeck_charts::{
    Band, Categories, Category, Chart, HeatAlert, HeatMap, HeatRow, Histogram, Ink, Limit, LineChart, Mark,
    PSI_STEPS, Point, Series, Shape, Size, Theme, distribution, heat, line,
};
use flightdeck_core::Timestamp;

/// What holds for every chart, whatever went in.
fn check(chart: &Chart) {
    let svg = &chart.svg;
    for nonsense in ["NaN", "inf", "style", "<script", "font-family"] {
        assert!(!svg.contains(nonsense), "{nonsense} in {svg}");
    }
    assert!(svg.starts_with("<svg ") && svg.contains("role=\"img\"") && svg.ends_with("</svg>\n"), "{svg}");
    assert!(svg.contains("<title>") && svg.contains("<desc>"));
    assert!(!chart.alt.is_empty() && chart.alt.ends_with('.'), "{}", chart.alt);
    assert!(!chart.alt.contains("NaN") && !chart.alt.contains("inf "), "{}", chart.alt);
    let width = chart.table[0].len();
    assert!(chart.table.iter().all(|row| row.len() == width));
    assert!(
        chart.table.iter().flatten().all(|cell| !cell.contains("NaN") && cell != "inf"),
        "{:?}",
        chart.table
    );
    for area in &chart.hover {
        for number in [area.x, area.y, area.width, area.height] {
            assert!(number.is_finite() && number >= -0.25, "{area:?}");
        }
        assert!(area.x + area.width <= f64::from(chart.width) + 0.5, "{area:?}");
    }
    marks_lie_inside(chart);
}

/// Every coordinate of every mark lies within the viewBox, give or take a stroke.
fn marks_lie_inside(chart: &Chart) {
    let (width, height) = (f64::from(chart.width) * 4.0, f64::from(chart.height) * 4.0);
    let of = |name: &str, most: f64| {
        for part in chart.svg.split(&format!(" {name}=\"")).skip(1) {
            let value: f64 = part.split('"').next().unwrap().parse().unwrap();
            assert!((-40.0..=most + 40.0).contains(&value), "{name}={value} in {}", chart.svg);
        }
    };
    of("x", width);
    of("y", height);
    of("x1", width);
    of("x2", width);
    of("y1", height);
    of("y2", height);
    for points in chart.svg.split("points=\"").skip(1) {
        for pair in points.split('"').next().unwrap().split_whitespace() {
            let (x, y) = pair.split_once(',').unwrap();
            let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            assert!((-40.0..=width + 40.0).contains(&x) && (-40.0..=height + 40.0).contains(&y), "{pair}");
        }
    }
}

fn points(values: &[Option<f64>]) -> Series {
    samples::series("a", Ink::Now, "2026-01-01", 60, values.iter().copied())
}

#[test]
fn d3_lines_of_any_values_are_drawn_without_nan() {
    let huge = [Some(1e308), Some(-1e308), Some(0.0), Some(f64::MAX), Some(f64::MIN)];
    let broken = [Some(f64::NAN), None, Some(f64::INFINITY), Some(3.0), None];
    let cases: [&[Option<f64>]; 11] = [
        &[],
        &[None],
        &[Some(f64::NAN)],
        &[Some(5.0)],
        &[Some(0.0)],
        &[Some(7.0); 20],
        &[Some(-0.0); 3],
        &[Some(5e-324), Some(1e-300)],
        &huge,
        &broken,
        &[Some(1e15), Some(1e15 + 1.0)],
    ];
    for values in cases {
        for from_zero in [true, false] {
            let limit = Some(Limit { value: 1e308, meaning: "far".into() });
            for limit in [None, limit, Some(Limit { value: f64::NAN, meaning: "none".into() })] {
                let chart = LineChart {
                    from_zero,
                    limit,
                    ..samples::chart("a", (300, 80), vec![points(values), points(&[Some(1.0)])])
                };
                check(&line(&chart, Theme::Light));
                check(&line(&LineChart { series: vec![points(values)], ..chart }, Theme::Dark));
            }
        }
    }
}

#[test]
fn d3_lines_without_series_say_so() {
    let chart = line(&samples::chart("Traffic", (300, 80), vec![]), Theme::Light);
    check(&chart);
    assert!(chart.svg.contains("No data yet") && chart.hover.is_empty());
    assert_eq!(chart.alt, "Traffic: no data yet.");
}

#[test]
fn absurd_sizes_times_and_bands_are_drawn() {
    let mut series = points(&[Some(1.0), Some(2.0)]);
    series.points.push(Point { at: Timestamp::from_ms(i64::MAX), value: Some(3.0) });
    series.points.insert(0, Point { at: Timestamp::from_ms(i64::MIN), value: Some(3.0) });
    let band = Band {
        points: vec![(Timestamp::from_ms(0), f64::NAN, 1.0), (Timestamp::from_ms(5), -1e308, 1e308)],
        meaning: "band".into(),
    };
    for size in [(0, 0), (120, 48), (1_000_000, 5)] {
        let chart = LineChart {
            band: Some(band.clone()),
            alerts: vec![Mark { at: Timestamp::from_ms(i64::MAX), text: "late".into() }],
            utc_offset_minutes: i32::MAX,
            ..samples::chart("a", size, vec![series.clone()])
        };
        check(&line(&chart, Theme::Light));
    }
}

#[test]
fn many_points_are_thinned_and_keep_their_extremes() {
    let values = (0..200_000).map(|i| Some(if i == 77_777 { 100.0 } else { samples::noise(i) }));
    let series = samples::series("a", Ink::Now, "2026-01-01", 60, values);
    let chart = line(&samples::chart("a", (500, 100), vec![series]), Theme::Light);
    check(&chart);
    assert!(chart.svg.len() < 60_000, "{} bytes", chart.svg.len());
    assert!(chart.hover.len() < 200, "{} areas", chart.hover.len());
    assert_eq!(chart.table.len(), 200_001);
    assert!(chart.svg.contains(",28 "), "the spike reaches the top");
}

fn histogram(edges: &[f64], then: &[u64], now: &[u64], ends: Option<(f64, f64)>) -> Shape {
    Shape::Numeric(Histogram { edges: edges.to_vec(), then: then.to_vec(), now: now.to_vec(), ends })
}

#[test]
fn l7_distributions_of_any_counts_are_drawn_without_nan() {
    let cases = [
        histogram(&[], &[], &[], None),
        histogram(&[], &[4], &[4], None),
        histogram(&[1.0], &[0, 0], &[0, 0], None),
        histogram(&[1.0], &[3, 4], &[7, 0], None),
        histogram(&[5.0_f64.next_down(), 5.0], &[0, 9, 0], &[0, 9, 0], Some((5.0, 5.0))),
        histogram(&[0.0, 1.0], &[0, 1, 0], &[0, 0, 0], None),
        histogram(&[0.0, 1.0], &[0, 0, 0], &[5, 5, 5], Some((-1e308, 1e308))),
        histogram(&[-1e308, 0.0, 1e308], &[1, 1, 1, 1], &[2, 2, 2, 2], None),
        histogram(&[-1e308, 1e308], &[1, u64::MAX, 1], &[2, u64::MAX, 2], Some((f64::NAN, 1.0))),
        histogram(&[0.0, 5e-324], &[1, 1, 1], &[1, 1, 1], None),
        histogram(&[f64::NEG_INFINITY, 0.0], &[1, 1, 1], &[1, 1, 1], None),
        histogram(&[0.0, 1.0], &[1], &[1, 2, 3, 4], None),
        Shape::Categorical(Categories { values: vec![], others: (0, 0), unseen: 0 }),
        Shape::Categorical(Categories { values: vec![], others: (u64::MAX, 0), unseen: u64::MAX }),
        Shape::Categorical(Categories {
            values: vec![Category { name: String::new(), then: 0, now: 0 }],
            others: (0, 0),
            unseen: 0,
        }),
    ];
    for shape in cases {
        for size in [(352, 150), (0, 0)] {
            check(&distribution(&samples::distribution("x", size, "", shape.clone()), Theme::Light));
        }
    }
}

#[test]
fn a_hundred_values_become_the_top_ones_and_others() {
    let value =
        |index: u64| Category { name: format!("value {index}"), then: 1000 - index, now: 900 + index };
    let shape =
        Shape::Categorical(Categories { values: (0..100).map(value).collect(), others: (5, 5), unseen: 3 });
    let chart = distribution(&samples::distribution("x", (352, 240), "", shape), Theme::Light);
    check(&chart);
    assert_eq!((chart.hover.len(), chart.height), (8, 240));
    assert!(chart.hover[6].label.starts_with("others") && chart.hover[7].label.starts_with("new values"));
    assert_eq!(chart.table.len(), 103);
}

fn map(rows: usize, steps: usize, value: impl Fn(usize, usize) -> Option<f64>) -> HeatMap {
    let row = |row| HeatRow {
        name: format!("feature {row}"),
        values: (0..steps).map(|step| value(row, step)).collect(),
    };
    HeatMap {
        title: "Drift".into(),
        width: 588,
        measure: "PSI".into(),
        starts: (0..steps).map(|step| Timestamp::from_ms(step as i64 * 3_600_000)).collect(),
        step_seconds: 3600,
        rows: (0..rows).map(row).collect(),
        selected: Some(rows.saturating_sub(1)),
        alerts: vec![
            HeatAlert { row: 0, step: 0, text: "first".into() },
            HeatAlert { row: 9999, step: 9999, text: "nowhere".into() },
        ],
        steps: PSI_STEPS,
        utc_offset_minutes: 0,
    }
}

#[test]
fn l7_heat_maps_of_any_shape_are_drawn_without_nan() {
    let values = [None, Some(0.0), Some(f64::NAN), Some(f64::INFINITY), Some(-1e308), Some(1e308)];
    for (rows, steps) in [(0, 0), (0, 5), (5, 0), (1, 1), (1, 90), (100, 90), (3, 5000)] {
        check(&heat(&map(rows, steps, |row, step| values[(row + step) % values.len()]), Theme::Dark));
    }
    let mut ragged = map(3, 10, |_, _| Some(1.0));
    ragged.rows[1].values.truncate(2);
    ragged.rows[2].values.extend([Some(1.0); 30]);
    check(&heat(&ragged, Theme::Light));
}

#[test]
fn a_cell_without_rows_is_not_one_without_drift() {
    let none = heat(&map(1, 4, |_, _| None), Theme::Light);
    let quiet = heat(&map(1, 4, |_, _| Some(0.0)), Theme::Light);
    assert_ne!(none.svg, quiet.svg);
    assert!(none.hover[1].label.ends_with("too few rows"), "{}", none.hover[1].label);
    assert!(quiet.hover[1].label.ends_with("PSI 0"), "{}", quiet.hover[1].label);
}

#[test]
fn each_step_of_the_scale_has_its_colour() {
    let chart = heat(&map(1, 6, |_, step| Some([0.0, 0.02, 0.1, 0.25, 0.5, 1.0][step])), Theme::Light);
    let palette = Theme::Light.palette();
    for flightdeck_charts::Color(r, g, b) in palette.heat {
        assert!(chart.svg.contains(&format!("fill=\"#{r:02X}{g:02X}{b:02X}\"")), "{r} {g} {b}");
    }
}

#[test]
fn a_size_is_kept_within_what_can_be_drawn() {
    let chart = LineChart { size: Size { width: 0, height: u32::MAX }, ..samples::traffic() };
    let drawn = line(&chart, Theme::Light);
    assert_eq!((drawn.width, drawn.height), (120, 8000));
}
