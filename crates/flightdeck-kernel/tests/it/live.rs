//! Somebody else's kernel: found, asked, and left as it was, while its user works on.

use crate::world::{eventually, interpreter};
use flightdeck_core::Cancel;
use flightdeck_kernel::live::{Live, LiveError, LiveKernel, State, list};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const LIMIT: Duration = Duration::from_secs(20);

/// Everything of the kernel that a guest could change: printed by a cell of the user's.
const LOOK: &str = "import json, sys; print(json.dumps({'names': sorted(globals()), 'in': In, 'out': [str(value) for value in Out.values()], \
    'last': _, 'path': sys.path, 'modules': sorted(sys.modules), 'count': get_ipython().execution_count, \
    'rows': get_ipython().history_manager.session_number, 'error': str(getattr(sys, 'last_value', None))}))";

struct User {
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
    _child: Child,
    home: TempDir,
    file: PathBuf,
}

impl User {
    async fn opens(environment: &str, session: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("runtime")).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/user.py");
        let mut child = Command::new(interpreter(environment))
            .arg(script)
            .arg(session)
            .current_dir(home.path())
            .env("JUPYTER_RUNTIME_DIR", home.path().join("runtime"))
            .env("IPYTHONDIR", home.path().join("ipython"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = stdout.next_line().await.unwrap().expect("the user's kernel starts");
        let said: Value = serde_json::from_str(&said).unwrap();
        let file = PathBuf::from(said["file"].as_str().unwrap());
        Self { stdin, stdout, _child: child, home, file }
    }

    async fn begins(&mut self, code: &str) {
        let line = serde_json::to_string(code).unwrap() + "\n";
        self.stdin.as_mut().unwrap().write_all(line.as_bytes()).await.unwrap();
    }

    async fn sees(&mut self) -> Value {
        serde_json::from_str(&self.stdout.next_line().await.unwrap().unwrap()).unwrap()
    }

    async fn runs(&mut self, code: &str) -> Value {
        self.begins(code).await;
        self.sees().await
    }

    async fn looks(&mut self) -> Value {
        serde_json::from_str(self.runs(LOOK).await["shown"].as_str().unwrap()).unwrap()
    }

    async fn found(&self) -> Vec<LiveKernel> {
        list(&[self.home.path().join("runtime")]).await
    }

    /// The kernel goes with its user.
    async fn leaves(mut self) {
        drop(self.stdin.take());
        assert!(self.stdout.next_line().await.unwrap().is_none());
    }
}

async fn ask(live: &mut Live, code: &str, expression: &str) -> Result<String, LiveError> {
    live.ask(code, expression, LIMIT, &Cancel::default()).await
}

/// Values, names of its own, exceptions and a wish for input.
async fn asks_everything(file: &Path) {
    let mut live = Live::attach(file).await.unwrap();
    assert_eq!(ask(&mut live, "", "sum(data)").await.unwrap(), "6");
    assert_eq!(ask(&mut live, "", "str(data) + '\\n'").await.unwrap(), "[1, 2, 3]\n");
    let own = ask(&mut live, "import json\nhelper = data[1]\ndata = 0", "helper + 5").await.unwrap();
    assert_eq!(own, "7");
    let raised = ask(&mut live, "1 / 0", "1").await.unwrap_err();
    assert!(matches!(raised, LiveError::Raised { ref name, .. } if name == "ZeroDivisionError"), "{raised}");
    let raised = ask(&mut live, "", "nothing").await.unwrap_err();
    assert!(matches!(raised, LiveError::Raised { ref name, .. } if name == "NameError"), "{raised}");
    let asked = ask(&mut live, "input()", "1").await.unwrap_err();
    assert!(matches!(asked, LiveError::Raised { .. }), "{asked}");
}

/// Two looks differ by the second look itself, and by nothing else.
fn is_as_before(before: &Value, mut after: Value) {
    assert_eq!(after["count"], before["count"].as_u64().unwrap() + 1, "only the user's own look counts");
    let inputs = after["in"].as_array_mut().unwrap();
    let own = format!("_i{}", inputs.len() - 1);
    assert_eq!(inputs.pop().unwrap(), LOOK);
    assert_eq!(after["in"], before["in"]);
    let names = after["names"].as_array_mut().unwrap();
    names.retain(|name| *name != own.as_str());
    for part in ["names", "out", "last", "path", "modules", "rows", "error"] {
        assert!(after[part] == before[part], "{part}");
    }
}

#[tokio::test]
async fn a_live_kernel_is_asked_and_left_as_it_was() {
    for environment in crate::world::BOTH {
        let mut user = User::opens(environment, "notes.ipynb").await;
        user.runs("41 + 1").await;
        user.runs("data = [1, 2, 3]").await;
        user.looks().await;
        let before = user.looks().await;

        asks_everything(&user.file).await;
        is_as_before(&before, user.looks().await);
        assert_eq!(user.runs("print(data)").await["shown"], "[1, 2, 3]\n");
        user.leaves().await;
    }
}

#[tokio::test]
async fn live_kernels_are_listed_with_their_notebook() {
    let mut user = User::opens("new", "notes.ipynb").await;
    std::fs::write(user.home.path().join("notes.ipynb"), "{}").unwrap();
    let found = user.found().await;
    let [kernel] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        (kernel.state, kernel.name.as_str(), kernel.language.as_str()),
        (State::Idle, "notes.ipynb", "python")
    );
    assert_eq!(kernel.path.as_deref(), Some(user.home.path().join("notes.ipynb").as_path()));
    assert_eq!(kernel.connection_file, user.file);
    user.runs("__vsc_ipynb_file__ = '/srv/code/flights.ipynb'").await;
    assert_eq!(user.found().await[0].path.as_deref(), Some(Path::new("/srv/code/flights.ipynb")));
    user.leaves().await;
}

