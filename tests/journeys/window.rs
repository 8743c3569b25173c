//! The main job in the real window: drop, profile, deploy, traffic, and the alert seen on the screen.

use flightdeck_journeys::{Desk, Display, Window, sample};
use thirtyfour::By;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_model_becomes_an_endpoint_whose_alert_is_seen() {
    let desk = Desk::new();
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("Choose a file…").await;
    window.shot("start").await;

    let (model, training) = (sample("flights/flights-late.onnx"), sample("flights/training.csv"));
    window.drop_files(&display, &[&model, &training]).await;
    window.see("flights-late").await;
    window.see("linear model, 12 columns").await;
    window.shot("models").await;

    window.press("Open").await;
    window.press("Measure").await;
    window.see("Measure again").await;
    window.see("rows/s").await;
    window.shot("model").await;

    window.press("Deploy…").await;
    window.press("More").await;
    window.click(By::XPath("//label[contains(., 'Rows bring their own time')]"), "replay").await;
    choose(&window, "The drift rule judges", "day").await;
    window.shot("deploy").await;
    window.press("Deploy").await;
    window.see("answers with version 1").await;
    window.shot("deployed").await;
    window.press("Open live").await;
    window.see("No alert").await;

    // Another process sends what months brought; the window notices by itself.
    send(&desk, "quiet.parquet");
    window.see("7,290").await;
    window.see("No alert").await;
    send(&desk, "traffic.parquet");
    window.see("temp drifted, large").await;
    window.see("Typical value moved").await;
    window.shot("live-light").await;
    window.press("Settings").await;
    window.press("Dark").await;
    // Charts are drawn anew for the theme: the lightest step of the heat map is a dark one now.
    let redrawn =
        "return [...document.querySelectorAll('svg')].some((svg) => /#1d1f23/i.test(svg.outerHTML))";
    window.holds(redrawn).await;
    window.shot("live-dark").await;
    window.close().await;
    // An endpoint is deployed: its runner goes on without the window.
    assert!(desk.runner_pid().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_shows_the_whole_way_by_itself() {
    let desk = Desk::new();
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("Try the sample").await;
    window.press("Start").await;
    window.see("temp drifted, large").await;
    window.see("dewp drifted, large").await;
    window.shot("sample").await;
    window.close().await;
    // The same by the command line finds it done: nothing is sent twice.
    let rows = desk.json(["drift", "flights-late"])["rows"].clone();
    desk.json(["sample"]);
    assert_eq!(desk.json(["drift", "flights-late"])["rows"], rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_imported_is_said_and_the_next_drop_works() {
    let desk = Desk::new();
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("Drop a").await;
    let picture = desk.home().join("drawn.onnx");
    std::fs::write(&picture, b"\x89PNG\r\n\x1a\n0000").unwrap();
    window.drop_files(&display, &[&picture]).await;
    window.see("This is a picture").await;
    window.shot("refused").await;
    window
        .drop_files(
            &display,
            &[&sample("diabetes/diabetes-progression.onnx"), &sample("diabetes/training.csv")],
        )
        .await;
    window.see("diabetes-progression").await;
    window.close().await;
    assert!(desk.runner_pid().is_none(), "nothing is deployed: no runner was started");
}

async fn choose(window: &Window, label: &str, value: &str) {
    let script = "
        const label = [...document.querySelectorAll('label')].find((l) => l.textContent.includes(arguments[0]));
        const select = label.querySelector('select') ?? document.getElementById(label.htmlFor);
        select.value = arguments[1];
        select.dispatchEvent(new Event('change', { bubbles: true }));";
    let arguments = vec![serde_json::json!(label), serde_json::json!(value)];
    window.page.execute(script, arguments).await.unwrap();
}

fn send(desk: &Desk, file: &str) {
    let rows = sample("flights").join(file);
    let call = [
        "predict".as_ref(),
        "flights-late".as_ref(),
        rows.as_os_str(),
        "--event-time".as_ref(),
        "time".as_ref(),
    ];
    desk.json(call);
    desk.json(["runner", "flush"]);
}
