//! What the interpreter's own `ast` says of cells.

use crate::python::{ask, interpreter, script};
use flightdeck_core::Cancel;
use flightdeck_notebook::analysis::{CellAnalysis, needed};
use flightdeck_notebook::environment::{Probe, probe};
use std::fs;
use std::path::Path;

fn look(cells: &[&str]) -> Probe {
    let folder = tempfile::tempdir().unwrap();
    ask(&interpreter("new"), cells, folder.path())
}

fn one(cell: &str) -> CellAnalysis {
    look(&[cell]).analysis.cells.remove(0)
}

#[test]
fn both_environments_say_what_they_are() {
    for (name, expected) in [
        ("new", [("scikit-learn", "1.9.1"), ("numpy", "2.4.6"), ("pandas", "3.1.1"), ("ipykernel", "7.4.0")]),
        (
            "old",
            [("scikit-learn", "1.3.2"), ("numpy", "1.26.4"), ("pandas", "2.0.3"), ("ipykernel", "6.29.5")],
        ),
    ] {
        let probe = ask(&interpreter(name), &[], Path::new("/"));
        for (package, version) in expected {
            assert_eq!(probe.version_of(package), Some(version), "{name} {package}");
        }
        assert_eq!(probe.ipykernel.as_deref(), Some(expected[3].1));
        assert!(probe.pip && probe.prefix.ends_with(name) && probe.version >= (3, 10, 0));
    }
}

#[test]
fn missing_packages_are_known_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("helper.py"), "raise SystemExit('imported')").unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/deeper.py"), "").unwrap();
    let cells = [
        "import numpy as np, sklearn.linear_model\nimport helper, os, json",
        "import sys\nsys.path.append('src')\nimport deeper",
        "try:\n    import cupy as np\nexcept ImportError:\n    import numpy as np\nimport cv2",
        "from bs4 import BeautifulSoup\nimport nosuch.part\nfrom . import own",
    ];
    let probe = ask(&interpreter("new"), &cells, folder.path());
    let missing: Vec<_> = probe
        .missing
        .iter()
        .map(|m| (m.module.as_str(), m.distribution.as_str(), m.cell, m.optional))
        .collect();
    assert_eq!(
        missing,
        [
            ("cupy", "cupy", 2, true),
            ("cv2", "opencv-python", 2, false),
            ("bs4", "beautifulsoup4", 3, false),
            ("nosuch", "nosuch", 3, false)
        ]
    );
    assert_eq!(probe.requires, ["beautifulsoup4", "nosuch", "numpy", "opencv-python", "scikit-learn"]);
}

#[test]
fn ipython_s_own_syntax_is_read_as_ipython_reads_it() {
    let cells = [
        "%matplotlib inline\nx = 1",
        "!pip install a\nx = 1\n!ls \\\n  -l\ny = 2",
        "files = !ls *.csv\nn = len(files)",
        "out, err = %run_it now\nz = 3",
        "%%bash\nfor x in 1 2; do echo $x; done",
        "df.head?\n?print\nx = 2\nnp.sum??",
        "if True:\n    !echo \"it's\n    %cd data\n    y = 4\nz = 5",
        "text = '''\n%not a magic\n!nor a shell\n'''\n%load_ext autoreload\nk = (1\n % 3)",
        ">>> a = 1\n>>> b = a",
        "  %time\n  c = 1",
        "In [3]: d = 4",
        "s = 'a' \\\n    '!b'\n!true # \"\nt = 1",
    ];
    // What `%%time` and `%timeit` run is a text to IPython and code to the probe.
    assert_eq!(one("%%time\nmodel = f(1)").defines, ["model"]);
    assert_eq!(one("%time model = f(1)").uses, ["f"]);
    assert_eq!(one("%timeit -n 3 f(1)\ne = 1").defines, ["e"]);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/python");
    let input = serde_json::to_string(&cells).unwrap();
    assert_eq!(script("new", "compare.py", &[Path::new(folder)], &input), "[]");
}

#[test]
fn a_syntax_error_is_told_with_its_line_and_the_other_cells_are_read() {
    let deep = format!("{}1", "-".repeat(200_000));
    let probe = look(&["x = 1\n!ls\ny = = 2", "z = 3", &deep, "a\0b", "", "await thing()"]);
    let errors: Vec<_> =
        probe.analysis.cells.iter().map(|cell| cell.error.as_ref().map(|e| e.line)).collect();
    assert_eq!(errors, [Some(3), None, Some(1), Some(1), None, None]);
    assert_eq!(probe.analysis.cells[0].magics, []);
    assert!(probe.analysis.cells[4].empty);
}

