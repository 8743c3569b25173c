//! A runner elsewhere: paired, deployed to, asked, watched, lost and met again.

use flightdeck_journeys::{Desk, Remote, sample};
use serde_json::Value;
use std::process::Command;

fn ready(desk: &Desk) {
    let (model, training) = (sample("flights/flights-late.onnx"), sample("flights/training.csv"));
    desk.json(["import".as_ref(), model.as_os_str(), "--baseline".as_ref(), training.as_os_str()]);
}

fn add(desk: &Desk, remote: &Remote, code: &str) -> Value {
    desk.json(["runner", "add", "edge", &remote.url, "--code", code])
}

fn edge(desk: &Desk) -> Value {
    let list = desk.json(["runner", "list"]);
    let found = list["runners"].as_array().unwrap().iter().find(|runner| runner["name"] == "edge");
    found.cloned().unwrap_or_else(|| panic!("{list}"))
}

/// Runs a snippet as somebody pastes it, with a token in the environment.
fn paste(program: &str, snippet: &str, token: &str) -> String {
    let output =
        Command::new(program).arg("-c").arg(snippet).env("FLIGHTDECK_TOKEN", token).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_runner_elsewhere_is_paired_deployed_to_and_watched() {
    let desk = Desk::with_keychain();
    let remote = Remote::start();
    ready(&desk);
    let listed = add(&desk, &remote, remote.code.as_deref().unwrap());
    assert_eq!(listed["runners"][0]["name"], "this-computer");
    let paired = edge(&desk);
    assert_eq!((&paired["kind"], &paired["state"]), (&"remote".into(), &"ready".into()), "{paired}");
    assert_eq!(paired["url"], remote.url);
    assert!(paired["fingerprint"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!((&paired["found"], &paired["problem"]), (&Value::Null, &Value::Null));

    let deployed = desk.json(["deploy", "flights-late", "--to", "edge", "--replay", "--step", "day"]);
    assert_eq!(deployed["address"], "edge/flights-late");
    assert_eq!(deployed["url"], format!("{}/v2/models/flights-late", remote.url));
    assert_eq!(deployed["token_needed"], true);

    // Others need a token of their own, and the snippets are what they paste.
    let made = desk.json([
        "runner",
        "token",
        "edge",
        "--role",
        "caller",
        "--endpoint",
        "flights-late",
        "--name",
        "shop",
    ]);
    let token = made["token"].as_str().unwrap().to_owned();
    for (program, snippet) in [("sh", "curl"), ("python3", "python")] {
        let snippet = deployed[snippet].as_str().unwrap();
        assert!(!snippet.contains(&token), "{snippet}");
        let answered = paste(program, snippet, &token);
        assert!(answered.contains("label"), "{program}: {answered}");
        let refused = paste(program, snippet, &"0".repeat(64));
        assert!(!refused.contains("label"), "{program}: {refused}");
    }

    let rows = sample("flights").join("traffic.parquet");
    desk.json([
        "predict".as_ref(),
        "edge/flights-late".as_ref(),
        rows.as_os_str(),
        "--event-time".as_ref(),
        "time".as_ref(),
    ]);
    desk.json(["runner", "flush", "edge"]);
    let live = desk.json(["live", "flights-late"]);
    assert_eq!((&live["runner"], &live["reachable"]), (&"edge".into(), &true.into()), "{live}");
    assert!(live["rows"].as_u64().unwrap() > 1000, "{live}");
    let drift = desk.json(["drift", "edge/flights-late"]);
    assert!(drift["alerts"].as_array().unwrap().iter().any(|alert| alert["feature"] == "temp"), "{drift}");

    let tokens = desk.json(["runner", "tokens", "edge"]);
    let shop =
        tokens["tokens"].as_array().unwrap().iter().find(|token| token["name"] == "shop").unwrap().clone();
    assert_eq!((&shop["role"], &shop["endpoint"]), (&"caller".into(), &"flights-late".into()));
    assert!(!tokens.to_string().contains(&token));
    desk.json(["runner", "revoke", "edge", shop["id"].as_str().unwrap()]);
    let refused = paste("sh", deployed["curl"].as_str().unwrap(), &token);
    assert!(!refused.contains("label"), "{refused}");

    k3_no_token_is_anywhere_but_in_the_keychain(&desk, &token);
    desk.json(["undeploy", "edge/flights-late"]);
    desk.json(["runner", "remove", "edge"]);
    assert_eq!(desk.keychain().secrets(), Vec::<String>::new());
    let (code, error) = desk.refused(["deploy", "flights-late", "--to", "edge"]);
    assert_eq!((code, &error["code"]), (2, &"no-runner".into()));
}

/// The token of this desk, and the one it printed once: in no file of the library, and in nobody's arguments or environment.
fn k3_no_token_is_anywhere_but_in_the_keychain(desk: &Desk, printed: &str) {
    let kept = desk.keychain().secrets();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].len(), 64);
    for canary in [kept[0].as_str(), printed] {
        let found = Command::new("grep").args(["-rlaF", canary]).arg(desk.home()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&found.stdout), "");
        let own = std::process::id().to_string();
        for process in std::fs::read_dir("/proc").unwrap().flatten() {
            if process.file_name().to_string_lossy() == own {
                continue;
            }
            for part in ["cmdline", "environ"] {
                let bytes = std::fs::read(process.path().join(part)).unwrap_or_default();
                let holds = bytes.windows(64).any(|window| window == canary.as_bytes());
                assert!(!holds, "{}/{part}", process.path().display());
            }
        }
    }
}

