"""Which rows are compared (real ones that reach the edges), and golden rows that are nobody's.

Chosen by a seed from the content, so that a second run chooses the same.
"""

from . import columns, prints

PARITY = 2000
GOLDEN = 64


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


def shuffled(x, fingerprint):
    """(rows, names of text columns left empty): each column shuffled by itself over the training rows."""
    random = generator(fingerprint)
    count = prints.shape(x)[0]
    size = min(GOLDEN, count)
    if prints.is_frame(x):
        return shuffled_frame(x, random, count, size)
    if prints.is_sparse(x):
        x = x.tocsr()[: min(count, 2000)].toarray()
        count = len(x)
        size = min(GOLDEN, count)
    if prints.is_series(x) or isinstance(x, list):
        return shuffled_series(x, random, count, size)
    flat = x.reshape(count, -1)
    parts = [flat[random.permutation(count)[:size], i] for i in range(flat.shape[1])]
    out = prints.numpy().stack(parts, axis=1).astype(x.dtype).reshape((size,) + x.shape[1:])
    return out, []


def shuffled_frame(x, random, count, size):
    """A frame with the same types."""
    pd = prints.pandas()
    parts, texts = [], []
    for position in range(x.shape[1]):
        column = x.iloc[:, position]
        picked = column.iloc[random.permutation(count)[:size]].reset_index(drop=True)
        if is_free_text(column):
            texts.append(str(column.name))
            picked = picked.where(picked.isna(), "")
        parts.append(picked)
    out = pd.concat(parts, axis=1)
    out.columns = x.columns
    return out, texts


def shuffled_series(x, random, count, size):
    """One column of values; texts are left empty."""
    picked = prints.take(x, random.permutation(count)[:size])
    if isinstance(x, list):
        text = isinstance(x[0], str)
        return ([""] * size if text else picked), (["text"] if text else [])
    picked = picked.reset_index(drop=True)
    if is_free_text(x):
        return picked.where(picked.isna(), ""), [str(x.name)]
    return picked, []


def is_free_text(column):
    """Texts that can say who someone is: long, or nearly all different."""
    if str(column.dtype) == "category" or getattr(column.dtype, "kind", "O") in "biufmM":
        return False
    present = [v for v in column.iloc[prints.strided(len(column))].tolist() if isinstance(v, str)]
    if not present:
        return False
    mean = sum(len(v) for v in present) / len(present)
    return mean > 40 or (len(set(present)) > 50 and len(set(present)) > len(present) / 2)
