//! The end of a server that was told to end: nothing that was accepted is lost.

use crate::app::App;
use crate::notify;
use std::sync::Arc;
use std::time::Duration;

/// How long an ending server waits for a shadow that has much to do; what it has not done then is counted as dropped.
const SHADOW_TIME: Duration = Duration::from_secs(2);

/// Resolves when connections are to be let go: some time after somebody asked, in which the server goes on, not ready,
/// until whoever sends requests has noticed.
pub(crate) async fn asked(app: Arc<App>, delay: Duration) {
    app.stop.notified().await;
    notify::stopping();
    tracing::info!(delay_ms = delay.as_millis() as u64, "asked to end");
    tokio::time::sleep(delay).await;
}

/// Lets the shadows finish what they took, and closes the open windows. What cannot be written now stands in the last
/// checkpoint.
pub(crate) async fn finish(
    app: &App,
    closer: std::thread::JoinHandle<()>,
) -> Result<(), flightdeck_sqlite::Error> {
    for lineup in app.endpoints.all().iter().filter_map(|endpoint| endpoint.lineup()) {
        for shadow in &lineup.shadows {
            shadow.wait(SHADOW_TIME).await;
            shadow.rest().await;
        }
    }
    let written = app.closer.stop().await;
    let _ = tokio::task::spawn_blocking(|| closer.join()).await;
    if let Some(traces) = &app.traces {
        tokio::task::block_in_place(|| traces.finish());
    }
    if let Some(windows) = written {
        tracing::info!(windows = windows?, "stopped");
    }
    Ok(())
}
