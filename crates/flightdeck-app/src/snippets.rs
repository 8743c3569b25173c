//! What to paste to get a first answer from an endpoint.
//!
//! For a runner elsewhere a snippet believes its certificate and nobody else, and takes the token out of the environment:
//! a token in a text that is copied around is a token that gets lost.

use crate::{App, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flightdeck_core::{Cell, ColumnKind, DataType, Name, Signature};
use flightdeck_drift::Counted;
use flightdeck_package::Package;
use flightdeck_store::runner::Pairing;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Where a token is expected.
const TOKEN: &str = "FLIGHTDECK_TOKEN";

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

/// Snippets for one endpoint.
pub(crate) struct Snippet<'a> {
    base: &'a str,
    endpoint: &'a Name,
    pairing: Option<&'a Pairing>,
}

impl<'a> Snippet<'a> {
    /// For the endpoint of the runner at `base`; one that was paired wants its certificate believed and a token.
    pub(crate) const fn new(base: &'a str, endpoint: &'a Name, pairing: Option<&'a Pairing>) -> Self {
        Self { base, endpoint, pairing }
    }

    /// The endpoint's own address.
    pub(crate) fn url(&self) -> String {
        format!("{}/v2/models/{}", self.base, self.endpoint)
    }

    /// The address that takes rows by column name.
    pub(crate) fn predict_url(&self) -> String {
        format!("{}{}/endpoints/{}/predict", self.base, flightdeck_protocol::PREFIX, self.endpoint)
    }

    /// A command for a shell with `curl`.
    pub(crate) fn curl(&self, row: &Map<String, Value>) -> String {
        let body = json!({ "rows": [row] }).to_string().replace('\'', r"'\''");
        let who = self.pairing.map_or_else(String::new, |pairing| {
            // The key is demanded, so that nobody has to vouch for it.
            let key = STANDARD.encode(pairing.pin.as_bytes());
            format!(
                "--insecure --pinnedpubkey 'sha256//{key}' \\\n  -H \"Authorization: Bearer ${TOKEN}\" \\\n  "
            )
        });
        format!("curl -s {who}{} \\\n  -d '{body}'", self.predict_url())
    }

    /// A script for Python's standard library.
    pub(crate) fn python(&self, row: &Map<String, Value>) -> String {
        let rows = python_literal(&json!([row]));
        let url = self.predict_url();
        let (imports, before, header, context) = match self.pairing {
            None => ("json, urllib.request", String::new(), String::new(), ""),
            Some(pairing) => (
                "json, os, ssl, urllib.request",
                format!(
                    "# The runner's own certificate, and no other\ncontext = ssl.create_default_context(cadata=\"\"\"\\\n{}\"\"\")\n\
                     context.check_hostname = False\n",
                    pem(&pairing.certificate)
                ),
                format!("\n             \"Authorization\": \"Bearer \" + os.environ[\"{TOKEN}\"]"),
                ", context=context",
            ),
        };
        let comma = if header.is_empty() { "" } else { "," };
        format!(
            "import {imports}\n\n{before}rows = {rows}\nrequest = urllib.request.Request(\n    {url:?},\n    \
             data=json.dumps({{\"rows\": rows}}).encode(),\n    \
             headers={{\"Content-Type\": \"application/json\"{comma}{header}}},\n)\n\
             print(json.load(urllib.request.urlopen(request{context}))[\"predictions\"])\n"
        )
    }

