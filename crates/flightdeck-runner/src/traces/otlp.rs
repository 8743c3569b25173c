//! Spans as the OpenTelemetry protocol writes them in JSON.

use super::Span;
use serde_json::{Value, json};
use std::fmt::Write;

/// `SPAN_KIND_SERVER`.
const SERVER: u8 = 2;
/// `STATUS_CODE_ERROR`; a server's span is an error only when the server is at fault.
const ERROR: u8 = 2;

/// The body of `POST /v1/traces`.
pub(super) fn body(spans: &[Span]) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [text("service.name", "flightdeck-runner"), text("service.version", version)];
    json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{
            "scope": { "name": "flightdeck-runner", "version": version },
            "spans": spans.iter().map(span).collect::<Vec<_>>(),
        }],
    }] })
}

fn span(span: &Span) -> Value {
    let mut attributes = vec![
        text("http.request.method", span.method),
        text("http.route", span.route),
        json!({ "key": "http.response.status_code", "value": { "intValue": span.status.to_string() } }),
    ];
    attributes.extend(span.endpoint.as_ref().map(|endpoint| text("flightdeck.endpoint", endpoint)));
    let status = if span.status >= 500 { json!({ "code": ERROR }) } else { json!({}) };
    let mut written = json!({
        "traceId": hex(&span.trace),
        "spanId": hex(&span.id),
        "name": format!("{} {}", span.method, span.route),
        "kind": SERVER,
        "startTimeUnixNano": span.start_ns.to_string(),
        "endTimeUnixNano": (span.start_ns + span.took_ns).to_string(),
        "attributes": attributes,
        "status": status,
    });
    if let Some(parent) = span.parent {
        written["parentSpanId"] = hex(&parent).into();
    }
    written
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
