//! One input tensor of a request, checked against the signature while it is read.

use super::binary;
use super::elements::{Elements, ElementsSeed, MAX_DEPTH};
use super::fit;
use super::request::{Context, NO_SHARED_MEMORY, Text};
use flightdeck_core::{DataType, Input, Tensor};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Reads one tensor. Its element type is the signature's, so that data can be read as soon as the name is known.
pub(super) struct InputSeed<'a> {
    pub(super) context: &'a Context<'a>,
    /// Its place in the list of inputs.
    pub(super) place: usize,
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
        let (mut early, mut size): (Option<&RawValue>, _) = (None, None);
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
                "parameters" => size = self.size(map.next_value::<Option<_>>()?.unwrap_or_default())?,
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
        if let Some(size) = size {
            if elements.is_some() {
                return Err(fail("data", "stands beside binary_data_size"));
            }
            return self.binary(input, shape, size).map(|tensor| (index, tensor));
        }
        let elements = elements.ok_or_else(|| fail("data", "is missing"))?;
        self.tensor(input, shape, elements).map(|tensor| (index, tensor))
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Parameters<'a> {
    #[serde(borrow)]
    binary_data_size: Option<&'a RawValue>,
    shared_memory_region: Option<IgnoredAny>,
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
        let signature = self.context.signature;
        let found = fit::find(self.place, name, signature).map(|place| (place, &signature.inputs[place]));
        found.map_err(|problem| self.context.refuse(problem))
    }

    fn data_type<E: Error>(&self, stated: &str) -> Result<DataType, E> {
        let read =
            DataType::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(stated));
        read.map_err(|_| {
            self.fail("bad-datatype", "datatype", format_args!("\"{}\" is no datatype", fit::shown(stated)))
        })
    }

    fn check_type<E: Error>(&self, stated: Option<DataType>, input: &Input) -> Result<(), E> {
        match stated.filter(|stated| *stated != input.data_type) {
            None => Ok(()),
            Some(stated) => Err(self.context.refuse(fit::wrong_type(self.place, input, stated))),
        }
    }

    fn elements<E: Error>(&self, input: &Input) -> Result<Elements, E> {
        let binary = || {
            self.fail(
                "binary-only",
                "datatype",
                "half precision travels only as binary, send binary_data_size",
            )
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

    /// How many of the bytes after the JSON are this tensor's.
    fn size<E: Error>(&self, parameters: Parameters<'_>) -> Result<Option<u64>, E> {
        if parameters.shared_memory_region.is_some() {
            return Err(self.fail("not-served", "parameters", NO_SHARED_MEMORY));
        }
        let size = parameters.binary_data_size.map(|size| size.get().parse::<u64>());
        let wrong = |_| self.fail("binary", "parameters", "binary_data_size is not a whole number");
        size.transpose().map_err(wrong)
    }

    fn binary<E: Error>(&self, input: &Input, shape: Vec<usize>, size: u64) -> Result<Tensor, E> {
        let read = || {
            fit::check_shape(&shape, input).map_err(|said| fit::wrong_shape(self.place, said))?;
            let bytes = self.context.tail.take(self.place, size)?;
            binary::tensor(self.place, input, (shape, bytes))
        };
        read().map_err(|problem| self.context.refuse(problem))
    }

    fn tensor<E: Error>(&self, input: &Input, shape: Vec<usize>, elements: Elements) -> Result<Tensor, E> {
        let fits = fit::check_shape(&shape, input);
        fits.map_err(|said| self.context.refuse(fit::wrong_shape(self.place, said)))?;
        if !elements.is_shaped(&shape) {
            return Err(self.fail("bad-data", "data", "the nesting contradicts the shape"));
        }
        let count = elements.data.len();
        Tensor::new(&input.name, shape, elements.data)
            .map_err(|error| self.fail("bad-shape", "shape", format_args!("{error} (data has {count})")))
    }
}
