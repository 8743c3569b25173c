//! What goes wrong on real desks: a sentence with a hint, nothing half-written, and the next try works.

use flightdeck_journeys::{Answer, Desk, sample};
use serde_json::{Value, json};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

fn import(desk: &Desk, model: &Path, baseline: Option<&Path>) -> Vec<std::ffi::OsString> {
    let _ = desk;
    let mut arguments = vec!["import".into(), model.as_os_str().to_owned()];
    if let Some(baseline) = baseline {
        arguments.extend(["--baseline".into(), baseline.as_os_str().to_owned()]);
    }
    arguments
}

fn flights(desk: &Desk) -> Value {
    let (model, training) = (sample("flights/flights-late.onnx"), sample("flights/training.csv"));
    desk.json(import(desk, &model, Some(&training)))
}

/// Nothing was imported, and nothing lies where packages and stagings are.
fn nothing_is_left(desk: &Desk) {
    assert_eq!(desk.json(["models"]), json!([]));
    for folder in ["packages", "staging"] {
        let left: Vec<_> = fs::read_dir(desk.library().join("artifacts").join(folder)).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn o17_what_is_not_a_model_is_named_for_what_it_is() {
    let desk = Desk::new();
    for (name, bytes, word) in [
        ("empty.onnx", &b""[..], "empty"),
        ("drawn.onnx", b"\x89PNG\r\n\x1a\n0000", "picture"),
        ("packed.onnx", b"\x1f\x8b\x08\x00\x00", "gzip"),
    ] {
        let file = desk.home().join(name);
        fs::write(&file, bytes).unwrap();
        let (code, error) = desk.refused(import(&desk, &file, None));
        assert_eq!(code, 2);
        assert!(error["message"].as_str().unwrap().contains(word), "{error}");
    }
    nothing_is_left(&desk);
    assert_eq!(flights(&desk)["version"], 1);
}

#[test]
fn o13_a_truncated_model_is_refused() {
    let desk = Desk::new();
    let whole = fs::read(sample("flights/flights-late.onnx")).unwrap();
    let file = desk.home().join("half.onnx");
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(desk.refused(import(&desk, &file, None)).0, 2);
    nothing_is_left(&desk);
}

#[test]
fn d1_a_baseline_with_the_wrong_columns_is_refused_by_name() {
    let desk = Desk::new();
    let model = sample("flights/flights-late.onnx");
    let file = desk.home().join("wrong.csv");
    fs::write(&file, "temperature,carrier\n1,UA\n2,B6\n").unwrap();
    let (code, error) = desk.refused(import(&desk, &model, Some(&file)));
    assert_eq!((code, error["code"].as_str().unwrap()), (2, "baseline-columns"));
    assert!(error["message"].as_str().unwrap().contains("temp"), "{error}");
    fs::write(&file, "a,b\n1,2\n3\n").unwrap();
    let (_, error) = desk.refused(import(&desk, &model, Some(&file)));
    assert!(error["message"].as_str().unwrap().contains("Row 2"), "{error}");
    nothing_is_left(&desk);
}

#[test]
fn d3_a_baseline_of_one_row_is_taken_and_said_to_be_small() {
    let desk = Desk::new();
    let training = fs::read_to_string(sample("flights/training.csv")).unwrap();
    let file = desk.home().join("one.csv");
    fs::write(&file, training.lines().take(2).collect::<Vec<_>>().join("\n")).unwrap();
    let version = desk.json(import(&desk, &sample("flights/flights-late.onnx"), Some(&file)));
    let codes: Vec<&str> =
        version["findings"].as_array().unwrap().iter().filter_map(|f| f["code"].as_str()).collect();
    assert!(codes.contains(&"small-baseline"), "{codes:?}");
}

#[test]
fn f1_a_full_disk_leaves_nothing_and_the_next_import_works() {
    let desk = Desk::new();
    // A file system of 200 KB inside a mount namespace of its own: the library fits, the package does not.
    let library = desk.library().to_owned();
    fs::create_dir_all(&library).unwrap();
    let flightdeck = desk.command(["models"]);
    let program = flightdeck.get_program().to_owned();
    let script = format!(
        "mount -t tmpfs -o size=400k tmpfs '{0}' || exit 99
         '{1}' --library '{0}' models >/dev/null || exit 98
         head -c 1M /dev/zero > '{0}/filler' 2>/dev/null
         '{1}' --library '{0}' import '{2}' --baseline '{3}' --json; echo \"code $?\"
         rm '{0}/filler'; ls '{0}/artifacts/packages' '{0}/artifacts/staging' | grep -c . ",
        library.display(),
        program.to_string_lossy(),
        sample("flights/flights-late.onnx").display(),
        sample("flights/training.csv").display(),
    );
    // Whoever is not root becomes so in a user namespace, which root does not need and may not have in a container.
    let own_mounts = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
    let mut shell = Command::new("unshare");
    desk.surround(&mut shell);
    let output = shell.args([own_mounts, "sh", "-c", &script]).output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("code 1"), "{out} {}", String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("disk") && out.contains("hint"), "{out}");
    assert_eq!(flights(&desk)["version"], 1, "on the real disk it works");
}

#[test]
fn s4_a_library_of_a_newer_version_or_another_program_is_left_alone() {
    let desk = Desk::new();
    flights(&desk);
    let file = desk.library().join("flightdeck.db");
    let before = fs::read(&file).unwrap();
    let set = |pragma: &str| {
        let script = format!(
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('PRAGMA {pragma}'); c.commit()"
        );
        assert!(Command::new("python3").args(["-c", &script]).arg(&file).status().unwrap().success());
    };
    set("user_version = 9999");
    let (code, error) = desk.refused(["models"]);
    assert_eq!((code, error["code"].as_str().unwrap()), (1, "library-newer"));
    fs::write(&file, &before).unwrap();
    set("application_id = 7");
    assert_eq!(desk.refused(["models"]).1["code"], "library-foreign");
    fs::write(&file, b"this is not a database at all, however long it may be").unwrap();
    assert_eq!(desk.refused(["models"]).1["code"], "library-damaged");
}

#[test]
fn a_killed_runner_comes_back_with_its_endpoint_and_counts_nothing_twice() {
    let desk = Desk::new();
    flights(&desk);
    desk.json(["deploy", "flights-late", "--replay", "--window", "3600", "--step", "day"]);
    let quiet = sample("flights/quiet.parquet");
    let send = [
        "predict".as_ref(),
        "flights-late".as_ref(),
        quiet.as_os_str(),
        "--event-time".as_ref(),
        "time".as_ref(),
    ];
    let rows = desk.json(send)["rows"].as_u64().unwrap();
    desk.json(["runner", "flush"]);
    kill(desk.runner_pid().unwrap());
    let died = desk.json(["runner", "list"]);
    assert_eq!(died["runners"][0]["state"], "away");
    // What is known stays: the figures have an age instead of being gone.
    assert_eq!(desk.json(["live", "flights-late"])["rows"], rows);
    desk.json(["runner", "start"]);
    desk.json(send);
    desk.json(["runner", "flush"]);
    assert_eq!(desk.json(["drift", "flights-late"])["rows"], 2 * rows);
    // Rows of its last second may be missing: that is said.
    assert_eq!(desk.json(["live", "flights-late"])["gaps"][0]["reason"], "killed");
}

fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    // Gone when nobody listens there any more: `runner list` asks.
}

