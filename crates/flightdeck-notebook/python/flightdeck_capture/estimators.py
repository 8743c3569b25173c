"""Watching scikit-learn estimators, XGBoost's and LightGBM's among them, and classes of the notebook.

There is no `BaseEstimator.fit`: each class's own methods are wrapped when the class is made, through
`__init_subclass__`, and those of existing classes at once. Not here: the native training functions.
"""

import copy
import types

from . import kept, prints
from .session import Fit, Prediction, Score, path_of
from .watched import is_watched

FITS = ("fit", "fit_transform", "fit_predict", "partial_fit")
ANSWERS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "fit_predict")
OTHERS = ("transform", "score", "score_samples", "save_model")
MIXINS = ("TransformerMixin", "ClassifierMixin", "RegressorMixin", "ClusterMixin", "OutlierMixin", "DensityMixin")


class Estimators:
    """Wraps classes, and remembers what their methods were called with."""

    def __init__(self, session):
        self.session = session

    def patch_base(self, module):
        """Patch `sklearn.base` right after its import."""
        self.hook_creation(module.BaseEstimator)
        set_output = getattr(module, "_SetOutputMixin", None)
        if set_output is not None:
            self.hook_creation(set_output)
        for name in MIXINS:
            mixin = getattr(module, name, None)
            if mixin is not None:
                self.wrap(mixin)
        for known in all_subclasses(module.BaseEstimator):
            self.wrap(known)

    def hook_creation(self, base):
        """Wrap each class below `base` when it is made; what else happens then still does."""
        wrap = self.wrap
        own = base.__dict__.get("__init_subclass__")

        def __init_subclass__(cls, **kwargs):
            if own is None:
                super(base, cls).__init_subclass__(**kwargs)
            else:
                own.__func__(cls, **kwargs)
            wrap(cls)

        base.__init_subclass__ = classmethod(__init_subclass__)

    def wrap(self, cls):
        """Wrap the methods of a class and of its mixins, which need not be estimators themselves."""
        for base in cls.__mro__:
            if base.__module__ not in ("builtins", "abc", "typing"):
                self.wrap_own(base)

    def wrap_own(self, cls):
        """Wrap the methods that a class defines itself."""
        for name in FITS + ANSWERS + OTHERS:
            found = cls.__dict__.get(name)
            if found is None or is_watched(found) or getattr(found, "__isabstractmethod__", False):
                continue
            before, after = self.observers(name)
            if isinstance(found, types.FunctionType):
                setattr(cls, name, self.session.watch(found, before, after))
            elif type(found).__name__ in ("_AvailableIfDescriptor", "_IffHasAttrDescriptor"):
                inner = getattr(found, "fn", None)
                if inner is not None and not is_watched(inner):
                    found.fn = self.session.watch(inner, before, after)

    def observers(self, name):
        """What is asked before and after a call of the method."""
        if name in FITS:
            return self.before_fit, getattr(self, "after_" + name)
        if name == "transform":
            return self.before_transform, self.after_transform
        if name == "score":
            return None, self.after_score
        if name == "save_model":
            return None, self.after_save
        return None, self.after_answer

    def before_fit(self, args, kwargs):
        """Keep the data as they are before the fit."""
        x = argument(args, kwargs, 1, ("X", "x", "data", "raw_documents", "X_train", "dtrain"))
        y = argument(args, kwargs, 2, ("y", "Y", "label", "labels", "target", "y_train"))
        weight = kwargs.get("sample_weight")
        return (kept.Data(x), x, y, weight)

    def after_fit(self, token, args, kwargs, result):
        """An outermost fit."""
        _, x, y, weight = token
        self.remember(args[0], x, y, weight)

    def after_partial_fit(self, token, args, kwargs, result):
        """A further part of the training data."""
        _, x, y, weight = token
        earlier = self.session.fit_of(args[0])
        parts = list(getattr(earlier, "parts", [])) if earlier is not None else []
        fit = self.remember(args[0], x, y, weight)
        fit.parts = (parts + [(kept.snapshot(x), kept.snapshot(y))])[-256:]
        while len(fit.parts) > 1 and sum(prints.size_bytes(part[0]) for part in fit.parts) > self.session.store.limit_bytes:
            fit.parts.pop(0)

    def after_fit_predict(self, token, args, kwargs, result):
        """A fit whose answer is a prediction on the training data."""
        self.after_fit(token, args, kwargs, result)
        self.after_answer(None, args, kwargs, result)

    def after_fit_transform(self, token, args, kwargs, result):
        """A fit whose answer is a step's output."""
        self.after_fit(token, args, kwargs, result)
        self.after_transform(token, args, kwargs, result)

    def remember(self, model, x, y, weight, features=None):
        """Add a fit to the session, with what comes out of a search as another name for it."""
        session = self.session
        keep = session.store.fit if hasattr(model, "predict") else (lambda value, _: session.store.other(value))
        data = keep(x, model) if x is not None else kept.Data(None)
        target = session.store.other(y) if y is not None else None
        weights = session.store.other(weight) if weight is not None else None
        fit = Fit(next(session.counter), session.cell, model, data, target, weights)
        fit.data_print = data.whole()
        if target is not None:
            target.whole()
        fit.describe = signature_of(model)
        fit.features = features
        session.fits.append(fit)
        del session.fits[:-400]
        best = getattr(model, "best_estimator_", None)
        if best is not None:
            session.aliases.append((kept.reference(best), fit))
            del session.aliases[:-64]
        return fit

    def loaded(self, model):
        """A model that was fitted elsewhere: no training data, but what it is judged on counts."""
        fit = loaded_fit(self.session, model)
        self.session.fits.append(fit)
        return fit

    def before_transform(self, args, kwargs):
        """Keep what goes into a step, before a step can change it in place."""
        x = argument(args, kwargs, 1, ("X", "x", "y", "raw_documents"))
        data = kept.Data(x)
        data.whole()
        return (data, x, None, None)

    def after_transform(self, token, args, kwargs, result):
        """A step outside of any model: what went in and what came out."""
        before, x, _, _ = token
        if prints.shape(result) is None or before.value is None:
            return
        self.step(args[0], before, result, x is result)

    def step(self, thing, before, result, in_place=False, **facts):
        """Add a step to the session."""
        session = self.session
        line, text = session.place()
        before.whole()
        session.store.others.append(before)
        output = session.store.other(result)
        output.whole()
        output.columns()
        session.steps.append(Step(next(session.counter), session.cell, line, text, thing, before, output, facts))
        if len(session.steps) > 64:
            session.steps.pop(0)

    def after_answer(self, token, args, kwargs, result):
        """An outermost prediction."""
        session = self.session
        x = argument(args, kwargs, 1, ("X", "x", "data", "X_test"))
        if x is None or not hasattr(args[0], "predict"):
            return
        fit = session.fit_of(args[0]) or self.loaded(args[0])
        answers = result if isinstance(result, list) else [result]
        kept_x = session.store.other(x)
        for answer in answers:
            session.predictions.append(Prediction(fit, next(session.counter), session.cell, kept_x, answer))
        del session.predictions[:-96]

    def after_score(self, token, args, kwargs, result):
        """`model.score(X, y)`."""
        session = self.session
        fit = session.fit_of(args[0]) or self.loaded(args[0])
        x = argument(args, kwargs, 1, ("X", "x"))
        y = argument(args, kwargs, 2, ("y", "Y"))
        if fit is None or x is None or not is_number(result):
            return
        data = session.store.other(x)
        target = session.store.other(y) if y is not None else None
        fit.scores.append(Score(score_name(args[0]), float(result), next(session.counter), session.cell, data, target))

    def after_save(self, token, args, kwargs, result):
        """`model.save_model(path)`: the one meant."""
        path = argument(args, kwargs, 1, ("fname", "filename", "path"))
        self.session.saved(args[0], path_of(path))


