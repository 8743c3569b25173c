//! A notebook in the real window: from the file that is dropped to the endpoint that answers, and what follows from a change.

use flightdeck_journeys::{Desk, Display, Window, beside, environments};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use thirtyfour::By;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_notebook_and_one_click_make_an_endpoint() {
    let desk = Desk::new();
    let notebook = at_home(beside(&desk, "flights/flights.ipynb"));
    let before = std::fs::read(&notebook).unwrap();
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("Choose a file…").await;

    // The first of two inputs.
    window.drop_files(&display, &[&notebook]).await;
    window.see("Importing").await;
    window.shots("notebook-running").await;
    window.see("Deploy to this computer").await;
    window.shots("notebook-imported").await;
    assert_eq!(window.barriers().await, Vec::<String>::new());
    // The second.
    window.press("Deploy to this computer").await;
    window.see("answers with version 1").await;
    window.shots("notebook-deployed").await;

    let shown = window.page.find(By::Css("pre[aria-label='curl example']")).await.unwrap();
    let answer = shell(&shown.text().await.unwrap());
    assert!(["0", "1"].contains(&answer["predictions"][0]["label"].as_str().unwrap()), "{answer}");
    assert_eq!(std::fs::read(&notebook).unwrap(), before, "the notebook is as it was");
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notebook_that_is_saved_again_runs_as_shadow_and_is_promoted() {
    let desk = Desk::new();
    let notebook = at_home(beside(&desk, "flights/flights.ipynb"));
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("Choose a file…").await;
    window.drop_files(&display, &[&notebook]).await;
    window.press("Deploy to this computer").await;
    window.see("answers with version 1").await;
    window.press("Open model").await;
    for words in ["Answers as the original does", "run from top to bottom", "flights-2013.csv.gz"] {
        window.see(words).await;
    }
    let watched = "return [...document.querySelectorAll('label')].some((label) =>
        label.textContent.includes('becomes the next version by itself') && label.querySelector('input').checked)";
    window.holds(watched).await;
    window.shots("model-version-1").await;
    assert_eq!(window.barriers().await, Vec::<String>::new());

    // Saved over it, as an editor does: the window itself sees it.
    let changed = notebook.with_file_name("flights-changed.ipynb");
    std::fs::rename(changed, &notebook).unwrap();
    window.click(By::XPath("//button[contains(., 'version 2')]"), "version 2").await;
    window.see("Different from version 1").await;
    window.shots("model-version-2").await;
    window.press("answers at flights").await;
    window.see("Version 2 runs beside version 1, as shadow").await;
    let rows = flightdeck_journeys::sample("flights/quiet.parquet");
    desk.json(["predict".as_ref(), "flights".as_ref(), rows.as_os_str()]);
    window.see("rows seen and compared").await;
    window.shots("live-shadow").await;
    assert_eq!(window.barriers().await, Vec::<String>::new());
    window.press("Promote version 2").await;
    window.see("version 2 answers").await;
    window.shots("live-promoted").await;
    window.press("Roll back to version 1").await;
    window.see("version 1 answers").await;
    assert_eq!(desk.json(["live", "flights"])["versions"][0]["version"], 1);
    window.close().await;
}

fn shell(line: &str) -> Value {
    let output = Command::new("sh").arg("-c").arg(line).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{line}\n{output:?}\n{error}"))
}

/// A notebook that has its environment beside it, as projects have.
pub(crate) fn at_home(notebook: PathBuf) -> PathBuf {
    let folder = notebook.parent().map(Path::to_owned).unwrap();
    std::os::unix::fs::symlink(environments().join("new"), folder.join(".venv")).unwrap();
    notebook
}
