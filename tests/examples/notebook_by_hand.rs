//! The flights notebook as somebody brings it: dropped on the real window, deployed with one press, and asked for a
//! prediction. Prints how long that took and where the time went, as one line of JSON.
//!
//! The argument is the folder of a Python environment that has what the notebook needs. It lies beside the notebook as
//! `.venv`, as people have it. Rounds and the surroundings are not here: `cargo xtask bench notebook` gives them.

#![expect(
    clippy::print_stdout,
    clippy::panic,
    reason = "a measurement tells its figures, or why there are none"
)]

use flightdeck_journeys::{Desk, Display, Drag, Window, sample};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A flight as the endpoint takes it.
const ROW: &str = r#"{"rows": [{"temp": 36, "dewp": 23, "humid": 54, "wind_speed": 10, "precip": 0, "visib": 10,
    "pressure": 1019, "distance": 872, "dep_hour": 13, "carrier": "UA", "origin": "EWR", "dest": "ATL"}]}"#;
/// What the address of predictions ends in.
const PREDICT: &str = "/flightdeck/v1/endpoints/flights/predict";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let environment = std::env::args_os().nth(1).unwrap_or_else(|| panic!("no Python environment is named"));
    let desk = Desk::new();
    let notebook = notebook(&desk, Path::new(&environment));
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("Choose a file…").await;

    let drag = held(&window, &display, &notebook).await;
    let dropped = Instant::now();
    drag.release();
    window.see("Deploy to this computer").await;
    let imported = Instant::now();
    window.press("Deploy to this computer").await;
    let address = address(&window).await;
    let deployed = Instant::now();
    ask(&address).await;
    let answered = Instant::now();
    drop(drag);
    window.close().await;
    println!("{}", told(&desk, [dropped, imported, deployed, answered]));
}

/// The notebook, its data and its environment in a folder of their own.
fn notebook(desk: &Desk, environment: &Path) -> PathBuf {
    let folder = desk.home().join("late-flights");
    let made = std::fs::create_dir(&folder)
        .and_then(|()| std::os::unix::fs::symlink(environment, folder.join(".venv")));
    made.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for file in ["flights.ipynb", "flights-2013.csv.gz"] {
        let copied = std::fs::copy(sample("flights").join(file), folder.join(file));
        copied.unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    folder.join("flights.ipynb")
}

/// The notebook held over the window, which takes it.
async fn held<'a>(window: &Window, display: &'a Display, notebook: &Path) -> Drag<'a> {
    for _ in 0..5 {
        let drag = display.drag(&[notebook]);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(5) {
            if window.text().await.contains("Drop to import") {
                drag.nudge();
                return drag;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        drag.release();
    }
    panic!("the window takes no files; it says:\n{}", window.text().await);
}

/// Where the endpoint answers, as the window says it.
async fn address(window: &Window) -> String {
    window.see("answers with version 1").await;
    let text = window.text().await;
    let end = text.find(PREDICT).map(|at| at + PREDICT.len());
    let address = end.and_then(|end| Some(text[text[..end].rfind("http://")?..end].to_owned()));
    address.unwrap_or_else(|| panic!("the window tells no address; it says:\n{text}"))
}

async fn ask(address: &str) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let request = reqwest::Client::new().post(address).header("content-type", "application/json").body(ROW);
    let answer = request.send().await.unwrap_or_else(|error| panic!("{error}"));
    let (status, body) = (answer.status(), answer.text().await.unwrap_or_default());
    let answers: Value = serde_json::from_str(&body).unwrap_or_default();
    assert!(status.is_success() && answers.is_object(), "the endpoint answers {status}: {body}");
}

/// The stages that the version remembers, and what is around them.
fn told(desk: &Desk, [dropped, imported, deployed, answered]: [Instant; 4]) -> Value {
    let between = |from: Instant, to: Instant| to.duration_since(from).as_secs_f64();
    let shown = desk.json(["show", "flights"]);
    let stages = shown["origin"]["seconds"].as_array().cloned().unwrap_or_default();
    let known: f64 = stages.iter().filter_map(|stage| stage[1].as_f64()).sum();
    let mut all = vec![json!(["window and writing", between(dropped, imported) - known])];
    all.extend(stages);
    all.push(json!(["deploy", between(imported, deployed)]));
    all.push(json!(["first prediction", between(deployed, answered)]));
    json!({"seconds": between(dropped, answered), "stages": all})
}
