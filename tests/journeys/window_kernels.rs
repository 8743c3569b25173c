//! A notebook that is open: its model is taken from memory in the window, and the notebook is left as it was.

use flightdeck_journeys::{Desk, Display, Window, python};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_is_taken_from_a_notebook_that_is_open() {
    let desk = Desk::new();
    let mut person = Person::at(&desk.home().join("iris.ipynb"), desk.home());
    let fit = "from sklearn.datasets import load_iris\nfrom sklearn.linear_model import LogisticRegression\n\
               X, y = load_iris(return_X_y=True, as_frame=True)\n\
               model = LogisticRegression(max_iter=500).fit(X, y)";
    assert_eq!(person.runs(fit)["count"], 1);
    let before = person.runs("print(sorted(globals()))");
    let display = Display::start(&desk);
    let window = Window::open(&desk, &display).await;
    window.see("Choose a file…").await;
    window.press("Take from an open notebook…").await;
    window.see("iris.ipynb").await;
    window.see("ready").await;
    window.shots("kernels").await;
    window.click(thirtyfour::By::XPath("//button[contains(., 'iris.ipynb')]"), "iris.ipynb").await;
    window.see("model, LogisticRegression").await;
    window.see("Take the model").await;
    window.shots("kernels-models").await;
    assert_eq!(window.barriers().await, Vec::<String>::new());
    window.press("Take the model").await;
    window.see("Answers as the original does").await;
    window.see("taken from the open notebook, not re-run").await;
    window.shots("kernels-taken").await;
    assert_eq!(desk.json(["show", "iris"])["origin"]["source"], "live");

    // Its counter goes on where it was, and nothing is there that was not.
    let after = person.runs("print(sorted(globals()))");
    assert_eq!(after["count"], 3);
    let names =
        |answer: &Value| answer["shown"].as_str().unwrap().replace("'_i2', ", "").replace("'_i3', ", "");
    assert_eq!(names(&after), names(&before));
    window.close().await;
}

/// Somebody at a notebook, whose kernel runs while they sit there.
struct Person {
    process: Child,
    cells: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Person {
    fn at(notebook: &Path, home: &Path) -> Self {
        let runtime = home.join(".local/share/jupyter/runtime");
        std::fs::create_dir_all(&runtime).unwrap();
        let user = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/flightdeck-kernel/tests/it/user.py");
        let mut process = Command::new(python("new"))
            .arg(user)
            .arg(notebook)
            .env("JUPYTER_RUNTIME_DIR", &runtime)
            .env("HOME", home)
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (cells, answers) = (process.stdin.take(), process.stdout.take().unwrap());
        let mut person = Self { process, cells, answers: BufReader::new(answers) };
        assert!(person.answer()["file"].is_string());
        person
    }

    fn runs(&mut self, cell: &str) -> Value {
        writeln!(self.cells.as_mut().unwrap(), "{}", json!(cell)).unwrap();
        self.answer()
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // The end of its input is the end of its day: it takes the kernel along.
        drop(self.cells.take());
        let _ = self.process.wait();
    }
}
