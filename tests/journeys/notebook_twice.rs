//! The same notebook twice is the same package, and nothing of where and by whom it was made is in it.

use flightdeck_journeys::{Desk, environments, notebook, python};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Texts, numbers and a random state: what a package could pick up differences from.
const CELLS: [&str; 3] = [
    "import pandas as pd\nfrom sklearn.datasets import load_iris\nX = pd.DataFrame(load_iris().data, columns=list('abcd'))\n\
     X['site'] = ['north', 'south', 'west'] * 50\ny = load_iris().target",
    "from sklearn.compose import make_column_transformer\nfrom sklearn.ensemble import RandomForestClassifier\n\
     from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import OneHotEncoder",
    "pipe = make_pipeline(make_column_transformer((OneHotEncoder(), ['site']), remainder='passthrough'),\n\
     RandomForestClassifier(10, random_state=0)).fit(X, y)",
];
/// A name that stands nowhere by chance.
const USER: &str = "quillfeather";

/// A user's own environment: the packages of the new one, seen through a path file.
fn own_environment(desk: &Desk) -> PathBuf {
    let own = desk.home().join(".venv");
    let made = Command::new(python("new")).args(["-m", "venv", "--without-pip"]).arg(&own).status().unwrap();
    assert!(made.success());
    let packages = |root: &Path| {
        let lib = fs::read_dir(root.join("lib")).unwrap().next().unwrap().unwrap().path();
        lib.join("site-packages")
    };
    let shared = packages(&environments().join("new"));
    fs::write(packages(&own).join("shared.pth"), shared.display().to_string()).unwrap();
    own
}

/// Every file below a folder with its size and time; what Python compiles for itself left out on request.
fn files(root: &Path, compiled: bool) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let data = entry.metadata().unwrap();
            if data.is_dir() {
                if compiled || entry.file_name() != "__pycache__" {
                    folders.push(entry.path());
                }
            } else {
                found.insert(entry.path(), (data.len(), data.modified().unwrap()));
            }
        }
    }
    found
}

fn import(desk: &Desk, notebook: &Path) -> Value {
    let mut command = desk.command(["import".as_ref(), notebook.as_os_str(), "--json".as_ref()]);
    command.env("USER", USER).env("LOGNAME", USER);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert!(output.status.success(), "{last}");
    last
}

#[test]
fn the_same_notebook_elsewhere_is_the_same_package_and_the_environment_is_as_it_was() {
    let (one, other) = (Desk::new(), Desk::new());
    let own = own_environment(&one);
    own_environment(&other);
    let (before, shared_before) = (files(&own, true), files(&environments().join("new"), false));
    let first = import(&one, &notebook(&one, "iris.ipynb", &CELLS));
    assert!(first["origin"]["environment"].to_string().contains(".venv"), "the one beside it is chosen");
    assert_eq!(files(&own, true), before, "the environment has no file more, less or changed");
    assert_eq!(files(&environments().join("new"), false), shared_before);

    fs::create_dir(other.home().join("elsewhere")).unwrap();
    let second = import(&other, &notebook(&other, "elsewhere/iris.ipynb", &CELLS));
    assert_eq!(second["digest"], first["digest"]);
    let again = import(&one, &one.home().join("iris.ipynb"));
    assert_eq!((&again["already"], &again["version"]), (&json!(true), &json!(1)));
    nothing_of_the_place(&one, &first);
}

/// No file of the package names the folder, the interpreter or the person.
fn nothing_of_the_place(desk: &Desk, version: &Value) {
    let shown = desk.json(["show", version["model"].as_str().unwrap()]);
    let package = PathBuf::from(shown["path"].as_str().unwrap());
    let all = files(&package, true);
    assert!(all.len() >= 5, "{:?}", all.keys());
    let home = desk.home().display().to_string();
    let environments = environments().display().to_string();
    for file in all.keys() {
        let bytes = fs::read(file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for told in [home.as_str(), environments.as_str(), USER, "/home/", "/tmp/"] {
            assert!(!text.contains(told), "{} has {told}", file.display());
        }
    }
}
