//! A loaded version: what it takes and gives, what it counts on, and the queue before its session.

use crate::counting::Counting;
use crate::serving::{Lane, Statistics};
use flightdeck_core::{Digest, Signature, Timestamp};
use flightdeck_drift::Baseline;
use flightdeck_protocol::Serving;
use std::sync::Arc;

/// A version that is loaded and warm. It stays so while its role changes.
pub(crate) struct Model {
    pub(crate) version: Digest,
    /// The digest's digits, as answers carry them.
    pub(crate) version_text: String,
    /// How its endpoint runs it.
    pub(crate) serving: Serving,
    pub(crate) signature: Signature,
    pub(crate) baseline: Baseline,
    pub(crate) lane: Arc<Lane>,
    pub(crate) loaded_at: Timestamp,
    pub(crate) load_ms: f64,
    /// The size of its files, which is about what its session takes.
    pub(crate) bytes: u64,
}

impl Model {
    /// What it did since it was loaded.
    pub(crate) fn statistics(&self) -> &Statistics {
        self.lane.statistics()
    }
}

/// A version in its role at an endpoint: with everything a request needs.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) model: Arc<Model>,
    pub(crate) counting: Arc<Counting>,
}
