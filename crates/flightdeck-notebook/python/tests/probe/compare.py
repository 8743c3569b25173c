"""Compares the probe's reading of IPython syntax with IPython's own, for the cells in a JSON list on standard input."""

import ast
import json
import sys

from IPython.core.inputtransformer2 import TransformerManager

sys.path.insert(0, sys.argv[1])
from probe_syntax import parse  # noqa: E402


def bound(tree):
    """The names that a tree binds and the plain functions it calls."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return sorted(names | (calls - {"get_ipython"}))


def main():
    """Writes the cells that are read otherwise."""
    wrong = []
    for cell in json.load(sys.stdin):
        theirs = bound(ast.parse(TransformerManager().transform_cell(cell)))
        tree, magics = parse(cell)
        ours = bound(tree)
        if ours != theirs:
            wrong.append([cell, theirs, ours, magics])
    json.dump(wrong, sys.stdout)


main()
