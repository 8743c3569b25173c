//! What goes wrong while a notebook runs: said with its cause, nothing left behind, nothing half a version.

use flightdeck_journeys::{Answer, Desk, Events, notebook, of_cells, python};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

const FIT: &str = "from sklearn.datasets import load_iris\nfrom sklearn.linear_model import LogisticRegression\n\
                   X, y = load_iris(return_X_y=True, as_frame=True)\n\
                   model = LogisticRegression(max_iter=500).fit(X, y)";
/// Says which processes there are, then does not end.
const LINGERS: &str = "import os, subprocess, time\nchild = subprocess.Popen(['sleep', '7000'])\n\
                       print('pids', os.getpid(), child.pid, flush=True)\ntime.sleep(7000)";

fn nothing_was_made(desk: &Desk) {
    assert_eq!(desk.json(["models"]), json!([]));
    let staged = desk.library().join("artifacts/staging");
    assert_eq!(fs::read_dir(staged).map_or(0, Iterator::count), 0);
}

/// The process numbers that the lingering cell tells.
fn pids(events: &mut Events) -> [i32; 2] {
    let said = |line: &Value| line["output"]["text"].as_str().is_some_and(|text| text.starts_with("pids "));
    let line = events.until(said);
    let mut numbers = line["output"]["text"].as_str().unwrap().split_whitespace().skip(1);
    [(); 2].map(|()| numbers.next().unwrap().parse().unwrap())
}

/// A process is there unless it only waits to be counted as ended.
fn is_there(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

/// Whether a process ends by itself: one that was killed may take a moment to die.
fn ends(pid: i32) -> bool {
    let begin = std::time::Instant::now();
    while is_there(pid) && begin.elapsed() < std::time::Duration::from_secs(10) {
        std::thread::yield_now();
    }
    !is_there(pid)
}

#[test]
fn a_cancelled_import_leaves_no_process() {
    let desk = Desk::new();
    let path = notebook(&desk, "lingers.ipynb", &[FIT, LINGERS]);
    let mut events = desk.start_import(&path, "new", &[]);
    let pids = pids(&mut events);
    assert!(pids.iter().all(|pid| is_there(*pid)), "they are the numbers that the system knows");
    events.interrupt();
    let (code, last) = events.end();
    assert_eq!((code, &last["error"]["code"]), (Some(1), &json!("cancelled")));
    assert_eq!(pids.map(ends), [true, true], "kernel and its child");
    nothing_was_made(&desk);
}

#[test]
fn a_kernel_that_is_killed_from_outside_is_said_to_have_died() {
    let desk = Desk::new();
    let path = notebook(&desk, "lingers.ipynb", &[FIT, LINGERS]);
    let scratch = desk.home().join("scratch");
    fs::create_dir(&scratch).unwrap();
    let mut command = desk.command(desk.importing(&path, "new", &["--json"]));
    let mut events = Events::start(command.env("TMPDIR", &scratch));
    let pids = pids(&mut events);
    kill_process(Pid::from_raw(pids[0]).unwrap(), Signal::KILL).unwrap();
    let (code, last) = events.end();
    assert_eq!((code, &last["error"]["code"]), (Some(1), &json!("kernel-died")), "{last}");
    assert!(last["error"]["message"].as_str().unwrap().contains("cell 2"), "{last}");
    assert_eq!(pids.map(ends), [true, true], "the child that it left, too");
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0, "no scratch stays");
    nothing_was_made(&desk);
}

#[test]
fn a_cell_that_prints_for_ever_is_cut_and_can_be_stopped() {
    let desk = Desk::new();
    let path = notebook(&desk, "prints.ipynb", &["while True: print('x' * 2000)"]);
    let mut events = desk.start_import(&path, "new", &[]);
    let mut shown = 0;
    let printed = std::cell::Cell::new(0_usize);
    let notice = events.until(|line| {
        printed.set(printed.get() + line["output"]["text"].as_str().map_or(0, str::len));
        line["output"]["kind"] == "not_shown"
    });
    shown += printed.get();
    assert!((1 << 19..=1 << 20).contains(&shown), "{shown} bytes were shown before {notice}");
    assert!(notice["output"]["what"].as_str().unwrap().contains("more than 1 MB"), "{notice}");
    events.interrupt();
    let (code, last) = events.end();
    assert_eq!((code, &last["error"]["code"]), (Some(1), &json!("cancelled")));
}

