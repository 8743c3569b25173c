//! ONNX messages as far as they matter here, read from the wire in one pass that counts and checks everything in it.
//!
//! A part that may stand once is refused when it stands twice: a protocol-buffer parser would merge the two or take the
//! last, and what was checked would not be what is loaded. Field numbers are those of onnx.proto.

use crate::display::display_safe;
use crate::external::Piece;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::tensor::{Tensor, count_varints, elements};
use crate::wire::{Field, Malformed, Message, Value};
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Default)]
pub(crate) struct Model<'a> {
    pub(crate) ir_version: i64,
    pub(crate) producer_name: &'a str,
    pub(crate) producer_version: &'a str,
    pub(crate) opsets: Vec<(&'a str, i64)>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) graph: Graph<'a>,
    /// Domain and name.
    pub(crate) functions: Vec<(&'a str, &'a str)>,
    /// What the functions import for themselves.
    pub(crate) function_opsets: Vec<(&'a str, i64)>,
}

#[derive(Debug, Default)]
pub(crate) struct Graph<'a> {
    pub(crate) nodes: Vec<Node<'a>>,
    pub(crate) initializers: HashMap<&'a str, Message<'a>>,
    pub(crate) inputs: Vec<ValueInfo<'a>>,
    pub(crate) outputs: Vec<ValueInfo<'a>>,
}

#[derive(Debug, Default)]
pub(crate) struct Node<'a> {
    pub(crate) name: &'a str,
    pub(crate) op_type: &'a str,
    /// Empty for `ai.onnx`.
    pub(crate) domain: &'a str,
    pub(crate) inputs: Vec<&'a str>,
    pub(crate) outputs: Vec<&'a str>,
    pub(crate) attributes: Vec<(&'a str, Message<'a>)>,
}

#[derive(Debug)]
pub(crate) struct ValueInfo<'a> {
    pub(crate) name: &'a str,
    pub(crate) value_type: ValueType,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ValueType {
    /// Element type, and sizes with -1 where one is free; `None` where not even their number is known.
    Tensor(i64, Option<Vec<i64>>),
    Sequence,
    Map,
    Other,
}

/// Reads messages and keeps the account of what was in them.
pub(crate) struct Reader<'a, 'l> {
    limits: &'l Limits,
    nodes: usize,
    edges: usize,
    attributes: usize,
    tensors: usize,
    /// How often each operator stands in the file, by domain and name.
    pub(crate) operators: BTreeMap<(&'a str, &'a str), u64>,
    pub(crate) pieces: Vec<Piece<'a>>,
    pub(crate) parameters: u64,
    pub(crate) parameter_bytes: u64,
}

/// Which parts of a message that may stand once have been seen, by field number.
#[derive(Default)]
struct Once(u64);

impl Once {
    fn see(&mut self, field: &Field<'_>) -> Result<(), Refusal> {
        let bit = 1 << (field.number & 63);
        if self.0 & bit != 0 {
            return Err(Refusal::Repeated { at: field.at });
        }
        self.0 |= bit;
        Ok(())
    }
}

impl<'a> Field<'a> {
    fn number(&self) -> Result<i64, Malformed> {
        match self.value {
            Value::Varint(value) => Ok(value.cast_signed()),
            _ => Err(self.wrong()),
        }
    }

    fn message(&self) -> Result<Message<'a>, Malformed> {
        match self.value {
            Value::Bytes(message) => Ok(message),
            _ => Err(self.wrong()),
        }
    }

    fn text(&self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.message()?.bytes)
            .map_err(|_| Malformed { at: self.at, problem: "a name is not a text" })
    }

    fn wrong(&self) -> Malformed {
        Malformed { at: self.at, problem: "a part is of another kind than ONNX says" }
    }
}

