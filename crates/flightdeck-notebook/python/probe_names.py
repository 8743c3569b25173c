"""Which names a cell needs and gives, so that the cells a model needs can be told.

``uses`` are the names that a cell reads before it binds them itself, ``deferred`` those that its functions read when
they are called later, ``defines`` what it binds or changes, ``kills`` what it binds anew in any case.
"""

import ast
import builtins

BUILTIN = set(dir(builtins))
# Methods that show or compute and leave their object as it was.
QUIET = {"head", "tail", "describe", "info", "plot", "hist", "boxplot", "value_counts", "show", "corr", "isnull",
         "isna", "notnull", "sum", "mean", "std", "var", "median", "min", "max", "count", "nunique", "unique", "sample",
         "groupby", "format", "join", "split", "keys", "items", "values", "copy", "predict", "predict_proba", "score",
         "summary", "decision_function", "to_string", "to_csv", "render", "display", "summary_frame", "tolist"}
# Functions that leave their arguments as they were.
PURE = {"print", "display", "len", "type", "repr", "str", "list", "dict", "sorted", "sum", "min", "max", "help", "dir",
        "isinstance", "range", "zip", "enumerate", "set", "tuple", "round", "abs", "int", "float", "any", "all"}
# Methods that change their object, wherever the call stands.
CHANGING = {"fit", "fit_transform", "fit_predict", "fit_resample", "partial_fit", "append", "extend", "update",
            "insert", "pop", "remove", "sort", "add", "setdefault", "clear", "discard", "popitem", "reverse", "compile",
            "load_state_dict", "load_weights", "load_model", "train", "eval", "set_params", "set_index", "shuffle"}


