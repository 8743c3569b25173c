"""Trees that were fitted with missing values keep the side that missing values go to.

The stock converter leaves it out and sends every missing value to the right.
"""

import importlib
import sys


def install():
    """Wraps the function that writes a tree, wherever it was imported to."""
    original = importlib.import_module("skl2onnx.common.tree_ensemble").add_tree_to_attribute_pairs

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
