//! What leaves the crate: markup that stays text, and the shape that the window reads.

use crate::samples;
use flightdeck_charts::{Categories, Category, Chart, Shape, Theme, distribution, heat, line};
use ts_rs::TS;

const EVIL: &str = "<img src=x onerror=alert(1)>\"'&]]>\u{0}\u{1b}[31m\u{202e}";

/// Reads the document as a browser would: only these elements, and no attribute that could run or load anything.
fn only_marks(chart: &Chart) {
    let known = ["svg", "title", "desc", "line", "polyline", "polygon", "rect", "circle", "text"];
    for tag in chart.svg.split('<').skip(1) {
        let name = tag.trim_start_matches('/').split([' ', '>', '/', '\n']).next().unwrap();
        assert!(known.contains(&name), "<{name}> in {}", chart.svg);
        let attributes = tag.split('>').next().unwrap();
        assert!(
            !attributes.contains(" on") && !attributes.contains("href") && !attributes.contains("style=")
        );
    }
    assert!(!chart.svg.contains(['\0', '\u{1b}', '\u{202e}']), "characters that XML forbids or that hide");
    assert!(chart.svg.matches("&lt;img").count() > 0);
}

#[test]
fn t3_markup_in_names_stays_text() {
    let mut map = samples::drift();
    map.rows[0].name = EVIL.into();
    map.title = EVIL.into();
    map.alerts[0].text = EVIL.into();
    only_marks(&heat(&map, Theme::Light));

    let mut lines = samples::performance();
    lines.series[0].name = EVIL.into();
    lines.series[1].name = EVIL.into();
    lines.title = EVIL.into();
    lines.unit = EVIL.into();
    only_marks(&line(&lines, Theme::Light));

    let mut bells = samples::temperature();
    (bells.title, bells.then, bells.now, bells.unit) = (EVIL.into(), EVIL.into(), EVIL.into(), EVIL.into());
    only_marks(&distribution(&bells, Theme::Light));

    let values = vec![Category { name: EVIL.into(), then: 3, now: 1 }];
    bells.shape = Shape::Categorical(Categories { values, others: (1, 1), unseen: 1 });
    only_marks(&distribution(&bells, Theme::Dark));
}

#[test]
fn the_title_and_description_are_the_first_children() {
    let chart = line(&samples::evidence(), Theme::Light);
    let (_, inside) = chart.svg.split_once(">\n").unwrap();
    assert!(inside.starts_with("<title>Evidence of drift in temp, log scale</title>\n<desc>"), "{inside}");
}

#[test]
fn text_is_eleven_pixels_in_the_pages_font() {
    let chart = heat(&samples::drift(), Theme::Light);
    assert!(chart.svg.contains("viewBox=\"0 0 2352 ") && chart.svg.contains("width=\"588\""));
    let sizes: Vec<_> =
        chart.svg.split("font-size=\"").skip(1).map(|part| part.split('"').next().unwrap()).collect();
    assert!(!sizes.is_empty() && sizes.iter().all(|size| *size == "44"), "{sizes:?}");
}

#[test]
fn a_chart_is_json_with_plain_numbers() {
    let json = serde_json::to_value(line(&samples::traffic(), Theme::Light)).unwrap();
    assert_eq!(json["width"], 596);
    assert!(json["hover"][0]["x"].is_f64() && json["hover"][0]["label"].is_string());
    assert_eq!(json["table"][0], serde_json::json!(["time", "traffic"]));
    let declared = Chart::decl(&ts_rs::Config::default());
    assert!(
        declared.contains("width: number") && declared.contains("table: Array<Array<string>>"),
        "{declared}"
    );
}

#[test]
fn the_gap_in_the_traffic_is_a_gap() {
    let chart = line(&samples::traffic(), Theme::Light);
    assert_eq!(chart.svg.matches("<polyline").count(), 2);
    assert_eq!(chart.table[61], ["2026-07-18T15:00:00Z", ""]);
    assert!(chart.hover[60].label.ends_with("no value"), "{}", chart.hover[60].label);
}

#[test]
fn a_present_outside_of_the_axis_is_named_where_it_is() {
    let mut chart = samples::beyond();
    if let Shape::Numeric(histogram) = &mut chart.shape {
        histogram.now.fill(0);
        *histogram.now.last_mut().unwrap() = 500;
    }
    let drawn = distribution(&chart, Theme::Light);
    assert!(drawn.svg.contains(">July 100 %</text>"), "{}", drawn.svg);
    assert!(drawn.alt.ends_with("above 80 °F in July. 100 % of July lie above 80 °F."), "{}", drawn.alt);
}