#[test]
fn k5_another_certificate_is_refused_with_both_keys_until_it_is_paired_again() {
    let desk = Desk::with_keychain();
    let mut remote = Remote::start();
    ready(&desk);
    add(&desk, &remote, remote.code.as_deref().unwrap());
    let before = edge(&desk)["fingerprint"].clone();
    desk.json(["deploy", "flights-late", "--to", "edge"]);

    remote.restart(true);
    let other = edge(&desk);
    assert_eq!(other["state"], "other_certificate", "{other}");
    assert_eq!(other["fingerprint"], before);
    let found = other["found"].as_str().unwrap().to_owned();
    assert_ne!(other["found"], before);
    let (code, error) = desk.refused(["deploy", "flights-late", "--to", "edge"]);
    let message = error["message"].as_str().unwrap();
    assert_eq!((code, &error["code"]), (1, &"other-certificate".into()));
    assert!(message.contains(before.as_str().unwrap()) && message.contains(&found), "{message}");

    desk.json(["runner", "pair", "edge", "--code", remote.code.as_deref().unwrap()]);
    let again = edge(&desk);
    assert_eq!((&again["state"], &again["fingerprint"]), (&"ready".into(), &found.into()));
    assert_eq!(again["endpoints"], 0, "what it no longer has is no longer shown");
    assert_eq!(desk.keychain().secrets().len(), 1, "the token of before is forgotten");
    desk.json(["deploy", "flights-late", "--to", "edge"]);

    // Away: it says so, and holds up nobody.
    remote.stop();
    assert_eq!(edge(&desk)["state"], "away");
    desk.json(["deploy", "flights-late", "--endpoint", "own"]);
    assert_eq!(desk.json(["live", "own"])["reachable"], true);
    let (_, error) = desk.refused([
        "predict".as_ref(),
        "edge/flights-late".as_ref(),
        sample("flights").join("quiet.parquet").as_os_str(),
    ]);
    assert_eq!(error["code"], "runner-away");
    remote.restart(false);
    assert_eq!(edge(&desk)["state"], "ready");
}

#[test]
fn k1_without_a_keychain_the_code_is_not_spent() {
    let (without, with) = (Desk::new(), Desk::with_keychain());
    let remote = Remote::start();
    let code = remote.code.clone().unwrap();
    let mut command = without.command(["runner", "add", "edge", &remote.url, "--code", &code, "--json"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    let said = String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned();
    assert!(said.contains("no-keychain"), "{said}");
    add(&with, &remote, &code);
    assert_eq!(edge(&with)["state"], "ready");
}

#[test]
fn k6_a_code_is_used_once_and_a_wrong_one_is_refused() {
    let desk = Desk::with_keychain();
    let remote = Remote::start();
    let address = remote.url.as_str();
    let (_, error) = desk.refused(["runner", "add", "edge", address, "--code", "00000-00000-00000-00000"]);
    assert_ne!(error["code"], "internal", "{error}");
    let (code, error) = desk.refused(["runner", "add", "edge", address, "--code", "short"]);
    assert_eq!((code, &error["code"]), (2, &"bad-code".into()));
    let plain = address.replace("https", "http");
    let (code, error) =
        desk.refused(["runner", "add", "edge", &plain, "--code", remote.code.as_deref().unwrap()]);
    assert_eq!((code, &error["code"]), (2, &"needs-tls".into()));
    add(&desk, &remote, remote.code.as_deref().unwrap());
    let (_, error) =
        desk.refused(["runner", "add", "edge-2", address, "--code", remote.code.as_deref().unwrap()]);
    assert_ne!(error["code"], "runner-exists", "the code itself is worth nothing any more: {error}");
    let (_, error) = desk.refused(["runner", "add", "edge-2", address, "--code", &remote.pair()]);
    assert_eq!(error["code"], "runner-exists");
    assert_eq!(desk.keychain().secrets().len(), 1);
}

#[test]
fn a_canary_takes_its_share_and_is_promoted_or_ended() {
    let desk = Desk::new();
    ready(&desk);
    desk.json(["deploy", "flights-late"]);
    let other = sample("flights/flights-late.onnx");
    desk.json([
        "import".as_ref(),
        other.as_os_str(),
        "--name".as_ref(),
        "flights-late".as_ref(),
        "--baseline".as_ref(),
        sample("flights/quiet.parquet").as_os_str(),
    ]);
    let call = ["deploy", "flights-late", "--canary", "20", "--max-rows", "64", "--never-batch"];
    let deployed = desk.json(call);
    assert_eq!((&deployed["role"], &deployed["share"]), (&"canary".into(), &20.into()), "{deployed}");
    let live = desk.json(["live", "flights-late"]);
    let shares: Vec<(&Value, f64)> = live["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| (&version["role"], version["share"].as_f64().unwrap()))
        .collect();
    assert!(
        shares.contains(&(&"champion".into(), 80.0)) && shares.contains(&(&"canary".into(), 20.0)),
        "{live}"
    );
    assert_eq!((&live["serving"]["max_rows"], &live["serving"]["never_batch"]), (&64.into(), &true.into()));
    let ended = desk.json(["rollback", "flights-late"]);
    assert_eq!((&ended["version"], &ended["share"]), (&1.into(), &100.into()));
    desk.json(["deploy", "flights-late", "--canary", "50"]);
    let promoted = desk.json(["promote", "flights-late"]);
    assert_eq!((&promoted["version"], &promoted["share"]), (&2.into(), &100.into()));
    let live = desk.json(["live", "flights-late"]);
    assert_eq!(live["serving"]["max_rows"], 64, "settings belong to the endpoint");
    assert_eq!(desk.json(["rollback", "flights-late"])["version"], 1);
    let (code, error) = desk.refused(["promote", "flights-late"]);
    assert_eq!((code, &error["code"]), (2, &"no-challenger".into()));
}
