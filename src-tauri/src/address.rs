//! The address of an endpoint as the page gives it: two names, and nothing else gets through.

use flightdeck_core::Name;
use serde::{Deserialize, Deserializer, de::Error};

/// `RUNNER/ENDPOINT`, or an endpoint alone.
#[derive(Debug)]
pub(crate) struct Address(pub(crate) String);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts = text.splitn(2, '/').map(str::parse::<Name>);
        parts.collect::<Result<Vec<_>, _>>().map_err(D::Error::custom)?;
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t2_an_address_is_two_names_at_most() {
        let read = |text: &str| serde_json::from_value::<Address>(text.into()).map(|address| address.0);
        for good in ["flights", "edge/flights", "this-computer/a.b"] {
            assert_eq!(read(good).unwrap(), good);
        }
        for wrong in ["", "/", "a/", "/a", "a/b/c", "../a", "a b", &"a".repeat(1 << 20)] {
            assert!(read(wrong).is_err(), "{}", &wrong[..wrong.len().min(20)]);
        }
    }
}
