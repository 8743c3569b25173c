"""Columns that the notebook computes itself: a model takes them as they are, so whoever asks it has to compute them.

Read off the cells, nothing is run. What can be folded in (scalers, encoders, dummies, constants) is told by `folding`.
"""

import ast

from .findings import finding

# Calls that leave a column what it was, or that folding takes care of.
PLAIN = {"astype", "fillna", "map", "replace", "copy", "to_datetime", "to_numeric", "strip", "lower", "upper"}


def finding_of(features, cells):
    """The finding with the exact lines, or nothing."""
    wanted, lines, names = set(features or []), [], []
    for number, source in enumerate(cells):
        for name, line in made_in(source, wanted):
            names.append(name)
            lines.append("cell %d, line %d: %s" % (number, line, source.splitlines()[line - 1].strip()[:200]))
    if not names:
        return None
    names = list(dict.fromkeys(names))
    several = len(names) > 1
    return finding(
        "features-outside-model", "warning",
        "%s %s computed in the notebook, outside of the model, so clients have to send %s computed:\n%s" % (
            ", ".join(names[:20]), "are" if several else "is", "them" if several else "it", "\n".join(lines[:20])),
        "Compute %s the same way before asking the endpoint, or train on the columns they are made of" % (
            "them" if several else "it"),
    )


def made_in(source, wanted):
    """(column, line) for each wanted column that a cell computes."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            found += [(name, node.lineno) for name in map(column_of, node.targets) if name in wanted and computes(node.value)]
        elif isinstance(node, ast.AugAssign) and column_of(node.target) in wanted:
            found.append((column_of(node.target), node.lineno))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "assign":
            found += [(k.arg, k.value.lineno) for k in node.keywords if k.arg in wanted and computes(k.value)]
    return found


def column_of(target):
    """`frame["name"]` or `frame.loc[:, "name"]` as its column's name."""
    if not isinstance(target, ast.Subscript):
        return None
    place = target.slice
    if isinstance(place, ast.Tuple) and len(place.elts) == 2:
        place = place.elts[1]
    place = getattr(place, "value", place) if type(place).__name__ == "Index" else place
    return place.value if isinstance(place, ast.Constant) and isinstance(place.value, str) else None


def computes(value):
    """Whether an expression makes new values: arithmetic, comparisons, functions of the notebook or of a library."""
    for node in ast.walk(value):
        if isinstance(node, (ast.BinOp, ast.Compare, ast.Lambda, ast.IfExp)):
            return True
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name not in PLAIN and not name.startswith(("read_", "fit", "transform")):
                return True
    return False
