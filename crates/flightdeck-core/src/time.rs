//! Points in time, and the clock as something that is passed in.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;
use ts_rs::TS;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. In JSON an RFC 3339 text in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, TS)]
#[ts(as = "String")]
pub struct Timestamp(i64);

/// Where "now" comes from. The world outside; tests pass their own.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

impl Timestamp {
    /// This many milliseconds after the epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// The start of the interval of `seconds` that it lies in, counted from the epoch.
    pub const fn floor(self, seconds: u32) -> Self {
        let step = seconds as i64 * 1000;
        Self(self.0.div_euclid(step) * step)
    }

    /// This many seconds later.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Reads an RFC 3339 text, a date, or a date and time without a zone (taken as UTC).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(at) = jiff::Timestamp::from_str(text) {
            return Some(Self(at.as_millisecond()));
        }
        let civil = jiff::civil::DateTime::from_str(text).ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(zoned.timestamp().as_millisecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => at.fmt(f),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("expected an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_form_is_rfc_3339_and_is_read_back() {
        let at = Timestamp::from_ms(1_372_636_800_123);
        let json = serde_json::to_string(&at).unwrap();
        assert_eq!(json, "\"2013-07-01T00:00:00.123Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), at);
    }

    #[test]
    fn times_without_a_zone_are_utc() {
        let at = Timestamp::parse("2013-07-01T00:00:00Z");
        assert!(at.is_some());
        for text in ["2013-07-01", "2013-07-01 00:00:00", "2013-07-01T00:00"] {
            assert_eq!(Timestamp::parse(text), at, "{text}");
        }
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn intervals_before_the_epoch_start_before_it() {
        assert_eq!(Timestamp::from_ms(-1).floor(60), Timestamp::from_ms(-60_000));
        assert_eq!(Timestamp::from_ms(61_000).floor(60), Timestamp::from_ms(60_000));
    }
}
