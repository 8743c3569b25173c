//! The same figures under the names that dashboards for Triton know, when the configuration asks for them.

use super::Loaded;
use super::text::{Kind, Page};
use crate::serving::Figures;

/// What Triton counts of a model, without what it tells of graphics cards.
const COUNTERS: [(&str, &str); 7] = [
    ("nv_inference_request_success", "Requests that were answered."),
    ("nv_inference_request_failure", "Requests that were not answered."),
    ("nv_inference_count", "Rows that were run."),
    ("nv_inference_exec_count", "Runs."),
    ("nv_inference_request_duration_us", "Time of answered requests."),
    ("nv_inference_queue_duration_us", "Time of waiting for a run."),
    ("nv_inference_compute_infer_duration_us", "Time of runs, of each request in them."),
];

fn values(figures: &Figures) -> [u64; 7] {
    [
        figures.success.count,
        figures.fail.count + figures.shed + figures.late + figures.cancelled,
        figures.inference_count,
        figures.execution_count,
        figures.success.ns / 1000,
        figures.queue.ns / 1000,
        figures.compute_infer.ns / 1000,
    ]
}

pub(super) fn write(page: &mut Page, loaded: &[Loaded]) {
    for (place, (name, help)) in COUNTERS.into_iter().enumerate() {
        // These names have no `_total`, which OpenMetrics asks of a counter: there their kind is not told.
        page.family(name, Kind::Unknown, help);
        for model in loaded {
            page.gauge(name, &model.model_labels(), values(&model.figures)[place] as f64);
        }
    }
    let name = "nv_inference_pending_request_count";
    page.family(name, Kind::Gauge, "Rows that wait for a run.");
    for model in loaded {
        page.gauge(name, &model.model_labels(), model.waiting_rows as f64);
    }
}
