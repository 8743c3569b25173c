//! What releases took away: the whole table. One line is one name, where it stood, and what replaces it.

/// How the loss shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An attribute of a module or of an object.
    Attribute,
    /// A name that a module no longer has; its owner is the module.
    Import,
    /// A whole module.
    Module,
    /// An argument of a function; its owner is the function, or empty for any.
    Keyword,
    /// A value of an argument; its owner is the argument.
    Value,
}

/// One loss.
pub(super) struct Removal {
    pub(super) kind: Kind,
    /// Module, class, function or argument, by the end of its name; empty for any.
    pub(super) owner: &'static str,
    pub(super) name: &'static str,
    pub(super) package: &'static str,
    /// The first release without it.
    pub(super) since: &'static str,
    /// What to write instead.
    pub(super) instead: &'static str,
}

const fn row(
    kind: Kind,
    (owner, name): (&'static str, &'static str),
    (package, since): (&'static str, &'static str),
    instead: &'static str,
) -> Removal {
    Removal { kind, owner, name, package, since, instead }
}

use Kind::{Attribute as A, Import as I, Keyword as K, Module as M, Value as V};

const PD1: (&str, &str) = ("pandas", "1.0");
const PD2: (&str, &str) = ("pandas", "2.0");
const PD3: (&str, &str) = ("pandas", "3.0");
const NP24: (&str, &str) = ("numpy", "1.24");
const NP2: (&str, &str) = ("numpy", "2.0");
const SK12: (&str, &str) = ("scikit-learn", "1.2");
const SK14: (&str, &str) = ("scikit-learn", "1.4");
const SK16: (&str, &str) = ("scikit-learn", "1.6");
const SK18: (&str, &str) = ("scikit-learn", "1.8");
const LGB4: (&str, &str) = ("lightgbm", "4.0");
const XGB21: (&str, &str) = ("xgboost", "2.1");

