//! Reading JSON whose shape is only hoped for: an object, a list, or something else that is passed over.

use super::Limits;
use super::quirk::{Quirk, QuirkKind};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::{fmt, io};

/// More deviations than this are not listed.
const QUIRKS: usize = 1000;

/// What is counted and noticed while a notebook is read.
pub(super) struct State {
    limits: Limits,
    read: Cell<u64>,
    passed_over: Cell<u64>,
    passing: Cell<bool>,
    exceeded: Cell<Option<(&'static str, u64)>>,
    quirks: RefCell<Vec<Quirk>>,
}

impl State {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            read: Cell::new(0),
            passed_over: Cell::new(0),
            passing: Cell::new(false),
            exceeded: Cell::new(None),
            quirks: RefCell::default(),
        }
    }

    /// Counts bytes that were read, and stops at a limit.
    pub(super) fn count(&self, bytes: u64) -> io::Result<()> {
        self.read.set(self.read.get() + bytes);
        if self.passing.get() {
            self.passed_over.set(self.passed_over.get() + bytes);
        }
        if self.read.get() > self.limits.file_bytes {
            return Err(self.exceed("bytes", self.limits.file_bytes));
        }
        // Blanks and ids between the cells are counted as kept too: the limit is generous.
        if self.read.get() - self.passed_over.get() > self.limits.kept_bytes {
            return Err(self.exceed("bytes of source", self.limits.kept_bytes));
        }
        Ok(())
    }

    fn exceed(&self, what: &'static str, limit: u64) -> io::Error {
        self.exceeded.set(Some((what, limit)));
        io::ErrorKind::FileTooLarge.into()
    }

    /// One cell more.
    pub(super) fn cell<E: Error>(&self, count: usize) -> Result<(), E> {
        if count < self.limits.cells {
            return Ok(());
        }
        Err(E::custom(self.exceed("cells", self.limits.cells as u64)))
    }

    pub(super) fn exceeded(&self) -> Option<(&'static str, u64)> {
        self.exceeded.get()
    }

    pub(super) fn read_bytes(&self) -> u64 {
        self.read.get()
    }

    pub(super) fn quirk(&self, kind: QuirkKind, cell: Option<usize>) {
        let mut quirks = self.quirks.borrow_mut();
        match quirks.len() {
            QUIRKS => quirks.push(Quirk { kind: QuirkKind::More, cell: None }),
            count if count < QUIRKS => quirks.push(Quirk { kind, cell }),
            _ => {}
        }
    }

    pub(super) fn quirk_once(&self, kind: QuirkKind) {
        if !self.quirks.borrow().iter().any(|quirk| quirk.kind == kind) {
            self.quirk(kind, None);
        }
    }

    pub(super) fn take_quirks(&self) -> Vec<Quirk> {
        self.quirks.take()
    }

    /// Passes over a value without keeping any of it, however large or deep it is.
    pub(super) fn pass<'de, A: MapAccess<'de>>(&self, map: &mut A) -> Result<(), A::Error> {
        let outer = self.passing.replace(true);
        let result = map.next_value::<IgnoredAny>();
        self.passing.set(outer);
        result.map(drop)
    }
}

/// Something that takes the fields of an object one by one.
pub(super) trait Fields {
    /// Reads the value of `key`, or passes over it.
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        state: &State,
    ) -> Result<(), A::Error>;
}

/// Something that takes the elements of a list one by one.
pub(super) trait Elements {
    /// Reads one element; `false` at the end.
    fn element<'de, A: SeqAccess<'de>>(&mut self, list: &mut A, state: &State) -> Result<bool, A::Error>;
}

/// Reads an object into `into`; answers whether it was one.
pub(super) fn object<'s, T>(state: &'s State, into: &'s mut T) -> Object<'s, T> {
    Object { state, into }
}

/// Reads a list into `into`; answers whether it was one.
pub(super) fn list<'s, T>(state: &'s State, into: &'s mut T) -> List<'s, T> {
    List { state, into }
}

pub(super) struct Object<'s, T> {
    state: &'s State,
    into: &'s mut T,
}

pub(super) struct List<'s, T> {
    state: &'s State,
    into: &'s mut T,
}

/// Any other value is passed over and answered with `false`.
macro_rules! others_are_passed_over {
    () => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any JSON value")
        }
        fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_str<E>(self, _: &str) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_unit<E>(self) -> Result<bool, E> {
            Ok(false)
        }
    };
}

impl<'de, T: Fields> DeserializeSeed<'de> for Object<'_, T> {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Fields> Visitor<'de> for Object<'_, T> {
    type Value = bool;
    others_are_passed_over!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            self.into.field(&key, &mut map, self.state)?;
            if let Some(twice) = seen.replace(key) {
                let shown = twice.chars().take(60).collect();
                self.state.quirk(QuirkKind::DuplicateKey(shown), None);
            }
        }
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}

impl<'de, T: Elements> DeserializeSeed<'de> for List<'_, T> {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Elements> Visitor<'de> for List<'_, T> {
    type Value = bool;
    others_are_passed_over!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while self.into.element(&mut list, self.state)? {}
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}
