//! How far the traffic of an endpoint is from training, and the alerts that followed.

use crate::judge::{Mark, severity_word, verdict_word, watched};
use crate::views::{AlertView, DriftView, FeatureDrift};
use crate::{App, Error, Result};
use flightdeck_core::Timestamp;
use flightdeck_drift::{Baseline, FEWEST_VALUES, Step, Verdict, distances};
use flightdeck_store::alert::{self, AlertRecord};
use flightdeck_store::endpoint::EndpointRecord;
use flightdeck_store::monitor::{self, VerdictRecord};

impl App {
    /// Verdicts and distances of an endpoint's features, over everything counted since then.
    pub async fn drift(&self, address: &str, since: Option<Timestamp>) -> Result<DriftView> {
        let record = self.endpoint(address)?;
        self.pull_of(&record.runner).await;
        let baseline = self.watched_baseline(&record)?;
        let series = self.series(&record, &baseline, since)?;
        let total = series.total(&baseline);
        let judged = self.judged(&record, since)?;
        let preview = self.preview(&record, &baseline)?;
        let rule = Self::rule(&record);
        let alarm_log = rule.threshold_log(baseline.columns.len());
        let open = self.open_features(&record)?;
        let features =
            baseline.columns.iter().zip(&total.columns).enumerate().map(|(index, (column, counts))| {
                let told = distances(column, counts);
                let mut stand = stand(&open, &column.name, latest(&judged, index), preview.as_ref(), index);
                // Evidence adds up over steps however few rows each has.
                if stand.verdict == Verdict::NotEnoughData
                    && stand.evidence_log.is_some()
                    && counts.rows() >= FEWEST_VALUES
                {
                    stand.verdict = Verdict::None;
                }
                let severity = told.psi_adjusted.map(flightdeck_drift::Severity::of).unwrap_or_default();
                FeatureDrift {
                    name: column.name.clone(),
                    verdict: verdict_word(stand.verdict).into(),
                    severity: severity_word(severity).into(),
                    psi: told.psi,
                    psi_adjusted: told.psi_adjusted,
                    evidence_log: stand.evidence_log,
                    alarm_log,
                    null_rate: told.null_rate,
                    out_of_range: told.out_of_range,
                    provisional: stand.provisional,
                }
            });
        let mut features: Vec<FeatureDrift> = features.collect();
        features.sort_by(|a, b| rank(b).partial_cmp(&rank(a)).unwrap_or(std::cmp::Ordering::Equal));
        let alerts = self.alert_records()?.into_iter().filter(|alert| of(&record, alert));
        Ok(DriftView {
            endpoint: record.endpoint.clone(),
            windows: judged.len() as u64,
            rows: total.rows,
            step_seconds: record.step_seconds,
            period: series.period(),
            features,
            alerts: alerts.map(|alert| view(&alert)).collect(),
            promise: promise(rule.days),
        })
    }

    /// All alerts of this library, newest first.
    pub async fn alerts(&self) -> Result<Vec<AlertView>> {
        self.pull().await?;
        Ok(self.alert_records()?.iter().map(view).collect())
    }

    pub(crate) fn alert_records(&self) -> Result<Vec<AlertRecord>> {
        self.read(alert::all)
    }

    /// The baseline of the version that answers, or what to do when it has none.
    pub(crate) fn watched_baseline(&self, record: &EndpointRecord) -> Result<std::sync::Arc<Baseline>> {
        self.baseline(&record.digest)?.ok_or_else(|| {
            Error::failed(
                "no-baseline",
                format!("The version at {} has no training data to compare with", record.endpoint),
                "Import the model together with the data it was trained on",
            )
        })
    }

    /// What the rule said at each step.
    pub(crate) fn judged(
        &self,
        record: &EndpointRecord,
        since: Option<Timestamp>,
    ) -> Result<Vec<(Timestamp, Vec<Mark>)>> {
        let from = since.unwrap_or(Timestamp::from_ms(i64::MIN));
        let to = Timestamp::from_ms(i64::MAX);
        let steps = self.read(|c| monitor::verdicts(c, watched(record), from, to))?;
        let read = |step: VerdictRecord| Some((step.start, serde_json::from_slice(&step.document).ok()?));
        Ok(steps.into_iter().filter_map(read).collect())
    }

    fn open_features(&self, record: &EndpointRecord) -> Result<Vec<String>> {
        let open =
            self.alert_records()?.into_iter().filter(|alert| of(record, alert) && alert.closed_at.is_none());
        Ok(open.map(|alert| alert.feature).collect())
    }
}

/// What was said of a feature at the newest step that had enough rows for it.
fn latest(judged: &[(Timestamp, Vec<Mark>)], index: usize) -> Option<&Mark> {
    let marks = || judged.iter().rev().filter_map(|(_, marks)| marks.get(index));
    marks().find(|mark| mark.0 != Verdict::NotEnoughData).or_else(|| marks().next())
}

/// How a feature stands: by the last step that was judged, and by the one that is still being counted.
struct Stand {
    verdict: Verdict,
    evidence_log: Option<f64>,
    provisional: bool,
}

fn stand(open: &[String], name: &str, last: Option<&Mark>, preview: Option<&Step>, index: usize) -> Stand {
    let now = preview.and_then(|step| step.features.get(index));
    let evidence =
        now.and_then(|now| now.evidence_log).or_else(|| last.and_then(|m| m.evidence_log().map(f64::from)));
    let verdict = match (now.map(|now| now.verdict), last.map(|mark| mark.0)) {
        _ if open.iter().any(|feature| feature == name) => Verdict::Alert,
        // Evidence of a step that is not over yet: seen, and not yet decided.
        (Some(Verdict::Alert), _) => Verdict::Watch,
        (Some(Verdict::NotEnoughData), Some(judged)) => judged,
        (Some(verdict), _) | (None, Some(verdict)) => verdict,
        (None, None) => Verdict::NotEnoughData,
    };
    let provisional = now.is_none_or(|now| now.phi_provisional);
    Stand { verdict, evidence_log: evidence.filter(|evidence| evidence.is_finite()), provisional }
}

/// Alerts first, then by how far they moved.
fn rank(feature: &FeatureDrift) -> (u8, f64) {
    let verdict = match feature.verdict.as_str() {
        "alert" => 2,
        "watch" => 1,
        _ => 0,
    };
    (verdict, feature.psi_adjusted.unwrap_or(-1.0))
}

pub(crate) fn of(record: &EndpointRecord, alert: &AlertRecord) -> bool {
    (&alert.runner, &alert.endpoint, &alert.version) == (&record.runner, &record.endpoint, &record.digest)
}

fn view(alert: &AlertRecord) -> AlertView {
    AlertView {
        id: alert.id.clone(),
        endpoint: alert.endpoint.clone(),
        feature: alert.feature.clone(),
        severity: alert.severity.clone(),
        opened_at: alert.opened_at,
        closed_at: alert.closed_at,
        sentence: alert.sentence.clone(),
        action: alert.action.clone(),
    }
}

fn promise(days: f64) -> String {
    format!(
        "At most one false drift alert per {days:.0} days and model, on average, as long as quiet traffic varies as the \
         baseline windows did. Moves under about 0.15 standard deviations are ignored on purpose."
    )
}
