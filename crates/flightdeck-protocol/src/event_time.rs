//! When rows happened, for endpoints that replay the past.

use flightdeck_core::Timestamp;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The time of all rows of a request, or of each. A time is an RFC 3339 text or milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventTime {
    /// All rows happened then.
    At(Timestamp),
    /// One time for each row, in their order.
    PerRow(Vec<Timestamp>),
}

impl EventTime {
    /// The time of row `row`; `None` where no time was given for it.
    pub fn of(&self, row: usize) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(*at),
            Self::PerRow(times) => times.get(row).copied(),
        }
    }
}

impl Serialize for EventTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(at) => at.serialize(serializer),
            Self::PerRow(times) => times.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for EventTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EventTimeVisitor)
    }
}

struct EventTimeVisitor;

impl<'de> Visitor<'de> for EventTimeVisitor {
    type Value = EventTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 time, milliseconds since 1970, or a list with one of these for each row")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<EventTime, E> {
        let at = Timestamp::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))?;
        Ok(EventTime::At(at))
    }

    fn visit_i64<E: de::Error>(self, ms: i64) -> Result<EventTime, E> {
        Ok(EventTime::At(Timestamp::from_ms(ms)))
    }

    fn visit_u64<E: de::Error>(self, ms: u64) -> Result<EventTime, E> {
        let ms = i64::try_from(ms).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(ms), &self))?;
        Ok(EventTime::At(Timestamp::from_ms(ms)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<EventTime, A::Error> {
        let mut times = Vec::new();
        while let Some(time) = seq.next_element::<EventTime>()? {
            match time {
                EventTime::At(at) => times.push(at),
                EventTime::PerRow(_) => return Err(de::Error::custom("a list of times holds times only")),
            }
        }
        Ok(EventTime::PerRow(times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_numbers_and_lists_are_times() {
        let at = Timestamp::from_ms(1_372_636_800_000);
        for text in ["\"2013-07-01\"", "\"2013-07-01T00:00:00Z\"", "1372636800000"] {
            assert_eq!(serde_json::from_str::<EventTime>(text).unwrap(), EventTime::At(at), "{text}");
        }
        let both: EventTime = serde_json::from_str("[\"2013-07-01\", 1372636800000]").unwrap();
        assert_eq!(both, EventTime::PerRow(vec![at, at]));
        assert_eq!((both.of(1), both.of(2)), (Some(at), None));
    }

    #[test]
    fn other_things_are_not() {
        for text in ["\"yesterday\"", "true", "[[1]]", "1.5", "18446744073709551615"] {
            assert!(serde_json::from_str::<EventTime>(text).is_err(), "{text}");
        }
    }
}
