//! Writing figures down for Prometheus: `OpenMetrics` text when a scraper asks for it, the older text format otherwise.
//!
//! What is measured is not decided here. The two formats differ in how counters are headed, in units and in the last line.

use axum::http::{HeaderMap, header};
use std::fmt::Write;

/// The content type of `OpenMetrics` text.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The content type of the older text.
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A page of figures.
pub(super) struct Page {
    text: String,
    is_open_metrics: bool,
}

/// What kind of figures a family has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only grows. The family's name is without `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
    /// Facts as labels. The family's name is without `_info`.
    Info,
    /// A counter whose name is another program's.
    Unknown,
}

/// Pairs of names and values; the values come from configuration, never from requests.
pub(super) type Labels<'a> = [(&'static str, &'a str)];

/// Counts by upper bound.
pub(super) struct Buckets {
    /// Bounds in the family's unit, ascending, each with how many were not above it.
    pub(super) cumulative: Vec<(f64, u64)>,
    /// All of them.
    pub(super) count: u64,
    /// Their sum, in the family's unit.
    pub(super) sum: f64,
}

impl Page {
    /// An empty page in the format that a scraper prefers.
    pub(super) fn for_scraper(headers: &HeaderMap) -> Self {
        let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        Self { text: String::new(), is_open_metrics: accepts.contains("application/openmetrics-text") }
    }

    /// Begins a family. Its samples follow, and nothing else.
    pub(super) fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let heading = match kind {
            Kind::Counter if !self.is_open_metrics => format!("{name}_total"),
            Kind::Info if !self.is_open_metrics => format!("{name}_info"),
            _ => name.to_owned(),
        };
        let word = match kind {
            Kind::Info if self.is_open_metrics => "info",
            Kind::Gauge | Kind::Info => "gauge",
            Kind::Histogram => "histogram",
            Kind::Unknown if self.is_open_metrics => "unknown",
            Kind::Counter | Kind::Unknown => "counter",
        };
        let unit = ["seconds", "bytes"].into_iter().find(|unit| name.ends_with(&format!("_{unit}")));
        let _ = writeln!(self.text, "# TYPE {heading} {word}");
        if let Some(unit) = unit.filter(|_| self.is_open_metrics) {
            let _ = writeln!(self.text, "# UNIT {heading} {unit}");
        }
        let _ = writeln!(self.text, "# HELP {heading} {help}");
    }

    /// A counter's figure.
    pub(super) fn count(&mut self, name: &str, labels: &Labels<'_>, value: u64) {
        self.line(name, "_total", labels, None);
        let _ = writeln!(self.text, " {value}");
    }

    /// A counter's figure that is no whole number.
    pub(super) fn amount(&mut self, name: &str, labels: &Labels<'_>, value: f64) {
        self.line(name, "_total", labels, None);
        let _ = writeln!(self.text, " {value:?}");
    }

    /// A gauge's figure.
    pub(super) fn gauge(&mut self, name: &str, labels: &Labels<'_>, value: f64) {
        self.line(name, "", labels, None);
        let _ = writeln!(self.text, " {value:?}");
    }

    /// Facts.
    pub(super) fn info(&mut self, name: &str, labels: &Labels<'_>) {
        self.line(name, "_info", labels, None);
        let _ = writeln!(self.text, " 1");
    }

    /// A histogram's figures.
    pub(super) fn histogram(&mut self, name: &str, labels: &Labels<'_>, buckets: &Buckets) {
        for (bound, count) in &buckets.cumulative {
            self.line(name, "_bucket", labels, Some(&format!("{bound:?}")));
            let _ = writeln!(self.text, " {count}");
        }
        self.line(name, "_bucket", labels, Some("+Inf"));
        let _ = writeln!(self.text, " {}", buckets.count);
        self.line(name, "_count", labels, None);
        let _ = writeln!(self.text, " {}", buckets.count);
        self.line(name, "_sum", labels, None);
        let _ = writeln!(self.text, " {:?}", buckets.sum);
    }

    /// The content type and the text, complete.
    pub(super) fn finish(mut self) -> (&'static str, String) {
        if self.is_open_metrics {
            self.text.push_str("# EOF\n");
            return (OPEN_METRICS, self.text);
        }
        (PLAIN, self.text)
    }

    fn line(&mut self, name: &str, suffix: &str, labels: &Labels<'_>, bound: Option<&str>) {
        self.text.push_str(name);
        self.text.push_str(suffix);
        let pairs = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
        let mut opening = '{';
        for (label, value) in pairs {
            self.text.push(opening);
            self.text.push_str(label);
            self.text.push_str("=\"");
            value.chars().for_each(|letter| match letter {
                '\\' => self.text.push_str("\\\\"),
                '"' => self.text.push_str("\\\""),
                '\n' => self.text.push_str("\\n"),
                letter => self.text.push(letter),
            });
            self.text.push('"');
            opening = ',';
        }
        if opening == ',' {
            self.text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(accept: &str) -> (&'static str, String) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        let mut page = Page::for_scraper(&headers);
        page.family("a_seconds", Kind::Counter, "Time.");
        page.amount("a_seconds", &[], 1.5);
        page.family("b", Kind::Info, "Facts.");
        page.info("b", &[("v", "x\"\\\n")]);
        page.family("c_bytes", Kind::Histogram, "Sizes.");
        let buckets = Buckets { cumulative: vec![(0.5, 1), (1.0, 2)], count: 3, sum: 4.0 };
        page.histogram("c_bytes", &[("e", "n")], &buckets);
        page.finish()
    }

    #[test]
    fn both_formats_head_their_families_as_their_specifications_say() {
        let (kind, text) = page("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
        assert_eq!(kind, OPEN_METRICS);
        let expected = "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds Time.\n\
            a_seconds_total 1.5\n# TYPE b info\n# HELP b Facts.\nb_info{v=\"x\\\"\\\\\\n\"} 1\n\
            # TYPE c_bytes histogram\n# UNIT c_bytes bytes\n# HELP c_bytes Sizes.\n\
            c_bytes_bucket{e=\"n\",le=\"0.5\"} 1\nc_bytes_bucket{e=\"n\",le=\"1.0\"} 2\n\
            c_bytes_bucket{e=\"n\",le=\"+Inf\"} 3\nc_bytes_count{e=\"n\"} 3\nc_bytes_sum{e=\"n\"} 4.0\n# EOF\n";
        assert_eq!(text, expected);
        let (kind, text) = page("*/*");
        assert_eq!(kind, PLAIN);
        assert!(text.starts_with(
            "# TYPE a_seconds_total counter\n# HELP a_seconds_total Time.\na_seconds_total 1.5\n"
        ));
        assert!(
            text.contains("# TYPE b_info gauge\n") && !text.contains("# UNIT") && !text.contains("# EOF")
        );
    }
}