impl<'a, 'l> Reader<'a, 'l> {
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            nodes: 0,
            edges: 0,
            attributes: 0,
            tensors: 0,
            operators: BTreeMap::new(),
            pieces: Vec::new(),
            parameters: 0,
            parameter_bytes: 0,
        }
    }

    pub(crate) fn model(&mut self, message: Message<'a>) -> Result<Model<'a>, Refusal> {
        let (mut model, mut once, mut graph) = (Model::default(), Once::default(), None);
        for field in message.fields() {
            let field = field?;
            if matches!(field.number, 1..=7) {
                once.see(&field)?;
            }
            match field.number {
                1 => model.ir_version = field.number()?,
                2 => model.producer_name = self.name(&field)?,
                3 => model.producer_version = self.name(&field)?,
                7 => graph = Some(self.graph(field.message()?, 1)?),
                8 => {
                    self.room(model.opsets.len(), "operator sets", self.limits.functions)?;
                    model.opsets.push(self.opset(field.message()?)?);
                }
                14 => {
                    self.room(model.metadata.len(), "entries of metadata", self.limits.metadata)?;
                    model.metadata.push(metadata(field.message()?)?);
                }
                20 => self.training(field.message()?)?,
                25 => {
                    self.room(model.functions.len(), "functions", self.limits.functions)?;
                    let function = self.function(field.message()?, &mut model.function_opsets)?;
                    model.functions.push(function);
                }
                _ => {}
            }
        }
        model.graph = graph.ok_or(Refusal::NoGraph)?;
        Ok(model)
    }

    fn graph(&mut self, message: Message<'a>, depth: usize) -> Result<Graph<'a>, Refusal> {
        if depth > self.limits.depth {
            return Err(Malformed { at: message.at, problem: "its parts lie too deep inside each other" }.into());
        }
        let mut graph = Graph::default();
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => {
                    let node = self.node(field.message()?, depth + 1)?;
                    graph.nodes.push(node);
                }
                5 => {
                    let tensor = self.tensor(field.message()?)?;
                    graph.initializers.insert(tensor.name, field.message()?);
                }
                11 => {
                    self.room(graph.inputs.len(), "inputs", self.limits.inputs)?;
                    graph.inputs.push(self.value_info(field.message()?)?);
                }
                12 => {
                    self.room(graph.outputs.len(), "outputs", self.limits.inputs)?;
                    graph.outputs.push(self.value_info(field.message()?)?);
                }
                15 => self.sparse(field.message()?)?,
                _ => {}
            }
        }
        Ok(graph)
    }

    fn node(&mut self, message: Message<'a>, depth: usize) -> Result<Node<'a>, Refusal> {
        self.nodes += 1;
        self.room(self.nodes - 1, "nodes", self.limits.nodes)?;
        let (mut node, mut once) = (Node::default(), Once::default());
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 | 2 => {
                    self.edges += 1;
                    self.room(self.edges - 1, "values between nodes", self.limits.edges)?;
                    let names = if field.number == 1 { &mut node.inputs } else { &mut node.outputs };
                    names.push(bounded(&field, self.limits)?);
                }
                3 | 4 | 7 | 8 => {
                    once.see(&field)?;
                    let name = self.name(&field)?;
                    match field.number {
                        3 => node.name = name,
                        4 => node.op_type = name,
                        7 => node.domain = plain_domain(name),
                        _ => {}
                    }
                }
                5 => {
                    self.attributes += 1;
                    self.room(self.attributes - 1, "attributes", self.limits.attributes)?;
                    let attribute = self.attribute(field.message()?, depth + 1)?;
                    node.attributes.push(attribute);
                }
                _ => {}
            }
        }
        *self.operators.entry((node.domain, node.op_type)).or_default() += 1;
        Ok(node)
    }

    fn attribute(&mut self, message: Message<'a>, depth: usize) -> Result<(&'a str, Message<'a>), Refusal> {
        let (mut name, mut once) = ("", Once::default());
        for field in message.fields() {
            let field = field?;
            if matches!(field.number, 1..=6 | 14 | 20..=22) {
                once.see(&field)?;
            }
            match field.number {
                1 => name = self.name(&field)?,
                5 | 10 => drop(self.tensor(field.message()?)?),
                6 | 11 => drop(self.graph(field.message()?, depth + 1)?),
                7 => {
                    let numbers = if let Value::Bytes(packed) = field.value { packed.bytes.len() as u64 / 4 } else { 1 };
                    self.learned(numbers, numbers.saturating_mul(4));
                }
                22 | 23 => self.sparse(field.message()?)?,
                _ => {}
            }
        }
        Ok((name, message))
    }

    /// Checks a tensor and remembers where its data lies.
    fn tensor(&mut self, message: Message<'a>) -> Result<Tensor<'a>, Refusal> {
        self.tensors += 1;
        self.room(self.tensors - 1, "tensors", self.limits.tensors)?;
        let tensor = read_tensor(message, self.limits)?;
        let extent = tensor.check()?;
        if let Some(bytes) = extent.bytes {
            self.learned(extent.elements, bytes);
        }
        if tensor.is_external || !tensor.external.is_empty() {
            let piece = Piece::read(tensor.shown(), &tensor.external, extent.bytes.unwrap_or(0))?;
            if tensor.is_external {
                self.pieces.push(piece);
            }
        }
        Ok(tensor)
    }

    fn sparse(&mut self, message: Message<'a>) -> Result<(), Refusal> {
        let (mut once, mut dims, mut name) = (Once::default(), Vec::new(), String::new());
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 | 2 => {
                    once.see(&field)?;
                    let tensor = self.tensor(field.message()?)?;
                    if field.number == 1 {
                        name = tensor.shown();
                    }
                }
                3 => push_numbers(&field, &mut dims, self.limits.rank)?,
                _ => {}
            }
        }
        elements(&dims).map(drop).ok_or(Refusal::TensorShape { tensor: name })
    }

    fn function(
        &mut self,
        message: Message<'a>,
        opsets: &mut Vec<(&'a str, i64)>,
    ) -> Result<(&'a str, &'a str), Refusal> {
        let (mut domain, mut name, mut once) = ("", "", Once::default());
        for field in message.fields() {
            let field = field?;
            if matches!(field.number, 1 | 10) {
                once.see(&field)?;
            }
            match field.number {
                1 => name = self.name(&field)?,
                7 => drop(self.node(field.message()?, 2)?),
                9 => {
                    self.room(opsets.len(), "operator sets", self.limits.functions)?;
                    opsets.push(self.opset(field.message()?)?);
                }
                10 => domain = plain_domain(self.name(&field)?),
                11 => drop(self.attribute(field.message()?, 3)?),
                _ => {}
            }
        }
        Ok((domain, name))
    }

    fn training(&mut self, message: Message<'a>) -> Result<(), Refusal> {
        for field in message.fields() {
            let field = field?;
            if matches!(field.number, 1 | 2) {
                self.graph(field.message()?, 2)?;
            }
        }
        Ok(())
    }

    fn opset(&self, message: Message<'a>) -> Result<(&'a str, i64), Refusal> {
        let (mut domain, mut version) = ("", 0);
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => domain = plain_domain(self.name(&field)?),
                2 => version = field.number()?,
                _ => {}
            }
        }
        Ok((domain, version))
    }

    fn value_info(&self, message: Message<'a>) -> Result<ValueInfo<'a>, Refusal> {
        let (mut name, mut value_type, mut once) = ("", ValueType::Other, Once::default());
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => name = self.name(&field)?,
                2 => value_type = value_type_of(field.message()?, self.limits)?,
                _ => continue,
            }
            once.see(&field)?;
        }
        Ok(ValueInfo { name, value_type })
    }

    fn name(&self, field: &Field<'a>) -> Result<&'a str, Refusal> {
        bounded(field, self.limits)
    }

    fn room(&self, taken: usize, what: &'static str, limit: usize) -> Result<(), Refusal> {
        if taken < limit { Ok(()) } else { Err(Refusal::TooMany { what, limit }) }
    }

    fn learned(&mut self, numbers: u64, bytes: u64) {
        self.parameters = self.parameters.saturating_add(numbers);
        self.parameter_bytes = self.parameter_bytes.saturating_add(bytes);
    }
}

