"""Watching the pandas calls that prepare features outside of any model: dummies, filled gaps, mapped values.

Only what can be said as a fitted step is remembered: constants and dictionaries, never functions.
"""

from . import kept, prints


class Outside:
    """Patches for pandas."""

    def __init__(self, session, estimators):
        self.session = session
        self.estimators = estimators

    def patch_pandas(self, module):
        """`get_dummies`, `fillna`, `map` and `replace`."""
        if not hasattr(module.get_dummies, "_original"):
            module.get_dummies = self.session.watch(module.get_dummies, self.before_call, self.after_dummies)
        for cls in (module.DataFrame, module.Series):
            self.wrap(cls, "fillna", self.after_fillna)
        self.wrap(module.Series, "map", self.after_map)
        self.wrap(module.Series, "replace", self.after_map)

    def wrap(self, cls, name, after):
        """Wrap a method, where the class has it or inherits it."""
        found = getattr(cls, name)
        if not hasattr(found, "_original"):
            setattr(cls, name, self.session.watch(found, self.before_call, after))

    def before_call(self, args, kwargs):
        """Keep the input; a real copy when it will be changed in place."""
        if not self.session.running or not args or not self.session.called_by_notebook() or len(args[0]) == 0:
            return None
        value = args[0].copy() if kwargs.get("inplace") else args[0]
        data = kept.Data(value)
        data.whole()
        return data

    def add(self, before, result, args, kwargs, facts):
        """Remember the call as a step."""
        if before is None:
            return
        output = args[0] if kwargs.get("inplace") else result
        if prints.shape(output) is not None:
            self.estimators.step(None, before, output, **facts)

    def after_dummies(self, before, args, kwargs, result):
        """`get_dummies(data, columns=…, drop_first=…)`."""
        if kwargs.get("dummy_na") or len(args) > 3 or kwargs.get("sparse"):
            return
        encoded = dummy_columns(args[0], kwargs.get("columns"))
        self.add(before, result, args, kwargs, {"kind": "dummies", "encoded": encoded, "drop": bool(kwargs.get("drop_first"))})

    def after_fillna(self, before, args, kwargs, result):
        """`fillna(constant)`; a dictionary or a Series gives a constant per column."""
        value = args[1] if len(args) > 1 else kwargs.get("value")
        if kwargs.get("method") or kwargs.get("limit") or value is None:
            return
        if before is not None and before.shape[1] > 500:
            return
        value = dict(value) if hasattr(value, "items") else value
        if isinstance(value, dict) and not prints.is_frame(args[0]):
            return
        self.add(before, result, args, kwargs, {"kind": "fillna", "value": value})

    def after_map(self, before, args, kwargs, result):
        """`map(dictionary)` and `replace(dictionary)` on one column."""
        mapping = args[1] if len(args) > 1 else kwargs.get("arg", kwargs.get("to_replace", kwargs.get("func")))
        if isinstance(mapping, dict) and 0 < len(mapping) <= 1000:
            self.add(before, result, args, kwargs, {"kind": "map", "mapping": dict(mapping)})


def dummy_columns(data, columns):
    """Positions of the columns that get_dummies encodes."""
    if not prints.is_frame(data):
        return [0]
    if columns is not None:
        return [list(data.columns).index(name) for name in columns]
    return [
        position for position, dtype in enumerate(data.dtypes)
        if str(dtype) in ("object", "category", "str") or str(dtype).startswith("string")
    ]
