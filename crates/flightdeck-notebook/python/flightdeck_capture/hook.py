"""Starts a session: every patch in its place, commands blocked, files and processes listened to."""

from . import cells, estimators, imports, lineage, native, outside, redirect, saved, selection, session


def start(options):
    """A session that watches from now on."""
    facts = session.Session(options)
    listener = lineage.Lineage(facts)
    elsewhere = redirect.Redirect(facts)
    found = patches(facts, listener)
    found.setdefault("pandas", []).append(elsewhere.patch_pandas)
    imports.watch(found, facts.report)
    elsewhere.install()
    cells.block(facts, session.shell())
    listener.listen()
    return facts


def patches(facts, listener):
    """{module: [patch]} of all rooms."""
    classes = estimators.Estimators(facts)
    boosters = native.Native(facts, classes)
    choices = selection.Selection(facts)
    dumps = saved.Saved(facts)
    found = listener.patches()
    for name, patch in (
        ("pandas", outside.Outside(facts, classes).patch_pandas),
        ("sklearn.base", classes.patch_base),
        ("sklearn.model_selection", choices.patch_model_selection),
        ("sklearn.model_selection._split", choices.patch_model_selection),
        ("sklearn.model_selection._validation", choices.patch_deeper),
        ("sklearn.inspection", choices.patch_deeper),
        ("sklearn.calibration", choices.patch_deeper),
        ("sklearn.metrics", choices.patch_metrics),
        ("xgboost.core", boosters.patch_xgboost_core),
        ("xgboost.training", boosters.patch_training),
        ("lightgbm.basic", boosters.patch_lightgbm_basic),
        ("lightgbm.engine", boosters.patch_training),
        ("catboost.core", boosters.patch_catboost),
        ("joblib", dumps.patch_dump),
        ("pickle", dumps.patch_dump),
        ("cloudpickle", dumps.patch_dump),
        ("skops.io", dumps.patch_dump),
        ("skl2onnx", dumps.patch_convert),
        ("onnxmltools", dumps.patch_convert),
        ("onnx", dumps.patch_onnx),
        ("torch.onnx", dumps.patch_torch_onnx),
    ):
        found.setdefault(name, []).append(patch)
    return found