/// `ai.onnx` is the long name of the empty domain.
fn plain_domain(domain: &str) -> &str {
    if domain == "ai.onnx" { "" } else { domain }
}

fn bounded<'a>(field: &Field<'a>, limits: &Limits) -> Result<&'a str, Refusal> {
    if field.message()?.bytes.len() > limits.name_bytes {
        return Err(Refusal::TooMany { what: "bytes in a name", limit: limits.name_bytes });
    }
    Ok(field.text()?)
}

/// Metadata is shown, so it is made safe and short at once.
fn metadata(message: Message<'_>) -> Result<(String, String), Refusal> {
    let (mut key, mut value) = (String::new(), String::new());
    for field in message.fields() {
        let field = field?;
        let place = match field.number {
            1 => &mut key,
            2 => &mut value,
            _ => continue,
        };
        let bytes = field.message()?.bytes;
        *place = String::from_utf8_lossy(&bytes[..bytes.len().min(METADATA_BYTES)]).into_owned();
    }
    Ok((display_safe(&key, 200), value))
}

/// Column names of a wide table are the longest thing of use in metadata.
const METADATA_BYTES: usize = 1 << 20;

/// A tensor's description; its data is counted, not copied.
pub(crate) fn read_tensor<'a>(message: Message<'a>, limits: &Limits) -> Result<Tensor<'a>, Refusal> {
    let (mut tensor, mut once) = (Tensor::default(), Once::default());
    for field in message.fields() {
        let field = field?;
        if matches!(field.number, 2 | 3 | 8 | 9 | 14) {
            once.see(&field)?;
        }
        match field.number {
            1 => push_numbers(&field, &mut tensor.dims, limits.rank)?,
            2 => tensor.data_type = field.number()?,
            3 => return Err(Malformed { at: field.at, problem: "a tensor is cut into segments" }.into()),
            8 => tensor.name = bounded(&field, limits)?,
            9 => tensor.raw = Some(field.message()?),
            13 => {
                let word = external_word(field.message()?, limits)?;
                if tensor.external.len() >= 16 {
                    return Err(Refusal::ExternalKey { tensor: tensor.shown(), key: display_safe(word.0, 80) });
                }
                tensor.external.push(word);
            }
            14 => tensor.is_external = field.number()? == 1,
            _ => tensor.count(&field)?,
        }
    }
    Ok(tensor)
}

