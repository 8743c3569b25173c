"""Trees that were fitted with missing values keep the side that missing values go to.

The stock converter leaves it out and sends every missing value to the right; and it never ends on the infinite
threshold of a split that only parts missing values from the others.
"""

import importlib
import math
import sys


def install():
    """Wraps the functions that write a tree, wherever they were imported to."""
    module = importlib.import_module("skl2onnx.common.tree_ensemble")
    if not hasattr(module, "flightdeck"):
        module.flightdeck = True
        with_ends(module)
        with_directions(module)


def with_ends(module):
    """The search for a switching point only looks between finite numbers."""
    original = module.find_switch_point
    module.find_switch_point = lambda low, high: (
        original(low, high) if math.isfinite(low) and math.isfinite(high) else low)


def with_directions(module):
    """Adds the side of missing values."""
    original = module.add_tree_to_attribute_pairs

    def with_direction(pairs, is_classifier, tree, *arguments, **named):
        original(pairs, is_classifier, tree, *arguments, **named)
        left = getattr(tree, "missing_go_to_left", None)
        if left is None:
            return
        tracks = pairs["nodes_missing_value_tracks_true"]
        start = len(tracks) - tree.node_count
        for node in range(tree.node_count):
            tracks[start + node] = int(left[node] and tree.children_left[node] >= 0)

    for name, module in sorted(sys.modules.items()):
        if name.startswith("skl2onnx") and getattr(module, "add_tree_to_attribute_pairs", None) is original:
            module.add_tree_to_attribute_pairs = with_direction
