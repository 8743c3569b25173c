//! Measuring what a version costs on this computer.

use crate::jobs::Job;
use crate::views::{BatchLatency, OperatorShare, ProfileView};
use crate::{App, Result};
use flightdeck_core::{Name, Progress, Unit};
use flightdeck_engine::client::Watch;
use flightdeck_engine::{ModelSource, OperatorTime, ProfileRequest, Sampled};
use flightdeck_onnx::Facts;
use flightdeck_package::{MANIFEST, Manifest};
use flightdeck_store::profile;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// Rows per run that are measured.
const BATCHES: [usize; 3] = [1, 8, 32];
/// How long, all batches together.
const BUDGET_MS: u64 = 1_500;

impl App {
    /// Measures a version in a child process with limits, and keeps the result.
    pub async fn profile(&self, model: &Name, number: Option<u32>, job: &Job) -> Result<ProfileView> {
        let record = self.version(model, number)?;
        let package = self.package(&record.digest)?;
        job.report(Progress::new("load", 0, None, Unit::Runs));
        let request = ProfileRequest {
            model: ModelSource::Package(package.path.clone()),
            signature: None,
            batches: BATCHES.to_vec(),
            rows: Sampled::Golden,
            budget_ms: BUDGET_MS,
        };
        let mut report = |progress| job.report(progress);
        let watch = Watch { progress: &mut report, cancel: &job.cancel };
        let measured = Self::worker()?.profile(request, watch).await?;
        let manifest: Manifest = package.read(MANIFEST)?;
        let facts = serde_json::from_value::<Facts>(manifest.facts).ok();
        let latency = measured.latency_us.iter().map(|latency| BatchLatency {
            batch: latency.batch as u32,
            p50: latency.p50,
            p90: latency.p90,
            p99: latency.p99,
        });
        let view = ProfileView {
            model: record.model.clone(),
            version: record.version,
            machine: machine(),
            measured_at: self.now(),
            load_ms: measured.load_ms,
            latency_us: latency.collect(),
            rows_per_s: measured.rows_per_s,
            peak_bytes: measured.peak_bytes,
            parameters: facts.as_ref().map_or(0, |facts| facts.parameters),
            flops: facts.and_then(|facts| facts.flops),
            operators: operators(&measured.operators),
            bytes: package.bytes(),
        };
        let document = serde_json::to_string(&view).unwrap_or_default();
        self.act("profile", &format!("{}@{}", record.model, record.version), |act| {
            profile::add(act, &record.digest, view.measured_at, &document)
        })?;
        Ok(view)
    }
}

/// Where the time of a run goes, most expensive first, batch by batch.
fn operators(measured: &[OperatorTime]) -> Vec<OperatorShare> {
    let mut all: Vec<OperatorShare> = measured
        .iter()
        .map(|time| OperatorShare {
            operator: time.operator.clone(),
            count: time.count,
            batch: time.batch as u32,
            us: time.us_per_run,
            share: time.share,
        })
        .collect();
    all.sort_by(|a, b| a.batch.cmp(&b.batch).then(b.share.total_cmp(&a.share)));
    all
}

/// This machine in a few words: `Linux x86_64, AMD EPYC 7B13, 2 cores, 24 GB`.
pub(crate) fn machine() -> String {
    let what = RefreshKind::nothing()
        .with_cpu(CpuRefreshKind::nothing())
        .with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(what);
    let cpu = system.cpus().first().map_or("", |cpu| cpu.brand()).trim();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory_gb = (system.total_memory() as f64 / 1e9).round();
    let system_name = System::name().unwrap_or_else(|| std::env::consts::OS.into());
    let cpu = if cpu.is_empty() { String::new() } else { format!("{cpu}, ") };
    format!("{system_name} {}, {cpu}{cores} cores, {memory_gb} GB", std::env::consts::ARCH)
}