fn external_word<'a>(message: Message<'a>, limits: &Limits) -> Result<(&'a str, &'a str), Refusal> {
    let (mut key, mut value, mut once) = ("", "", Once::default());
    for field in message.fields() {
        let field = field?;
        match field.number {
            1 => key = bounded(&field, limits)?,
            2 => value = bounded(&field, limits)?,
            _ => continue,
        }
        once.see(&field)?;
    }
    Ok((key, value))
}

fn push_numbers(field: &Field<'_>, numbers: &mut Vec<i64>, limit: usize) -> Result<(), Refusal> {
    let too_many = Err(Refusal::TooMany { what: "dimensions in a tensor", limit });
    match field.value {
        Value::Varint(_) if numbers.len() < limit => numbers.push(field.number()?),
        Value::Bytes(packed) if numbers.len() as u64 + count_varints(packed)? <= limit as u64 => {
            for number in packed.varints() {
                numbers.push(number?.cast_signed());
            }
        }
        Value::Varint(_) | Value::Bytes(_) => return too_many,
        _ => return Err(field.wrong().into()),
    }
    Ok(())
}

fn value_type_of(message: Message<'_>, limits: &Limits) -> Result<ValueType, Refusal> {
    let mut found = None;
    for field in message.fields() {
        let field = field?;
        let value_type = match field.number {
            1 => tensor_type(field.message()?, limits)?,
            4 => ValueType::Sequence,
            5 => ValueType::Map,
            7..=9 => ValueType::Other,
            _ => continue,
        };
        if found.replace(value_type).is_some() {
            return Err(Refusal::Repeated { at: field.at });
        }
    }
    Ok(found.unwrap_or(ValueType::Other))
}

fn tensor_type(message: Message<'_>, limits: &Limits) -> Result<ValueType, Refusal> {
    let (mut element, mut shape, mut once) = (0, None, Once::default());
    for field in message.fields() {
        let field = field?;
        match field.number {
            1 => element = field.number()?,
            2 => shape = Some(shape_of(field.message()?, limits)?),
            _ => continue,
        }
        once.see(&field)?;
    }
    Ok(ValueType::Tensor(element, shape))
}

fn shape_of(message: Message<'_>, limits: &Limits) -> Result<Vec<i64>, Refusal> {
    let mut sizes = Vec::new();
    for field in message.fields() {
        let field = field?;
        if field.number != 1 {
            continue;
        }
        if sizes.len() == limits.rank {
            return Err(Refusal::TooMany { what: "dimensions in a tensor", limit: limits.rank });
        }
        let mut size = -1;
        for part in field.message()?.fields() {
            let part = part?;
            if part.number == 1 {
                size = part.number()?.max(-1);
            }
        }
        sizes.push(size);
    }
    Ok(sizes)
}
