//! What a model takes and gives, proposed from its graph.

use crate::display::display_safe;
use crate::message::{Graph, Model, Node, ValueInfo, ValueType};
use crate::opsets::blocking;
use crate::roles;
use crate::wire::Value;
use flightdeck_core::{Column, ColumnKind, DataType, Finding, Input, Severity, Signature, Unknown};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A wider input is not a table that a person has.
const MOST_COLUMNS: i64 = 10_000;
/// How far an input is followed to its encoder.
const MOST_STEPS: usize = 32;

pub(crate) fn propose(
    model: &Model<'_>,
    zipped: &BTreeMap<String, Vec<String>>,
    findings: &mut Vec<Finding>,
) -> Signature {
    let graph = &model.graph;
    let fed: Vec<_> =
        graph.inputs.iter().filter(|input| !graph.initializers.contains_key(input.name)).collect();
    let names = metadata_columns(model);
    let single = fed.len() == 1;
    let takers = takers(graph);
    let inputs = fed.into_iter().filter_map(|info| {
        let data_type = data_type_of(info, "input", findings)?;
        Some(input(&takers, info, data_type, Naming { given: names.as_deref(), single }, findings))
    });
    let inputs: Vec<Input> = inputs.collect();
    let typed = graph.outputs.iter().filter_map(|info| Some((info, data_type_of(info, "output", findings)?)));
    let (outputs, task) = roles::propose(graph, typed.collect(), zipped);
    check_names(graph, &inputs, findings);
    if outputs.is_empty() && findings.iter().all(|finding| finding.severity < Severity::Blocking) {
        findings.push(blocking("no-output", "The model gives nothing", "Export it with its outputs."));
    }
    Signature { task, inputs, outputs }
}

/// How the columns of a matrix are called.
#[derive(Clone, Copy)]
struct Naming<'n> {
    given: Option<&'n [String]>,
    /// Whether there is only one input, so that `f0` says enough.
    single: bool,
}

fn input(
    takers: &Takers<'_, '_>,
    info: &ValueInfo<'_>,
    data_type: DataType,
    naming: Naming<'_>,
    findings: &mut Vec<Finding>,
) -> Input {
    let known = match &info.value_type {
        ValueType::Tensor(_, known) => known.clone(),
        _ => None,
    };
    if known.is_none() {
        let message = format!("Input \"{}\" has no shape", display_safe(info.name, 80));
        findings.push(blocking("unknown-shape", message, "Export the model with the shapes of its inputs."));
    }
    let shape = known.unwrap_or_default();
    let columns = match *shape {
        [] | [_, 1] => vec![info.name.to_owned()],
        [size] if size == -1 || size == 1 => vec![info.name.to_owned()],
        [width] | [_, width] => wide_names(info, width, naming, findings),
        _ => {
            findings.push(not_tabular(info, &shape));
            Vec::new()
        }
    };
    let unknown =
        if data_type == DataType::Bytes { unknown_category(takers, info.name) } else { Unknown::Unstated };
    let kind = if data_type == DataType::Bytes { ColumnKind::Categorical } else { ColumnKind::Numeric };
    let missing = match (data_type.is_float(), unknown) {
        (true, _) => Some("NaN".to_owned()),
        // A text that is none of the known ones is what the encoder makes of an empty one too.
        (false, Unknown::Accepted) => Some(String::new()),
        _ => None,
    };
    let column = |(index, name)| Column { name, index, kind, missing: missing.clone(), unknown };
    Input {
        name: info.name.into(),
        data_type,
        batch_axis: (shape.first() == Some(&-1)).then_some(0),
        columns: columns.into_iter().enumerate().map(column).collect(),
        shape,
    }
}

