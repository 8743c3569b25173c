//! What the system says to the server: end, end at once, read again.

use crate::app::App;
use crate::config::{self, ServeArgs};
use crate::logging::LogLevel;
use std::io;
use std::sync::Arc;

/// What a server that is told to read again reads: its certificate, and of its configuration the log level.
pub(crate) struct Reread {
    pub(crate) args: ServeArgs,
    pub(crate) level: LogLevel,
}

/// Listens until the program ends. The first request to end is passed on, the second ends the program: what it counted
/// since the last checkpoint is recorded as a gap by the next start.
#[cfg(unix)]
pub(crate) fn listen(app: Arc<App>, reread: Reread) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        let mut was_asked = false;
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {
                    read_again(&app, &reread).await;
                    continue;
                }
            }
            if std::mem::replace(&mut was_asked, true) {
                tracing::warn!("asked to end again: ending at once");
                std::process::exit(1);
            }
            app.stop();
        }
    });
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn listen(app: Arc<App>, _: Reread) -> io::Result<()> {
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            app.stop();
        }
    });
    Ok(())
}

#[cfg(unix)]
async fn read_again(app: &App, reread: &Reread) {
    match config::settings(&reread.args) {
        Ok(settings) => reread.level.change(&settings.log),
        Err(error) => tracing::error!("the settings stay as they were: {error}"),
    }
    if let Some(encryption) = app.encryption.clone() {
        let reading = tokio::task::spawn_blocking(move || encryption.reload());
        let _ = reading.await;
    }
}
