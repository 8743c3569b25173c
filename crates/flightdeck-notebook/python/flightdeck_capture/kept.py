"""Data that is kept until the end: snapshots, within a number of fits and a number of bytes.

A frame is kept as a shallow copy, so columns added later are not in it; an array by reference, with its
fingerprint, so a change can be told. Not here: writing data to files.
"""

import weakref

from . import prints

FITS = 8
OTHERS = 96


class Data:
    """A snapshot with its fingerprint at the time; `value` is None when there was no room."""

    def __init__(self, value):
        self.value = snapshot(value)
        self.shape = prints.shape(value)
        self.bytes = prints.size_bytes(value) if self.value is not None else 0
        self._whole = None
        self._columns = None
        self._places = None
        self.owner = None

    def whole(self):
        """The fingerprint of all of it, counted once."""
        if self._whole is None and self.value is not None:
            self._whole = prints.whole(self.value)
        return self._whole

    def columns(self):
        """A fingerprint per column, counted once; an empty list when there are too many."""
        if self._columns is None and self.value is not None:
            self._columns = prints.by_column(self.value)
        return self._columns or []

    def places(self):
        """{fingerprint: [positions]} of the columns."""
        if self._places is None:
            self._places = {}
            for position, print_ in enumerate(self.columns()):
                self._places.setdefault(print_, []).append(position)
        return self._places

    def changed(self):
        """Whether the values differ from those at the time of the fingerprint."""
        return self.value is not None and self._whole is not None and prints.whole(self.value) != self._whole


def snapshot(value):
    """What is kept of a value: a shallow copy of a frame, else the value itself; None for what has no rows."""
    if prints.is_frame(value) or (prints.is_series(value) and hasattr(value, "iloc")):
        return value.copy(deep=False)
    if isinstance(value, (list, tuple)):
        return list(value)
    return value if prints.shape(value) is not None else None


class Store:
    """All kept data, oldest first; what does not fit any more loses its value."""

    def __init__(self, limit_bytes):
        self.limit_bytes = limit_bytes
        self.fits = []
        self.others = []

    def fit(self, value, model):
        """Keep training data; the same content again is the same data."""
        data = Data(value)
        data.whole()
        for old in self.fits:
            if old.whole() == data.whole() and old.value is not None and not old.changed() and same_kind(old, data):
                self.fits.remove(old)
                self.fits.append(old)
                old.owner = reference(model)
                return old
        data.owner = reference(model)
        self.fits.append(data)
        self.trim()
        return data

    def other(self, value):
        """Keep data that may be needed: what was predicted, split or transformed."""
        data = Data(value)
        self.others.append(data)
        self.trim()
        return data

    def trim(self):
        """Let the oldest go: others first, then fits whose model is gone, then fits."""
        while len(self.others) > OTHERS:
            self.others.pop(0).value = None
        while len(self.fits) > FITS:
            self.drop_fit()
        if sum(data.bytes for data in self.fits + self.others) <= self.limit_bytes:
            return
        while self.total() > self.limit_bytes and (self.others or len(self.fits) > 1):
            if self.others:
                self.others.pop(0).value = None
            else:
                self.drop_fit()

    def drop_fit(self):
        """Let go of one fit's data."""
        gone = [data for data in self.fits[:-2] if data.owner is not None and data.owner() is None]
        data = gone[0] if gone else self.fits[0]
        self.fits.remove(data)
        data.value = None

    def total(self):
        """Bytes kept; one object held twice counts once."""
        seen = {}
        for data in self.fits + self.others:
            if data.value is not None:
                seen[identity(data.value)] = data.bytes
        return sum(seen.values())


def identity(value):
    """The same for shallow copies of one array or frame with the same memory."""
    blocks = getattr(getattr(value, "_mgr", None), "arrays", None)
    try:
        return tuple(id(getattr(b, "base", None)) if getattr(b, "base", None) is not None else id(b) for b in blocks)
    except TypeError:
        return id(value)


def same_kind(one, other):
    """Whether two data of equal content are also of one kind, with the same column names."""
    if type(one.value) is not type(other.value):
        return False
    if prints.is_frame(one.value):
        return list(one.value.columns) == list(other.value.columns) and (one.value.dtypes == other.value.dtypes).all()
    return True


def reference(thing):
    """A weak reference, or a strong one for what has none."""
    try:
        return weakref.ref(thing)
    except TypeError:
        return lambda: thing
