//! The drawings themselves, one file per chart and theme: look at them when they change.

use crate::samples;
use flightdeck_charts::{Chart, Theme, distribution, heat, line};

fn hold(name: &str, draw: impl Fn(Theme) -> Chart) {
    for (theme, suffix) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
        let chart = draw(theme);
        assert_eq!(chart, draw(theme), "the same input gives the same bytes");
        insta::assert_snapshot!(format!("{name}-{suffix}"), chart.svg);
    }
    let chart = draw(Theme::Light);
    let hover: Vec<_> =
        chart.hover.iter().take(4).map(|area| format!("{} {} {}", area.x, area.width, area.label)).collect();
    let table: Vec<_> = chart.table.iter().take(4).map(|row| row.join(" | ")).collect();
    insta::assert_snapshot!(format!("{name}-said"), [&[chart.alt][..], &hover, &table].concat().join("\n"));
}

#[test]
fn traffic() {
    hold("traffic", |theme| line(&samples::traffic(), theme));
}

#[test]
fn latency() {
    hold("latency", |theme| line(&samples::latency(), theme));
}

#[test]
fn evidence() {
    hold("evidence", |theme| line(&samples::evidence(), theme));
}

#[test]
fn performance() {
    hold("performance", |theme| line(&samples::performance(), theme));
}

#[test]
fn temperature() {
    hold("temperature", |theme| distribution(&samples::temperature(), theme));
}

#[test]
fn beyond() {
    hold("beyond", |theme| distribution(&samples::beyond(), theme));
}

#[test]
fn overlapping() {
    hold("overlapping", |theme| distribution(&samples::overlapping(), theme));
}

#[test]
fn hours() {
    hold("hours", |theme| distribution(&samples::hours(), theme));
}

#[test]
fn carriers() {
    hold("carriers", |theme| distribution(&samples::carriers(), theme));
}

#[test]
fn drift() {
    hold("drift", |theme| heat(&samples::drift(), theme));
}
