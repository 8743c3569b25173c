//! What is written down about a model: where it comes from, what it is made of, how much it learned.

use crate::display::display_safe;
use crate::flops::flops;
use crate::message::Model;
use crate::reader::Reader;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest text of metadata that is kept, in bytes.
const TEXT_BYTES: usize = 1 << 10;

/// What is written down about a model. Texts from the file are escaped and cut at 1 KiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The version of the file format.
    pub ir_version: i64,
    /// The program that wrote the file, with its version; empty when it does not say.
    pub producer: String,
    /// The operator sets that it asks for.
    pub opsets: Vec<Opset>,
    /// Its operators and how often each stands in it, functions and inner graphs included.
    pub operators: Vec<Operator>,
    /// Learned numbers: elements of all constant tensors that are not texts, and of lists of numbers in attributes
    /// (where tree ensembles and linear models keep them).
    pub parameters: u64,
    /// Their size as stored.
    pub parameter_bytes: u64,
    /// Operations that one row costs, where the graph tells; `None` where it does not, and in files written before it was
    /// counted. For a model whose rows cannot be batched: operations of one run.
    ///
    /// A multiplication followed by an addition is two (so a dense layer of `k` inputs and `n` outputs with a bias costs
    /// `2·k·n + n`, a convolution two for each weight that an output sees); a function of one number is one, a softmax
    /// three for each class. A tree ensemble costs one comparison for each level, as deep as the leaves of each tree lie
    /// on average, and an addition for each number that a leaf gives. A support vector costs two or, with a radial kernel,
    /// three for each feature, and two for each coefficient. Moving, looking up, casting and comparing texts is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flops: Option<u64>,
    /// Names and values that the exporter left.
    pub metadata: BTreeMap<String, String>,
}

/// An operator set that a model asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opset {
    /// `ai.onnx` for the standard one.
    pub domain: String,
    /// Its version.
    pub version: i64,
}

/// How often an operator stands in a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// `ai.onnx` for the standard ones.
    pub domain: String,
    /// Its name.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// A domain's name, safe to show.
pub(crate) fn domain_shown(domain: &str) -> String {
    if domain.is_empty() { "ai.onnx".into() } else { display_safe(domain, 200) }
}

impl Facts {
    pub(crate) fn of(model: &Model<'_>, reader: &Reader<'_, '_>) -> Self {
        let producer = format!("{} {}", model.producer_name, model.producer_version);
        let opset =
            |(domain, version): &(&str, i64)| Opset { domain: domain_shown(domain), version: *version };
        let operator = |((domain, name), count): (&(&str, &str), &u64)| Operator {
            domain: domain_shown(domain),
            name: display_safe(name, 200),
            count: *count,
        };
        let text = |(key, value): &(String, String)| (key.clone(), display_safe(value, TEXT_BYTES));
        Self {
            ir_version: model.ir_version,
            producer: display_safe(producer.trim(), TEXT_BYTES),
            opsets: model.opsets.iter().map(opset).collect(),
            operators: reader.operators.iter().map(operator).collect(),
            parameters: reader.parameters,
            parameter_bytes: reader.parameter_bytes,
            flops: flops(&model.graph),
            metadata: model.metadata.iter().map(text).collect(),
        }
    }
}
