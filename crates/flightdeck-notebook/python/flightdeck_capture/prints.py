"""Fingerprints of arrays, frames and columns by content, independent of what holds them.

A frame and the array made of it have one fingerprint, because identity is lost in conversions. 1,000
strided rows are read, never more. Numeric values are compared as doubles, all others as text.
"""

import hashlib
import sys

ROWS = 1000


def numpy():
    """NumPy as the notebook imported it, or nothing."""
    return sys.modules.get("numpy")


def pandas():
    """pandas as the notebook imported it, or nothing."""
    return sys.modules.get("pandas")


def is_frame(value):
    """Whether this is a pandas DataFrame."""
    pd = pandas()
    return pd is not None and hasattr(pd, "DataFrame") and isinstance(value, pd.DataFrame)


def is_series(value):
    """Whether this is a pandas Series or Index."""
    pd = pandas()
    return pd is not None and hasattr(pd, "Series") and isinstance(value, (pd.Series, pd.Index))


def is_sparse(value):
    """Whether this is a SciPy sparse matrix."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and sparse.issparse(value)


def is_array(value):
    """Whether this is a NumPy array."""
    np = numpy()
    return np is not None and isinstance(value, np.ndarray)


def shape(value):
    """(rows, columns) with 1 for one-dimensional data; None when it has no rows."""
    found = getattr(value, "shape", None)
    if found is None:
        return (len(value), 1) if isinstance(value, (list, tuple)) else None
    if len(found) == 0:
        return None
    columns = 1
    for part in found[1:]:
        columns *= part
    return (int(found[0]), int(columns))


def strided(rows):
    """Which rows are read: at most 1,000, the first and the last among them."""
    np = numpy()
    if rows <= ROWS:
        return np.arange(rows)
    return np.unique(np.linspace(0, rows - 1, ROWS).astype("int64"))


def take(value, index):
    """These rows of anything with rows."""
    if is_frame(value) or (is_series(value) and hasattr(value, "iloc")):
        return value.iloc[index]
    if isinstance(value, (list, tuple)):
        return [value[i] for i in index]
    if is_sparse(value):
        return value.tocsr()[index]
    return value[index]


def joined(parts):
    """Tables of one kind below each other, or nothing when they cannot be."""
    if any(part is None for part in parts):
        return None
    if all(is_frame(part) or is_series(part) for part in parts):
        return pandas().concat(parts)
    if any(is_sparse(part) for part in parts):
        return sys.modules["scipy.sparse"].vstack(parts).tocsr()
    return numpy().concatenate([numpy().asarray(part) for part in parts])


def column_bytes(values):
    """The bytes of one column's values: doubles when they are numbers, text otherwise."""
    np = numpy()
    array = values
    if is_series(values):
        array = values.to_numpy()
    array = np.asarray(array)
    if array.dtype.kind in "Mm":
        return array.astype("int64").tobytes()
    if array.dtype.kind in "biuf":
        return numbers(array)
    try:
        return numbers(np.asarray(values, dtype="float64"))
    except (TypeError, ValueError):
        pass
    return "\x00".join("\x01" if v is None or v != v else str(v) for v in array.tolist()).encode("utf-8", "replace")


def numbers(array):
    """Doubles with one NaN and one zero."""
    np = numpy()
    out = np.array(array, dtype="float64").reshape(-1)
    out[np.isnan(out)] = np.nan
    return (out + 0.0).tobytes()


def columns(value):
    """The columns of rows already chosen, one by one."""
    if is_frame(value):
        for position in range(value.shape[1]):
            yield value.iloc[:, position]
    elif is_series(value) or isinstance(value, (list, tuple)):
        yield plain(value)
    elif is_sparse(value):
        dense = value.toarray()
        for position in range(dense.shape[1]):
            yield dense[:, position]
    else:
        flat = value.reshape(len(value), -1)
        for position in range(flat.shape[1]):
            yield flat[:, position]


def column(value, position):
    """One column with all of its rows."""
    if is_frame(value):
        return value.iloc[:, position]
    if is_series(value) or isinstance(value, (list, tuple)):
        return plain(value)
    if is_sparse(value):
        return value.tocsc()[:, [position]].toarray().reshape(-1)
    return value.reshape(len(value), -1)[:, position]


def plain(value):
    """A list of texts or numbers as a column."""
    if isinstance(value, (list, tuple)):
        np = numpy()
        out = np.empty(len(value), dtype=object)
        out[:] = list(value)
        return out
    return value


def digest(parts):
    """A short hexadecimal digest over byte strings."""
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.hexdigest()[:32]


def by_column(value, limit=4096):
    """A fingerprint per column, or nothing when there are too many of them."""
    size = shape(value)
    if size is None or size[1] > limit or numpy() is None:
        return None
    head = str(size[0]).encode()
    chosen = take(value, strided(size[0]))
    return [digest([head, column_bytes(column)]) for column in columns(chosen)]


def whole(value):
    """The fingerprint of all of it, or nothing for what has no rows."""
    size = shape(value)
    if size is None or numpy() is None:
        return None
    if is_sparse(value):
        return wide(value, size)
    if size[1] <= 4096:
        return digest([b"%d,%d" % size] + [text.encode() for text in by_column(value)])
    chosen = take(value, strided(size[0]))
    return digest([b"%d,%d" % size, column_bytes(numpy().asarray(chosen).reshape(-1))])


def wide(value, size):
    """The fingerprint of a sparse matrix, without making it dense."""
    chosen = take(value, strided(size[0])).tocsr()
    chosen.sort_indices()
    parts = [numbers(chosen.data), chosen.indices.astype("int64").tobytes(), chosen.indptr.astype("int64").tobytes()]
    return digest([b"%d,%d" % size] + parts)


def size_bytes(value):
    """What keeping it can cost, about."""
    if is_frame(value) or is_series(value):
        used = value.memory_usage(index=False) if hasattr(value, "memory_usage") else 0
        return int(used.sum() if hasattr(used, "sum") else used)
    if is_sparse(value):
        data = value.tocsr()
        return int(data.data.nbytes + data.indices.nbytes)
    if isinstance(value, (list, tuple)):
        return 100 * len(value)
    return int(getattr(value, "nbytes", 0))
