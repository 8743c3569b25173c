//! An inference request, read in one pass straight into the tensors that the version's signature asks for.

use super::Rows;
use super::elements::{Elements, ElementsSeed, MAX_DEPTH};
use crate::problem::Problem;
use flightdeck_core::{DataType, Input, Signature, Tensor};
use flightdeck_protocol::EventTime;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

/// A request that fits the signature.
pub(super) struct Request {
    pub(super) id: Option<String>,
    pub(super) rows: Rows,
    /// Which outputs are wanted; all when empty.
    pub(super) outputs: Vec<String>,
}

/// Reads a request.
pub(super) fn read(body: &[u8], signature: &Signature) -> Result<Request, Problem> {
    let context = Context { signature, problem: RefCell::new(None) };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = deserializer.deserialize_map(RequestVisitor { context: &context });
    let read = read.and_then(|request| deserializer.end().map(|()| request));
    let parsed = read.map_err(|error| context.problem.take().unwrap_or_else(|| syntax(body, &error)))?;
    parsed.fitted(signature)
}

/// What the parser says, with a hint where Python's JSON wrote what JSON does not have.
fn syntax(body: &[u8], error: &serde_json::Error) -> Problem {
    let problem = Problem::bad("bad-request", format!("the request cannot be read: {error}"));
    let line = body.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let at = line.get(error.column().saturating_sub(2)..).unwrap_or_default();
    let near = |token: &[u8]| at.windows(token.len()).take(3).any(|window| window == token);
    if near(b"NaN") || near(b"Infinity") {
        return problem.hint("JSON has no NaN and no infinity. Send null for a missing number.");
    }
    problem
}

/// A text, borrowed from the body where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct Context<'a> {
    signature: &'a Signature,
    /// The reason, where it says more than the parser's error.
    problem: RefCell<Option<Problem>>,
}

impl Context<'_> {
    fn fail<E: Error>(&self, code: &'static str, message: String) -> E {
        self.problem.borrow_mut().get_or_insert_with(|| Problem::bad(code, message));
        E::custom("refused")
    }
}

#[derive(Default)]
struct Parsed {
    id: Option<String>,
    times: Option<EventTime>,
    inputs: Vec<(usize, Tensor)>,
    outputs: Vec<String>,
}

