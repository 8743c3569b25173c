//! What a version did since it was loaded, in the terms of the Open Inference Protocol's statistics.
//!
//! Counted by whoever works, read by whoever asks: relaxed atomics, so that figures of one reading may be a request apart.
//! Counts by window and column are `counting`'s.

use crate::metrics::Histogram;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The counters of one version. Every request ends in one of `success`, `fail`, `shed`, `late` and `cancelled`.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    requests: Requests,
    runs: Runs,
    /// How long each request waited for a run.
    pub(crate) waits: Histogram,
}

/// Written by the threads that serve connections: away from what the thread that has the session writes.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Requests {
    success: Counter,
    fail: Counter,
    shed: AtomicU64,
    late: AtomicU64,
    cancelled: AtomicU64,
    last_ms: AtomicI64,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Runs {
    queue: Counter,
    input: Counter,
    infer: Counter,
    output: Counter,
    rows: AtomicU64,
    executions: AtomicU64,
}

#[derive(Debug, Default)]
struct Counter {
    count: AtomicU64,
    ns: AtomicU64,
}

/// How often something happened and how long it took altogether.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    pub(crate) count: u64,
    pub(crate) ns: u64,
}

/// A reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Requests that were answered, from their arrival to the outputs.
    pub(crate) success: Spent,
    /// Requests that the model could not answer.
    pub(crate) fail: Spent,
    /// Per request: waiting for a run, and its run's parts. Requests that share a run are each given all of its time.
    pub(crate) queue: Spent,
    pub(crate) compute_input: Spent,
    pub(crate) compute_infer: Spent,
    pub(crate) compute_output: Spent,
    /// Rows that were run, and runs.
    pub(crate) inference_count: u64,
    pub(crate) execution_count: u64,
    /// When the last request was answered, in milliseconds since 1970; 0 before the first.
    pub(crate) last_inference_ms: i64,
    /// Requests that found no room.
    pub(crate) shed: u64,
    /// Requests whose deadline passed before their answer.
    pub(crate) late: u64,
    /// Requests whose client left before their answer.
    pub(crate) cancelled: u64,
}

/// What a run of one or several requests took, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Run {
    pub(crate) requests: u64,
    pub(crate) rows: u64,
    pub(crate) queue_ns: u64,
    pub(crate) input_ns: u64,
    pub(crate) infer_ns: u64,
    pub(crate) output_ns: u64,
    /// More than one where a request is run in slices.
    pub(crate) runs: u64,
}

impl Statistics {
    /// A request was answered, at this time.
    pub(crate) fn succeeded(&self, took: Duration, now_ms: i64) {
        self.requests.success.add(1, nanoseconds(took));
        self.requests.last_ms.store(now_ms, Relaxed);
    }

    pub(crate) fn failed(&self, took: Duration) {
        self.requests.fail.add(1, nanoseconds(took));
    }

    pub(crate) fn shed(&self) {
        self.requests.shed.fetch_add(1, Relaxed);
    }

    pub(crate) fn late(&self) {
        self.requests.late.fetch_add(1, Relaxed);
    }

    pub(crate) fn cancelled(&self) {
        self.requests.cancelled.fetch_add(1, Relaxed);
    }

    pub(crate) fn ran(&self, run: Run) {
        let Runs { queue, input, infer, output, rows, executions } = &self.runs;
        queue.add(run.requests, run.queue_ns);
        input.add(run.requests, run.input_ns * run.requests);
        infer.add(run.requests, run.infer_ns * run.requests);
        output.add(run.requests, run.output_ns * run.requests);
        rows.fetch_add(run.rows, Relaxed);
        executions.fetch_add(run.runs, Relaxed);
    }

    pub(crate) fn read(&self) -> Figures {
        let Self { requests, runs, .. } = self;
        Figures {
            success: requests.success.read(),
            fail: requests.fail.read(),
            queue: runs.queue.read(),
            compute_input: runs.input.read(),
            compute_infer: runs.infer.read(),
            compute_output: runs.output.read(),
            inference_count: runs.rows.load(Relaxed),
            execution_count: runs.executions.load(Relaxed),
            last_inference_ms: requests.last_ms.load(Relaxed),
            shed: requests.shed.load(Relaxed),
            late: requests.late.load(Relaxed),
            cancelled: requests.cancelled.load(Relaxed),
        }
    }
}

impl Counter {
    fn add(&self, count: u64, ns: u64) {
        self.count.fetch_add(count, Relaxed);
        self.ns.fetch_add(ns, Relaxed);
    }

    fn read(&self) -> Spent {
        Spent { count: self.count.load(Relaxed), ns: self.ns.load(Relaxed) }
    }
}

fn nanoseconds(took: Duration) -> u64 {
    u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_one_run_are_each_given_its_time() {
        let statistics = Statistics::default();
        let part =
            Run { requests: 3, rows: 12, queue_ns: 50, input_ns: 1, infer_ns: 10, output_ns: 2, runs: 1 };
        statistics.ran(part);
        statistics.ran(Run { requests: 1, rows: 200, infer_ns: 5, runs: 4, ..Run::default() });
        for _ in 0..4 {
            statistics.succeeded(Duration::from_nanos(100), 7);
        }
        statistics.shed();
        let found = statistics.read();
        assert_eq!(found.success, Spent { count: 4, ns: 400 });
        assert_eq!(
            (found.queue, found.compute_infer),
            (Spent { count: 4, ns: 50 }, Spent { count: 4, ns: 35 })
        );
        assert_eq!((found.inference_count, found.execution_count), (212, 5));
        assert_eq!((found.last_inference_ms, found.shed, found.fail.count), (7, 1, 0));
    }
}
