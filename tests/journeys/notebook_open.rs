//! A notebook that is open: its model is taken while a client stays connected, and the kernel is as it was.

use flightdeck_journeys::{Desk, notebook, python};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A kernel with a client, as Jupyter has them.
struct Open {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    runtime: PathBuf,
}

impl Open {
    fn new(desk: &Desk, environment: &str) -> Self {
        let runtime = desk.home().join("runtime");
        // A kernel works in the folder of its notebook.
        std::fs::create_dir(desk.home().join("wines")).unwrap();
        notebook(desk, "wines/open.ipynb", &[]);
        let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/open_notebook.py");
        let mut child = Command::new(python(environment))
            .args(["-B".as_ref(), driver.as_os_str(), runtime.as_os_str(), "wines/open.ipynb".as_ref()])
            .current_dir(desk.home().join("wines"))
            .env("HOME", desk.home())
            .env("JUPYTER_RUNTIME_DIR", &runtime)
            .env("IPYTHONDIR", desk.home().join("ipython"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut open = Self { child, input, output, runtime };
        assert_eq!(open.hear()["ready"], true);
        open
    }

    fn ask(&mut self, wish: &Value) -> Value {
        writeln!(self.input.as_ref().unwrap(), "{wish}").unwrap();
        self.hear()
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn execute(&mut self, code: &str) {
        let reply = self.ask(&json!({ "execute": code }));
        assert_eq!(reply["status"], "ok", "{reply}");
    }

    fn state(&mut self) -> Value {
        self.ask(&json!({"state": true}))
    }

    /// A command of the product, which looks where this kernel is.
    fn flightdeck(&self, desk: &Desk, arguments: &[&str]) -> (Option<i32>, Value) {
        let mut command = desk.command(arguments);
        let output = command.arg("--json").env("JUPYTER_RUNTIME_DIR", &self.runtime).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let whole = serde_json::from_str(&text);
        let last = || serde_json::from_str(text.lines().last().unwrap_or_default());
        (output.status.code(), whole.or_else(|_| last()).unwrap_or_else(|error| panic!("{error}: {text}")))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // The driver ends its kernel and itself when nobody writes any more.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

fn taken_from(environment: &str) {
    let desk = Desk::new();
    let mut open = Open::new(&desk, environment);
    open.execute("from sklearn.datasets import load_wine\nX, y = load_wine(return_X_y=True, as_frame=True)");
    open.execute(
        "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\n\
         from sklearn.linear_model import LogisticRegression\n\
         clf = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)",
    );
    let before = open.state();
    let (code, kernels) = open.flightdeck(&desk, &["kernels"]);
    assert_eq!(code, Some(0));
    let [kernel] = kernels.as_array().unwrap().as_slice() else { panic!("{kernels}") };
    assert_eq!((&kernel["state"], &kernel["language"]), (&json!("idle"), &json!("python")));
    assert_eq!(kernel["name"], "open.ipynb", "{kernel}");
    assert_eq!(open.state(), before, "it was only looked at");

    let id = kernel["id"].as_str().unwrap().to_owned();
    let (code, version) = open.flightdeck(&desk, &["import", "--kernel", &id]);
    assert_eq!(code, Some(0), "{version}");
    assert_eq!(version["origin"]["candidate"]["variable"], "clf");
    assert_eq!(version["parity"]["beyond"], 0);
    assert!(version["parity"]["rows"].as_u64().unwrap() >= 100, "{}", version["parity"]);
    let mut codes = version["findings"].as_array().unwrap().iter().filter_map(|f| f["code"].as_str());
    assert!(codes.any(|code| code == "taken-live"), "{}", version["findings"]);
    // The training data came out of the kernel's memory.
    let shown = desk.json(["show", version["model"].as_str().unwrap()]);
    assert_eq!(shown["baseline"]["rows"], 178);

    stayed_as_it_was(&before, &open.state());
    open.execute("assert clf.predict(X.head(3)).tolist() == [0, 0, 0]");
}

/// Nothing that a person or a later cell could notice.
fn stayed_as_it_was(before: &Value, after: &Value) {
    for what in ["count", "history", "outputs", "names", "path", "finders"] {
        assert_eq!(before[what], after[what], "{what}");
    }
    let modules = |state: &Value| -> BTreeSet<String> {
        let modules = state["modules"].as_array().unwrap().iter();
        modules.map(|module| module.as_str().unwrap().to_owned()).collect()
    };
    let (before, after) = (modules(before), modules(after));
    // A library that was there may load more of itself, as scikit-learn does when a model is printed.
    let library = |module: &str| before.contains(module.split('.').next().unwrap());
    let foreign: Vec<&String> = after.difference(&before).filter(|module| !library(module)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    assert!(before.is_subset(&after), "none is missing");
}

#[test]
fn a_model_is_taken_from_an_open_notebook_that_stays_as_it_was() {
    taken_from("new");
}

#[test]
fn a_model_is_taken_from_an_open_notebook_of_yesterday() {
    taken_from("old");
}

#[test]
fn a_busy_notebook_is_said_to_be_busy_and_goes_on() {
    let desk = Desk::new();
    let mut open = Open::new(&desk, "new");
    open.execute("import os, time\nfrom sklearn.linear_model import Ridge\nm = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])");
    open.ask(&json!({"start": "while not os.path.exists('enough'): time.sleep(0.02)\ndone = 1"}));
    let (_, kernels) = open.flightdeck(&desk, &["kernels"]);
    assert_eq!(kernels[0]["state"], "busy", "{kernels}");
    let id = kernels[0]["id"].as_str().unwrap().to_owned();
    let (code, refused) = open.flightdeck(&desk, &["import", "--kernel", &id]);
    assert_eq!((code, &refused["error"]["code"]), (Some(1), &json!("live-busy")), "{refused}");
    assert_eq!(desk.json(["models"]), json!([]));
    // It was not interrupted: the loop ends by itself, and what follows it ran.
    std::fs::write(desk.home().join("wines/enough"), "").unwrap();
    open.execute("assert done == 1");
}

#[test]
fn a_notebook_that_was_closed_is_no_longer_there() {
    let desk = Desk::new();
    let runtime = desk.home().join("runtime");
    std::fs::create_dir(&runtime).unwrap();
    // A connection file of a kernel that is gone: its port is closed.
    let file = json!({"transport": "tcp", "ip": "127.0.0.1", "shell_port": 9, "iopub_port": 9, "stdin_port": 9,
                      "control_port": 9, "hb_port": 9, "key": "k", "signature_scheme": "hmac-sha256"});
    std::fs::write(runtime.join("kernel-gone.json"), file.to_string()).unwrap();
    let output = desk.command(["kernels", "--json"]).env("JUPYTER_RUNTIME_DIR", &runtime).output().unwrap();
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let states: Vec<&Value> = listed.as_array().unwrap().iter().map(|kernel| &kernel["state"]).collect();
    assert!(states.iter().all(|state| **state == "unreachable"), "{listed}");
    let refused =
        desk.command(["import", "--kernel", "gone", "--json"]).env("JUPYTER_RUNTIME_DIR", &runtime).output();
    assert!(matches!(refused.unwrap().status.code(), Some(1 | 2)));
}
