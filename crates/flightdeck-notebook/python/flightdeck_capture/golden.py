"""Golden rows: like the training rows and nobody's, for they travel with the package.

Numbers are shuffled column by column; a single column of them stands between the training values. Texts are only
categories that the model itself knows and that many rows have; all others are left empty.
"""

from . import columns, models, prints
from .rows import generator

ROWS = 64
MANY = 5
VALUES = 200000


def rows(model, x, fingerprint):
    """(rows or None, names of text columns left empty)."""
    made = Made(model, x, generator(fingerprint))
    if prints.is_frame(x):
        return made.frame(x)
    if prints.is_series(x):
        return made.column(x, True, 0).rename(x.name), made.texts
    if isinstance(x, list):
        return made.list(x)
    if prints.is_sparse(x):
        x = x.tocsr()[:2000].toarray()
        made.size = min(ROWS, len(x))
    return made.array(x)


class Made:
    """Golden rows in the making."""

    def __init__(self, model, x, random):
        self.model = model
        self.random = random
        self.size = min(ROWS, prints.shape(x)[0])
        self.known = known_texts(model)
        self.native = native_categories(model)
        self.texts = []

    def frame(self, x):
        """A frame with the same types."""
        parts = [self.column(x.iloc[:, i], x.shape[1] == 1, i) for i in range(x.shape[1])]
        out = prints.pandas().concat(parts, axis=1)
        out.columns = x.columns
        return out, self.texts

    def list(self, x):
        """A list: of texts, which stay empty, or of rows of numbers; of anything else there are none."""
        if isinstance(x[0], str):
            return [""] * self.size, ["text"]
        array = columns.as_array(x)
        if array.dtype.kind not in "biuf":
            return None, []
        out, _ = self.array(array)
        return out.tolist(), []

    def array(self, x):
        """An array of the same shape and type."""
        np = prints.numpy()
        flat = x.reshape(len(x), -1)
        single = flat.shape[1] == 1
        if x.dtype.kind == "O" and prints.pandas() is not None:
            series = [prints.pandas().Series(flat[:, i], name="x%d" % i, dtype=object) for i in range(flat.shape[1])]
            parts = [np.array(self.column(one, single, i).tolist(), dtype=object) for i, one in enumerate(series)]
        elif x.dtype.kind in "OUS":
            return None, []
        else:
            parts = [self.numbers(flat[:, i], single) for i in range(flat.shape[1])]
        return np.stack(parts, axis=1).astype(x.dtype).reshape((self.size,) + x.shape[1:]), self.texts

    def numbers(self, values, single):
        """Shuffled, or between the values where no other column hides whose they are."""
        return between(values, self.size) if single else values[self.random.permutation(len(values))[: self.size]]

    def column(self, column, single, position):
        """One column of a frame."""
        pd = prints.pandas()
        picked = column.iloc[self.random.permutation(len(column))[: self.size]].reset_index(drop=True)
        if is_text(column):
            values = self.categories(column, picked, position)
            return pd.Series(values, dtype=column.dtype, name=column.name)
        if single and isinstance(column.dtype, prints.numpy().dtype) and column.dtype.kind in "iufM":
            return pd.Series(between(column.to_numpy(), self.size), dtype=column.dtype, name=column.name)
        return picked

    def categories(self, column, picked, position):
        """Known categories of many rows in place of all others; empty where there are none."""
        allowed = self.allowed(column, position)
        values = picked.tolist()
        if not allowed:
            self.texts.append(str(column.name))
            empty = None if str(column.dtype) == "category" else ""
            return [value if columns.is_missing(value) else empty for value in values]
        texts = {columns.as_text(value) for value in allowed}
        others = self.random.integers(0, len(allowed), len(values)).tolist()
        return [
            value if columns.is_missing(value) or columns.as_text(value) in texts else allowed[other]
            for value, other in zip(values, others)
        ]

    def allowed(self, column, position):
        """The values of a column that the model knows and at least five rows have, in order."""
        counts = column.value_counts()
        present = {columns.as_text(value): value for value in counts.index.tolist()}
        frequent = {columns.as_text(value) for value, count in zip(counts.index.tolist(), counts.tolist()) if count >= MANY}
        if str(column.dtype) == "category" or position in self.native:
            known = set(present)
        else:
            known = set().union(*[known for known in self.known if 2 * len(known & set(present)) >= len(present)])
        return [present[text] for text in sorted(frequent & known)]


def is_text(column):
    """Whether a column holds texts or categories."""
    if str(column.dtype) == "category":
        return True
    if getattr(column.dtype, "kind", "O") in "biufmM":
        return False
    return columns.describe(column)[3] is not None


def between(values, size):
    """Middles between neighbouring distinct values, spread evenly over them; as many as asked for."""
    np = prints.numpy()
    if values.dtype.kind not in "iufM":
        return values[:size]
    missing = np.isnan(values) if values.dtype.kind == "f" else np.isnat(values) if values.dtype.kind == "M" else None
    distinct, counts = np.unique(values if missing is None else values[~missing], return_counts=True)
    middles = distinct[:-1] + (distinct[1:] - distinct[:-1]) // 2 if values.dtype.kind in "iuM" else (
        distinct[:-1] / 2 + distinct[1:] / 2).astype(values.dtype)
    middles = middles[~np.isin(middles, distinct)]
    if not len(middles):
        # Whole numbers without gaps: those of many rows are categories.
        middles = distinct[counts >= MANY] if (counts >= MANY).any() else distinct[:1]
    if not len(middles):
        return values[:size]
    return middles[np.linspace(0, len(middles) - 1, size).astype("int64")]


def known_texts(model):
    """The texts that each encoder inside a model knows, one set for each of its columns."""
    found, seen, waiting = [], set(), [model]
    while waiting and len(seen) < VALUES:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, (list, tuple)):
            waiting.extend(part)
        elif hasattr(part, "get_params") and not isinstance(part, type):
            found.extend(texts_of(part))
            waiting.extend(getattr(part, "__dict__", {}).values())
    return [texts for texts in found if texts]


def texts_of(encoder):
    """The texts of one encoder's columns."""
    lists = getattr(encoder, "categories_", None)
    if type(encoder).__name__ in ("LabelEncoder", "LabelBinarizer"):
        lists = [getattr(encoder, "classes_", [])]
    if not isinstance(lists, (list, tuple)):
        return []
    return [{columns.as_text(v) for v in list(values) if not columns.is_missing(v)} for values in lists]


def native_categories(model):
    """The places of columns that CatBoost itself takes for categories."""
    last = models.last_step(model)
    if not type(last).__module__.startswith("catboost") or last is not model:
        return ()
    try:
        return tuple(last.get_cat_feature_indices())
    except Exception:
        return ()