impl Parsed {
    /// The inputs in the signature's order, each there once, all with the same number of rows.
    fn fitted(self, signature: &Signature) -> Result<Request, Problem> {
        let mut places: Vec<Option<Tensor>> = signature.inputs.iter().map(|_| None).collect();
        for (place, tensor) in self.inputs {
            let name = tensor.name.clone();
            if places[place].replace(tensor).is_some() {
                return Err(Problem::bad("bad-input", format!("input \"{name}\" is given twice")));
            }
        }
        let missing =
            |input: &Input| Problem::bad("missing-input", format!("input \"{}\" is missing", input.name));
        let inputs = places
            .into_iter()
            .zip(&signature.inputs)
            .map(|(tensor, input)| tensor.ok_or_else(|| missing(input)));
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        let mut rows = None;
        for (tensor, _) in
            inputs.iter().zip(&signature.inputs).filter(|(_, input)| input.batch_axis == Some(0))
        {
            let own = tensor.shape.first().copied();
            if rows.is_some() && rows != own {
                let message = format!("input \"{}\" has another number of rows than the others", tensor.name);
                return Err(Problem::bad("bad-shape", message));
            }
            rows = own;
        }
        let known = |name: &&String| signature.outputs.iter().any(|output| output.name == **name);
        if let Some(unknown) = self.outputs.iter().find(|name| !known(name)) {
            let shown: String = unknown.chars().take(80).collect();
            return Err(Problem::bad(
                "bad-output",
                format!("the model has no output \"{}\"", shown.escape_debug()),
            ));
        }
        let rows = Rows { inputs, count: rows.unwrap_or(1), times: self.times };
        Ok(Request { id: self.id, rows, outputs: self.outputs })
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
                "parameters" => parsed.times = map.next_value::<Parameters>()?.event_time,
                "inputs" => {
                    parsed.inputs = map.next_value_seed(InputsSeed { context: self.context })?;
                    has_inputs = true;
                }
                "outputs" => parsed.outputs = outputs(self.context, map.next_value()?)?,
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

#[derive(Deserialize)]
struct Parameters {
    event_time: Option<EventTime>,
}

#[derive(Deserialize)]
struct WantedOutput {
    name: String,
    #[serde(default)]
    parameters: serde_json::Map<String, serde_json::Value>,
}

fn outputs<E: Error>(context: &Context<'_>, wanted: Vec<WantedOutput>) -> Result<Vec<String>, E> {
    if wanted.iter().any(|output| output.parameters.contains_key("classification")) {
        return Err(context.fail("classification", "the classification extension is not served".into()));
    }
    Ok(wanted.into_iter().map(|output| output.name).collect())
}

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

/// Reads one tensor. Its element type is the signature's, so that data can be read as soon as the name is known.
struct InputSeed<'a> {
    context: &'a Context<'a>,
    place: usize,
}

impl<'de> DeserializeSeed<'de> for InputSeed<'_> {
    type Value = (usize, Tensor);
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for InputSeed<'_> {
    type Value = (usize, Tensor);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an input tensor")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (context, place) = (self.context, self.place);
        let fail = |part: &str, message: &str| {
            context.fail("bad-input", format!("inputs[{place}].{part}: {message}"))
        };
        let (mut input, mut shape, mut stated, mut elements) = (None, None, None, None);
        let mut early: Option<&RawValue> = None;
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match &*key.0 {
                "name" => input = Some(self.find(&map.next_value::<Text<'de>>()?.0)?),
                "shape" => shape = Some(self.shape(&map.next_value::<Vec<i64>>()?)?),
                "datatype" => stated = Some(self.data_type(&map.next_value::<Text<'de>>()?.0)?),
                "data" => match input {
                    Some((_, input)) => {
                        self.check_type(stated, input)?;
                        let into = elements.insert(self.elements(input)?);
                        let read = map.next_value_seed(ElementsSeed::new(into));
                        read.map_err(|error| self.refused(into, error))?;
                    }
                    None => early = Some(map.next_value()?),
                },
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let (index, input) = input.ok_or_else(|| fail("name", "is missing"))?;
        let stated = stated.ok_or_else(|| fail("datatype", "is missing"))?;
        self.check_type(Some(stated), input)?;
        if let Some(raw) = early {
            let into = elements.insert(self.elements(input)?);
            let read =
                ElementsSeed::new(into).deserialize(&mut serde_json::Deserializer::from_str(raw.get()));
            read.map_err(|error| self.refused(into, A::Error::custom(error)))?;
        }
        let shape = shape.ok_or_else(|| fail("shape", "is missing"))?;
        let elements = elements.ok_or_else(|| fail("data", "is missing"))?;
        self.tensor(input, shape, elements).map(|tensor| (index, tensor))
    }
}

impl<'a> InputSeed<'a> {
    fn fail<E: Error>(&self, code: &'static str, part: &str, message: impl fmt::Display) -> E {
        self.context.fail(code, format!("inputs[{}].{part}: {message}", self.place))
    }

    /// Says which element was refused and where; a syntax error stays the parser's.
    fn refused<E: Error>(&self, elements: &mut Elements, error: E) -> E {
        match elements.refused.take() {
            Some(message) => self.fail("bad-data", "data", message),
            None => error,
        }
    }

    fn find<E: Error>(&self, name: &str) -> Result<(usize, &'a Input), E> {
        let mut inputs = self.context.signature.inputs.iter().enumerate();
        inputs.find(|(_, input)| input.name == name).ok_or_else(|| {
            let shown: String = name.chars().take(80).collect();
            self.fail(
                "unknown-input",
                "name",
                format_args!("the model has no input \"{}\"", shown.escape_debug()),
            )
        })
    }

    fn data_type<E: Error>(&self, stated: &str) -> Result<DataType, E> {
        let read =
            DataType::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(stated));
        read.map_err(|_| {
            let shown: String = stated.chars().take(40).collect();
            self.fail("bad-datatype", "datatype", format_args!("\"{}\" is no datatype", shown.escape_debug()))
        })
    }

    fn check_type<E: Error>(&self, stated: Option<DataType>, input: &Input) -> Result<(), E> {
        match stated.filter(|stated| *stated != input.data_type) {
            None => Ok(()),
            Some(stated) => {
                let wanted = input.data_type;
                Err(self.fail(
                    "bad-datatype",
                    "datatype",
                    format_args!("the model takes {wanted}, not {stated}"),
                ))
            }
        }
    }

    fn elements<E: Error>(&self, input: &Input) -> Result<Elements, E> {
        let binary = || {
            self.fail("binary-only", "datatype", "half precision travels only as binary, which is not served")
        };
        Elements::new(input.data_type).ok_or_else(binary)
    }

    fn shape<E: Error>(&self, stated: &[i64]) -> Result<Vec<usize>, E> {
        if stated.len() > MAX_DEPTH {
            return Err(self.fail("bad-shape", "shape", format_args!("{} dimensions", stated.len())));
        }
        let size = |size: &i64| match usize::try_from(*size) {
            Ok(size) if size > 0 => Ok(size),
            _ => Err(self.fail("bad-shape", "shape", format_args!("{size} is no size"))),
        };
        stated.iter().map(size).collect()
    }

    fn tensor<E: Error>(&self, input: &Input, shape: Vec<usize>, elements: Elements) -> Result<Tensor, E> {
        let wanted = &input.shape;
        let fits = shape.len() == wanted.len()
            && shape.iter().zip(wanted).all(|(size, wanted)| *wanted < 0 || *wanted == *size as i64);
        if !fits {
            let message = format!("the model takes {wanted:?}, not {shape:?}");
            return Err(self.fail("bad-shape", "shape", message));
        }
        if !elements.is_shaped(&shape) {
            return Err(self.fail("bad-data", "data", "the nesting contradicts the shape"));
        }
        let count = elements.data.len();
        Tensor::new(&input.name, shape, elements.data)
            .map_err(|error| self.fail("bad-shape", "shape", format_args!("{error} (data has {count})")))
    }
}