pub(super) const REMOVALS: &[Removal] = &[
    // pandas
    row(A, ("DataFrame", "append"), PD2, "pd.concat([a, b])"),
    row(A, ("Series", "append"), PD2, "pd.concat([a, b])"),
    row(A, ("", "iteritems"), PD2, ".items()"),
    row(A, ("DataFrame", "mad"), PD2, "(x - x.mean()).abs().mean()"),
    row(A, ("Series", "mad"), PD2, "(x - x.mean()).abs().mean()"),
    row(A, ("DataFrame", "lookup"), PD2, ".to_numpy() with row and column numbers"),
    row(A, ("Series", "is_monotonic"), PD2, ".is_monotonic_increasing"),
    row(A, ("pandas", "Int64Index"), PD2, "pd.Index"),
    row(A, ("pandas", "Float64Index"), PD2, "pd.Index"),
    row(A, ("pandas", "np"), PD2, "import numpy as np"),
    row(A, ("pandas", "datetime"), PD2, "from datetime import datetime"),
    row(A, ("pandas", "Panel"), PD1, "a DataFrame with a MultiIndex"),
    row(A, ("pandas.util", "testing"), PD2, "pandas.testing"),
    row(A, ("DataFrame", "ix"), PD1, ".loc or .iloc"),
    row(A, ("Series", "ix"), PD1, ".loc or .iloc"),
    row(A, ("DataFrame", "as_matrix"), PD1, ".to_numpy()"),
    row(A, ("DataFrame", "applymap"), PD3, ".map(function)"),
    row(A, ("DataFrame", "swapaxes"), PD3, ".transpose()"),
    row(A, ("GroupBy", "pad"), PD2, ".ffill()"),
    row(K, ("read_csv", "squeeze"), PD2, ".squeeze('columns') after reading"),
    row(K, ("read_csv", "error_bad_lines"), PD2, "on_bad_lines='skip'"),
    row(K, ("read_csv", "warn_bad_lines"), PD2, "on_bad_lines='warn'"),
    row(K, ("read_csv", "prefix"), PD2, ".add_prefix() after reading"),
    row(K, ("read_csv", "date_parser"), PD3, "date_format=, or pd.to_datetime after reading"),
    row(K, ("read_csv", "delim_whitespace"), PD3, "sep=r'\\s+'"),
    row(K, ("to_csv", "line_terminator"), PD2, "lineterminator="),
    row(K, ("fillna", "method"), PD3, ".ffill() or .bfill()"),
    row(K, ("groupby", "axis"), PD3, ".T.groupby(…)"),
    row(K, ("concat", "join_axes"), PD1, ".reindex() after it"),
    row(I, ("pandas.io.json", "json_normalize"), PD3, "pd.json_normalize"),
    row(A, ("pandas.io.json", "json_normalize"), PD3, "pd.json_normalize"),
    row(M, ("", "pandas.tools"), PD1, "pandas.plotting"),
    row(M, ("", "pandas.util.testing"), PD2, "pandas.testing"),
    row(V, ("freq", "M"), PD3, "'ME'"),
    row(V, ("freq", "Q"), PD3, "'QE'"),
    row(V, ("freq", "Y"), PD3, "'YE'"),
    row(V, ("freq", "A"), PD3, "'YE'"),
    row(V, ("freq", "H"), PD3, "'h'"),
    row(V, ("freq", "T"), PD3, "'min'"),
    row(V, ("freq", "S"), PD3, "'s'"),
    // NumPy; what 2.0 took away says so itself and is read from its own message
    row(A, ("numpy", "int"), NP24, "int"),
    row(A, ("numpy", "float"), NP24, "float"),
    row(A, ("numpy", "bool"), NP24, "bool"),
    row(A, ("numpy", "object"), NP24, "object"),
    row(A, ("numpy", "str"), NP24, "str"),
    row(A, ("numpy", "complex"), NP24, "complex"),
    row(A, ("numpy", "long"), NP24, "int"),
    row(A, ("numpy", "asscalar"), ("numpy", "1.23"), "a.item()"),
    row(A, ("numpy", "product"), NP2, "np.prod"),
    row(A, ("numpy", "cumproduct"), NP2, "np.cumprod"),
    row(A, ("numpy", "in1d"), ("numpy", "2.4"), "np.isin"),
    row(A, ("numpy", "trapz"), ("numpy", "2.4"), "np.trapezoid"),
    row(A, ("ndarray", "ptp"), NP2, "np.ptp(a)"),
    row(A, ("ndarray", "itemset"), NP2, "a[index] = value"),
    // scikit-learn
    row(K, ("OneHotEncoder", "sparse"), SK14, "sparse_output="),
    row(A, ("", "get_feature_names"), SK12, ".get_feature_names_out()"),
    row(I, ("sklearn.datasets", "load_boston"), SK12, "another data set, such as fetch_california_housing"),
    row(I, ("sklearn.datasets", "fetch_mldata"), ("scikit-learn", "0.22"), "fetch_openml"),
    row(K, ("", "multi_class"), SK18, "OneVsRestClassifier(LogisticRegression()), or leave it out"),
    row(K, ("", "squared"), SK16, "root_mean_squared_error"),
    row(I, ("", "if_delegate_has_method"), ("scikit-learn", "1.3"), "available_if"),
    row(I, ("sklearn.metrics", "plot_confusion_matrix"), SK12, "ConfusionMatrixDisplay.from_estimator"),
    row(I, ("sklearn.metrics", "plot_roc_curve"), SK12, "RocCurveDisplay.from_estimator"),
    row(I, ("sklearn.metrics", "plot_precision_recall_curve"), SK12, "PrecisionRecallDisplay.from_estimator"),
    row(
        I,
        ("sklearn.inspection", "plot_partial_dependence"),
        SK12,
        "PartialDependenceDisplay.from_estimator",
    ),
    row(I, ("sklearn.metrics", "jaccard_similarity_score"), ("scikit-learn", "0.23"), "jaccard_score"),
    row(I, ("sklearn.metrics", "SCORERS"), ("scikit-learn", "1.3"), "get_scorer_names()"),
    row(I, ("sklearn.utils", "safe_indexing"), ("scikit-learn", "0.24"), "_safe_indexing"),
    row(
        I,
        ("sklearn.preprocessing", "Imputer"),
        ("scikit-learn", "0.22"),
        "SimpleImputer from sklearn.impute",
    ),
    row(I, ("sklearn.externals", "joblib"), ("scikit-learn", "0.23"), "import joblib"),
    row(I, ("sklearn.linear_model", "RandomizedLasso"), ("scikit-learn", "0.21"), "SelectFromModel(Lasso())"),
    row(K, ("", "normalize"), SK12, "a Pipeline with StandardScaler in front"),
    row(K, ("", "base_estimator"), SK14, "estimator="),
    row(K, ("", "affinity"), SK14, "metric="),
    row(K, ("AdaBoostClassifier", "algorithm"), SK18, "nothing: leave it out"),
    row(K, ("KMeans", "n_jobs"), ("scikit-learn", "1.0"), "nothing: leave it out"),
    row(K, ("TSNE", "n_iter"), SK18, "max_iter="),
    row(K, ("", "fit_params"), SK16, "params="),
    row(K, ("", "min_impurity_split"), ("scikit-learn", "1.0"), "min_impurity_decrease="),
    row(K, ("", "presort"), ("scikit-learn", "0.24"), "nothing: leave it out"),
    row(V, ("loss", "deviance"), ("scikit-learn", "1.3"), "'log_loss'"),
    row(V, ("loss", "ls"), SK12, "'squared_error'"),
    row(V, ("loss", "lad"), SK12, "'absolute_error'"),
    row(V, ("loss", "log"), ("scikit-learn", "1.3"), "'log_loss'"),
    row(V, ("criterion", "mse"), SK12, "'squared_error'"),
    row(V, ("criterion", "mae"), SK12, "'absolute_error'"),
    row(V, ("max_features", "auto"), ("scikit-learn", "1.3"), "'sqrt' (classifiers) or 1.0 (regressors)"),
    row(V, ("penalty", "none"), SK14, "None"),
    row(V, ("cv", "prefit"), SK18, "FrozenEstimator(model)"),
    row(M, ("", "sklearn.cross_validation"), ("scikit-learn", "0.20"), "sklearn.model_selection"),
    row(M, ("", "sklearn.grid_search"), ("scikit-learn", "0.20"), "sklearn.model_selection"),
    row(M, ("", "sklearn.learning_curve"), ("scikit-learn", "0.20"), "sklearn.model_selection"),
    row(M, ("", "sklearn.ensemble.forest"), ("scikit-learn", "0.24"), "sklearn.ensemble"),
    row(M, ("", "sklearn.linear_model.logistic"), ("scikit-learn", "0.24"), "sklearn.linear_model"),
    row(M, ("", "sklearn.neighbors.base"), ("scikit-learn", "0.24"), "sklearn.neighbors"),
    row(M, ("", "sklearn.externals.six"), ("scikit-learn", "0.23"), "import six"),
    // Boosting
    row(K, ("XGB", "early_stopping_rounds"), XGB21, "early_stopping_rounds= in the constructor"),
    row(K, ("XGB", "eval_metric"), XGB21, "eval_metric= in the constructor"),
    row(K, ("XGB", "callbacks"), XGB21, "callbacks= in the constructor"),
    row(K, ("Booster.predict", "ntree_limit"), ("xgboost", "2.0"), "iteration_range=(0, n)"),
    row(K, ("LGBM", "early_stopping_rounds"), LGB4, "callbacks=[lightgbm.early_stopping(n)]"),
    row(K, ("LGBM", "verbose"), LGB4, "verbose= in the constructor"),
    row(K, ("train", "early_stopping_rounds"), LGB4, "callbacks=[lightgbm.early_stopping(n)]"),
    row(K, ("train", "verbose_eval"), LGB4, "callbacks=[lightgbm.log_evaluation(n)]"),
    row(K, ("train", "evals_result"), LGB4, "callbacks=[lightgbm.record_evaluation(results)]"),
    // SciPy and matplotlib
    row(I, ("scipy.misc", "imresize"), ("scipy", "1.3"), "PIL.Image.resize"),
    row(I, ("scipy.misc", "imread"), ("scipy", "1.2"), "imageio.imread"),
    row(M, ("", "scipy.misc"), ("scipy", "1.14"), "the module that the function moved to"),
    row(I, ("scipy", "interp"), ("scipy", "1.10"), "np.interp"),
    row(A, ("scipy", "array"), ("scipy", "1.12"), "np.array"),
    row(A, ("scipy.integrate", "simps"), ("scipy", "1.14"), "simpson"),
    row(A, ("scipy.integrate", "trapz"), ("scipy", "1.14"), "trapezoid"),
    row(I, ("scipy.stats", "binom_test"), ("scipy", "1.12"), "binomtest"),
    row(A, ("matplotlib.cm", "get_cmap"), ("matplotlib", "3.11"), "matplotlib.colormaps[name]"),
    row(I, ("IPython.core.display", "display"), ("ipython", "9.0"), "from IPython.display import display"),
    row(I, ("IPython.core.display", "HTML"), ("ipython", "9.0"), "from IPython.display import HTML"),
    // Python's own library; its version stands among the packages as `python`
    row(A, ("collections", ""), ("python", "3.10"), "collections.abc"),
    row(I, ("collections", ""), ("python", "3.10"), "collections.abc"),
    row(A, ("time", "clock"), ("python", "3.8"), "time.perf_counter()"),
    row(A, ("inspect", "getargspec"), ("python", "3.11"), "inspect.getfullargspec"),
    row(M, ("", "distutils"), ("python", "3.12"), "packaging, or the package setuptools"),
    row(M, ("", "imp"), ("python", "3.12"), "importlib"),
    row(M, ("", "cgi"), ("python", "3.13"), "html, or urllib.parse"),
];