#[test]
fn an_interpreter_that_is_gone_is_named() {
    let desk = Desk::new();
    let path = notebook(&desk, "fit.ipynb", &[FIT]);
    let gone = desk.home().join("gone/bin/python");
    let call = ["import".as_ref(), path.as_os_str(), "--python".as_ref(), gone.as_os_str()];
    let (_, error) = desk.refused(call);
    assert!(error["message"].as_str().unwrap().contains("gone"), "{error}");
    nothing_was_made(&desk);
}

#[test]
fn a_disk_that_is_full_while_the_data_is_written_is_said() {
    let desk = Desk::new();
    let large = "import numpy as np\nfrom sklearn.linear_model import Ridge\nX = np.random.default_rng(0).normal(size=(400_000, 10))\n\
                 model = Ridge().fit(X, X[:, 0])";
    let path = notebook(&desk, "large.ipynb", &[large]);
    let scratch = desk.home().join("small");
    fs::create_dir(&scratch).unwrap();
    let import = desk.command(["import"]);
    let script = format!(
        "mount -t tmpfs -o size=12M tmpfs '{0}' || exit 99
         TMPDIR='{0}' '{1}' --library '{2}' import '{3}' --python '{4}' --json; echo \"code $?\"
         ls -A '{0}' | grep -c .",
        scratch.display(),
        import.get_program().to_string_lossy(),
        desk.library().display(),
        path.display(),
        python("new").display(),
    );
    let own_mounts = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
    let mut shell = Command::new("unshare");
    desk.surround(&mut shell);
    let output = shell.args([own_mounts, "sh", "-c", &script]).output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    let end: Vec<&str> = out.lines().rev().take(3).collect();
    assert!(end[1] == "code 1" && end[0] == "0", "{end:?} {}", String::from_utf8_lossy(&output.stderr));
    let error: Value = serde_json::from_str(end[2]).unwrap();
    assert!(["capture-failed", "disk-full"].contains(&error["error"]["code"].as_str().unwrap()), "{error}");
    assert!(error["error"]["hint"].as_str().unwrap().contains("space"), "{error}");
    nothing_was_made(&desk);
}

#[test]
fn a_notebook_that_is_rewritten_while_it_runs_is_the_one_that_was_read() {
    let desk = Desk::new();
    let waits =
        "import os, time\nprint('runs', flush=True)\nwhile not os.path.exists('enough'): time.sleep(0.02)";
    let path = notebook(&desk, "written.ipynb", &[FIT, waits]);
    let mut events = desk.start_import(&path, "new", &[]);
    events.until(|line| line["output"]["text"].as_str().is_some_and(|text| text.starts_with("runs")));
    let changed = FIT.replace("max_iter=500", "max_iter=500, C=0.25");
    fs::write(&path, of_cells(&[&changed, waits]).to_string()).unwrap();
    fs::write(desk.home().join("enough"), "").unwrap();
    let (code, first) = events.end();
    assert_eq!((code, &first["version"]), (Some(0), &json!(1)), "{first}");
    assert_eq!(first["origin"]["cells"][0]["source"], FIT);
    // What was written meanwhile is the next version, as soon as somebody watches.
    let mut watch = Events::start(&mut desk.command(["watch", "--json"]));
    let second = watch.until(|_| true);
    assert_eq!(second["version"], 2, "{second}");
    assert_eq!(second["origin"]["cells"][0]["source"], changed);
    assert_ne!(second["origin"]["code_digest"], first["origin"]["code_digest"]);
    watch.interrupt();
    assert_eq!(watch.wait(), Some(0));
}