#[test]
fn files_addresses_and_fits_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/there.csv"), "a\n1").unwrap();
    let cells = [
        "import os\nDIR = 'data'\ndf = pd.read_csv(os.path.join(DIR, 'there.csv'))\npd.read_csv(DIR + '/gone.csv')",
        "df.to_csv('made.csv')\npd.read_csv('made.csv')\nwith open('log.txt', 'w') as f: f.write('x')",
        "text = open('data/there.csv').read()\nnp.load('a.npy'); joblib.load(filename='m.pkl'); f'{DIR}/x'\n\
         (Path('b') / 'c.txt').read_text()\npd.read_parquet(f'{DIR}/p.parquet')",
        "pd.read_csv('https://me:secret@host.org/x.csv?token=1')\nfetch_openml('mnist_784')",
        "clf = LogisticRegression(C=2)\nclf.fit(X, y)\nbst = xgb.train(params, d)\nm = SVC().fit(X, y)",
    ];
    let cells = ask(&interpreter("old"), &cells, folder.path()).analysis.cells;
    let opens: Vec<_> =
        cells.iter().flat_map(|c| &c.opens).map(|o| (o.path.as_str(), o.line, o.exists, o.made)).collect();
    assert_eq!(
        opens,
        [
            ("data/there.csv", 3, true, false),
            ("data/gone.csv", 4, false, false),
            ("made.csv", 2, false, true),
            ("data/there.csv", 1, true, false),
            ("a.npy", 2, false, false),
            ("m.pkl", 2, false, false),
            ("b/c.txt", 3, false, false),
            ("data/p.parquet", 4, false, false),
        ]
    );
    let urls: Vec<_> = cells[3].urls.iter().map(|url| url.address.as_str()).collect();
    assert_eq!(urls, ["https://host.org/x.csv", "fetch_openml(mnist_784)"]);
    let fits: Vec<_> =
        cells[4].fits.iter().map(|fit| (fit.variable.as_str(), fit.class.as_deref())).collect();
    assert_eq!(fits, [("clf", Some("LogisticRegression")), ("bst", Some("Booster")), ("m", Some("SVC"))]);
}

#[test]
fn names_are_told_as_python_binds_them() {
    let cell = one(
        "import numpy as np\ndef f(a, b=LIMIT):\n    c = a + G\n    return [i for i in c if i > np.pi]\n\
                    total = 0\nfor i in items:\n    total += i\ndf['new'] = 1\nmodel.fit(df)\ndf.head()\nplt.show()",
    );
    assert_eq!(
        cell.uses.iter().filter(|n| n.as_str() != "print").collect::<Vec<_>>(),
        ["LIMIT", "df", "items", "model", "plt"]
    );
    assert_eq!(cell.deferred, ["G"]);
    for name in ["np", "f", "total", "i", "df", "model"] {
        assert!(cell.defines.iter().any(|own| own == name), "{name}");
    }
    for name in ["np", "f", "total"] {
        assert!(cell.kills.iter().any(|own| own == name), "{name}");
    }
    for name in ["df", "model", "i"] {
        assert!(!cell.kills.iter().any(|own| own == name), "{name}");
    }
    assert!(!one("x = np.linspace(0, 1)").effects);
    assert!(one("np.random.seed(1)").effects && one("pd.set_option('a', 1)").effects);
    assert!(one("x = eval('y')").dynamic && one("from math import *").star && !one("vars(args)").dynamic);
}

#[test]
fn a_model_gets_the_cells_it_needs_and_they_run() {
    let cells = [
        "import numpy as np\nfrom sklearn.linear_model import LogisticRegression",
        "rng = np.random.default_rng(0)\nX = rng.normal(size=(100, 2))\ny = (X[:, 0] > 0).astype(int)",
        "import nosuchplots\nnosuchplots.show(X)",
        "def clean(values):\n    return values - OFFSET",
        "OFFSET = X.mean(axis=0)",
        "table = X.round(1)\nprint(table[:3])",
        "X = clean(X)",
        "clf = LogisticRegression()",
        "clf.fit(X, y)",
        "print(clf.score(X, y))",
    ];
    let analysis = look(&cells).analysis;
    let kept = needed(&analysis, &["clf"]);
    assert_eq!(kept, [0, 1, 3, 4, 6, 7, 8]);
    let code: Vec<&str> = kept.iter().map(|at| cells[*at]).collect();
    let all = format!("{}\nassert clf.score(X, y) > 0.9", code.join("\n"));
    let status = std::process::Command::new(interpreter("new")).args(["-B", "-c", &all]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_file_beside_the_notebook_cannot_stand_in_for_a_module_of_python() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["json.py", "types.py", "ast.py", "probe.py", "probe_names.py"] {
        fs::write(folder.path().join(name), "raise SystemExit('taken in')").unwrap();
    }
    assert_eq!(ask(&interpreter("new"), &["x = 1"], folder.path()).analysis.cells[0].defines, ["x"]);
}

#[test]
fn an_interpreter_that_is_gone_or_is_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let ask = |path: &Path| probe(path, &[], folder.path(), &Cancel::default()).unwrap_err().code();
    assert_eq!(ask(&folder.path().join("bin/python")), "interpreter-gone");
    assert_eq!(ask(Path::new("/bin/true")), "interpreter-failed");
    assert_eq!(ask(Path::new("/bin/false")), "interpreter-failed");
    let stop = Cancel::default();
    stop.cancel();
    assert_eq!(probe(&interpreter("new"), &[], folder.path(), &stop).unwrap_err().code(), "cancelled");
}

#[test]
fn n5_thousands_of_cells_are_analysed_within_the_limit() {
    let cells = vec!["x = df.groupby('a').mean()\ny = x + 1"; 3_000];
    assert_eq!(look(&cells).analysis.cells.len(), 3_000);
}
