//! A prediction: messages to tensors, the one way through, and back.

use crate::app::App;
use crate::data::{Ask, check_outputs, choose, fit, refuse_early, run};
use crate::problem::Problem;
use flightdeck_core::{Tensor, Timestamp};
use flightdeck_grpc::inference::infer_parameter::ParameterChoice;
use flightdeck_grpc::inference::{InferParameter, ModelInferRequest, ModelInferResponse};
use flightdeck_grpc::{MessageError, inputs, outputs};
use flightdeck_protocol::EventTime;
use std::collections::HashMap;
use std::time::{Duration, Instant};

type Parameters = HashMap<String, InferParameter>;

/// Tensors of more bytes take long to read: the requests of other connections do not wait for them.
const LONG_BYTES: usize = 256 << 10;

/// What belongs to a request besides its message.
pub(super) struct Circumstances<'a> {
    /// Requests with the same key are answered by the same version.
    pub(super) key: Option<&'a [u8]>,
    pub(super) start: Instant,
    /// When the client stops waiting, by the call's own timeout.
    pub(super) deadline: Option<Instant>,
}

/// Answers a request, with raw contents for every output.
pub(super) async fn infer(
    app: &App,
    mut asked: ModelInferRequest,
    circumstances: Circumstances<'_>,
) -> Result<ModelInferResponse, Problem> {
    let Circumstances { key, start, deadline } = circumstances;
    let chosen = choose(app, &Ask { name: &asked.model_name, version: &asked.model_version, key })?;
    refuse_early(app, &chosen.served)?;
    let model = &chosen.served.model;
    let read = |asked: &mut ModelInferRequest| {
        check_extensions(asked)?;
        check_outputs(asked.outputs.iter().map(|output| output.name.as_str()), &model.signature)?;
        let mut rows = fit(tensors(asked)?, &model.signature)?;
        rows.times = event_time(&asked.parameters)?;
        Ok(rows)
    };
    let mut rows = read(&mut asked).inspect_err(|problem| chosen.refused(problem))?;
    chosen.has_id(Some(asked.id.as_str()).filter(|id| !id.is_empty()));
    rows.deadline = deadline.into_iter().chain(patience(&asked.parameters, start)).min();
    let answer = run(app, &chosen, rows, start).await?;
    let wanted = wanted(&answer, &asked);
    let (outputs, raw_output_contents) = outputs(wanted);
    Ok(ModelInferResponse {
        model_name: asked.model_name,
        model_version: model.version_text.clone(),
        id: asked.id,
        outputs,
        raw_output_contents,
        ..ModelInferResponse::default()
    })
}

/// The outputs that were asked for, in that order; all when none were.
fn wanted<'a>(answer: &'a [Tensor], asked: &ModelInferRequest) -> Vec<&'a Tensor> {
    if asked.outputs.is_empty() {
        return answer.iter().collect();
    }
    let find = |name: &str| answer.iter().find(|tensor| tensor.name == name);
    asked.outputs.iter().filter_map(|output| find(&output.name)).collect()
}

fn tensors(asked: &mut ModelInferRequest) -> Result<Vec<Tensor>, Problem> {
    let raw: usize = asked.raw_input_contents.iter().map(bytes::Bytes::len).sum();
    // Typed contents are already read.
    let read = if raw > LONG_BYTES { tokio::task::block_in_place(|| inputs(asked)) } else { inputs(asked) };
    read.map_err(|error: MessageError| Problem::bad(error.code(), error.to_string()))
}

/// Refuses what is not served instead of answering something else.
fn check_extensions(asked: &ModelInferRequest) -> Result<(), Problem> {
    let shares = |parameters: &Parameters| parameters.contains_key("shared_memory_region");
    let classifies = |parameters: &Parameters| parameters.contains_key("classification");
    if asked.outputs.iter().any(|output| classifies(&output.parameters)) {
        return Err(Problem::bad("classification", "the classification extension is not served"));
    }
    let mut all = asked.inputs.iter().map(|input| &input.parameters);
    if all.any(shares) || asked.outputs.iter().any(|output| shares(&output.parameters)) {
        return Err(Problem::bad("not-served", "shared memory is not served")
            .hint("Send the tensors in raw_input_contents."));
    }
    Ok(())
}

fn parameter<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a ParameterChoice> {
    parameters.get(name)?.parameter_choice.as_ref()
}

/// The parameter `timeout`, in microseconds; 0 is for as long as it takes.
fn patience(parameters: &Parameters, start: Instant) -> Option<Instant> {
    let us = match parameter(parameters, "timeout")? {
        ParameterChoice::Int64Param(us) => u64::try_from(*us).ok(),
        ParameterChoice::Uint64Param(us) => Some(*us),
        _ => None,
    };
    start.checked_add(Duration::from_micros(us.filter(|us| *us > 0)?))
}

/// The parameter `event_time`: a time, or a JSON list with one for each row.
fn event_time(parameters: &Parameters) -> Result<Option<EventTime>, Problem> {
    let Some(choice) = parameter(parameters, "event_time") else { return Ok(None) };
    let time = match choice {
        ParameterChoice::StringParam(text) if text.starts_with('[') => serde_json::from_str(text).ok(),
        ParameterChoice::StringParam(text) => Timestamp::parse(text).map(EventTime::At),
        ParameterChoice::Int64Param(ms) => Some(EventTime::At(Timestamp::from_ms(*ms))),
        _ => None,
    };
    let wrong = || {
        Problem::bad("event-time", "parameters.event_time is no time")
            .hint("Send an RFC 3339 text, milliseconds since 1970, or a JSON list with one for each row.")
    };
    time.map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, choice: ParameterChoice) -> Parameters {
        Parameters::from([(name.to_owned(), InferParameter { parameter_choice: Some(choice) })])
    }

    #[test]
    fn times_are_texts_numbers_and_lists() {
        let at = Timestamp::from_ms(1_372_636_800_000);
        let read = |choice| event_time(&with("event_time", choice));
        for choice in [
            ParameterChoice::StringParam("2013-07-01T00:00:00Z".into()),
            ParameterChoice::Int64Param(1_372_636_800_000),
        ] {
            assert_eq!(read(choice), Ok(Some(EventTime::At(at))));
        }
        let list = ParameterChoice::StringParam("[\"2013-07-01\", 1372636800000]".into());
        assert_eq!(read(list), Ok(Some(EventTime::PerRow(vec![at, at]))));
        assert!(read(ParameterChoice::BoolParam(true)).is_err());
        assert!(read(ParameterChoice::StringParam("yesterday".into())).is_err());
        assert_eq!(event_time(&Parameters::new()), Ok(None));
    }

    #[test]
    fn a_timeout_is_in_microseconds_and_none_when_zero() {
        let start = Instant::now();
        let read = |choice| patience(&with("timeout", choice), start);
        assert_eq!(read(ParameterChoice::Int64Param(1500)), Some(start + Duration::from_micros(1500)));
        assert_eq!(read(ParameterChoice::Uint64Param(1)), Some(start + Duration::from_micros(1)));
        for none in [ParameterChoice::Int64Param(0), ParameterChoice::Int64Param(-1)] {
            assert_eq!(read(none), None);
        }
    }
}
