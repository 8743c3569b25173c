//! How smoothly the window draws while a large notebook is imported: the longest gap between two animation frames, against
//! that of the same window at rest. Prints both as one line of JSON.
//!
//! The arguments are the folder of a Python environment and the notebook, 200 cells with a frame of 1 GB:
//! `tests/python/big_notebook.py` writes it. Between two looks the page is asked for one number only, so that the asking
//! itself holds nothing up. Limits and surroundings are not here: `cargo xtask bench frames` gives them.

#![expect(
    clippy::print_stdout,
    clippy::panic,
    reason = "a measurement tells its figures, or why there are none"
)]

use flightdeck_journeys::{Desk, Display, Window};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the window at rest is looked at.
const REST: Duration = Duration::from_secs(20);
/// An import that takes longer has failed.
const PATIENCE: Duration = Duration::from_mins(9);
const LOOK: Duration = Duration::from_secs(1);

/// Watches the frames. Gaps come with what the page showed then.
const WATCH: &str = "
    window.frames_seen = { count: 0, longest_ms: 0, gaps: [] };
    const step = (before) => requestAnimationFrame((now) => {
        const seen = window.frames_seen;
        seen.count += 1;
        seen.longest_ms = Math.max(seen.longest_ms, now - before);
        if (now - before > 34) {
            seen.gaps.push([now - before, document.querySelector('[role=status]')?.textContent ?? '', performance.now()]);
            seen.gaps.sort((a, b) => b[0] - a[0]).splice(12);
        }
        step(now);
    });
    step(performance.now());";
const FORGET: &str = "Object.assign(window.frames_seen, { count: 0, longest_ms: 0, gaps: [] }); return 0";
const TELL: &str = "return JSON.stringify(window.frames_seen)";
/// 1 when the import is done, 2 when it failed.
const STATE: &str = "const words = [...document.querySelectorAll('header button, button')].map((button) => button.textContent);
    return words.includes('Deploy to this computer') ? 1 : words.includes('Run again') ? 2 : 0";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(environment), Some(notebook)) = (arguments.next(), arguments.next()) else {
        panic!("a Python environment and a notebook have to be named")
    };
    let desk = Desk::new();
    let notebook = beside(&desk, &environment, &notebook);
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("Choose a file…").await;
    window.page.execute(WATCH, vec![]).await.unwrap_or_else(|error| panic!("{error}"));

    number(&window, FORGET).await;
    let rested = Instant::now();
    while rested.elapsed() < REST {
        tokio::time::sleep(LOOK).await;
        number(&window, STATE).await;
    }
    let idle = seen(&window).await;
    window.drop_files(&display, &[&notebook]).await;
    number(&window, FORGET).await;
    let seconds = imported(&window).await;
    let import = seen(&window).await;
    window.shot("frames").await;
    window.close().await;
    println!("{}", json!({"seconds": seconds, "idle": idle, "import": import}));
}

/// Waits for the version; gives the seconds it took.
async fn imported(window: &Window) -> f64 {
    let began = Instant::now();
    loop {
        tokio::time::sleep(LOOK).await;
        match number(window, STATE).await {
            1 => return began.elapsed().as_secs_f64(),
            0 if began.elapsed() < PATIENCE => {}
            _ => panic!("not imported; the page says:\n{}", window.text().await),
        }
    }
}

async fn number(window: &Window, script: &str) -> i64 {
    let answer = window.page.execute(script, vec![]).await.unwrap_or_else(|error| panic!("{error}"));
    answer.convert().unwrap_or_else(|error| panic!("{error}"))
}

/// The longest gaps in milliseconds, each with what was shown, and how many frames there were.
async fn seen(window: &Window) -> Value {
    let answer = window.page.execute(TELL, vec![]).await.unwrap_or_else(|error| panic!("{error}"));
    let told: String = answer.convert().unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}"))
}

/// The notebook with its environment in a folder of its own.
fn beside(desk: &Desk, environment: &Path, notebook: &Path) -> PathBuf {
    let folder = desk.home().join("large");
    let to = folder.join("large.ipynb");
    let made = std::fs::create_dir(&folder)
        .and_then(|()| std::os::unix::fs::symlink(environment, folder.join(".venv")))
        .and_then(|()| std::fs::copy(notebook, &to));
    made.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    to
}
