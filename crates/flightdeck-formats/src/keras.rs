//! The configuration of a Keras model, read as data: which of its layers carry code or name modules of their own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::shown;

/// More layers than this are not listed.
const LISTED: usize = 100;

/// What the configuration of a Keras model says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KerasFacts {
    /// The version that wrote it.
    pub version: Option<String>,
    /// The class of the model, such as `Sequential`.
    pub class: Option<String>,
    /// Layers that carry Python code, by name.
    pub lambdas: Vec<String>,
    /// What it takes from modules that are not Keras's, as `module.Class`.
    pub foreign: Vec<String>,
    /// Whether it asks for Python code to be loaded without asking.
    pub unsafe_wish: bool,
    /// Why the configuration could not be read.
    pub error: Option<String>,
}

impl KerasFacts {
    /// Whether loading it in Keras would run code out of the file, as far as the configuration says.
    pub fn is_flagged(&self) -> bool {
        !self.lambdas.is_empty() || !self.foreign.is_empty() || self.unsafe_wish || self.error.is_some()
    }

    /// Reads `config.json`.
    pub(crate) fn read(config: &[u8]) -> Self {
        let mut facts = Self::default();
        match serde_json::from_slice::<Value>(config) {
            Ok(value) => {
                facts.class = value["class_name"].as_str().map(shown);
                facts.visit(&value);
            }
            Err(error) => facts.error = Some(format!("config.json is not readable: {error}")),
        }
        facts
    }

    /// Finds the same signs in a file whose structure is not followed.
    pub(crate) fn glimpse(bytes: &[u8]) -> Self {
        let has = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
        let mut facts = Self::default();
        if has(b"\"class_name\": \"Lambda\"") || has(b"\"class_name\":\"Lambda\"") {
            facts.lambdas.push("Lambda".into());
        }
        facts.unsafe_wish = has(b"enable_unsafe_deserialization");
        facts
    }

    /// The parser bounds the depth, so the visit is bounded too.
    fn visit(&mut self, value: &Value) {
        match value {
            Value::Object(object) => {
                self.object(value);
                object.values().for_each(|value| self.visit(value));
            }
            Value::Array(values) => values.iter().for_each(|value| self.visit(value)),
            Value::String(text) => self.unsafe_wish |= text.contains("enable_unsafe_deserialization"),
            _ => {}
        }
    }

    fn object(&mut self, object: &Value) {
        self.unsafe_wish |= object.get("enable_unsafe_deserialization").is_some();
        let class = object["class_name"].as_str().unwrap_or_default();
        if matches!(class, "Lambda" | "__lambda__") {
            let name = object["config"]["name"].as_str().or(object["name"].as_str()).unwrap_or(class);
            list(&mut self.lambdas, shown(name));
        }
        let module = object["module"].as_str().unwrap_or_default();
        let registered = object["registered_name"].as_str().unwrap_or_default();
        let is_own = ["", "keras", "builtins"].contains(&module) && module != "builtins"
            || module.starts_with("keras.")
            || module.starts_with("tensorflow.keras");
        // Keras names plain values such as tuples and functions by the module of their type.
        if !is_own || registered.contains('>') {
            let of = if is_own { registered } else { module };
            list(&mut self.foreign, shown(&format!("{of}.{class}")));
        }
    }
}

fn list(into: &mut Vec<String>, name: String) {
    if into.len() < LISTED && !into.contains(&name) {
        into.push(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p8_code_and_foreign_modules_are_flagged() {
        let lambda = br#"{"module":"keras","class_name":"Sequential","config":{"layers":[
            {"module":"keras.layers","class_name":"Lambda","config":{"name":"evil","function":
                {"class_name":"__lambda__","config":{"code":"4wEAAAA="}}}}]}}"#;
        let facts = KerasFacts::read(lambda);
        assert_eq!(
            (facts.class.as_deref(), facts.lambdas.as_slice()),
            (Some("Sequential"), &["evil".into(), "__lambda__".into()][..])
        );
        let builtins =
            KerasFacts::read(br#"{"module":"builtins","class_name":"exec","config":{"arguments":["x"]}}"#);
        assert_eq!(builtins.foreign, ["builtins.exec"]);
        let custom = KerasFacts::read(
            br#"{"layers":[{"module":"my.layers","class_name":"Mine","registered_name":"p>Mine"}]}"#,
        );
        assert_eq!(custom.foreign, ["my.layers.Mine"]);
        let wish = KerasFacts::read(
            br#"{"module":"keras.config","class_name":"function","config":"enable_unsafe_deserialization"}"#,
        );
        assert!(wish.unsafe_wish);
        assert!(KerasFacts::read(b"{").is_flagged());
        let deep = KerasFacts::read("[".repeat(100_000).as_bytes());
        assert!(deep.error.is_some());
    }

    #[test]
    fn ordinary_models_are_not_flagged() {
        let plain = br#"{"module":"keras","class_name":"Sequential","config":{"layers":[{"module":"keras.layers","class_name":"Dense",
            "config":{"name":"d","kernel_initializer":{"module":"keras.initializers","class_name":"Zeros","registered_name":null}}}]}}"#;
        assert!(!KerasFacts::read(plain).is_flagged());
    }

    #[test]
    fn p8_an_old_file_shows_its_code_without_being_followed() {
        assert!(KerasFacts::glimpse(b"..{\"class_name\": \"Lambda\", \"config\"..").is_flagged());
        assert!(!KerasFacts::glimpse(b"..{\"class_name\": \"Dense\"..").is_flagged());
    }
}
