"""What the cells of a live kernel said about a fit: read from their text, never run again."""

import ast


class Told:
    """The last fit of a name: texts of its data and target."""

    def __init__(self, train, target):
        self.train = train
        self.target = target


def trees(cells):
    """The cells that are Python."""
    found = []
    for source in cells:
        try:
            found.append(ast.parse(plain(source)))
        except (SyntaxError, ValueError):
            continue
    return found


def plain(source):
    """A cell without its magics and commands."""
    lines = source.split("\n")
    return "\n".join("pass" if line.lstrip().startswith(("%", "!")) and line == line.lstrip() else line for line in lines)


def fits(parsed):
    """{name: Told} from `NAME.fit(A, B)`, `NAME = C(…).fit(A, B)` and `NAME = train(params, D)`."""
    matrices, found = {}, {}
    for tree in parsed:
        for node in in_order(tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                assigned(node.targets[0].id, node.value, matrices, found)
            elif isinstance(node, ast.Call):
                called(node, matrices, found)
    return found


def in_order(tree):
    """Every node in the order of the text."""
    return sorted(ast.walk(tree), key=lambda node: (getattr(node, "lineno", 0), getattr(node, "col_offset", 0)))


def assigned(name, value, matrices, found):
    """A name was given the result of a fit, of a matrix or of a training."""
    if not isinstance(value, ast.Call):
        return
    function = last_name(value.func)
    if function in ("DMatrix", "QuantileDMatrix", "Dataset", "Pool"):
        matrices[name] = told(value, 0, ("data",), ("label",))
    elif function == "train":
        matrix = argument(value, 1, ("dtrain", "train_set"))
        if isinstance(matrix, ast.Name) and matrix.id in matrices:
            tell(found, name, matrices[matrix.id])
        elif isinstance(matrix, ast.Call):
            tell(found, name, told(matrix, 0, ("data",), ("label",)))
    elif function in ("fit", "partial_fit") and isinstance(value.func, ast.Attribute):
        tell(found, name, told(value, 0, ("X",), ("y",)))


def called(node, matrices, found):
    """`NAME.fit(A, B)`; the name may be an element, `models['a']`."""
    if not isinstance(node.func, ast.Attribute) or not node.func.attr.startswith(("fit", "partial_fit")):
        return
    owner = node.func.value
    if isinstance(owner, (ast.Name, ast.Subscript, ast.Attribute)):
        entry = told(node, 0, ("X",), ("y",))
        if entry is not None and entry.train in matrices:
            entry = matrices[entry.train]
        tell(found, text(owner), entry)


def tell(found, name, entry):
    """The last word counts, and stands last."""
    found.pop(name, None)
    found[name] = entry


def told(call, position, names, targets):
    """The data and target of a call as text."""
    train, target = argument(call, position, names), argument(call, position + 1, targets)
    if train is None:
        return None
    return Told(text(train), text(target) if target is not None else None)


def argument(call, position, names):
    """An argument by position or name."""
    if len(call.args) > position:
        return call.args[position]
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    return None


def splits(parsed):
    """[(parts' names, inputs' texts)] of every `a, b, … = train_test_split(…)`."""
    found = []
    for tree in parsed:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            target = node.targets[0]
            if last_name(node.value.func) == "train_test_split" and isinstance(target, (ast.Tuple, ast.List)):
                found.append(([text(part) for part in target.elts], [text(a) for a in node.value.args]))
    return found


def last_name(function):
    """The name of what is called."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def text(node):
    """An expression as text; Python 3.8 has no `unparse`, so names and elements only."""
    if hasattr(ast, "unparse"):
        return ast.unparse(node)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript):
        return "%s[...]" % text(node.value)
    return "..."


def value_of(expression, namespace):
    """The value of a name, an element or columns of one; nothing for all that would run code."""
    try:
        tree = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError, TypeError):
        return None
    try:
        return read(tree, namespace)
    except Exception:
        return None


def read(node, namespace):
    """Reads a harmless expression."""
    if isinstance(node, ast.Name):
        return namespace.get(node.id)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, (ast.List, ast.Tuple)):
        return [read(part, namespace) for part in node.elts]
    if isinstance(node, ast.Subscript):
        index = node.slice.value if type(node.slice).__name__ == "Index" else node.slice
        owner = read(node.value, namespace)
        return None if owner is None else owner[read(index, namespace)]
    if isinstance(node, ast.Attribute) and node.attr in ("values", "T"):
        return getattr(read(node.value, namespace), node.attr)
    return None
