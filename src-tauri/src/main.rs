//! The window's shell: it starts the one window over a library and carries calls and announcements between the two.
//!
//! What Flightdeck does is in `flightdeck-app`; nothing here decides anything about models, runners or drift.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod address;
mod closing;
mod commands;
mod files;
mod host;
mod paint;
mod window;
#[macro_use]
mod table;

use clap::Parser;
use flightdeck_app::App;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tauri::Manager;
use tracing_subscriber::EnvFilter;

/// From a model to a watched endpoint.
#[derive(Debug, Parser)]
#[command(name = "flightdeck-desktop", version)]
struct Arguments {
    /// The folder of the library.
    #[arg(long, value_name = "DIR")]
    library: Option<PathBuf>,
    /// A model to import, alone or with its training data.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

macro_rules! handler {
    ($($name:ident),* $(,)?) => {
        tauri::generate_handler![$(commands::$name),*]
    };
}

fn main() -> ExitCode {
    let start = paint::Start::now();
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,flightdeck=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(start, arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(start: paint::Start, arguments: Arguments) -> tauri::Result<()> {
    let files = files::Files::with_pending(arguments.files);
    tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .manage(start)
        .manage(files)
        .invoke_handler(with_commands!(handler))
        .on_window_event(window::on_event)
        .setup(move |tauri| {
            let host = Arc::new(host::WindowHost::start(tauri.handle()));
            match open(arguments.library, host) {
                Ok(app) => {
                    let watching = tauri::async_runtime::block_on(async { app.watch() });
                    tauri.manage(watching);
                    tauri.manage(app);
                    window::open(tauri)?;
                }
                Err(error) => closing::refuse(tauri.handle(), &error),
            }
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|tauri, event| {
            if matches!(event, tauri::RunEvent::Exit) {
                closing::last(tauri);
            }
        });
    Ok(())
}

fn open(library: Option<PathBuf>, host: Arc<host::WindowHost>) -> flightdeck_app::Result<App> {
    let library = library.map_or_else(App::default_library, Ok)?;
    App::open(&library, host)
}
