//! Closing: what still works is asked about; a library that cannot be opened is said and ends the program.

use flightdeck_app::views::JobState;
use flightdeck_app::{App, Error};
use std::time::Duration;
use tauri::{AppHandle, Manager, Window};
use tauri_plugin_dialog::{DialogExt, MessageDialogButtons, MessageDialogKind};

fn running(window: &Window) -> Vec<(u32, String)> {
    let Some(app) = window.try_state::<App>() else { return Vec::new() };
    let jobs = app.jobs().into_iter().filter(|job| job.state == JobState::Running);
    jobs.map(|job| (job.id, job.title)).collect()
}

/// Whether work would be lost.
pub(crate) fn must_ask(window: &Window) -> bool {
    !running(window).is_empty()
}

/// Asks whether the work may be stopped, and closes if so.
pub(crate) fn ask(window: &Window) {
    let jobs = running(window);
    let titles: Vec<&str> = jobs.iter().map(|(_, title)| title.as_str()).collect();
    let text = format!("{}\n\nClosing stops it; nothing half-finished is kept.", titles.join("\n"));
    let buttons = MessageDialogButtons::OkCancelCustom("Stop and close".into(), "Keep open".into());
    let closed = window.clone();
    window.dialog().message(text).title("Still working").parent(window).buttons(buttons).show(move |stop| {
        if !stop {
            return;
        }
        if let Some(app) = closed.try_state::<App>() {
            for (id, _) in jobs {
                app.cancel_job(id);
            }
        }
        if let Err(error) = closed.destroy() {
            tracing::error!("the window does not close: {error}");
        }
    });
}

/// How long the end of the program waits for an idle runner to stop.
const PATIENCE: Duration = Duration::from_secs(3);

/// The very end: this computer's runner stays when something is deployed on it, and goes when nothing is.
pub(crate) fn last(tauri: &AppHandle) {
    let Some(app) = tauri.try_state::<App>() else { return };
    let stopped = async { tokio::time::timeout(PATIENCE, app.runner_stop_if_idle()).await };
    match tauri::async_runtime::block_on(stopped) {
        Ok(Ok(stopped)) => tracing::debug!(stopped, "closed"),
        Ok(Err(error)) => tracing::warn!(%error, "the runner does not stop"),
        Err(_) => tracing::warn!("the runner does not stop in time"),
    }
}

/// Says why there is nothing to show, then ends.
pub(crate) fn refuse(tauri: &AppHandle, error: &Error) {
    tracing::error!(code = %error.code, hint = error.hint, "{error}");
    let ended = tauri.clone();
    tauri
        .dialog()
        .message(format!("{error}\n\n{}", error.hint))
        .title("Flightdeck cannot open its library")
        .kind(MessageDialogKind::Error)
        .show(move |_| ended.exit(1));
}
