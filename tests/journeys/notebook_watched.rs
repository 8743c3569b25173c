//! A saved notebook: new outputs are nothing, new code is a version that runs beside the one that answers.

use flightdeck_journeys::{Desk, Events, notebook, of_cells};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const DATA: &str = "import pandas as pd\nfrom sklearn.datasets import load_iris\n\
                    from sklearn.linear_model import LogisticRegression\n\
                    X = pd.DataFrame(load_iris().data, columns=list('abcd'))\ny = load_iris().target";

fn fit(strength: &str) -> String {
    format!("model = LogisticRegression(C={strength}, max_iter=1000).fit(X, y)")
}

/// As Jupyter saves it after a run: the same cells with counts and outputs.
fn saved_with_outputs(path: &Path) {
    let mut document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for (place, cell) in document["cells"].as_array_mut().unwrap().iter_mut().enumerate() {
        cell["execution_count"] = json!(place + 7);
        cell["outputs"] = json!([{"output_type": "stream", "name": "stdout", "text": ["another output\n"]}]);
    }
    replace(path, &document);
}

/// As editors do it: a new file in the place of the old one.
fn replace(path: &Path, document: &Value) {
    let part = path.with_extension("part");
    fs::write(&part, document.to_string()).unwrap();
    fs::rename(part, path).unwrap();
}

#[test]
fn changed_code_becomes_a_shadow_that_can_be_promoted_and_taken_back() {
    let desk = Desk::new();
    let [first, other] = ["a-first.ipynb", "b-other.ipynb"].map(|name| {
        let path = notebook(&desk, name, &[DATA, &fit("1.0")]);
        let answer = desk.import(&path, "new", &[]);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        path
    });
    desk.json(["deploy", "a-first"]);
    let mut watch = Events::start(desk.command(["watch", "--json"]).env("RUST_LOG", "warn"));
    // Of two files that changed, the first has only new outputs: all that is heard is of the second.
    saved_with_outputs(&first);
    replace(&other, &of_cells(&[DATA, &fit("0.5")]));
    let heard = watch.until(|_| true);
    assert_eq!((&heard["model"], &heard["version"]), (&json!("b-other"), &json!(2)), "{heard}");
    assert_eq!(desk.json(["show", "a-first"])["version"], 1, "outputs are no code");

    replace(&first, &of_cells(&[DATA, &fit("0.1")]));
    let heard = watch.until(|_| true);
    assert_eq!((&heard["model"], &heard["version"]), (&json!("a-first"), &json!(2)), "{heard}");
    let shown = desk.json(["show", "a-first"]);
    assert!(shown["profile"]["rows_per_s"].as_f64().unwrap() > 0.0, "it is profiled: {}", shown["profile"]);
    let changed = &shown["difference"]["cells"][0];
    assert_eq!((&changed["change"], &changed["number"]), (&json!("changed"), &json!(2)), "{changed}");
    let other_shadows = desk.json(["live", "a-first"])["versions"].as_array().unwrap().len();
    assert_eq!(
        other_shadows, 2,
        "the other notebook, though its first version has the same bytes, stays away"
    );
    watch.interrupt();
    assert_eq!(watch.wait(), Some(0));
    beside_and_in_front(&desk);
}

/// The new version sees what the old one answers; promoted, it answers; rolled back, the old one does.
fn beside_and_in_front(desk: &Desk) {
    let rows = desk.home().join("rows.csv");
    let lines = (0..60).map(|row| format!("{},3.0,{},1.{}", 4 + row % 4, 1 + row % 6, row % 10));
    let text: Vec<String> = std::iter::once("a,b,c,d".to_owned()).chain(lines).collect();
    fs::write(&rows, text.join("\n")).unwrap();
    desk.json(["predict".as_ref(), "a-first".as_ref(), rows.as_os_str()]);
    desk.json(["runner", "flush"]);
    let live = desk.json(["live", "a-first"]);
    let role = |live: &Value, role: &str| -> Value {
        let versions = live["versions"].as_array().unwrap();
        versions.iter().find(|version| version["role"] == role).cloned().unwrap_or_default()
    };
    assert_eq!(role(&live, "champion")["version"], 1, "{live}");
    let shadow = role(&live, "shadow");
    assert_eq!(shadow["version"], 2, "{live}");
    assert_eq!(shadow["agreement"]["rows"], 60, "{live}");
    assert!(shadow["agreement"]["mean_abs"].as_f64().unwrap() > 0.0, "another model gives other scores");
    for (command, version) in [("promote", 2), ("rollback", 1)] {
        desk.json([command, "a-first"]);
        desk.json(["predict".as_ref(), "a-first".as_ref(), rows.as_os_str()]);
        let live = desk.json(["live", "a-first"]);
        let there = live["versions"].as_array().unwrap();
        assert_eq!(there.len(), 1, "after {command}: {live}");
        assert_eq!(
            (&there[0]["version"], &there[0]["role"]),
            (&json!(version), &json!("champion")),
            "{live}"
        );
    }
}
