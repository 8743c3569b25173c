"""Writing the capture folder: columns, pickles, references, and `capture.json` last of all.

A full disk is one clear exception, and no `capture.json` is left then.
"""

import errno
import json
import os

from . import columns, kept, prints

SAMPLE_ROWS = 2000000
WIDEST = 4000
PICKLE_BYTES = 4 << 30
FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


class DiskFull(Exception):
    """There is no room for the capture."""


class Stopped(BaseException):
    """The folder is gone or says that nobody waits any more; no part of the capture may go on, so it is no Exception."""


class Bounded:
    """A file that refuses to grow beyond a size."""

    def __init__(self, file, limit):
        self.file = file
        self.left = limit

    def write(self, data):
        """Write, or say that it is too much."""
        size = memoryview(data).nbytes
        self.left -= size
        if self.left < 0:
            raise ValueError("the pickled model is larger than %d bytes" % PICKLE_BYTES)
        return self.file.write(data)


class Writer:
    """One capture folder."""

    def __init__(self, folder, data_bytes, watched=False):
        self.folder = folder
        self.watched = watched
        self.data_bytes = data_bytes
        self.datasets = []
        self.known = {}
        if not watched:
            os.makedirs(folder, exist_ok=True)
        self.go_on()
        for old in ("capture.json", "capture.json.part"):
            if os.path.exists(os.path.join(folder, old)):
                os.remove(os.path.join(folder, old))

    def go_on(self):
        """Stops a capture that somebody else may have given up meanwhile."""
        if self.watched and is_given_up(self.folder):
            raise Stopped()

    def column(self, path, values, name, position):
        """Write one column."""
        self.go_on()
        return columns.write(self.folder, path, values, name, position)

    def dataset(self, data, role, names=None):
        """(id, findings) of kept data written as columns; the same data and role is written once."""
        if not isinstance(data, kept.Data) or data.value is None or not data.shape or data.shape[1] > WIDEST:
            return None, False
        key = (role, data.whole(), kept.identity(data.value))
        if key in self.known:
            return self.known[key]
        value, sampled = self.bounded(data)
        number = "d%d" % len(self.datasets)
        entry = {
            "id": number, "role": role, "rows": prints.shape(value)[0], "total_rows": data.shape[0],
            "fingerprint": data.whole() or "", "changed": bool(data.changed()),
            "ordered_in_time": ordered_in_time(data.value), "array": not is_named(value),
            "columns": self.columns("data/" + number, value, names),
        }
        self.datasets.append(entry)
        self.known[key] = (number, sampled)
        return self.known[key]

    def bounded(self, data):
        """All rows up to the limit; above it a sample chosen by the content, and never more bytes than the limit."""
        value, rows = data.value, data.shape[0]
        cost = max(data.bytes, 1)
        if cost <= self.data_bytes:
            return value, False
        count = min(SAMPLE_ROWS, max(1000, rows * self.data_bytes // cost))
        if count >= rows:
            return value, False
        from .rows import generator

        chosen = generator(data.whole()).permutation(rows)[:count]
        chosen.sort()
        return prints.take(value, chosen), True

    def columns(self, place, value, names=None):
        """Write every column under a folder."""
        table = columns.of_table(value, names)
        return [
            self.column("%s/%d.npy" % (place, position), values, name, position)
            for position, (name, values) in enumerate(table)
        ]

    def rows(self, number, role, value, names, fingerprint):
        """A data set of parity or golden rows."""
        self.datasets.append({
            "id": number, "role": role, "rows": prints.shape(value)[0], "total_rows": prints.shape(value)[0],
            "fingerprint": fingerprint, "changed": False, "ordered_in_time": False, "array": not is_named(value),
            "columns": self.columns("%s/%s" % (role, number), value, names),
        })

    def reference(self, role, number, answers, classes):
        """The live model's answers as columns."""
        place = "%s/%s" % (role, number)
        out = {"label": None, "scores": None, "values": None}
        if answers["label"] is not None:
            out["label"] = self.column(place + "/label.npy", answers["label"], "label", 0)
        for part, single in (("scores", "score"), ("values", "value")):
            if answers[part] is None:
                continue
            out[part] = []
            for position, values in enumerate(answers[part]):
                named = classes and part == "scores" and len(classes) == len(answers[part])
                name = str(classes[position]) if named else "%s%d" % (single, position)
                path = "%s/%s_%d.npy" % (place, single, position)
                out[part].append(self.column(path, values, name, position))
        return out

    def pickle(self, number, model, pickler):
        """`model/<id>.pkl`; a model that cannot be pickled raises."""
        self.go_on()
        relative = "model/%s.pkl" % number
        path = columns.place(self.folder, relative)
        try:
            with open(path, "wb") as file:
                pickler.dump(model, Bounded(file, PICKLE_BYTES))
        except BaseException:
            os.remove(path)
            raise
        return relative

    def finish(self, document):
        """`capture.json`, complete or not at all."""
        self.go_on()
        path = os.path.join(self.folder, "capture.json")
        part = path + ".part"
        with open(part, "w", encoding="utf-8", errors="replace") as file:
            json.dump(clean(document), file, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)


def is_given_up(folder):
    """Whether a capture's folder was removed, or has a file that says to stop."""
    return not os.path.isdir(folder) or os.path.exists(os.path.join(folder, "cancelled"))


def clean(value):
    """JSON has no NaN and no infinity: they become null."""
    if isinstance(value, float):
        return value if value == value and value not in (float("inf"), float("-inf")) else None
    if isinstance(value, dict):
        return {str(key): clean(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(inner) for inner in value]
    if isinstance(value, (str, int, type(None))):
        return value
    return value.item() if hasattr(value, "item") else str(value)


def is_full(error):
    """Whether this error says that there is no room on the disk."""
    return isinstance(error, OSError) and error.errno in FULL


def is_named(value):
    """Whether the columns have names."""
    return prints.is_frame(value) or (prints.is_series(value) and value.name is not None)


def ordered_in_time(value):
    """Whether the rows stand in time order: by their index, or by a column of times."""
    pd = prints.pandas()
    if not (prints.is_frame(value) or prints.is_series(value)) or pd is None:
        return False
    if isinstance(getattr(value, "index", None), pd.DatetimeIndex):
        return bool(value.index.is_monotonic_increasing)
    if prints.is_frame(value):
        for _, column in value.items():
            if getattr(column.dtype, "kind", "O") == "M":
                return bool(column.is_monotonic_increasing)
    return False
