//! Goes once through everything in a model file, checks it, and keeps the account of it.
//!
//! Graphs lie in attributes of nodes in graphs, so reading descends; how deep is limited, and so is the number of
//! everything that is kept.

use crate::external::Piece;
use crate::limits::Limits;
use crate::message::{
    Graph, Model, Node, Once, ValueInfo, ValueType, bounded, metadata, plain_domain, push_numbers,
    read_tensor,
};
use crate::refusal::Refusal;
use crate::tensor::{Tensor, elements};
use crate::value_type::value_type_of;
use crate::wire::{Field, Malformed, Message, Value};
use std::collections::BTreeMap;

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
                    room(model.opsets.len(), "operator sets", self.limits.functions)?;
                    model.opsets.push(self.opset(field.message()?)?);
                }
                14 => {
                    room(model.metadata.len(), "entries of metadata", self.limits.metadata)?;
                    model.metadata.push(metadata(field.message()?)?);
                }
                20 => self.training(field.message()?)?,
                25 => {
                    room(model.functions.len(), "functions", self.limits.functions)?;
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
            return Err(
                Malformed { at: message.at, problem: "its parts lie too deep inside each other" }.into()
            );
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
                    room(graph.inputs.len(), "inputs", self.limits.inputs)?;
                    graph.inputs.push(self.value_info(field.message()?)?);
                }
                12 => {
                    room(graph.outputs.len(), "outputs", self.limits.inputs)?;
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
        room(self.nodes - 1, "nodes", self.limits.nodes)?;
        let (mut node, mut once) = (Node::default(), Once::default());
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 | 2 => {
                    self.edges += 1;
                    room(self.edges - 1, "values between nodes", self.limits.edges)?;
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
                    room(self.attributes - 1, "attributes", self.limits.attributes)?;
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
                    let numbers = if let Value::Bytes(packed) = field.value {
                        packed.bytes.len() as u64 / 4
                    } else {
                        1
                    };
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
        room(self.tensors - 1, "tensors", self.limits.tensors)?;
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
                    room(opsets.len(), "operator sets", self.limits.functions)?;
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

    fn learned(&mut self, numbers: u64, bytes: u64) {
        self.parameters = self.parameters.saturating_add(numbers);
        self.parameter_bytes = self.parameter_bytes.saturating_add(bytes);
    }
}

fn room(taken: usize, what: &'static str, limit: usize) -> Result<(), Refusal> {
    if taken < limit { Ok(()) } else { Err(Refusal::TooMany { what, limit }) }
}
