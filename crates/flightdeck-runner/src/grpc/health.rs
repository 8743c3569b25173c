//! `grpc.health.v1`: whether the server can answer, asked once or watched.

use crate::app::App;
use crate::problem::Problem;
use flightdeck_grpc::health::health_check_response::ServingStatus;
use flightdeck_grpc::health::{HealthCheckRequest, HealthCheckResponse, health_server};
use futures_util::Stream;
use futures_util::stream::{StreamExt, unfold};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tonic::{Request, Response, Status, async_trait};

/// The server as a whole, and the one service that it has.
const NAMES: [&str; 2] = ["", "inference.GRPCInferenceService"];
/// How often a watched status is looked at. It is computed from what serves, so that it cannot be another one.
const LOOK: Duration = Duration::from_millis(250);

type Watched = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

/// Answers from what the server is at the moment.
pub(super) struct Health {
    app: Arc<App>,
}

impl Health {
    pub(super) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[async_trait]
impl health_server::Health for Health {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let name = &request.get_ref().service;
        if !NAMES.contains(&name.as_str()) {
            return Err(super::status::status(&Problem::unknown("service", name)));
        }
        Ok(Response::new(response(status(&self.app))))
    }

    type WatchStream = Watched;

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Watched>, Status> {
        let is_known = NAMES.contains(&request.get_ref().service.as_str());
        let watch =
            Watch { app: Arc::clone(&self.app), is_known, look: looking(), last: None, has_ended: false };
        Ok(Response::new(unfold(watch, Watch::next).map(Ok).boxed()))
    }
}

fn looking() -> Interval {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    look
}

struct Watch {
    app: Arc<App>,
    is_known: bool,
    look: Interval,
    last: Option<ServingStatus>,
    has_ended: bool,
}

impl Watch {
    /// The status when it is another one than was said last. Ends with the server, so that nobody holds it back.
    async fn next(mut self) -> Option<(HealthCheckResponse, Self)> {
        while !self.has_ended {
            self.look.tick().await;
            let now = if self.is_known { status(&self.app) } else { ServingStatus::ServiceUnknown };
            self.has_ended = self.app.stopping.load(Ordering::Relaxed);
            if self.last.replace(now) != Some(now) {
                return Some((response(now), self));
            }
        }
        None
    }
}

fn status(app: &App) -> ServingStatus {
    if app.is_ready() { ServingStatus::Serving } else { ServingStatus::NotServing }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}
