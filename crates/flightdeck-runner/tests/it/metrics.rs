//! What a scraper reads: the format to the letter, the figures to the request.

use crate::support::{Server, endpoint, eventually, four_columns, linear, request};
use std::collections::{BTreeMap, BTreeSet};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Samples by what stands before the value.
pub(crate) type Samples = BTreeMap<String, f64>;

/// Reads OpenMetrics text and refuses what its specification refuses.
pub(crate) fn read(text: &str) -> Samples {
    let body = text.strip_suffix("# EOF\n").expect("the last line says that it is the last");
    let (mut samples, mut families) = (Samples::new(), BTreeSet::new());
    let (mut name, mut kind) = (String::new(), String::new());
    for line in body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (what, of, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            match what {
                "TYPE" => {
                    assert!(families.insert(of.to_owned()), "{of} begins once");
                    (name, kind) = (of.to_owned(), rest.to_owned());
                }
                "UNIT" => assert!(of == name && of.ends_with(&format!("_{rest}")), "{line}"),
                "HELP" => assert!(of == name && !rest.is_empty(), "{line}"),
                other => panic!("{other}"),
            }
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        let suffix =
            sample.split('{').next().unwrap().strip_prefix(&name).expect("samples stand with their family");
        let allowed: &[&str] = match kind.as_str() {
            "counter" => &["_total"],
            "gauge" | "unknown" => &[""],
            "info" => &["_info"],
            "histogram" => &["_bucket", "_count", "_sum"],
            other => panic!("{other}"),
        };
        assert!(allowed.contains(&suffix), "{line}");
        let value: f64 = value.parse().unwrap();
        assert!(value.is_finite() && (kind == "gauge" || value >= 0.0), "{line}");
        assert_eq!(samples.insert(sample.to_owned(), value), None, "{sample} stands once");
    }
    check_histograms(&samples);
    samples
}

/// Buckets never fall, and the last is the count.
fn check_histograms(samples: &Samples) {
    let mut last: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for (sample, value) in samples {
        let Some((series, bound)) = sample.split_once(",le=\"") else { continue };
        let bound = bound.trim_end_matches("\"}");
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() };
        last.entry(series.to_owned()).or_default().push((bound, *value));
    }
    for (series, mut buckets) in last {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(buckets.is_sorted_by(|a, b| a.1 <= b.1), "{series}");
        let count = series.replace("_bucket", "_count") + "}";
        assert_eq!(samples[&count], buckets.last().unwrap().1, "{series}");
    }
}

pub(crate) async fn scrape(server: &Server) -> Samples {
    let (status, kind, text) = server.page("/metrics", "application/openmetrics-text;version=1.0.0").await;
    assert_eq!((status, kind.as_str()), (200, OPEN_METRICS));
    read(&text)
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_the_requests_and_labels_never_come_from_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let package = four_columns("linear", linear);
    server.deploy("e", &package).await;
    for n in 0..10_u8 {
        server.control.infer(&endpoint("e"), &request(&[[f32::from(n); 4]; 3])).await.unwrap();
    }
    let client = reqwest::Client::new();
    for path in ["/v2/models/e/infer", "/flightdeck/v1/endpoints/e/predict"] {
        let wrong = client.post(format!("{}{path}", server.base)).body("{").send().await.unwrap();
        assert_eq!(wrong.status(), 400);
    }
    let canary = "canary-of-a-request";
    for path in [format!("/v2/models/{canary}/infer"), format!("/v2/models/e/versions/{canary}/infer")] {
        let wrong = client.post(format!("{}{path}", server.base)).body("{}").send().await.unwrap();
        assert_eq!(wrong.status(), 404);
    }
    let labels = format!("endpoint=\"e\",version=\"{}\",role=\"champion\"", package.root.short());
    let answered = format!("flightdeck_requests_total{{{labels},code=\"2xx\"}}");
    // The figures are those of the closer's last second.
    eventually(async || scrape(&server).await.get(&answered) == Some(&10.0)).await;
    let samples = scrape(&server).await;
    let of = |name: &str| samples[&format!("{name}{{{labels}}}")];
    assert_eq!(samples[&format!("flightdeck_requests_total{{{labels},code=\"4xx\"}}")], 2.0);
    assert_eq!(samples[&format!("flightdeck_requests_total{{{labels},code=\"5xx\"}}")], 0.0);
    assert_eq!((of("flightdeck_rows_total"), of("flightdeck_shed_total")), (30.0, 0.0));
    assert_eq!(of("flightdeck_request_seconds_count"), 10.0);
    assert_eq!((of("flightdeck_queue_seconds_count"), of("flightdeck_queue_rows")), (10.0, 0.0));
    assert!((1.0..=10.0).contains(&of("flightdeck_runs_total")));
    assert!(of("flightdeck_request_seconds_sum") > 0.0);
    assert!(!samples.keys().any(|sample| sample.contains(canary)));
    assert!(samples["process_resident_memory_bytes"] > 1e6 && samples["process_open_fds"] > 3.0);
    assert!(samples["process_start_time_seconds"] > 1.7e9);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_need_the_token_and_the_older_format_is_still_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let anybody = reqwest::get(format!("{}/metrics", server.base)).await.unwrap();
    assert_eq!(anybody.status(), 401);
    let (status, kind, text) = server.page("/metrics", "*/*").await;
    assert_eq!((status, kind.as_str()), (200, "text/plain; version=0.0.4; charset=utf-8"));
    assert!(text.contains("# TYPE flightdeck_outbox_gaps_total counter\n") && !text.contains("# EOF"));
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboards_for_triton_find_their_names_when_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("runner.toml");
    std::fs::write(&config, "[metrics]\ntriton_names = true\nopen = true\n").unwrap();
    let data = folder.path().join("data");
    let server = Server::start_with(&data, &["--config", config.to_str().unwrap()]).await;
    let package = four_columns("linear", linear);
    server.deploy("e", &package).await;
    server.control.infer(&endpoint("e"), &request(&[[1.0; 4]; 3])).await.unwrap();
    let samples = scrape(&server).await;
    let of = |name: &str| samples[&format!("{name}{{model=\"e\",version=\"{}\"}}", package.root.short())];
    assert_eq!((of("nv_inference_request_success"), of("nv_inference_count")), (1.0, 3.0));
    assert_eq!((of("nv_inference_exec_count"), of("nv_inference_pending_request_count")), (1.0, 0.0));
    assert!(of("nv_inference_request_duration_us") > 0.0);
    assert_eq!(
        reqwest::get(format!("{}/metrics", server.base)).await.unwrap().status(),
        200,
        "open to everybody"
    );
}
