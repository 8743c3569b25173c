//! Failures that were really provoked, and the cause that is told.

use crate::python::{ask, interpreter, script};
use flightdeck_notebook::analysis::{diagnose, misplaced};
use std::path::Path;

/// A line that fails in the environment, the finding's code, and words that its sentence or hint must hold.
type Case = (&'static str, &'static str, &'static str);

const BOTH: &[Case] = &[
    (
        "import matplotlib.pyplot as plt; plt.style.use('seaborn-whitegrid')",
        "removed-name",
        "“seaborn-whitegrid” was removed in matplotlib 3.8",
    ),
    ("import matplotlib.pyplot as plt; plt.style.use('seaborn')", "removed-name", "seaborn-v0_8"),
    ("import numpy as np; np.int", "removed-name", "numpy 1.24"),
    ("import numpy as np; np.object", "removed-name", "Write object,"),
    ("import numpy as np; np.array([1.0, [1, 2]])", "changed-behaviour", "dtype=object"),
    ("import pandas as pd; pd.DataFrame().append({})", "removed-name", "pandas < 2.0"),
    ("import pandas as pd; pd.Series([1]).append(pd.Series([1]))", "removed-name", "pd.concat"),
    ("import pandas as pd; pd.DataFrame({'a': [1]}).iteritems()", "removed-name", ".items()"),
    ("import pandas as pd; pd.Series([1]).mad()", "removed-name", "pandas 2.0"),
    ("import pandas as pd; pd.DataFrame().ix", "removed-name", ".loc"),
    ("import pandas as pd; pd.Int64Index([1])", "removed-name", "pd.Index"),
    ("import pandas as pd; pd.datetime", "removed-name", "pandas 2.0"),
    (
        "import pandas as pd, io; pd.read_csv(io.StringIO('a'), error_bad_lines=False)",
        "removed-name",
        "on_bad_lines",
    ),
    (
        "import pandas as pd, io; pd.read_csv(io.StringIO('a'), squeeze=True)",
        "removed-name",
        "“squeeze” of read_csv",
    ),
    (
        "import pandas as pd; pd.DataFrame({'a': [1]}).to_csv(line_terminator='x')",
        "removed-name",
        "lineterminator=",
    ),
    (
        "import pandas as pd; pd.DataFrame({'a': ['x'], 'b': [1]}).corr()",
        "changed-behaviour",
        "numeric_only=True",
    ),
    ("from pandas.tools.plotting import scatter_matrix", "removed-name", "pandas.plotting"),
    ("from sklearn.datasets import load_boston", "removed-name", "scikit-learn 1.2"),
    ("from sklearn.utils.metaestimators import if_delegate_has_method", "removed-name", "available_if"),
    ("from sklearn.metrics import plot_confusion_matrix", "removed-name", "ConfusionMatrixDisplay"),
    (
        "from sklearn.feature_extraction.text import CountVectorizer as C; C().fit(['abc']).get_feature_names()",
        "removed-name",
        "_out()",
    ),
    (
        "from sklearn.linear_model import LinearRegression; LinearRegression(normalize=True)",
        "removed-name",
        "StandardScaler",
    ),
    (
        "from sklearn.ensemble import GradientBoostingClassifier as G; G(loss='deviance').fit([[0], [1]], [0, 1])",
        "removed-name",
        "'log_loss'",
    ),
    (
        "from sklearn.ensemble import RandomForestRegressor as R; R(criterion='mse').fit([[0], [1]], [0, 1])",
        "removed-name",
        "'squared_error'",
    ),
    (
        "from sklearn.ensemble import RandomForestClassifier as R; R(max_features='auto').fit([[0], [1]], [0, 1])",
        "removed-name",
        "'sqrt'",
    ),
    ("from sklearn.cluster import KMeans; KMeans(n_jobs=2)", "removed-name", "scikit-learn 1.0"),
    ("from sklearn.externals import joblib", "removed-name", "import joblib"),
    ("from sklearn.cross_validation import train_test_split", "removed-name", "sklearn.model_selection"),
    ("from sklearn.ensemble.forest import RandomForestClassifier", "removed-name", "scikit-learn 0.24"),
    ("from sklearn.preprocessing import Imputer", "removed-name", "SimpleImputer"),
    ("from sklearn.svm import SVC; SVC(1.0, 'rbf')", "changed-behaviour", "SVC takes its settings by name"),
    (
        "from sklearn.linear_model import LogisticRegression as L; L().fit([[0], [float('nan')]], [0, 1])",
        "changed-behaviour",
        "missing values",
    ),
    (
        "import xgboost, numpy as np; xgboost.XGBClassifier().fit(np.array([[0], [1]]), ['a', 'b'])",
        "changed-behaviour",
        "LabelEncoder",
    ),
    (
        "import lightgbm as l, numpy as np; l.LGBMClassifier().fit(np.array([[0], [1]] * 30), [0, 1] * 30, early_stopping_rounds=3)",
        "removed-name",
        "lightgbm 4.0",
    ),
    (
        "import lightgbm as l, numpy as np; l.train({}, l.Dataset(np.array([[0.0]]), [0]), verbose_eval=5)",
        "removed-name",
        "log_evaluation",
    ),
    ("from scipy.misc import imread", "removed-name", "imageio"),
    ("from scipy import interp", "removed-name", "np.interp"),
    ("from collections import Mapping", "removed-name", "collections.abc"),
    ("import time; time.clock()", "removed-name", "perf_counter"),
    ("import tensorflow", "missing-package", "pip install tensorflow"),
    ("import cv2", "missing-package", "pip install opencv-python"),
    ("import pandas as pd; pd.read_parquet('x.parquet')", "missing-package", "pyarrow"),
    ("open('nope/x.csv')", "missing-file", "“nope/x.csv”"),
    ("import pandas as pd; pd.read_csv('nope.csv')", "missing-file", "“nope.csv”"),
    ("import pandas as pd; pd.read_csv('http://name.invalid/x.csv')", "network-off", "Allow it once"),
    ("import socket; socket.create_connection(('name.invalid', 80))", "network-off", "Allow it once"),
    ("import urllib.request as u; u.urlopen('http://127.0.0.1:9/x')", "network-off", "Allow it once"),
    ("import numpy as np; np.zeros(10**15)", "out-of-memory", "memory"),
    ("df_train.head()", "not-run-top-to-bottom", "“df_train”"),
    ("xrange(3)", "python-2", "Python 2"),
    ("print 'x'", "python-2", "Python 2"),
    ("import numpy; numpy.nosuchname", "version-mismatch", "has no “nosuchname”"),
];

const NEW: &[Case] = &[
    ("from IPython.core.display import display", "removed-name", "IPython.display"),
    (
        "import numpy as np; np.float_",
        "removed-name",
        "“np.float_” was removed in numpy 2.0; 2.4.6 is installed here",
    ),
    ("import numpy as np; np.NaN", "removed-name", "np.nan"),
    ("import numpy as np; np.product([1])", "removed-name", "np.prod"),
    ("import numpy as np; np.trapz([1])", "removed-name", "trapezoid"),
    ("import numpy as np; np.array([1]).ptp()", "removed-name", "np.ptp"),
    (
        "import pandas as pd; pd.DataFrame({'a': [1]}).applymap(str)",
        "removed-name",
        "pandas 3.0; 3.1.1 is installed",
    ),
    ("import pandas as pd; pd.Series([1.0]).fillna(method='ffill')", "removed-name", ".ffill()"),
    ("import pandas as pd; pd.date_range('2020', '2021', freq='M')", "removed-name", "'ME'"),
    ("import pandas as pd; pd.date_range('2020', '2021', freq='H')", "removed-name", "'h'"),
    ("import pandas as pd; pd.DataFrame({'a': [1]}).groupby('a', axis=1)", "removed-name", "pandas 3.0"),
    (
        "import pandas as pd; d = pd.DataFrame({'a': [1]}); d.loc[0, 'a'] = 'x'",
        "changed-behaviour",
        "pandas < 3",
    ),
    ("import pandas as pd; pd.Series([1], index=['a'])[0]", "changed-behaviour", ".iloc"),
    ("import pandas as pd; pd.DataFrame({'a': ['x']}).mean()", "changed-behaviour", "numeric_only"),
    ("from pandas.io.json import json_normalize", "removed-name", "pd.json_normalize"),
    (
        "from sklearn.preprocessing import OneHotEncoder; OneHotEncoder(sparse=False)",
        "removed-name",
        "sparse_output=",
    ),
    (
        "from sklearn.linear_model import LogisticRegression as L; L(multi_class='ovr')",
        "removed-name",
        "OneVsRest",
    ),
    (
        "from sklearn.metrics import mean_squared_error as m; m([1], [1], squared=False)",
        "removed-name",
        "root_mean",
    ),
    (
        "from sklearn.linear_model import LogisticRegression as L; L(penalty='none').fit([[0], [1]], [0, 1])",
        "removed-name",
        "None",
    ),
    (
        "from sklearn.ensemble import AdaBoostClassifier as A; A(base_estimator=None)",
        "removed-name",
        "estimator=",
    ),
    ("from sklearn.manifold import TSNE; TSNE(n_iter=300)", "removed-name", "max_iter="),
    (
        "from sklearn.cluster import AgglomerativeClustering as A; A(affinity='euclidean')",
        "removed-name",
        "metric=",
    ),
    (
        "import xgboost as x, numpy as np; x.XGBClassifier().fit(np.array([[0], [1]]), [0, 1], early_stopping_rounds=3)",
        "removed-name",
        "in the constructor",
    ),
    (
        "import xgboost as x, numpy as np; x.XGBClassifier().fit(np.array([[0], [1]]), [0, 1], eval_metric='auc')",
        "removed-name",
        "eval_metric= in",
    ),
    ("import matplotlib.cm as cm; cm.get_cmap('viridis')", "removed-name", "matplotlib.colormaps"),
];

fn check(environment: &str, cases: &[Case]) {
    let mut packages = ask(&interpreter(environment), &[], Path::new("/")).packages();
    packages.push(("python".into(), "3.11.7".into()));
    let lines: Vec<&str> = cases.iter().map(|case| case.0).collect();
    let answers: Vec<Option<(String, String)>> =
        serde_json::from_str(&script(environment, "provoke.py", &[], &lines.join("\n"))).unwrap();
    assert_eq!(answers.len(), cases.len());
    let mut wrong = Vec::new();
    for ((line, code, words), answer) in cases.iter().zip(answers) {
        let Some((error, value)) = answer else {
            wrong.push(format!("{line}\n  did not fail"));
            continue;
        };
        match diagnose(&error, &value, &packages) {
            Some(found)
                if found.code == *code && format!("{}\n{}", found.message, found.hint).contains(words) => {}
            other => {
                wrong.push(format!("{line}\n  {error}: {value}\n  {other:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{environment}:\n{}", wrong.join("\n"));
}

#[test]
fn what_fails_in_a_new_environment_is_told_with_its_cause() {
    check("new", &[BOTH, NEW].concat());
}

#[test]
fn what_fails_in_an_old_environment_is_told_with_its_cause() {
    check("old", BOTH);
}

#[test]
fn a_release_that_still_has_the_name_is_not_blamed() {
    let old = [("numpy".to_owned(), "1.20.0".to_owned())];
    let found = diagnose("AttributeError", "module 'numpy' has no attribute 'int'", &old);
    assert!(found.is_none_or(|found| found.code == "version-mismatch"));
    assert_eq!(diagnose("ValueError", "x must be positive", &[]), None);
    assert_eq!(diagnose("KeyError", "'price'", &[]), None);
}

#[test]
fn a_name_that_is_made_further_down_names_the_cell() {
    let analysis = ask(&interpreter("new"), &["print(df)", "x = 1", "df = x"], Path::new("/")).analysis;
    let found = misplaced(&analysis, 0, "name 'df' is not defined").unwrap();
    assert!(
        found.message.contains("“df” is used here and only made further down, in cell 3"),
        "{}",
        found.message
    );
    assert_eq!(misplaced(&analysis, 0, "name 'other' is not defined"), None);
}

#[test]
fn input_is_refused_and_a_full_memory_of_a_library_is_recognised() {
    let code = |error: &str, value: &str| diagnose(error, value, &[]).map(|found| found.code);
    let asked = "raw_input was called, but this frontend does not support input requests.";
    assert_eq!(code("StdinNotImplementedError", asked).as_deref(), Some("asks-for-input"));
    assert_eq!(
        code("numpy._core._exceptions._ArrayMemoryError", "Unable to allocate").as_deref(),
        Some("out-of-memory")
    );
    assert_eq!(code("XGBoostError", "std::bad_alloc").as_deref(), Some("out-of-memory"));
    assert_eq!(code("HTTPError", "HTTP Error 404: Not Found").as_deref(), Some("address-refused"));
}
