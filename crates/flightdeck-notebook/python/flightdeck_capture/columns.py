"""Columns on disk: one `.npy` a column, and what JSON says about it.

Numbers are stored as they are; texts and categories as int32 codes with their values in JSON, -1 for a
missing one; times as milliseconds since 1970 with the smallest number for a missing one.
"""

import os

from . import prints

MISSING_TIME = -(1 << 63)


def of_table(value, names=None):
    """[(name, values)] of a frame, series, array or list."""
    if prints.is_frame(value):
        return [(str(name), value.iloc[:, position]) for position, name in enumerate(value.columns)]
    if prints.is_series(value):
        return [(str(value.name) if value.name is not None else (names or ["x0"])[0], value)]
    if prints.is_sparse(value):
        value = value.toarray()
    array = as_array(value)
    flat = array.reshape(len(array), -1) if array.ndim != 1 else array.reshape(-1, 1)
    known = list(names) if names is not None and len(names) == flat.shape[1] else None
    return [(str(known[i]) if known else "x%d" % i, flat[:, i]) for i in range(flat.shape[1])]


def as_array(value):
    """A list as an array: of numbers if they are numbers, else of objects."""
    np = prints.numpy()
    if prints.is_array(value):
        return value
    try:
        array = np.asarray(value)
    except ValueError:
        array = prints.plain(list(value))
    return array.astype(object) if array.dtype.kind in "US" else array


def describe(values):
    """(kind, dtype name, array to store, categories or None, number of missing ones)."""
    np = prints.numpy()
    dtype = values.dtype
    name = str(dtype)
    if name == "category":
        return ("category", name) + coded_category(values)
    if prints.is_series(values) and not isinstance(dtype, np.dtype):
        return extension(values, name)
    array = np.asarray(values)
    kind = array.dtype.kind
    if kind == "b":
        return "bool", name, array, None, 0
    if kind in "iu":
        return "int", name, integers(array), None, 0
    if kind == "f":
        stored = array.astype("<f4") if array.dtype.itemsize <= 4 else array.astype("<f8")
        return "float", name, stored, None, int(np.isnan(stored).sum())
    if kind in "Mm":
        return times(array, name)
    return objects(array, name)


def integers(array):
    """int32 stays, all other whole numbers become int64; what does not fit becomes a double."""
    if array.dtype.itemsize == 4 and array.dtype.kind == "i":
        return array.astype("<i4")
    if array.dtype.kind == "u" and array.dtype.itemsize == 8 and len(array) and int(array.max()) > (1 << 63) - 1:
        return array.astype("<f8")
    return array.astype("<i8")


def times(array, name):
    """Milliseconds since 1970."""
    np = prints.numpy()
    missing = np.isnat(array)
    unit = "datetime64[ms]" if array.dtype.kind == "M" else "timedelta64[ms]"
    stored = array.astype(unit).astype("<i8")
    stored[missing] = MISSING_TIME
    return "datetime", name, stored, None, int(missing.sum())


def extension(values, name):
    """pandas' own types: strings, nullable numbers, times with a zone."""
    np = prints.numpy()
    if hasattr(getattr(values, "dt", None), "tz_convert"):
        return times(values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), name)
    if getattr(values.dtype, "kind", "O") in "iufb":
        array = values.to_numpy(dtype="float64", na_value=np.nan)
        missing = int(np.isnan(array).sum())
        if missing == 0 and values.dtype.kind in "iu":
            return "int", name, values.to_numpy(dtype="int64"), None, 0
        if missing == 0 and values.dtype.kind == "b":
            return "bool", name, values.to_numpy(dtype="bool"), None, 0
        return "float", name, array, None, missing
    return objects(values.to_numpy(dtype=object), name)


def objects(array, name):
    """Texts as codes; a column of numbers or truths held as objects is what it holds."""
    np = prints.numpy()
    values = array.tolist()
    present = [v for v in values if not is_missing(v)]
    if present and all(isinstance(v, (bool, np.bool_)) for v in present) and len(present) == len(values):
        return "bool", name, np.array(values, dtype=bool), None, 0
    if present and all(isinstance(v, (int, float, np.number)) and not isinstance(v, bool) for v in present):
        stored = np.array([np.nan if is_missing(v) else float(v) for v in values], dtype="<f8")
        return "float", name, stored, None, int(np.isnan(stored).sum())
    texts = [None if is_missing(v) else as_text(v) for v in values]
    categories = sorted({t for t in texts if t is not None})
    return ("string", name) + codes(texts, categories)


def coded_category(values):
    """A pandas categorical: its codes are kept."""
    np = prints.numpy()
    holder = values.cat if hasattr(values, "cat") else values
    stored = np.asarray(holder.codes, dtype="<i4")
    return stored, [as_text(v) for v in holder.categories], int((stored < 0).sum())


def codes(texts, categories):
    """(codes, categories, missing)."""
    np = prints.numpy()
    place = {text: number for number, text in enumerate(categories)}
    stored = np.array([-1 if t is None else place[t] for t in texts], dtype="<i4").reshape(-1)
    return stored, categories, int((stored < 0).sum())


def as_text(value):
    """A value as text that JSON can hold."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.encode("utf-8", "replace").decode("utf-8")


def is_missing(value):
    """None, NaN, NaT and pandas' NA."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return type(value).__name__ == "NAType"


def place(folder, relative):
    """A path below a folder, with the folders between; the folder itself is never made again once it is gone."""
    path = folder
    for part in relative.split("/")[:-1]:
        path = os.path.join(path, part)
        try:
            os.mkdir(path)
        except FileExistsError:
            pass
    return os.path.join(path, relative.split("/")[-1])


def write(folder, relative, values, name, position):
    """Write one column and answer its description."""
    np = prints.numpy()
    kind, dtype, stored, categories, nulls = describe(values)
    path = place(folder, relative)
    with open(path, "wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(stored), version=(1, 0), allow_pickle=False)
    return {
        "name": as_text(name), "position": position, "dtype": dtype, "kind": kind,
        "file": relative, "nulls": nulls, "categories": categories,
    }
