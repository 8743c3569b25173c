//! Notebooks from which no version comes by itself: one that has to be asked about, and one that cannot run.

use crate::window_notebook::at_home;
use flightdeck_journeys::{Desk, Display, Window, beside, notebook};
use thirtyfour::prelude::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_models_one_is_chosen_by_keyboard() {
    let desk = Desk::new();
    let notebook = at_home(beside(&desk, "failing/two-models.ipynb"));
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("Choose a file…").await;
    window.drop_files(&display, &[&notebook]).await;
    window.see("Which model is meant?").await;
    window.shots("pick").await;
    assert_eq!(window.barriers().await, Vec::<String>::new());

    // The first is proposed and has the focus: the other one is a key away.
    let first = chosen(&window).await;
    window.page.action_chain().send_keys(Key::Down + "").perform().await.unwrap();
    let second = chosen(&window).await;
    assert_ne!(first, second);
    window.see(&format!("Take {second}")).await;
    window.page.action_chain().send_keys(Key::Enter + "").perform().await.unwrap();
    window.see("Deploy to this computer").await;
    let shown = desk.json(["show", "two-models"]);
    assert_eq!(shown["origin"]["candidate"]["variable"], second, "{shown}");
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cell_that_fails_is_told_with_its_likely_cause() {
    let desk = Desk::new();
    let notebook = at_home(beside(&desk, "failing/old-imports.ipynb"));
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("Choose a file…").await;
    window.drop_files(&display, &[&notebook]).await;
    window.see("Not imported").await;
    window.see("Cell 1, line 3 failed").await;
    window.see("matplotlib 3.8").await;
    window.see("Run again").await;
    window.shots("cell-failed").await;
    assert_eq!(window.barriers().await, Vec::<String>::new());
    assert_eq!(desk.json(["models"]), serde_json::json!([]), "no version came of it");
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_was_fitted_before_a_cell_failed_can_be_taken() {
    let desk = Desk::new();
    let fit = "from sklearn.datasets import load_iris\nfrom sklearn.tree import DecisionTreeClassifier\n\
               X, y = load_iris(return_X_y=True, as_frame=True)\n\
               tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y)";
    let notebook = at_home(notebook(&desk, "plot.ipynb", &[fit, "X.plot_all()"]));
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("Choose a file…").await;
    window.drop_files(&display, &[&notebook]).await;
    window.see("Cell 2, line 1 failed").await;
    window.shots("incomplete-offered").await;
    window.press("Take tree (incomplete)").await;
    window.see("Deploy to this computer").await;
    window.see("the cells after it were not run").await;
    window.shots("incomplete").await;
    window.close().await;
}

async fn chosen(window: &Window) -> String {
    let focused = "return document.activeElement?.type === 'radio' ? document.activeElement.value : ''";
    let answer = window.page.execute(focused, vec![]).await.unwrap();
    let value: String = answer.convert().unwrap();
    assert!(!value.is_empty(), "no model has the focus");
    value
}
