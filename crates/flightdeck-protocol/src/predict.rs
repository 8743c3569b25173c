//! Predictions by column name: what a person can send by hand.

use crate::EventTime;
use flightdeck_core::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// `POST /endpoints/{name}/predict` with rows as JSON objects. The same address also takes CSV with a header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictRequest {
    /// The rows: column name → number, text, boolean or `null` for a missing value.
    pub rows: Vec<Map<String, Value>>,
    /// When the rows happened, on an endpoint that replays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time: Option<EventTime>,
}

/// The answers, in the order of the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictResponse {
    /// One for each row.
    pub predictions: Vec<Prediction>,
    /// The version that answered.
    pub model_version: Digest,
}

/// The answer for one row. What a model does not give is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The predicted class by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Score by class name; `null` for one that is not finite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<BTreeMap<String, Option<f64>>>,
    /// The predicted number; `null` when it is not finite.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    pub value: Option<Option<f64>>,
    /// Outputs that are none of these, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other: BTreeMap<String, Value>,
}

/// Tells a value that is `null` from one that is not there.
mod nullable {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::option_option, reason = "a value that is not finite and no value are two things")]
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<f64>>, D::Error> {
        Option::deserialize(d).map(Some)
    }

    #[expect(clippy::option_option, reason = "as above")]
    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(value: &Option<Option<f64>>, s: S) -> Result<S::Ok, S::Error> {
        value.flatten().serialize(s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_says_only_what_the_model_gives() {
        let value = Prediction { value: Some(None), ..Prediction::default() };
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(json, r#"{"value":null}"#);
        assert_eq!(serde_json::from_str::<Prediction>(&json).unwrap(), value);
        assert_eq!(serde_json::from_str::<Prediction>("{}").unwrap(), Prediction::default());
    }
}
