"""How a model answers what it never saw: a missing value and an unknown category, column by column."""

from . import columns, prints

LIMIT = 200
SINGLE = 100
UNKNOWN = "flightdeck-unknown"


def one_row(x):
    """A row without missing values if there is one, as a table that can be changed."""
    if prints.is_frame(x):
        whole = x.iloc[:2000].dropna()
        return (whole if len(whole) else x).iloc[:1].copy()
    return prints.numpy().array(x[:1])


def accepts_missing(ask, x):
    """{column: whether the model answers a row in which it is missing}."""
    if not (prints.is_frame(x) or prints.is_array(x)) or prints.shape(x)[1] > LIMIT or prints.shape(x)[0] == 0:
        return {}
    names = [name for name, _ in columns.of_table(x[:1])]
    if answers(ask, each_missing(x)):
        return {name: True for name in names}
    return {name: position < SINGLE and answers(ask, with_missing(x, position)) for position, name in enumerate(names)}


def each_missing(x):
    """A row per column, with that column's value missing."""
    np = prints.numpy()
    parts = [with_missing(x, position) for position in range(prints.shape(x)[1])]
    return prints.pandas().concat(parts, ignore_index=True) if prints.is_frame(x) else np.concatenate(parts)


def with_missing(x, position):
    """One row with one value missing."""
    np = prints.numpy()
    row = one_row(x)
    if prints.is_frame(row):
        return set_value(row, position, missing_like(x.iloc[:, position]))
    if row.dtype.kind not in "fO":
        row = row.astype("float64")
    row.reshape(1, -1)[0, position] = np.nan
    return row


def missing_like(column):
    """The missing value that a column has itself, or the usual one."""
    np = prints.numpy()
    if column.dtype == object:
        for value in column.iloc[prints.strided(len(column))].tolist():
            if columns.is_missing(value):
                return value
    return np.nan


def set_value(row, position, value):
    """A frame of one row with one value replaced, other columns keeping their types."""
    pd = prints.pandas()
    column = row.iloc[:, position]
    kind = getattr(column.dtype, "kind", "O")
    dtype = "float64" if kind in "iub" and isinstance(column.dtype, prints.numpy().dtype) else column.dtype
    changed = pd.Series([value], index=row.index, dtype=dtype, name=column.name)
    parts = [changed if i == position else row.iloc[:, i] for i in range(row.shape[1])]
    out = pd.concat(parts, axis=1)
    out.columns = row.columns
    return out


def answers(ask, row):
    """Whether there is an answer, and it is not itself missing."""
    try:
        answer = ask.answers(row)
    except Exception:
        return False
    for part in [answer["label"]] + (answer["scores"] or []) + (answer["values"] or []):
        if part is not None and any(columns.is_missing(value) for value in part):
            return False
    return True


def unknown(ask, x):
    """{column of categories: accepted or refused}."""
    if not prints.is_frame(x) or x.shape[1] > LIMIT or len(x) == 0:
        return {}
    found = {}
    for position in range(x.shape[1]):
        column = x.iloc[:, position]
        if str(column.dtype) == "category" or columns.describe(column.iloc[:50])[0] != "string":
            continue
        row = set_value(one_row(x), position, UNKNOWN)
        found[str(x.columns[position])] = "accepted" if answers(ask, row) else "refused"
    return found
