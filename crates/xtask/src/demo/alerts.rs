//! What the rule said, as the command line's JSON has it.

use std::fmt;

use anyhow::Result;
use serde_json::Value;

/// One alert of a feature.
#[derive(Debug, PartialEq)]
pub(super) struct Alert {
    opened: String,
    feature: String,
    sentence: String,
}

/// Alerts in the order of time.
pub(super) fn read(json: &str) -> Result<Vec<Alert>> {
    let alerts: Vec<Value> = serde_json::from_str(json)?;
    let mut alerts: Vec<Alert> = alerts.iter().map(Alert::of).collect();
    alerts.sort_by(|one, other| (&one.opened, &one.feature).cmp(&(&other.opened, &other.feature)));
    Ok(alerts)
}

/// The features that stand at an alert and have moved far, in the order of names.
pub(super) fn large_movers(drift: &Value) -> Vec<String> {
    let features = drift["features"].as_array().into_iter().flatten();
    let moved = features.filter(|feature| feature["verdict"] == "alert" && feature["severity"] == "large");
    let mut names: Vec<String> =
        moved.filter_map(|feature| feature["name"].as_str()).map(str::to_owned).collect();
    names.sort();
    names
}

impl Alert {
    fn of(alert: &Value) -> Self {
        let text = |field: &str| alert[field].as_str().unwrap_or_default().to_owned();
        Self { opened: text("opened_at"), feature: text("feature"), sentence: text("sentence") }
    }

    fn day(&self) -> &str {
        self.opened.get(..10).unwrap_or_default()
    }

    /// What alerted and when.
    pub(super) fn short(&self) -> String {
        format!("{} on {}", self.feature, self.day())
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.day(), self.sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_come_in_the_order_of_time_and_name() {
        let json = r#"[{"opened_at": "2013-05-02T00:00:00Z", "feature": "dewp", "sentence": "It moved."},
                       {"opened_at": "2013-04-01T00:00:00Z", "feature": "temp", "sentence": ""}]"#;
        let alerts = read(json).unwrap();
        let short: Vec<String> = alerts.iter().map(Alert::short).collect();
        assert_eq!(short, ["temp on 2013-04-01", "dewp on 2013-05-02"]);
        assert_eq!(alerts[1].to_string(), "2013-05-02  It moved.");
    }

    #[test]
    fn only_what_alerts_and_is_large_has_moved() {
        let feature = |name: &str, verdict: &str, severity: &str| serde_json::json!({"name": name, "verdict": verdict, "severity": severity});
        let drift = serde_json::json!({"features": [
            feature("temp", "alert", "large"), feature("pressure", "none", "large"),
            feature("visib", "alert", "small"), feature("dewp", "alert", "large"),
        ]});
        assert_eq!(large_movers(&drift), ["dewp", "temp"]);
    }
}
