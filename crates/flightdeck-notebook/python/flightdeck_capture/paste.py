"""Code for a notebook: the pipeline that does what the cells outside of the model do."""


def code(name, model, pipeline, steps):
    """Imports, one expression and a fit, ready to paste."""
    modules = {}
    if pipeline is not None:
        body = expression(pipeline, modules, 1)
    else:
        parts = steps + ([model] if hasattr(model, "get_params") else [])
        note(modules, "sklearn.pipeline", "make_pipeline")
        body = "make_pipeline(%s)" % ", ".join(expression(part, modules, 1) for part in parts)
    imports = ["from %s import %s" % (module, ", ".join(sorted(names))) for module, names in sorted(modules.items())]
    target = name if name.isidentifier() else "model"
    return "%s\n\n%s = %s\n%s.fit(X_raw, y)  # X_raw: the columns as they are read" % ("\n".join(imports), target, body, target)


def note(modules, module, name):
    """Remember an import; private parts of the path are left out."""
    public = ".".join(part for part in module.split(".") if not part.startswith("_"))
    modules.setdefault(public, set()).add(name)


def expression(thing, modules, depth):
    """An unfitted estimator as code."""
    pad = "    " * depth
    kind = type(thing).__name__
    if isinstance(thing, str):
        return repr(thing)
    if kind == "Pipeline":
        note(modules, "sklearn.pipeline", "make_pipeline")
        inner = (",\n" + pad).join(expression(step, modules, depth + 1) for _, step in thing.steps)
        return "make_pipeline(\n%s%s,\n%s)" % (pad, inner, "    " * (depth - 1))
    if kind == "ColumnTransformer":
        note(modules, "sklearn.compose", "ColumnTransformer")
        rows = [
            "(%r, %s, %r)" % (name, expression(step, modules, depth + 1), plain(columns))
            for name, step, columns in thing.transformers
        ]
        return "ColumnTransformer([\n%s%s,\n%s])" % (pad, (",\n" + pad).join(rows), "    " * (depth - 1))
    note(modules, type(thing).__module__, kind)
    return " ".join(repr(thing).split())


def plain(columns):
    """Column names or numbers as a list."""
    if isinstance(columns, str):
        return columns
    return [c.item() if hasattr(c, "item") else c for c in columns]