class Step:
    """A transformation outside of a model."""

    def __init__(self, order, cell, line, text, thing, before, output, facts):
        self.order = order
        self.cell = cell
        self.line = line
        self.text = text
        self.thing = thing
        self.frozen = as_it_is(thing)
        self.before = before
        self.output = output
        self.facts = facts


def loaded_fit(session, model):
    """The record of a model that was fitted elsewhere."""
    fit = Fit(0, None, model, kept.Data(None), None, None)
    fit.data_print, fit.describe, fit.evidence = None, signature_of(model), "none"
    return fit


def as_it_is(thing):
    """A shallow copy: a step that is fitted again on other columns leaves this one as it was."""
    try:
        return copy.copy(thing)
    except Exception:
        return thing


def argument(args, kwargs, position, names):
    """An argument by position (0 is self) or by one of its names."""
    if len(args) > position:
        return args[position]
    for name in names:
        if name in kwargs:
            return kwargs[name]
    return None


def is_number(value):
    """Whether a metric's value is one number."""
    return isinstance(value, (int, float)) or (getattr(value, "shape", None) == () and hasattr(value, "dtype"))


def score_name(model):
    """What `score` counts: the search's scorer, R² for regressors, accuracy for classifiers."""
    scoring = getattr(model, "scoring", None)
    if isinstance(scoring, str):
        return scoring
    last = model.steps[-1][1] if getattr(model, "steps", None) else model
    last = getattr(last, "estimator", last) if hasattr(last, "best_estimator_") else last
    if hasattr(model, "classes_") or hasattr(last, "classes_"):
        return "accuracy"
    return "r2" if getattr(last, "_estimator_type", "regressor") == "regressor" else "score"


def signature_of(model):
    """Class and parameters as text, to tell a second fit of the same kind."""
    try:
        return "%s %r" % (type(model).__name__, sorted(model.get_params(deep=False).items(), key=lambda p: p[0]))
    except Exception:
        return type(model).__name__


def all_subclasses(base):
    """Every class below `base` that exists now."""
    found = []
    for cls in type.__subclasses__(base):
        found.append(cls)
        found.extend(all_subclasses(cls))
    return found
