//! The window's rights: what the configuration and the capability say, and that nobody widened them.

#![expect(clippy::unwrap_used, reason = "a test that cannot read what it checks fails")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[macro_use]
#[path = "../../src/table.rs"]
mod table;

macro_rules! names {
    ($($name:ident),* $(,)?) => {
        [$(stringify!($name)),*]
    };
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src ipc: http://ipc.localhost; object-src 'none'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn config() -> Value {
    read(&root().join("tauri.conf.json"))
}

fn capability() -> Value {
    read(&root().join("capabilities/main.json"))
}

fn permissions(capability: &Value) -> Vec<&str> {
    capability["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|permission| permission.as_str().unwrap())
        .collect()
}

#[test]
fn t5_the_content_policy_is_the_strict_one() {
    let security = &config()["app"]["security"];
    assert_eq!(security["csp"], POLICY);
    let development = security["devCsp"].as_str().unwrap();
    assert!(development.starts_with("default-src 'none'; script-src 'self';"), "{development}");
    assert!(!development.contains("unsafe-eval"), "{development}");
}

#[test]
fn t5_nothing_dangerous_is_switched_on() {
    let config = config();
    let (app, security) = (&config["app"], &config["app"]["security"]);
    assert_eq!(app["withGlobalTauri"], false);
    assert_eq!(security["freezePrototype"], true);
    assert_eq!(security["dangerousDisableAssetCspModification"], false);
    assert_eq!(security["assetProtocol"]["enable"], false);
    assert_eq!(security["assetProtocol"]["scope"], serde_json::json!([]));
    assert_eq!(config["build"]["removeUnusedCommands"], true);
    assert_eq!(config["plugins"], Value::Null);
}

#[test]
fn t5_there_is_one_window_and_the_shell_makes_it() {
    let config = config();
    let windows = config["app"]["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 1);
    assert_eq!(windows[0]["label"], "main");
    assert_eq!(windows[0]["create"], false, "a window made from the file alone has no guard on navigation");
    assert!(windows[0].get("url").is_none());
}

#[test]
fn t5_one_capability_for_the_one_window_and_no_remote_page() {
    let files: Vec<_> =
        fs::read_dir(root().join("capabilities")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(files, ["main.json"]);
    assert_eq!(config()["app"]["security"]["capabilities"], serde_json::json!(["main"]));
    let capability = capability();
    assert_eq!(capability["windows"], serde_json::json!(["main"]));
    for absent in ["remote", "webviews", "platforms"] {
        assert!(capability.get(absent).is_none(), "{absent}");
    }
}

#[test]
fn t5_each_permission_is_a_single_command() {
    let capability = capability();
    for permission in permissions(&capability) {
        assert!(!permission.contains('*'), "{permission}");
        assert!(!permission.ends_with("default"), "{permission}");
    }
}

#[test]
fn the_capability_grants_the_commands_of_the_table_and_listening() {
    let listening = ["core:event:allow-listen".to_owned(), "core:event:allow-unlisten".to_owned()];
    let own = with_commands!(names).map(|name| format!("allow-{}", name.replace('_', "-")));
    let expected: BTreeSet<String> = listening.into_iter().chain(own).collect();
    let capability = capability();
    let granted: BTreeSet<String> = permissions(&capability).into_iter().map(str::to_owned).collect();
    assert_eq!(granted, expected);
}

/// The page calls what the table has, and the table has nothing that the page does not call.
#[test]
fn the_page_calls_exactly_the_commands_of_the_table() {
    let page = fs::read_to_string(root().join("../ui/src/lib/ipc/commands.ts")).unwrap();
    let called: BTreeSet<&str> = page
        .split("call<")
        .skip(1)
        .filter_map(|rest| rest.split_once("(\"").and_then(|(_, rest)| rest.split_once('"')))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(called, BTreeSet::from(with_commands!(names)));
}

#[test]
fn only_one_folder_of_the_page_speaks_to_the_shell() {
    let ipc = root().join("../ui/src/lib/ipc");
    for file in sources(&root().join("../ui/src")) {
        let inside = file.starts_with(&ipc);
        let text = fs::read_to_string(&file).unwrap();
        assert!(inside || !text.contains("@tauri-apps"), "{}", file.display());
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| is_source(path))
        .collect()
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["ts", "svelte", "css"].iter().any(|known| extension == *known))
}
