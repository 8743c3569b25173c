"""Which rows are compared: real ones that reach the edges.

Chosen by a seed from the content, so that a second run chooses the same.
"""

from . import columns, prints

PARITY = 2000


def generator(fingerprint):
    """Random numbers that depend on the content only."""
    return prints.numpy().random.Generator(prints.numpy().random.PCG64(int((fingerprint or "0")[:16], 16)))


def parity(x, labels, fingerprint):
    """Row numbers: each column's extremes, missing ones and categories, five a class; the rest at random."""
    np = prints.numpy()
    count = prints.shape(x)[0]
    if count <= PARITY:
        return np.arange(count)
    chosen = {}
    table = columns.of_table(x) if prints.shape(x)[1] <= 500 else []
    for _, values in table:
        add(chosen, edges(values))
    if labels is not None and len(labels) == count:
        add(chosen, per_value(labels, 5))
    order = generator(fingerprint).permutation(count).tolist()
    add(chosen, order[: PARITY * 2])
    return np.array(sorted(list(chosen)[:PARITY]))


def add(chosen, numbers):
    """Add row numbers, in order, once each."""
    for number in numbers:
        chosen[int(number)] = True


def edges(values):
    """Rows of one column: smallest, largest, twenty missing, one of each of fifty categories."""
    np = prints.numpy()
    kind, _, stored, categories, nulls = columns.describe(values)
    if categories is not None:
        found = np.flatnonzero(stored < 0)[:20].tolist()
        return found + per_value(stored, 1, 50)
    numbers = stored.astype("float64")
    missing = np.flatnonzero(np.isnan(numbers)) if kind == "float" else []
    out = list(missing[:20])
    if len(missing) < len(numbers):
        out += [int(np.nanargmin(numbers)), int(np.nanargmax(numbers))]
    return out


def per_value(values, each, limit=200):
    """The first rows of each value."""
    np = prints.numpy()
    array = np.asarray(values)
    if array.dtype.kind == "O":
        array = np.array([str(v) for v in array.tolist()])
    kinds, first = np.unique(array, return_index=True)
    if each == 1:
        return sorted(first.tolist())[:limit]
    if len(kinds) > limit:
        return []
    out = []
    for kind in kinds.tolist():
        out.extend(np.flatnonzero(array == kind)[:each].tolist())
    return out