    /// A script for Python with `tritonclient`: one row as tensors, over gRPC.
    pub(crate) fn tritonclient(&self, signature: &Signature, row: &Map<String, Value>) -> String {
        let address = crate::runners::grpc(self.base);
        let mut text = String::from("import numpy as np\nimport tritonclient.grpc as triton\n");
        let headers = if let Some(pairing) = self.pairing {
            let _ = write!(
                text,
                "import grpc, os\n\n# The runner's own certificate, and no other\ncertificate = b\"\"\"\\\n{}\"\"\"\n\
                 client = triton.InferenceServerClient(\n    {address:?}, ssl=True,\n    \
                 creds=grpc.ssl_channel_credentials(certificate),\n    \
                 channel_args=[(\"grpc.ssl_target_name_override\", \"localhost\")],\n)\n\
                 headers = {{\"authorization\": \"Bearer \" + os.environ[\"{TOKEN}\"]}}\n",
                pem(&pairing.certificate)
            );
            ", headers=headers"
        } else {
            let _ = write!(text, "\nclient = triton.InferenceServerClient({address:?})\n");
            ""
        };
        text.push_str("inputs = []\n");
        for input in &signature.inputs {
            let values: Vec<Value> = input
                .columns
                .iter()
                .map(|column| row.get(&column.name).cloned().unwrap_or(Value::Null))
                .collect();
            let _ = write!(text, "{}", tensor(&input.name, input.data_type, &input.shape, &values));
        }
        let outputs = signature.outputs.iter().map(|output| output.name.clone()).collect::<Vec<_>>();
        let _ = write!(
            text,
            "answer = client.infer({:?}, inputs{headers})\nfor name in {}:\n    print(name, answer.as_numpy(name))\n",
            self.endpoint.as_str(),
            json!(outputs)
        );
        text
    }
}

/// One row of an input, made and handed over.
fn tensor(name: &str, data_type: DataType, shape: &[i64], values: &[Value]) -> String {
    let literal = python_literal(&Value::Array(values.to_vec())).replace("None", "np.nan");
    let dimensions: Vec<i64> = shape.iter().map(|size| (*size).max(1)).collect();
    let kind = numpy(data_type);
    let name = json!(name);
    format!(
        "values = np.array({literal}, dtype={kind}).reshape({dimensions:?})\n\
         tensor = triton.InferInput({name}, list(values.shape), \"{data_type}\")\n\
         tensor.set_data_from_numpy(values)\ninputs.append(tensor)\n"
    )
}

/// How numpy calls it.
fn numpy(data_type: DataType) -> String {
    match data_type.to_string().as_str() {
        "BOOL" => "bool".into(),
        "BYTES" => "object".into(),
        other => {
            let name = other.to_lowercase().replace("fp", "float");
            format!("np.{name}")
        }
    }
}

/// A certificate as text.
fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
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
    use flightdeck_core::Digest;

    fn name() -> Name {
        "e".parse().unwrap()
    }

    fn row() -> Map<String, Value> {
        serde_json::from_str(r#"{"it's":"a \"b\"","n":null}"#).unwrap()
    }

    #[test]
    fn snippets_survive_quotes_and_say_python_words() {
        let name = name();
        let snippet = Snippet::new("http://h", &name, None);
        assert_eq!(
            snippet.curl(&row()),
            "curl -s http://h/flightdeck/v1/endpoints/e/predict \\\n  -d '{\"rows\":[{\"it'\\''s\":\"a \\\"b\\\"\",\"n\":null}]}'"
        );
        assert!(snippet.python(&row()).contains(r#"rows = [{"it's": "a \"b\"", "n": None}]"#));
    }

    #[test]
    fn elsewhere_the_key_is_demanded_and_the_token_is_not_in_the_text() {
        let pairing = Pairing {
            pin: Digest::from_bytes([0xff; 32]),
            certificate: vec![7; 100],
            secret: "slot".into(),
            token_id: "t".into(),
        };
        let name = name();
        let snippet = Snippet::new("https://edge:8443", &name, Some(&pairing));
        let curl = snippet.curl(&row());
        let key = "//////////////////////////////////////////8=";
        assert!(curl.contains(&format!("--insecure --pinnedpubkey 'sha256//{key}'")), "{curl}");
        assert!(curl.contains("Bearer $FLIGHTDECK_TOKEN"), "{curl}");
        let python = snippet.python(&row());
        assert!(
            python.contains("BEGIN CERTIFICATE") && python.contains("os.environ[\"FLIGHTDECK_TOKEN\"]"),
            "{python}"
        );
    }
}
