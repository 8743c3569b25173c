//! The little that is known about each value of a pickle while it is read: names, numbers, and what called what.
//!
//! Values are small copies that point into lists, so that no stream can build something that is deep to drop.

/// Texts are kept up to so many bytes together; names come early.
const TEXT_BYTES: usize = 64 << 20;

/// A value on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Mark,
    Number(u64),
    Text(u32),
    Global(u32),
    Tuple(u32),
    Dict(u32),
    /// What a global returned, and the arguments it was given.
    Made(u32, Option<u32>),
    Other,
}

/// Everything that values point to.
#[derive(Default)]
pub(super) struct Values {
    texts: Vec<Box<str>>,
    text_bytes: usize,
    globals: Vec<(Box<str>, Box<str>)>,
    tuples: Vec<Box<[Value]>>,
    dicts: Vec<Vec<(u32, Value)>>,
}

impl Values {
    pub(super) fn text(&mut self, bytes: &[u8]) -> Value {
        let Ok(text) = std::str::from_utf8(bytes) else { return Value::Other };
        if text.len() > 1 << 10 || self.text_bytes + text.len() > TEXT_BYTES {
            return Value::Other;
        }
        self.text_bytes += text.len();
        self.texts.push(text.into());
        Value::Text(self.texts.len() as u32 - 1)
    }

    pub(super) fn global(&mut self, module: &str, name: &str) -> Value {
        self.globals.push((module.into(), name.into()));
        Value::Global(self.globals.len() as u32 - 1)
    }

    pub(super) fn tuple(&mut self, values: Vec<Value>) -> Value {
        self.tuples.push(values.into());
        Value::Tuple(self.tuples.len() as u32 - 1)
    }

    pub(super) fn dict(&mut self) -> Value {
        self.dicts.push(Vec::new());
        Value::Dict(self.dicts.len() as u32 - 1)
    }

    pub(super) fn set(&mut self, dict: Value, key: Value, value: Value) {
        if let (Value::Dict(dict), Value::Text(key)) = (dict, key) {
            self.dicts[dict as usize].push((key, value));
        }
    }

    pub(super) fn as_text(&self, value: Value) -> Option<&str> {
        if let Value::Text(text) = value { Some(&self.texts[text as usize]) } else { None }
    }

    pub(super) fn as_tuple(&self, value: Value) -> Option<&[Value]> {
        if let Value::Tuple(tuple) = value { Some(&self.tuples[tuple as usize]) } else { None }
    }

    /// The module and name of what made a value, and its arguments.
    pub(super) fn maker(&self, value: Value) -> Option<(&str, &str, &[Value])> {
        let Value::Made(global, arguments) = value else { return None };
        let (module, name) = &self.globals[global as usize];
        let arguments = arguments.map_or(&[][..], |tuple| &self.tuples[tuple as usize]);
        Some((module, name, arguments))
    }

    /// What a dictionary of texts holds under a key.
    pub(super) fn get(&self, dict: Value, key: &str) -> Option<Value> {
        let Value::Dict(dict) = dict else { return None };
        let found =
            self.dicts[dict as usize].iter().rev().find(|(known, _)| &*self.texts[*known as usize] == key);
        found.map(|(_, value)| *value)
    }
}
