//! An inference request, read in one pass straight into the tensors that the version's signature asks for, from JSON and
//! from the bytes after it.

use super::ahead::{self, Ahead, Arrays};
use super::answer::Wanted;
use super::binary::{self, Split, Tail};
use super::input::InputSeed;
use super::{Rows, fit};
use crate::problem::Problem;
use flightdeck_core::{Signature, Tensor};
use flightdeck_protocol::EventTime;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::time::{Duration, Instant};

/// A request that fits the signature.
pub(crate) struct Request {
    pub(crate) id: Option<String>,
    pub(crate) rows: Rows,
    pub(crate) wanted: Wanted,
}

/// Reads a request.
pub(crate) fn read(body: Split<'_>, signature: &Signature) -> Result<Request, Problem> {
    let Split { json: body, bytes } = body;
    if let ([], Some(bytes)) = (body, bytes) {
        return alone(bytes, signature);
    }
    if let Some(Ahead { rest, arrays }) = ahead::read(body, signature)
        && let Ok(request) = parse(Split { json: &rest, bytes }, arrays, signature)
    {
        return Ok(request);
    }
    parse(Split { json: body, bytes }, Arrays::default(), signature)
}

fn parse(split: Split<'_>, arrays: Arrays, signature: &Signature) -> Result<Request, Problem> {
    let Split { json: body, bytes } = split;
    let context = Context { signature, tail: Tail::new(bytes), arrays, problem: RefCell::new(None) };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = deserializer.deserialize_map(RequestVisitor { context: &context });
    let read = read.and_then(|request| deserializer.end().map(|()| request));
    let parsed = read.map_err(|error| context.problem.take().unwrap_or_else(|| syntax(body, &error)))?;
    context.tail.end()?;
    parsed.fitted(signature)
}

/// A request that is a tensor and nothing else is answered likewise.
fn alone(bytes: &[u8], signature: &Signature) -> Result<Request, Problem> {
    let wanted = Wanted { outputs: Vec::new(), binary: true };
    let tensor = binary::only(bytes, signature)?;
    Ok(Request { id: None, rows: fit::arrange(vec![(0, tensor)], signature)?, wanted })
}

/// What the parser says, with a hint where Python's JSON wrote what JSON does not have.
fn syntax(body: &[u8], error: &serde_json::Error) -> Problem {
    let line = body.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let at = line.get(error.column().saturating_sub(2)..).unwrap_or_default();
    let near = |token: &[u8]| at.windows(token.len()).take(3).any(|window| window == token);
    if near(b"NaN") || near(b"Infinity") {
        // Clients of the protocol show the sentence alone, so it says what to do.
        let message = format!("JSON has no NaN and no infinity, send null for a missing number ({error})");
        return Problem::bad("bad-request", message);
    }
    Problem::bad("bad-request", format!("the request cannot be read: {error}"))
}

/// A text, borrowed from the body where it has no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

pub(super) struct Context<'a> {
    pub(super) signature: &'a Signature,
    pub(super) tail: Tail<'a>,
    pub(super) arrays: Arrays,
    /// The reason, where it says more than the parser's error.
    problem: RefCell<Option<Problem>>,
}

impl Context<'_> {
    /// Notes the reason and gives an error that ends the reading.
    pub(super) fn fail<E: Error>(&self, code: &'static str, message: String) -> E {
        self.refuse(Problem::bad(code, message))
    }

    pub(super) fn refuse<E: Error>(&self, problem: Problem) -> E {
        self.problem.borrow_mut().get_or_insert(problem);
        E::custom("refused")
    }
}

#[derive(Default)]
struct Parsed {
    id: Option<String>,
    times: Option<EventTime>,
    deadline: Option<Instant>,
    inputs: Vec<(usize, Tensor)>,
    wanted: Wanted,
}

impl Parsed {
    fn fitted(self, signature: &Signature) -> Result<Request, Problem> {
        self.wanted.check(signature)?;
        let rows =
            Rows { times: self.times, deadline: self.deadline, ..fit::arrange(self.inputs, signature)? };
        Ok(Request { id: self.id, rows, wanted: self.wanted })
    }
}

struct RequestVisitor<'a> {
    context: &'a Context<'a>,
}

impl<'de> Visitor<'de> for RequestVisitor<'_> {
    type Value = Parsed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an inference request")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parsed, A::Error> {
        let (mut parsed, mut has_inputs) = (Parsed::default(), false);
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match &*key.0 {
                "id" => parsed.id = map.next_value()?,
                "parameters" => {
                    let Parameters { event_time, timeout, binary_data_output } =
                        map.next_value::<Option<_>>()?.unwrap_or_default();
                    let timeout = timeout.filter(|timeout| *timeout > 0).map(Duration::from_micros);
                    parsed.deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
                    parsed.wanted.binary = binary_data_output.unwrap_or(false);
                    parsed.times = event_time;
                }
                "inputs" => {
                    parsed.inputs = map.next_value_seed(InputsSeed { context: self.context })?;
                    has_inputs = true;
                }
                "outputs" => parsed.wanted.outputs = outputs(self.context, map.next_value()?)?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if has_inputs {
            Ok(parsed)
        } else {
            Err(self.context.fail("bad-request", "inputs are missing".into()))
        }
    }
}

#[derive(Default, Deserialize)]
struct Parameters {
    event_time: Option<EventTime>,
    /// How long the client waits, in microseconds; 0 is for as long as it takes.
    timeout: Option<u64>,
    binary_data_output: Option<bool>,
}

#[derive(Deserialize)]
struct WantedOutput {
    name: String,
    parameters: Option<OutputParameters>,
}

#[derive(Default, Deserialize)]
struct OutputParameters {
    binary_data: Option<bool>,
    #[serde(default)]
    classification: Option<IgnoredAny>,
    shared_memory_region: Option<IgnoredAny>,
}

fn outputs<E: Error>(
    context: &Context<'_>,
    wanted: Option<Vec<WantedOutput>>,
) -> Result<Vec<(String, Option<bool>)>, E> {
    let output = |WantedOutput { name, parameters }: WantedOutput| {
        let parameters = parameters.unwrap_or_default();
        if parameters.classification.is_some() {
            return Err(context.fail("classification", "the classification extension is not served".into()));
        }
        if parameters.shared_memory_region.is_some() {
            return Err(context.fail("not-served", NO_SHARED_MEMORY.into()));
        }
        Ok((name, parameters.binary_data))
    };
    wanted.unwrap_or_default().into_iter().map(output).collect()
}

pub(super) const NO_SHARED_MEMORY: &str = "shared memory is not served, send and take tensors in the body";

struct InputsSeed<'a> {
    context: &'a Context<'a>,
}

impl<'de> DeserializeSeed<'de> for InputsSeed<'_> {
    type Value = Vec<(usize, Tensor)>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for InputsSeed<'_> {
    type Value = Vec<(usize, Tensor)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of input tensors")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let limit = self.context.signature.inputs.len();
        let mut inputs = Vec::with_capacity(limit);
        while let Some(input) =
            seq.next_element_seed(InputSeed { context: self.context, place: inputs.len() })?
        {
            inputs.push(input);
            if inputs.len() > limit {
                return Err(self.context.fail("bad-input", format!("the model has only {limit} inputs")));
            }
        }
        Ok(inputs)
    }
}
