//! Naming the locale that text operators shall use, for systems that lack the one they take by themselves.

use crate::attributes::Attributes;
use crate::limits::Limits;
use crate::message::Node;
use crate::reader::Reader;
use crate::wire::{Malformed, Message, Value, put_bytes, put_number};

/// The model with `locale` stated by every `StringNormalizer` of its graph that states none; `None` when there is no such
/// operator, or this is no model. Everything else is copied as it stands. Meant to be loaded at once, not to be kept: which
/// locales there are is a matter of the system.
pub fn with_locale(model: &[u8], locale: &str) -> Option<Vec<u8>> {
    let limits = Limits::default();
    let read = Reader::new(&limits).model(Message::new(model)).ok()?;
    read.graph.nodes.iter().any(is_open).then(|| rewrite(model, &read.graph.nodes, locale).ok())?
}

fn is_open(node: &Node<'_>) -> bool {
    node.domain.is_empty() && node.op_type == "StringNormalizer" && !Attributes::of(node).states("locale")
}

fn rewrite(model: &[u8], nodes: &[Node<'_>], locale: &str) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(model.len() + 64);
    for field in Message::new(model).fields() {
        let field = field?;
        match (field.number, field.value) {
            (7, Value::Bytes(graph)) => put_bytes(&mut out, 7, &rewrite_graph(graph, nodes, locale)?),
            _ => out.extend_from_slice(field.raw),
        }
    }
    Ok(out)
}

fn rewrite_graph(graph: Message<'_>, nodes: &[Node<'_>], locale: &str) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(graph.bytes.len() + 64);
    let mut nodes = nodes.iter();
    for field in graph.fields() {
        let field = field?;
        match (field.number, field.value) {
            (1, Value::Bytes(node)) if nodes.next().is_some_and(is_open) => {
                let mut stated = node.bytes.to_vec();
                put_bytes(&mut stated, 5, &attribute(locale));
                put_bytes(&mut out, 1, &stated);
            }
            _ => out.extend_from_slice(field.raw),
        }
    }
    Ok(out)
}

/// `AttributeProto` of a text.
fn attribute(locale: &str) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, 1, b"locale");
    put_bytes(&mut out, 4, locale.as_bytes());
    put_number(&mut out, 20, 3);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph of one node with these attributes.
    fn model(operator: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
        let (mut node, mut graph, mut model) = (Vec::new(), Vec::new(), Vec::new());
        put_bytes(&mut node, 4, operator.as_bytes());
        for attribute in attributes {
            put_bytes(&mut node, 5, attribute);
        }
        put_bytes(&mut graph, 1, &node);
        put_bytes(&mut graph, 2, b"g");
        put_number(&mut model, 1, 8);
        put_bytes(&mut model, 7, &graph);
        model
    }

    #[test]
    fn only_what_states_none_is_given_one() {
        let open = model("StringNormalizer", &[]);
        let stated = model("StringNormalizer", &[attribute("C.UTF-8")]);
        assert_eq!(with_locale(&open, "C.UTF-8"), Some(stated.clone()));
        assert_eq!(with_locale(&stated, "de_DE"), None);
        assert_eq!(with_locale(&model("Identity", &[]), "C.UTF-8"), None);
        assert_eq!(with_locale(b"no model", "C.UTF-8"), None);
    }
}
