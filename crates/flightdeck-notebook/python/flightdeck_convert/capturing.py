"""Writes rows and answers the way a capture folder has them: one npy file per column."""

import os

import numpy



def dataset(folder, place, rows, more):
    """Writes a table (data frame or 2-D array) under ``place`` and returns its entry."""
    entry = {"id": os.path.basename(place), "rows": len(rows), "total_rows": len(rows), "fingerprint": "",
             "changed": False, "ordered_in_time": False, "array": not hasattr(rows, "columns"), "columns": []}
    entry.update(more)
    for position, (name, values) in enumerate(table_columns(rows)):
        entry["columns"].append(column(folder, "%s/%d.npy" % (place, position), (name, position), values))
    return entry


def table_columns(rows):
    """Names and values of the columns."""
    if hasattr(rows, "columns"):
        return [(str(name), rows.iloc[:, place]) for place, name in enumerate(rows.columns)]
    rows = numpy.asarray(rows)
    if rows.ndim == 1:
        rows = rows.reshape(-1, 1)
    return [("x%d" % place, rows[:, place]) for place in range(rows.shape[1])]


def column(folder, path, label, values):
    """Writes one column and returns its entry."""
    dtype = getattr(values, "dtype", None)
    categories, nulls = None, 0
    if str(dtype) == "category":
        kind, categories = "category", [str(value) for value in values.cat.categories]
        data = numpy.asarray(values.cat.codes, dtype="<i4")
        nulls = int((data < 0).sum())
    else:
        kind, data, categories, nulls = plain(values)
    write(folder, path, data)
    return {"name": label[0], "position": label[1], "dtype": str(dtype), "kind": kind, "file": path, "nulls": nulls,
            "categories": categories}


def plain(values):
    """Numbers, booleans and texts as the wire has them."""
    array = numpy.asarray(values)
    if array.dtype.kind == "b":
        return "bool", array, None, 0
    if array.dtype.kind in "iu":
        return "int", array.astype("<i8"), None, 0
    if array.dtype.kind == "f":
        return "float", array.astype("<f4" if array.dtype.itemsize == 4 else "<f8"), None, int(numpy.isnan(array).sum())
    texts = [None if is_missing(value) else str(value) for value in array.tolist()]
    distinct = sorted(set(text for text in texts if text is not None))
    place = dict((text, number) for number, text in enumerate(distinct))
    codes = numpy.array([-1 if text is None else place[text] for text in texts], dtype="<i4")
    return "string", codes, distinct, int((codes < 0).sum())


def is_missing(value):
    """None, NaN and pandas' NA."""
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ == "NAType"


def write(folder, path, data):
    """One npy file, C order, little end first."""
    target = os.path.join(folder, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    numpy.save(target, numpy.ascontiguousarray(data), allow_pickle=False)


