//! The few messages of ONNX that the models need, written field by field: no compiler of Protocol Buffers for four files.

pub(super) const FLOAT: u64 = 1;
pub(super) const INT64: u64 = 7;

/// A message of Protocol Buffers, field by field.
#[derive(Default)]
pub(super) struct Message(pub(super) Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(super) fn number(mut self, field: u64, number: u64) -> Self {
        self.varint(field << 3);
        self.varint(number);
        self
    }

    pub(super) fn bytes(mut self, field: u64, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }
}

fn little(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A `NodeProto`.
pub(super) struct Node(Message);

impl Node {
    pub(super) fn new(operator: &str, domain: &str, inputs: &[&str], outputs: &[&str]) -> Self {
        let mut message = Message::default();
        for input in inputs {
            message = message.bytes(1, input);
        }
        for output in outputs {
            message = message.bytes(2, output);
        }
        Self(message.bytes(4, operator).bytes(7, domain))
    }

    /// `kind` is the number of the type in `AttributeProto`.
    fn attribute(self, name: &str, kind: u64, fill: impl FnOnce(Message) -> Message) -> Self {
        let attribute = fill(Message::default().bytes(1, name)).number(20, kind);
        Self(self.0.bytes(5, attribute.0))
    }

    pub(super) fn integer(self, name: &str, value: i64) -> Self {
        self.attribute(name, 2, |message| message.number(3, value as u64))
    }

    pub(super) fn text(self, name: &str, value: &str) -> Self {
        self.attribute(name, 3, |message| message.bytes(4, value))
    }

    pub(super) fn floats(self, name: &str, values: &[f32]) -> Self {
        self.attribute(name, 6, |message| message.bytes(7, little(values)))
    }

    pub(super) fn integers(self, name: &str, values: &[i64]) -> Self {
        let mut packed = Message::default();
        for value in values {
            packed.varint(*value as u64);
        }
        self.attribute(name, 7, |message| message.bytes(8, packed.0))
    }

    pub(super) fn texts(self, name: &str, values: &[&str]) -> Self {
        self.attribute(name, 8, |message| {
            values.iter().fold(message, |message, value| message.bytes(9, value))
        })
    }
}

/// A `TensorProto` of floats.
pub(super) fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Message {
    let sized = shape.iter().fold(Message::default(), |message, size| message.number(1, *size as u64));
    sized.number(2, FLOAT).bytes(8, name).bytes(9, little(values))
}

/// A `ValueInfoProto`; a size that is `None` is the number of rows.
pub(super) fn value(name: &str, kind: u64, shape: &[Option<usize>]) -> Message {
    let size = |size: &Option<usize>| match size {
        Some(size) => Message::default().number(1, *size as u64),
        None => Message::default().bytes(2, "N"),
    };
    let sizes =
        shape.iter().fold(Message::default(), |message, dimension| message.bytes(1, size(dimension).0));
    let tensor = Message::default().number(1, kind).bytes(2, sizes.0);
    Message::default().bytes(1, name).bytes(2, Message::default().bytes(1, tensor.0).0)
}

/// A `ModelProto` with one input `x`.
pub(super) fn model(nodes: &[Node], weights: &[Message], columns: usize, outputs: &[Message]) -> Vec<u8> {
    let graph =
        nodes.iter().fold(Message::default(), |graph, node| graph.bytes(1, &node.0.0)).bytes(2, "bench");
    let graph = weights.iter().fold(graph, |graph, weight| graph.bytes(5, &weight.0));
    let graph = graph.bytes(11, value("x", FLOAT, &[None, Some(columns)]).0);
    let graph = outputs.iter().fold(graph, |graph, output| graph.bytes(12, &output.0));
    let set = |domain: &str, version| Message::default().bytes(1, domain).number(2, version).0;
    let model = Message::default().number(1, 9).bytes(2, "flightdeck").bytes(7, graph.0);
    model.bytes(8, set("", 18)).bytes(8, set("ai.onnx.ml", 3)).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_groups_of_seven_bits() {
        assert_eq!(Message::default().number(1, 300).bytes(2, "ab").0, [8, 0xac, 2, 18, 2, b'a', b'b']);
    }
}
