//! What the service manager is told, where one started this server and asked to be told.

use sd_notify::NotifyState;

/// Everything is warm and the port answers.
pub(crate) fn ready() {
    tell(NotifyState::Ready);
}

/// The end has begun.
pub(crate) fn stopping() {
    tell(NotifyState::Stopping);
}

/// Says again and again that the server lives, where somebody would restart it otherwise. Never ends.
pub(crate) async fn watchdog() {
    let Some(within) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    let mut ticks = tokio::time::interval(within / 3);
    loop {
        ticks.tick().await;
        tell(NotifyState::Watchdog);
    }
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!("the service manager cannot be told: {error}");
    }
}
