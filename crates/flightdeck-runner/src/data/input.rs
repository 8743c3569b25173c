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
        let mut found = Found::default();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match &*key.0 {
                "name" => found.input = Some(self.find(&map.next_value::<Text<'de>>()?.0)?),
                "shape" => found.shape = Some(self.shape(&map.next_value::<Vec<i64>>()?)?),
                "datatype" => found.stated = Some(self.data_type(&map.next_value::<Text<'de>>()?.0)?),
                "data" => found.data = Some(self.data(&found, &mut map)?),
                "parameters" => {
                    found.size = self.size(map.next_value::<Option<_>>()?.unwrap_or_default())?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        self.put_together(found)
    }
}

/// What was found of a tensor so far.
#[derive(Default)]
struct Found<'a, 'de> {
    input: Option<(usize, &'a Input)>,
    stated: Option<DataType>,
    shape: Option<Vec<usize>>,
    size: Option<u64>,
    data: Option<Data<'de>>,
}

/// Elements, or where they are.
enum Data<'de> {
    Read(Elements),
    /// They came before the name.
    Early(&'de RawValue),
    /// They were read ahead.
    Ahead(usize),
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

    fn missing<E: Error>(&self, part: &str) -> E {
        self.fail("bad-input", part, "is missing")
    }

    fn data<'de, A: MapAccess<'de>>(
        &self,
        found: &Found<'a, 'de>,
        map: &mut A,
    ) -> Result<Data<'de>, A::Error> {
        if self.context.arrays.are_read() {
            return map.next_value().map(Data::Ahead);
        }
        let Some((_, input)) = found.input else { return map.next_value().map(Data::Early) };
        self.check_type(found.stated, input)?;
        let mut elements = self.elements(input)?;
        let read = map.next_value_seed(ElementsSeed::new(&mut elements));
        read.map_err(|error| self.refused(&mut elements, error))?;
        Ok(Data::Read(elements))
    }

    fn put_together<E: Error>(&self, found: Found<'a, '_>) -> Result<(usize, Tensor), E> {
        let Found { input, stated, shape, size, data } = found;
        let (index, input) = input.ok_or_else(|| self.missing("name"))?;
        let stated = stated.ok_or_else(|| self.missing("datatype"))?;
        self.check_type(Some(stated), input)?;
        let shape = shape.ok_or_else(|| self.missing("shape"))?;
        let tensor = match (data, size) {
            (None, Some(size)) => self.binary(input, shape, size)?,
            (Some(_), Some(_)) => {
                return Err(self.fail("bad-input", "data", "stands beside binary_data_size"));
            }
            (Some(data), None) => self.tensor(input, shape, self.read(input, data)?)?,
            (None, None) => return Err(self.missing("data")),
        };
        Ok((index, tensor))
    }

    fn read<E: Error>(&self, input: &Input, data: Data<'_>) -> Result<Elements, E> {
        match data {
            Data::Read(elements) => Ok(elements),
            Data::Ahead(place) => self.context.arrays.take(place).ok_or_else(|| self.missing("data")),
            Data::Early(raw) => {
                let mut elements = self.elements(input)?;
                let mut text = serde_json::Deserializer::from_str(raw.get());
                let read = ElementsSeed::new(&mut elements).deserialize(&mut text);
                read.map_err(|error| self.refused(&mut elements, E::custom(error)))?;
                Ok(elements)
            }
        }
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