def root(node):
    """The name at the bottom of ``a.b[0].c()``, or None; ``A().b`` belongs to no name."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Call)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return None
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


class Names(ast.NodeVisitor):
    """Walks a cell in the order in which it runs."""

    def __init__(self, modules):
        self.modules = modules
        self.bound, self.defines, self.kills = set(), set(), set()
        self.uses, self.deferred, self.star = set(), set(), False
        self.certain = True

    # Names.
    def load(self, name):
        if name not in self.bound:
            self.uses.add(name)

    def bind(self, name):
        self.defines.add(name)
        if self.certain and name not in self.uses:
            self.kills.add(name)
        self.bound.add(name)

    def change(self, name):
        if name is not None and name not in self.modules and name not in BUILTIN:
            self.defines.add(name)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load):
            self.load(node.id)
        else:
            self.bind(node.id)

    def visit_Attribute(self, node):
        if not isinstance(node.ctx, ast.Load):
            self.change(root(node))
        self.generic_visit(node)

    visit_Subscript = visit_Attribute

    # Statements whose parts run in another order than they are written.
    def visit_Assign(self, node):
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_AugAssign(self, node):
        name = root(node.target)
        if name is not None:
            self.load(name)
            self.change(name)
        self.visit(node.value)
        if not isinstance(node.target, ast.Name):
            self.generic_visit(node.target)

    def visit_NamedExpr(self, node):
        self.visit(node.value)
        self.visit(node.target)

    def _branches(self, *branches):
        """Bodies that may not run: what they bind is bound inside them only."""
        before, certain = set(self.bound), self.certain
        self.certain = False
        for body in branches:
            self.bound = set(before)
            for statement in body:
                self.visit(statement)
        self.bound, self.certain = before, certain

    def visit_If(self, node):
        self.visit(node.test)
        self._branches(node.body, node.orelse)

    def visit_While(self, node):
        self.visit(node.test)
        self._branches(node.body, node.orelse)

    def visit_For(self, node):
        self.visit(node.iter)
        self._branches([node.target] + node.body, node.orelse)

    visit_AsyncFor = visit_For

    def visit_Try(self, node):
        self._branches(node.body + node.orelse, *[[handler] for handler in node.handlers])
        for statement in node.finalbody:
            self.visit(statement)

    visit_TryStar = visit_Try

    def visit_ExceptHandler(self, node):
        if node.type is not None:
            self.visit(node.type)
        # The name is gone after the handler.
        self.bound.update([node.name] if node.name else [])
        for statement in node.body:
            self.visit(statement)

    def visit_Match(self, node):
        self.visit(node.subject)
        self._branches(*[[case.pattern] + [case.guard] * bool(case.guard) + case.body for case in node.cases])

    def visit_MatchAs(self, node):
        self.generic_visit(node)
        if node.name:
            self.bind(node.name)

    visit_MatchStar = visit_MatchAs

    # Imports.
    def visit_Import(self, node):
        for alias in node.names:
            self.bind(alias.asname or alias.name.split(".")[0])

    def visit_ImportFrom(self, node):
        for alias in node.names:
            if alias.name == "*":
                self.star = True
            else:
                self.bind(alias.asname or alias.name)

    # Scopes of their own.
    def visit_FunctionDef(self, node):
        for part in node.decorator_list + outside_of(node):
            self.visit(part)
        self.bind(node.name)
        self.deferred |= free(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        for part in outside_of(node):
            self.visit(part)
        # A lambda is as often called at once as later.
        names = free(node)
        self.deferred |= names
        for name in names:
            self.load(name)

    def visit_ClassDef(self, node):
        for part in node.bases + [keyword.value for keyword in node.keywords] + node.decorator_list:
            self.visit(part)
        names = free(node)
        self.deferred |= names
        for name in names:
            self.load(name)
        self.bind(node.name)

    def _comprehension(self, node):
        self.visit(node.generators[0].iter)
        for name in free(node):
            self.load(name)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    # Changes without an assignment.
    def visit_Call(self, node):
        method = node.func.attr if isinstance(node.func, ast.Attribute) else None
        inplace = any(k.arg == "inplace" and getattr(k.value, "value", None) is True for k in node.keywords)
        if method and (method in CHANGING or inplace):
            self.change(root(node.func))
        self.generic_visit(node)

    def visit_Expr(self, node):
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call):
            self._statement(call)
        self.visit(node.value)

    def _statement(self, call):
        """A call whose answer nobody takes is made for what it changes."""
        name = root(call.func)
        if isinstance(call.func, ast.Attribute):
            quiet = call.func.attr in QUIET
            if not quiet:
                self.change(name)
        else:
            quiet = name in PURE
        if not quiet and name not in self.modules:
            for argument in call.args + [keyword.value for keyword in call.keywords]:
                self.change(root(argument))


def arguments_of(node):
    """Every argument of a function."""
    own = node.args
    return own.posonlyargs + own.args + own.kwonlyargs + [part for part in (own.vararg, own.kwarg) if part]


def outside_of(node):
    """The parts of a function that are run where it is made: defaults and annotations."""
    parts = node.args.defaults + [default for default in node.args.kw_defaults if default]
    parts += [own.annotation for own in arguments_of(node) if own.annotation]
    return parts + [part for part in [getattr(node, "returns", None)] if part]


def free(node):
    """The global names that a function, class, lambda or comprehension reads or writes."""
    found = set()
    _free(node, [set()], found)
    return found


def _free(node, scopes, found):
    own = _bound_in(node)
    scopes = scopes + [own]
    parts = list(ast.iter_child_nodes(node))
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        parts = node.body if isinstance(node.body, list) else [node.body]
    stack = list(parts)
    while stack:
        part = stack.pop()
        if isinstance(part, SCOPES):
            _free(part, scopes, found)
            outside = list(getattr(part, "decorator_list", []))
            if hasattr(part, "args"):
                outside += outside_of(part)
            stack.extend(outside)
            continue
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            if not any(part.id in scope for scope in scopes):
                found.add(part.id)
        if isinstance(part, ast.Global):
            found.update(part.names)
        stack.extend(ast.iter_child_nodes(part))


SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp,
          ast.GeneratorExp)


def _bound_in(node):
    """The names that are local to a scope."""
    names, outer = set(), set()
    if hasattr(node, "args"):
        names.update(own.arg for own in arguments_of(node))
    stack = list(ast.iter_child_nodes(node))
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            names.add(part.id)
        elif isinstance(part, (ast.Import, ast.ImportFrom)):
            names.update(a.asname or a.name.split(".")[0] for a in part.names)
        elif isinstance(part, (ast.Global, ast.Nonlocal)):
            outer.update(part.names)
        elif isinstance(part, ast.ExceptHandler) and part.name:
            names.add(part.name)
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(part.name)
        elif not isinstance(part, SCOPES):
            stack.extend(ast.iter_child_nodes(part))
    return names - outer


def names_of(tree, modules):
    """What a cell uses, defines, kills and defers; ``modules`` are the names that stand for modules."""
    walk = Names(modules)
    walk.visit(tree)
    return {
        "defines": sorted(walk.defines),
        "kills": sorted(walk.kills),
        "uses": sorted(walk.uses),
        "deferred": sorted(walk.deferred - walk.kills),
        "star": walk.star,
    }
