//! A small value whose type is only hoped for, and a list of texts that may hold anything.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A small value of whatever type.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Loose {
    /// Nothing, or null.
    #[default]
    Null,
    /// A number; whole ones are exact to 2^53.
    Number(f64),
    /// A text.
    Text(String),
    /// A list: its texts, and whether it held anything else.
    List { texts: Vec<String>, odd: bool },
    /// A boolean or an object.
    Other,
}

impl Loose {
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<Loose, E> {
        Ok(Loose::Other)
    }
    fn visit_i64<E>(self, number: i64) -> Result<Loose, E> {
        Ok(Loose::Number(number as f64))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
        Ok(Loose::Number(number as f64))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Loose, E> {
        Ok(Loose::Number(number))
    }
    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Loose, E> {
        Ok(Loose::Text(text))
    }
    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose, A::Error> {
        let (mut texts, mut odd) = (Vec::new(), false);
        while let Some(element) = list.next_element::<Line>()? {
            match element {
                Line(Some(text)) => texts.push(text),
                Line(None) => odd = true,
            }
        }
        Ok(Loose::List { texts, odd })
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }
}

/// One element of a list of texts. Not `Loose` again: a list of lists of lists would be a recursion.
struct Line(Option<String>);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LineVisitor)
    }
}

struct LineVisitor;

impl<'de> Visitor<'de> for LineVisitor {
    type Value = Line;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<Line, E> {
        Ok(Line(None))
    }
    fn visit_i64<E>(self, _: i64) -> Result<Line, E> {
        Ok(Line(None))
    }
    fn visit_u64<E>(self, _: u64) -> Result<Line, E> {
        Ok(Line(None))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Line, E> {
        Ok(Line(None))
    }
    fn visit_str<E>(self, text: &str) -> Result<Line, E> {
        Ok(Line(Some(text.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Line, E> {
        Ok(Line(None))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Line, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Line(None))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Line(None))
    }
}