#[test]
fn n5_a_notebook_of_200_mb_is_read_in_little_memory() {
    let desk = Desk::new();
    let mut document =
        of_cells(&[FIT, "import os, time\nwhile not os.path.exists('enough'): time.sleep(0.02)"]);
    let picture = "A".repeat(200 << 20);
    document["cells"][0]["outputs"] =
        json!([{"output_type": "display_data", "data": {"image/png": picture}, "metadata": {}}]);
    let path = desk.home().join("heavy.ipynb");
    fs::write(&path, document.to_string()).unwrap();
    drop((picture, document));
    let mut events = desk.start_import(&path, "new", &[]);
    // Since the cell runs, the file has been read.
    events.until(|line| line["event"] == "cell" && line["index"] == 1 && line["state"] == "running");
    let status = fs::read_to_string(format!("/proc/{}/status", events.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    fs::write(desk.home().join("enough"), "").unwrap();
    let (code, last) = events.end();
    assert_eq!(code, Some(0), "{last}");
    assert!(peak_kb < 150_000, "{peak_kb} kB for a file of 200 MB");
}

#[test]
fn a_missing_file_is_given_and_remembered() {
    let desk = Desk::new();
    let reads = "import pandas as pd\nfrom sklearn.linear_model import Ridge\ndf = pd.read_csv('data/rows-of-april.csv')\n\
                 model = Ridge().fit(df[['a', 'b']], df['y'])";
    let path = notebook(&desk, "reads.ipynb", &[reads]);
    let Answer { code, .. } = desk.import(&path, "new", &[]);
    assert_eq!(code, Some(2));
    let (_, error) = desk.refused(desk.importing(&path, "new", &[]));
    assert_eq!(error["code"], "missing-file", "{error}");
    assert!(error["hint"].as_str().unwrap().contains("--file"), "{error}");
    let rows: Vec<String> = (0..200).map(|row| format!("{row},{},{}", row % 7, 2 * row + row % 7)).collect();
    fs::create_dir(desk.home().join("kept")).unwrap();
    let elsewhere = desk.home().join("kept/april.csv");
    fs::write(&elsewhere, format!("a,b,y\n{}\n", rows.join("\n"))).unwrap();
    let given = format!("data/rows-of-april.csv={}", elsewhere.display());
    let version = desk.json(desk.importing(&path, "new", &["--file", &given]));
    assert_eq!((&version["version"], &version["parity"]["beyond"]), (&json!(1), &json!(0)));
    let read = version["origin"]["files"].to_string();
    assert!(read.contains("april.csv"), "{read}");
    // Asked once.
    assert_eq!(desk.json(desk.importing(&path, "new", &[]))["already"], true);
}

#[test]
fn only_the_needed_cells_run_when_that_is_asked_for() {
    let desk = Desk::new();
    let plots = "import time\nstarted = time.time()\nopen('was-run', 'w').close()";
    let path =
        notebook(&desk, "two.ipynb", &[FIT, "z = 1\nfor i in range(3):\n    z = z * i", "unused = [z]"]);
    let states = |version: &Value| -> Vec<String> {
        let cells = version["origin"]["cells"].as_array().unwrap();
        cells.iter().map(|cell| cell["state"].as_str().unwrap().to_owned()).collect()
    };
    let few = desk.json(desk.importing(&path, "new", &["--only-needed"]));
    assert_eq!(states(&few), ["done", "skipped", "skipped"]);
    assert_eq!(few["parity"]["beyond"], 0);
    // What has effects outside the notebook is never left out for being unused.
    let path = notebook(&desk, "effects.ipynb", &[plots, FIT, "unused = 1"]);
    let some = desk.json(desk.importing(&path, "new", &["--only-needed"]));
    assert_eq!(states(&some), ["done", "done", "skipped"]);
    assert!(desk.home().join("was-run").is_file());
    let all = desk.json(desk.importing(&path, "new", &["--name", "all-cells"]));
    assert_eq!(states(&all), ["done", "done", "done"]);
}

#[test]
fn the_network_is_away_unless_it_is_allowed() {
    let desk = Desk::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/rows.csv", server.local_addr().unwrap());
    let asked = serve(server);
    let reads = format!(
        "import pandas as pd\nfrom sklearn.linear_model import Ridge\ndf = pd.read_csv('{address}')\n\
         model = Ridge().fit(df[['a', 'b']], df['y'])"
    );
    let path = notebook(&desk, "reads.ipynb", &[&reads]);
    let (_, error) = desk.refused(desk.importing(&path, "new", &[]));
    assert_eq!(error["findings"][0]["code"], "network-off", "{error}");
    assert!(error["hint"].as_str().unwrap().contains("--allow-network"), "{error}");
    assert_eq!(asked.try_iter().count(), 0, "nobody reached the server");
    nothing_was_made(&desk);
    let version = desk.json(desk.importing(&path, "new", &["--allow-network"]));
    assert!(asked.try_iter().count() >= 1);
    let network = version["origin"]["network"].to_string();
    assert!(
        network.contains(address.trim_start_matches("http://").trim_end_matches("/rows.csv")),
        "{network}"
    );
}

/// Answers every request with a table, and tells that it was asked.
fn serve(server: TcpListener) -> std::sync::mpsc::Receiver<()> {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let rows: Vec<String> = (0..100).map(|row| format!("{row},{},{}", row % 5, 3 * row)).collect();
        let body = format!("a,b,y\n{}\n", rows.join("\n"));
        for connection in server.incoming() {
            let Ok(mut connection) = connection else { return };
            let _ = tell.send(());
            let _ = connection.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.0 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let _ =
                connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(body.as_bytes()));
        }
    });
    told
}
