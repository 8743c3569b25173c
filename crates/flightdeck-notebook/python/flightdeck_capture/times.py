"""When the training rows happened, where the notebook still knows: how traffic varies from day to day shows only in
rows that can be put in the order of time, and `train_test_split` shuffles them.

Rows keep their labels in pandas' index; the frame that they came from has the times.
"""

from . import prints

COLUMNS = 8


def of_rows(x, namespace):
    """(name, times) for each row of a frame, or nothing."""
    if not prints.is_frame(x) or not len(x):
        return None
    pd = prints.pandas()
    if isinstance(x.index, pd.DatetimeIndex):
        return (str(x.index.name or "time"), pd.Series(x.index)) if not x.index.hasnans else None
    found = [times for times in (in_frame(x, frame) for frame in frames(namespace, len(x))) if times is not None]
    # Several frames may hold the same rows; what matters is that they do not contradict each other.
    if not found or any(not same(found[0][1], other[1]) for other in found[1:]):
        return None
    return found[0]


def frames(namespace, rows):
    """The notebook's tables with at least so many rows, told apart by their labels."""
    for name, value in list(namespace.items()):
        if not name.startswith("_") and prints.is_frame(value) and len(value) >= rows and value.index.is_unique:
            yield value


def in_frame(x, frame):
    """The times of the rows in a frame that has these very rows and one column of times without gaps."""
    pd = prints.pandas()
    dated = [name for name in frame.columns if isinstance(name, str) and pd.api.types.is_datetime64_any_dtype(frame[name])]
    if len(dated) != 1:
        return None
    try:
        places = frame.index.get_indexer(x.index)
    except (TypeError, ValueError):
        return None
    if (places < 0).any() or not holds(x, frame, places):
        return None
    times = frame[dated[0]].iloc[places].reset_index(drop=True)
    return None if times.isna().any() else (dated[0], times)


def holds(x, frame, places):
    """Whether columns of the same name have the same values at some of the rows."""
    shared = [name for name in x.columns if name in frame.columns][:COLUMNS]
    chosen = prints.strided(len(x))
    for name in shared:
        own, other = x[name].iloc[chosen], frame[name].iloc[places[chosen]]
        if not own.reset_index(drop=True).equals(other.reset_index(drop=True).astype(own.dtype, errors="ignore")):
            return False
    return bool(shared)


def same(one, other):
    """Whether two columns of times are equal."""
    return one.astype("int64").equals(other.astype("int64"))