#[tokio::test]
async fn stale_and_damaged_connection_files_are_passed_over() {
    let user = User::opens("new", "").await;
    let runtime = user.home.path().join("runtime");
    let mut stale: Value = serde_json::from_slice(&std::fs::read(&user.file).unwrap()).unwrap();
    for (port, name) in (1..).zip(["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"]) {
        stale[name] = port.into();
    }
    std::fs::write(runtime.join("kernel-stale.json"), stale.to_string()).unwrap();
    std::fs::write(runtime.join("kernel-damaged.json"), "{").unwrap();
    std::fs::write(runtime.join("nbserver-1.json"), "{}").unwrap();
    let begun = Instant::now();
    let found = user.found().await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(begun.elapsed() < Duration::from_secs(4));
    let gone = Live::attach(&runtime.join("kernel-stale.json")).await.err().unwrap();
    assert!(matches!(gone, LiveError::Gone), "{gone}");
    user.leaves().await;
}

#[tokio::test]
async fn a_busy_kernel_is_left_in_peace() {
    for environment in crate::world::BOTH {
        let mut user = User::opens(environment, "").await;
        let mut live = Live::attach(&user.file).await.unwrap();
        user.begins("import os, time\nopen('begun', 'w').close()\nwhile not os.path.exists('go'): time.sleep(0.01)\nprint('finished')").await;
        let begun = user.home.path().join("begun");
        eventually("the cell runs", || begun.exists()).await;
        assert!(matches!(ask(&mut live, "", "1").await.unwrap_err(), LiveError::Busy));
        assert_eq!(user.found().await[0].state, State::Busy);
        std::fs::write(user.home.path().join("go"), "").unwrap();
        let cell = user.sees().await;
        assert_eq!((cell["shown"].as_str().unwrap(), &cell["count"]), ("finished\n", &Value::from(1)));
        assert_eq!(ask(&mut live, "", "6 * 7").await.unwrap(), "42");
        user.leaves().await;
    }
}

#[tokio::test]
async fn a_live_kernel_that_goes_while_it_is_asked_is_gone() {
    let user = User::opens("new", "").await;
    let mut live = Live::attach(&user.file).await.unwrap();
    let error = ask(&mut live, "import os; os._exit(1)", "1").await.unwrap_err();
    assert!(matches!(error, LiveError::Gone), "{error}");
}
