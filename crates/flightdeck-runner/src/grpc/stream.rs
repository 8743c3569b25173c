//! Predictions in a stream: answered in the order in which they were asked, a few at a time. Nothing is read ahead of what
//! is answered, so that a client that does not read its answers holds back itself alone; one that leaves takes its work
//! with it.

use super::service::Service;
use super::status;
use crate::app::App;
use crate::problem::Problem;
use flightdeck_grpc::inference::infer_parameter::ParameterChoice;
use flightdeck_grpc::inference::{
    InferParameter, ModelInferRequest, ModelInferResponse, ModelStreamInferResponse,
};
use futures_util::Stream;
use futures_util::stream::StreamExt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tonic::{Status, Streaming};

/// Requests of one stream that are answered at the same time: they may share a run.
const AT_ONCE: usize = 8;
/// How often an idle stream looks whether the server ends.
const LOOK: Duration = Duration::from_millis(250);
/// Clients that count answers to a request are told that each has one.
const FINAL: &str = "triton_final_response";

/// The answers of one stream.
pub(super) type Answers = Pin<Box<dyn Stream<Item = Result<ModelStreamInferResponse, Status>> + Send>>;

pub(super) fn answers(
    service: Service,
    key: Option<Arc<[u8]>>,
    asked: Streaming<ModelInferRequest>,
) -> Answers {
    // When the server ends no further request is taken; what was taken is answered.
    let asked = asked.take_until(ended(Arc::clone(&service.app)));
    let answer = move |asked| one(service.clone(), key.clone(), asked);
    asked.map(answer).buffered(AT_ONCE).boxed()
}

async fn ended(app: Arc<App>) {
    let mut look = tokio::time::interval(LOOK);
    while !app.stopping.load(Ordering::Relaxed) {
        look.tick().await;
    }
}

/// A refused request does not end the stream; a message that cannot be read does.
async fn one(
    service: Service,
    key: Option<Arc<[u8]>>,
    asked: Result<ModelInferRequest, Status>,
) -> Result<ModelStreamInferResponse, Status> {
    let asked = asked.map_err(|said| match status::framing(&said) {
        Some(problem) => status::status(&problem),
        None => said,
    })?;
    let (name, version, id) = (asked.model_name.clone(), asked.model_version.clone(), asked.id.clone());
    let answer = service.infer(asked, key.as_deref(), Instant::now()).await;
    let (error_message, mut response) = match answer {
        Ok(response) => (String::new(), response),
        Err(Problem { message, .. }) => {
            let named =
                ModelInferResponse { model_name: name, model_version: version, id, ..Default::default() };
            (message, named)
        }
    };
    let last = InferParameter { parameter_choice: Some(ParameterChoice::BoolParam(true)) };
    response.parameters.insert(FINAL.to_owned(), last);
    Ok(ModelStreamInferResponse { error_message, infer_response: Some(response) })
}
