//! Windows pulled and acknowledged, the audit log, and the server itself.

use super::blocking;
use crate::app::App;
use crate::http::{Answer, Call, json};
use crate::problem::Problem;
use crate::state::{Outbox, Pulled};
use flightdeck_protocol::{Ack, Acked, AuditPage, AuditRow, Flushed, Handshake, PROTOCOL, Refuse};
use flightdeck_sqlite::AuditRow as StoredRow;
use std::sync::Arc;

/// Windows and audit rows in one answer at most.
const MAX_PAGE: u64 = 1000;

pub(crate) async fn handshake(app: Arc<App>, _call: Call) -> Answer {
    json(&Handshake {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").into(),
        runner_id: app.identity.producer.clone(),
        boot_epoch: app.identity.boot_epoch,
        pid: std::process::id(),
    })
}

pub(crate) async fn windows(app: Arc<App>, call: Call) -> Answer {
    let after = call.number("after")?.unwrap_or(0);
    let limit = call.number("limit")?.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE) as usize;
    let pull = move || {
        let Pulled { batch, damaged } = app.database.read(|c| Outbox::after(c, after, limit))?;
        if !damaged.is_empty() {
            let now = app.now();
            app.database.record(|act| {
                damaged.iter().try_for_each(|cursor| Outbox::quarantine(act, *cursor, ("damaged", now)))
            })?;
        }
        Ok(batch)
    };
    json(&blocking(pull).await?)
}

/// What cannot be used elsewhere does not stand in the way for ever.
pub(crate) async fn refuse(app: Arc<App>, mut call: Call) -> Answer {
    let refuse: Refuse = call.json().await?;
    let now = app.now();
    json(&blocking(move || Ok(app.database.record(|act| Outbox::refuse(act, &refuse, now))?)).await?)
}

/// Telemetry that is safe with everybody who pulls it is forgotten. Not audited: nothing is lost by it.
pub(crate) async fn ack(app: Arc<App>, mut call: Call) -> Answer {
    let Ack { cursor } = call.json().await?;
    let (now, principal) = (app.now(), call.principal.clone());
    let acknowledge =
        move || Ok(app.database.record(|act| Outbox::acknowledge(act, (principal.id(), cursor), now))?);
    let removed = blocking(acknowledge).await?;
    json(&Acked { removed })
}

pub(crate) async fn flush(app: Arc<App>, _call: Call) -> Answer {
    let windows = match app.closer.flush().await {
        Some(windows) => windows?,
        None => return Err(Problem::internal("close its windows", &"the server is stopping")),
    };
    json(&Flushed { windows })
}

pub(crate) async fn audit(app: Arc<App>, call: Call) -> Answer {
    let after = call.number("after")?.unwrap_or(0).min(i64::MAX as u64) as i64;
    let limit = MAX_PAGE as u32;
    let mut rows =
        blocking(move || Ok(app.database.read(|c| StoredRow::after(c, after, limit + 1))?)).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    json(&AuditPage { rows: rows.into_iter().map(row).collect(), more })
}

fn row(row: StoredRow) -> AuditRow {
    let StoredRow { seq, at, actor, action, object, detail } = row;
    AuditRow { seq: seq as u64, at, actor, action, object, detail }
}

/// The server ends because somebody asked: that is audited before it happens.
pub(crate) async fn stop(app: Arc<App>, call: Call) -> Answer {
    let stopping = Arc::clone(&app);
    blocking(move || {
        let actor = call.principal.id();
        Ok(stopping.database.act(actor, "stop", "runner", |_| Ok::<_, flightdeck_sqlite::Error>(()))?)
    })
    .await?;
    app.stop();
    json(&serde_json::json!({ "stopping": true }))
}
