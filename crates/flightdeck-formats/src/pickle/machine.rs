//! Follows the instructions of a pickle stream without doing what they say.

use std::collections::HashMap;

use super::facts::Facts;
use super::opcode::{Argument, argument};
use super::source::Source;
use super::values::{Value, Values};
use super::{DEPTH, Fault, arrays};

/// One pickle being followed, from its first instruction to its STOP.
pub(super) struct Machine<'a> {
    facts: &'a mut Facts,
    values: Values,
    stack: Vec<Value>,
    memo: HashMap<u64, Value>,
    depth: usize,
}

/// Follows one pickle to its STOP.
pub(super) fn follow(source: &mut Source<'_>, facts: &mut Facts, depth: usize) -> Result<(), Fault> {
    if depth > DEPTH {
        return Err(Fault::new(source.at, "pickles lie in pickles too deep"));
    }
    let mut machine =
        Machine { facts, values: Values::default(), stack: Vec::new(), memo: HashMap::new(), depth };
    while machine.step(source)? {}
    Ok(())
}

impl Machine<'_> {
    fn step(&mut self, source: &mut Source<'_>) -> Result<bool, Fault> {
        let at = source.at;
        self.facts.step(at)?;
        let op = source.byte()?;
        let argument = argument(op, source)?;
        let done = match op {
            b'.' => return self.pop().map(|_| false).ok_or(Fault::new(at, "it stops with nothing made")),
            b'R' | 0x81 | 0x92 | b'o' | b'i' | b'b' | b'Q' | b'P' => self.call(op, &argument, source)?,
            b'c' | 0x93 | 0x82..=0x84 => self.name(op, argument),
            b'p' | b'q' | b'r' | 0x94 | b'g' | b'h' | b'j' => self.remember(op, &argument),
            _ => self.value(op, argument),
        };
        done.map(|()| true).ok_or(Fault::new(at, "an instruction takes what is not there"))
    }

    fn pop(&mut self) -> Option<Value> {
        self.stack.pop()
    }

    fn pop_to_mark(&mut self) -> Option<Vec<Value>> {
        let mark = self.stack.iter().rposition(|value| *value == Value::Mark)?;
        let above = self.stack.split_off(mark + 1);
        self.stack.pop();
        Some(above)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every instruction answers whether it could be done")]
    fn push(&mut self, value: Value) -> Option<()> {
        self.stack.push(value);
        Some(())
    }

    /// Instructions that look something up: the only way a stream reaches code.
    fn name(&mut self, op: u8, argument: Argument) -> Option<()> {
        let (module, name) = match (op, argument) {
            (b'c', Argument::Names(module, name)) => (lossy(&module), lossy(&name)),
            (0x93, _) => {
                let (name, module) = (self.pop()?, self.pop()?);
                let text = |value| self.values.as_text(value).map_or_else(|| "?".into(), str::to_owned);
                (text(module), text(name))
            }
            (_, Argument::Number(code)) => ("copyreg extension".into(), code.to_string()),
            _ => return None,
        };
        self.facts.found(&module, &name);
        let global = self.values.global(&module, &name);
        self.push(global)
    }

    /// Instructions that would run code.
    fn call(&mut self, op: u8, argument: &Argument, source: &mut Source<'_>) -> Result<Option<()>, Fault> {
        let done = if op == b'b' { self.build(source)? } else { self.make(op, argument) };
        self.facts.calls |= done.is_some();
        Ok(done)
    }

    fn make(&mut self, op: u8, argument: &Argument) -> Option<()> {
        let (callable, arguments) = match op {
            b'R' | 0x81 => {
                let arguments = self.pop()?;
                (self.pop()?, arguments)
            }
            0x92 => {
                let (_, arguments) = (self.pop()?, self.pop()?);
                (self.pop()?, arguments)
            }
            b'o' => (self.pop_to_mark()?.first().copied()?, Value::Other),
            b'i' => {
                self.pop_to_mark()?;
                let Argument::Names(module, name) = argument else { return None };
                let (module, name) = (lossy(module), lossy(name));
                self.facts.found(&module, &name);
                (self.values.global(&module, &name), Value::Other)
            }
            b'Q' => (Value::Other, self.pop()?),
            _ => (Value::Other, Value::Other),
        };
        let arguments = if let Value::Tuple(tuple) = arguments { Some(tuple) } else { None };
        self.push(match callable {
            Value::Global(global) => Value::Made(global, arguments),
            _ => Value::Other,
        })
    }

    fn build(&mut self, source: &mut Source<'_>) -> Result<Option<()>, Fault> {
        let (Some(state), Some(made)) = (self.pop(), self.stack.last().copied()) else { return Ok(None) };
        match arrays::after(&self.values, made, state) {
            Some(arrays::Raw::Bytes { length, is_padded }) => arrays::skip(source, length, is_padded)?,
            Some(arrays::Raw::Pickle) => {
                self.facts.object_arrays = true;
                follow(source, self.facts, self.depth + 1)?;
            }
            None => {}
        }
        Ok(Some(()))
    }

    fn remember(&mut self, op: u8, argument: &Argument) -> Option<()> {
        let place = if let Argument::Number(place) = argument { *place } else { self.memo.len() as u64 };
        if matches!(op, b'g' | b'h' | b'j') {
            let value = *self.memo.get(&place)?;
            return self.push(value);
        }
        self.memo.insert(place, *self.stack.last()?);
        Some(())
    }

    /// Instructions that only make or move values.
    fn value(&mut self, op: u8, argument: Argument) -> Option<()> {
        match (op, argument) {
            (0x80, Argument::Number(protocol)) => self.facts.protocol(protocol),
            (0x95 | 0x98, _) => {}
            (b'(', _) => self.stack.push(Value::Mark),
            (b'0', _) => drop(self.pop()?),
            (b'1', _) => drop(self.pop_to_mark()?),
            (b'2', _) => self.push(*self.stack.last()?)?,
            (b'I' | b'J' | b'K' | b'L' | b'M' | 0x8a | 0x8b, Argument::Number(number)) => {
                self.push(Value::Number(number))?;
            }
            (_, Argument::Text(text)) => self.text(&text),
            (_, Argument::Bytes(bytes)) => {
                self.facts.nested(&bytes, self.depth);
                self.text(&bytes);
            }
            (b't' | b')' | 0x85..=0x87, _) => self.tuple(op)?,
            (b'}' | b'd' | b's' | b'u', _) => self.dict(op)?,
            (b'a', _) => drop(self.pop()?),
            (b'e' | 0x90, _) => drop(self.pop_to_mark()?),
            (b'l' | 0x91, _) => {
                self.pop_to_mark()?;
                self.push(Value::Other)?;
            }
            _ => self.push(Value::Other)?,
        }
        Some(())
    }

    fn text(&mut self, bytes: &[u8]) {
        let value = self.values.text(bytes);
        self.stack.push(value);
    }

    fn tuple(&mut self, op: u8) -> Option<()> {
        let values = match op {
            b')' => Vec::new(),
            b't' => self.pop_to_mark()?,
            _ => self.stack.split_off(self.stack.len().checked_sub(usize::from(op - 0x84))?),
        };
        let tuple = self.values.tuple(values);
        self.push(tuple)
    }

    fn dict(&mut self, op: u8) -> Option<()> {
        let pairs = match op {
            b'}' => Vec::new(),
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.pop_to_mark()?,
        };
        if matches!(op, b'}' | b'd') {
            let dict = self.values.dict();
            self.stack.push(dict);
        }
        let dict = *self.stack.last()?;
        for pair in pairs.chunks_exact(2) {
            self.values.set(dict, pair[0], pair[1]);
            if self.values.as_text(pair[0]) == Some("_sklearn_version") {
                self.facts.sklearn_version(self.values.as_text(pair[1]));
            }
        }
        Some(())
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
