//! The one window: where it may go (nowhere else), and what is dropped on it.

use crate::{closing, files};
use serde::Serialize;
use tauri::webview::NewWindowResponse;
use tauri::{DragDropEvent, Emitter, Manager, Url, WebviewWindowBuilder, Window, WindowEvent};

/// What the page is told while files hang over the window.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
enum Drag {
    Over { names: Vec<String> },
    Dropped { files: files::Chosen },
    Left,
}

/// Opens the window that the configuration describes.
pub(crate) fn open(tauri: &tauri::App) -> tauri::Result<()> {
    let config = tauri.config();
    let Some(main) = config.app.windows.iter().find(|window| window.label == "main") else {
        return Err(tauri::Error::WindowNotFound);
    };
    let development = config.build.dev_url.clone().filter(|_| tauri::is_dev());
    WebviewWindowBuilder::from_config(tauri, main)?
        .on_navigation(move |address| is_ours(address, development.as_ref()))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

/// Only the page itself: the web view shows nothing else, whoever asks.
fn is_ours(address: &Url, development: Option<&Url>) -> bool {
    let page = match address.scheme() {
        "tauri" => address.host_str() == Some("localhost"),
        "http" | "https" if cfg!(windows) => address.host_str() == Some("tauri.localhost"),
        _ => false,
    };
    page || development.is_some_and(|own| own.origin() == address.origin())
}

pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    match event {
        WindowEvent::DragDrop(drag) => dragged(window, drag),
        WindowEvent::CloseRequested { api, .. } if closing::must_ask(window) => {
            api.prevent_close();
            closing::ask(window);
        }
        _ => {}
    }
}

fn dragged(window: &Window, drag: &DragDropEvent) {
    let told = match drag {
        DragDropEvent::Enter { paths, .. } => Drag::Over { names: files::names(paths) },
        DragDropEvent::Drop { paths, .. } if paths.is_empty() => Drag::Left,
        DragDropEvent::Drop { paths, .. } => {
            Drag::Dropped { files: window.state::<files::Files>().add(paths.clone()) }
        }
        DragDropEvent::Leave => Drag::Left,
        _ => return,
    };
    if let Err(error) = window.emit_to("main", "drag", told) {
        tracing::debug!("nobody to tell: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(address: &str) -> bool {
        is_ours(&address.parse().unwrap(), None)
    }

    #[test]
    #[cfg(not(windows))]
    fn t1_the_web_view_goes_nowhere_else() {
        assert!(ours("tauri://localhost/"));
        assert!(ours("tauri://localhost/index.html"));
        for foreign in [
            "http://tauri.evil.test/",
            "http://tauri.localhost/",
            "https://example.com/",
            "tauri://localhost.evil.test/",
            "tauri://evil/",
            "file:///etc/passwd",
            "data:text/html,<h1>x</h1>",
            "javascript:alert(1)",
            "blob:tauri://localhost/1",
            "about:blank",
            "http://127.0.0.1:5179/",
        ] {
            assert!(!ours(foreign), "{foreign}");
        }
    }

    #[test]
    fn the_development_server_is_ours_only_in_development() {
        let server: Url = "http://127.0.0.1:5179".parse().unwrap();
        let page: Url = "http://127.0.0.1:5179/index.html".parse().unwrap();
        let other: Url = "http://127.0.0.1:80/".parse().unwrap();
        assert!(is_ours(&page, Some(&server)));
        assert!(!is_ours(&page, None));
        assert!(!is_ours(&other, Some(&server)));
    }
}