#[test]
fn a_killed_import_leaves_a_library_that_opens_and_imports() {
    let desk = Desk::new();
    let (model, training) = (sample("flights/flights-late.onnx"), sample("flights/training.csv"));
    for _ in 0..5 {
        let mut child = desk
            .command(import(&desk, &model, Some(&training)))
            .arg("--json")
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // Killed as soon as it says that it has begun to write.
        let mut reader = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while std::io::BufRead::read_line(&mut reader, &mut line).unwrap() > 0
            && !line.contains("golden-rows")
        {
            line.clear();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(flights(&desk)["version"], 1);
    let staging: Vec<_> = fs::read_dir(desk.library().join("artifacts/staging")).unwrap().collect();
    assert!(staging.is_empty(), "{staging:?}");
}

#[test]
fn a_busy_port_is_no_obstacle_for_this_computer() {
    let desk = Desk::new();
    flights(&desk);
    let deployed = desk.json(["deploy", "flights-late"]);
    desk.json(["runner", "stop"]);
    let url = deployed["url"].as_str().unwrap();
    let address = url.trim_start_matches("http://").split('/').next().unwrap();
    let squatter = TcpListener::bind(address).unwrap();
    let started = desk.json(["runner", "start"]);
    assert_eq!(started["runners"][0]["state"], "ready");
    assert_ne!(started["runners"][0]["url"].as_str().unwrap(), format!("http://{address}"));
    drop(squatter);
}

#[test]
fn whoever_takes_the_port_of_a_dead_runner_hears_no_token_and_hides_no_history() {
    let desk = Desk::new();
    flights(&desk);
    let deployed = desk.json(["deploy", "flights-late"]);
    let token = fs::read_to_string(desk.library().join("this-computer/token")).unwrap();
    let pid = desk.runner_pid().unwrap();
    let address =
        deployed["url"].as_str().unwrap().trim_start_matches("http://").split('/').next().unwrap().to_owned();
    kill(pid);
    // The system takes a moment to take the port back.
    while std::net::TcpStream::connect(&address).is_ok() {}
    let stranger = TcpListener::bind(address).unwrap();
    stranger.set_nonblocking(true).unwrap();
    assert_eq!(desk.json(["alerts"]), json!([]));
    assert_eq!(desk.json(["runner", "list"])["runners"][0]["state"], "away");
    assert!(stranger.accept().is_err(), "nobody called");
    desk.json(["runner", "start"]);
    assert_ne!(fs::read_to_string(desk.library().join("this-computer/token")).unwrap(), token);
}

#[test]
fn an_interrupted_undeployment_can_be_finished() {
    let desk = Desk::new();
    flights(&desk);
    desk.json(["deploy", "flights-late"]);
    desk.json(["runner", "stop"]);
    // What the runner knew is gone; what the library knows is not.
    fs::remove_dir_all(desk.library().join("this-computer/data")).unwrap();
    desk.json(["undeploy", "flights-late"]);
    assert_eq!(desk.json(["runner", "list"])["runners"][0]["endpoints"], 0);
}

#[test]
fn one_endpoint_has_one_history() {
    let desk = Desk::new();
    flights(&desk);
    let deployed = desk.json(["deploy", "flights-late", "--replay", "--window", "3600", "--step", "day"]);
    let (code, error) = desk.refused(["deploy", "flights-late"]);
    assert_eq!((code, error["code"].as_str().unwrap()), (2, "other-times"));
    assert_eq!(
        desk.refused(["deploy", "flights-late", "--replay", "--window", "1000"]).1["code"],
        "bad-window"
    );
    // The same again keeps the step that was chosen.
    desk.json(["deploy", "flights-late", "--replay", "--window", "3600"]);
    assert_eq!(desk.json(["drift", "flights-late"])["step_seconds"], 86_400);
    // A row from the future is refused: it would end the history before its time.
    let row =
        deployed["curl"].as_str().unwrap().replace("{\"rows\"", "{\"event_time\":\"2099-01-01\",\"rows\"");
    let pasted = Command::new("sh").arg("-c").arg(row).output().unwrap();
    let answer: Value = serde_json::from_slice(&pasted.stdout).unwrap();
    assert_eq!(answer["code"], "event-time", "{answer}");
}

#[test]
fn an_alert_ends_with_its_endpoint() {
    let desk = Desk::new();
    let done = desk.json(["sample"]);
    assert_eq!(done["endpoint"], "flights-late");
    let open =
        |alerts: &Value| alerts.as_array().unwrap().iter().filter(|a| a["closed_at"].is_null()).count();
    assert_eq!(open(&desk.json(["alerts"])), 2);
    assert_eq!(desk.json(["models"])[0]["versions"][0]["state"], "drifting");
    desk.json(["undeploy", "flights-late"]);
    let alerts = desk.json(["alerts"]);
    assert_eq!((alerts.as_array().unwrap().len(), open(&alerts)), (2, 0));
    assert_eq!(alerts[0]["action"], "undeployed");
    assert_eq!(desk.json(["models"])[0]["versions"][0]["state"], "ready");
}

#[test]
fn d3_columns_that_say_nothing_are_named() {
    let desk = Desk::new();
    let training = fs::read_to_string(sample("flights/training.csv")).unwrap();
    let mut lines = training.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let rows = lines.take(300).map(|line| {
        let mut cells: Vec<&str> = line.split(',').collect();
        cells[place("temp")] = "";
        cells[place("visib")] = "10.0";
        cells.join(",")
    });
    let file = desk.home().join("poor.csv");
    let text: Vec<String> = std::iter::once(header.join(",")).chain(rows).collect();
    fs::write(&file, text.join("\n")).unwrap();
    let version = desk.json(import(&desk, &sample("flights/flights-late.onnx"), Some(&file)));
    let found = |code: &str| -> String {
        let findings = version["findings"].as_array().unwrap();
        findings.iter().find(|f| f["code"] == code).map(|f| f["message"].to_string()).unwrap_or_default()
    };
    assert!(found("empty-column").contains("temp"), "{version}");
    assert!(found("constant-column").contains("visib"), "{version}");
    // A text among numbers is named with its row.
    fs::write(&file, text.join("\n").replacen(",10.0,", ",hot,", 1)).unwrap();
    let (_, error) = desk.refused(import(&desk, &sample("flights/flights-late.onnx"), Some(&file)));
    assert!(error["message"].as_str().unwrap().contains("row 1 has \"hot\""), "{error}");
}

#[test]
fn answers_that_cannot_be_written_are_not_asked_for() {
    let desk = Desk::new();
    flights(&desk);
    desk.json(["deploy", "flights-late", "--replay", "--window", "3600", "--step", "day"]);
    let quiet = sample("flights/quiet.parquet");
    let call = [
        "predict".as_ref(),
        "flights-late".as_ref(),
        quiet.as_os_str(),
        "--out".as_ref(),
        "/no/such/folder.csv".as_ref(),
    ];
    assert_eq!(desk.refused(call).1["code"], "unwritable");
    assert_eq!(desk.json(["live", "flights-late"])["rows"], 0);
}

#[test]
fn wrong_calls_are_exit_code_2_with_a_document() {
    let desk = Desk::new();
    for call in [
        &["show", "nothing"][..],
        &["deploy", "nothing"],
        &["live", "nothing"],
        &["runner", "start", "elsewhere"],
        &["import", "no-such-file.onnx"],
        &["frobnicate"],
        &["deploy"],
    ] {
        let Answer { code, .. } = desk.run(call);
        assert_eq!(code, Some(2), "{call:?}");
        assert_eq!(desk.refused(call).0, 2, "{call:?}");
    }
}