fn wide_names(
    info: &ValueInfo<'_>,
    width: i64,
    naming: Naming<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<String> {
    if let Some(given) =
        naming.given.filter(|given| naming.single && (width == -1 || given.len() as i64 == width))
    {
        return given.to_vec();
    }
    if width == -1 {
        let message =
            format!("Input \"{}\" does not say how many columns it has", display_safe(info.name, 80));
        let hint = "Give a baseline: its columns are taken in their order.";
        findings.push(Finding::new("unknown-width", Severity::Warning, message, hint));
        return Vec::new();
    }
    if width > MOST_COLUMNS {
        findings.push(not_tabular(info, &[-1, width]));
        return Vec::new();
    }
    let prefix = if naming.single { String::new() } else { format!("{}_", info.name) };
    (0..width).map(|index| format!("{prefix}f{index}")).collect()
}

fn not_tabular(info: &ValueInfo<'_>, shape: &[i64]) -> Finding {
    let message =
        format!("Input \"{}\" of shape {shape:?} is not a table of columns", display_safe(info.name, 80));
    let hint = "It can be served with tensors; drift of single columns is not counted.";
    Finding::new("not-tabular", Severity::Warning, message, hint)
}

/// The column names that an exporter left as a JSON list under `columns`.
fn metadata_columns(model: &Model<'_>) -> Option<Vec<String>> {
    let (_, json) = model.metadata.iter().find(|(key, _)| key == "columns")?;
    let names: Vec<String> = serde_json::from_str(json).ok()?;
    let plain = |name: &String| !name.is_empty() && display_safe(name, 200) == *name;
    let distinct: BTreeSet<&String> = names.iter().collect();
    (names.iter().all(plain) && distinct.len() == names.len()).then_some(names)
}

/// The protocol's type of an input or output; a finding where there is none or it cannot be served yet.
fn data_type_of(info: &ValueInfo<'_>, what: &str, findings: &mut Vec<Finding>) -> Option<DataType> {
    let name = display_safe(info.name, 80);
    let element = match info.value_type {
        ValueType::Tensor(element, _) => element,
        ValueType::Sequence | ValueType::Map if what == "output" => {
            let message = format!("Output \"{name}\" is a map or a list, which has no place in the protocol");
            let hint = "Export the model without it, in skl2onnx with options={'zipmap': False}.";
            findings.push(blocking("map-output", message, hint));
            return None;
        }
        _ => 0,
    };
    let data_type = Some(match element {
        1 => DataType::Fp32,
        2 => DataType::Uint8,
        3 => DataType::Int8,
        4 => DataType::Uint16,
        5 => DataType::Int16,
        6 => DataType::Int32,
        7 => DataType::Int64,
        8 => DataType::Bytes,
        9 => DataType::Bool,
        10 => DataType::Fp16,
        11 => DataType::Fp64,
        12 => DataType::Uint32,
        13 => DataType::Uint64,
        16 => DataType::Bf16,
        _ => return unsupported(what, &name, "a type outside of the protocol", findings),
    });
    if let Some(half @ (DataType::Fp16 | DataType::Bf16)) = data_type {
        let message =
            format!("The {what} \"{name}\" is of half precision ({half}), which JSON tensors cannot carry");
        findings.push(Finding::new("half-precision", Severity::Info, message, SINGLE_PRECISION));
    }
    data_type
}

/// The inside of a model may stay in half precision.
const SINGLE_PRECISION: &str = "Ask it by column name, with binary tensors or over gRPC. For JSON tensors export it with \
    FP32 inputs and outputs: with onnxconverter-common use convert_float_to_float16(model, keep_io_types=True).";

fn unsupported(what: &str, name: &str, of: &str, findings: &mut Vec<Finding>) -> Option<DataType> {
    let message = format!("The {what} \"{name}\" is of {of}");
    let hint = "Export the model with inputs and outputs of 32 bit numbers, whole numbers or texts.";
    findings.push(blocking("unsupported-type", message, hint));
    None
}

/// A name that cannot be shown cannot be typed either, and two inputs of one name cannot be told apart.
fn check_names(graph: &Graph<'_>, inputs: &[Input], findings: &mut Vec<Finding>) {
    let hint = "Export the model with plain, different names for its inputs and outputs.";
    let values = graph.inputs.iter().chain(&graph.outputs);
    if let Some(odd) = values.clone().find(|v| v.name.is_empty() || display_safe(v.name, 4096) != v.name) {
        let message =
            format!("The name \"{}\" has characters that cannot be shown", display_safe(odd.name, 80));
        findings.push(blocking("unusable-name", message, hint));
    }
    let mut columns = BTreeSet::new();
    let twice = inputs.iter().flat_map(|input| &input.columns).find(|column| !columns.insert(&column.name));
    if let Some(column) = twice {
        let message = format!("Two columns are called \"{}\"", display_safe(&column.name, 80));
        findings.push(blocking("unusable-name", message, hint));
    }
}

/// The nodes that take each value.
type Takers<'g, 'a> = HashMap<&'a str, Vec<&'g Node<'a>>>;

fn takers<'g, 'a>(graph: &'g Graph<'a>) -> Takers<'g, 'a> {
    let mut takers = Takers::new();
    for node in &graph.nodes {
        for value in &node.inputs {
            takers.entry(value).or_default().push(node);
        }
    }
    takers
}

/// Follows a text input to the encoder that takes it and asks what that does with an unknown category.
fn unknown_category(takers: &Takers<'_, '_>, input: &str) -> Unknown {
    let mut reached = vec![input];
    for step in 0..MOST_STEPS {
        let Some(value) = reached.get(step) else { break };
        for node in takers.get(value).into_iter().flatten().take(MOST_STEPS) {
            match (node.domain, node.op_type) {
                ("ai.onnx.ml", "OneHotEncoder") => return one_hot(node),
                (
                    "",
                    "Identity" | "Concat" | "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Gather"
                    | "Slice",
                )
                | ("ai.onnx.ml", "ArrayFeatureExtractor") => reached.extend(node.outputs.first()),
                _ => {}
            }
        }
    }
    Unknown::Unstated
}

/// `zeros` is 1 unless it is stated: an unknown category becomes zeros; with 0 the operator fails.
fn one_hot(node: &Node<'_>) -> Unknown {
    let stated = node.attributes.iter().find(|(name, _)| *name == "zeros").and_then(|(_, attribute)| {
        attribute.fields().flatten().find_map(|field| match (field.number, field.value) {
            (3, Value::Varint(value)) => Some(value),
            _ => None,
        })
    });
    if stated == Some(0) { Unknown::Refused } else { Unknown::Accepted }
}
