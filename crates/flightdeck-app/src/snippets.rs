//! What to paste to get a first answer from an endpoint.

use crate::{App, Result};
use flightdeck_core::{Cell, ColumnKind, DataType, Signature};
use flightdeck_drift::Counted;
use flightdeck_package::Package;
use serde_json::{Map, Value, json};

impl App {
    /// A row that the model understands, made of the baseline's most usual values.
    pub(crate) fn example_row(&self, package: &Package, signature: &Signature) -> Result<Map<String, Value>> {
        let baseline = self.baseline(&package.root)?;
        let columns = signature.columns().map(|(input, column)| {
            let known = baseline.as_ref().and_then(|baseline| baseline.column(&column.name));
            let usual = known.and_then(|(_, column)| usual(&column.counted));
            let invented = match column.kind {
                ColumnKind::Numeric => Cell::Integer(0),
                ColumnKind::Categorical => Cell::Text("a".into()),
            };
            let cell = usual.unwrap_or(invented);
            (column.name.clone(), value(&cell, input.data_type))
        });
        Ok(columns.collect())
    }
}

fn usual(counted: &Counted) -> Option<Cell> {
    match counted {
        Counted::Numeric(numeric) => crate::words::median(numeric).map(Cell::Number),
        Counted::Categorical(categorical) => {
            categorical.values.iter().max_by_key(|v| v.count).map(|v| Cell::Text(v.value.clone()))
        }
    }
}

/// As short as it can be written for the model's type.
fn value(cell: &Cell, data_type: DataType) -> Value {
    match cell {
        Cell::Missing => Value::Null,
        Cell::Bool(value) => json!(value),
        Cell::Integer(value) => json!(value),
        Cell::Number(value) if data_type.is_float() => {
            let single =
                (data_type == DataType::Fp32).then(|| (*value as f32).to_string().parse().ok()).flatten();
            json!(single.unwrap_or(*value))
        }
        Cell::Number(value) => json!(value.round() as i64),
        Cell::Text(text) => json!(text),
    }
}

/// A command for a shell with `curl`.
pub(crate) fn curl(url: &str, row: &Map<String, Value>) -> String {
    let body = json!({ "rows": [row] }).to_string().replace('\'', r"'\''");
    format!("curl -s {url} \\\n  -d '{body}'")
}

/// A script for Python's standard library.
pub(crate) fn python(url: &str, row: &Map<String, Value>) -> String {
    let rows = python_literal(&json!([row]));
    format!(
        "import json, urllib.request\n\nrows = {rows}\nrequest = urllib.request.Request(\n    {url:?},\n    \
         data=json.dumps({{\"rows\": rows}}).encode(),\n    headers={{\"Content-Type\": \"application/json\"}},\n)\n\
         print(json.load(urllib.request.urlopen(request))[\"predictions\"])\n"
    )
}

/// JSON is Python but for three words.
fn python_literal(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(python_literal).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(key, value)| format!("{}: {}", json!(key), python_literal(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_survive_quotes_and_say_python_words() {
        let row: Map<String, Value> = serde_json::from_str(r#"{"it's":"a \"b\"","n":null}"#).unwrap();
        assert_eq!(
            curl("http://h/p", &row),
            "curl -s http://h/p \\\n  -d '{\"rows\":[{\"it'\\''s\":\"a \\\"b\\\"\",\"n\":null}]}'"
        );
        assert!(python("http://h/p", &row).contains(r#"rows = [{"it's": "a \"b\"", "n": None}]"#));
    }
}
