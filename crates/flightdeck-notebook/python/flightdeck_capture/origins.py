"""Where a model's columns came from, found by content: through steps outside of it, and through splits.

A column is either raw, or one output of a piece: a fitted transformer on columns that have origins themselves.
"""

from . import prints
from .rebuild import pieces

DEPTH = 12
WIDEST = 4096


class Raw:
    """A column that no step made."""

    def __init__(self, print_, name, values):
        self.print = print_
        self.name = name
        self.values = values


class Made:
    """An output of a piece."""

    def __init__(self, node, output):
        self.node = node
        self.output = output


class Node:
    """A piece of a step with the origins of its inputs."""

    def __init__(self, step, piece, inputs):
        self.step = step
        self.transformer = piece.transformer
        self.outputs = piece.outputs
        self.inputs = inputs
        self.one_column = step.thing is not None and is_table_step(step) and takes_one_column(step.before.value)
        self.sparse = prints.is_sparse(step.output.value)


class Origins:
    """Looks back from a table."""

    def __init__(self, session, namespace):
        self.session = session
        self.namespace = namespace
        self.nodes = {}
        self.last = {}

    def whole(self, data, limit):
        """(steps from first to last, raw data, rows, limit): steps whose whole output is the next one's input."""
        steps, rows = [], None
        for _ in range(DEPTH):
            step = self.step_with(data.whole(), limit)
            if step is not None:
                steps.insert(0, step)
                data, limit = step.before, step.order
                continue
            parent = self.parent(data)
            if parent is None or self.step_with(parent[0].whole(), limit) is None:
                break
            data, rows = parent[0], compose(parent[1], rows)
        return steps, data, rows, limit

    def step_with(self, print_, limit):
        """The last estimator step before `limit` with exactly this output."""
        if print_ is None:
            return None
        for step in reversed(self.session.steps):
            if step.order < limit and step.thing is not None and step.output.whole() == print_:
                if step.before.whole() != print_ and step.before.value is not None and is_table_step(step):
                    return step
        return None

    def parent(self, data):
        """(what was split, row numbers) when this is a part of a split."""
        print_ = data.whole()
        for split in reversed(self.session.splits):
            for place, part in enumerate(split.parts):
                if print_ is not None and part.whole() == print_ and split.inputs[place // 2].value is not None:
                    return split.inputs[place // 2], split.train if place % 2 == 0 else split.test
        return None

    def table(self, data, limit, rows, depth=0):
        """The origin of each column, or nothing for what has too many."""
        if data.value is None or data.shape is None or len(data.columns()) != data.shape[1]:
            return None
        found = [self.column(data, position, limit, rows, depth) for position in range(data.shape[1])]
        if depth < DEPTH and not any(isinstance(origin, Made) for origin in found):
            parent = self.parent(data)
            if parent is not None:
                above = self.table(parent[0], limit, compose(parent[1], rows), depth + 1)
                if above is not None and any(isinstance(origin, Made) for origin in above):
                    return above
        return found

    def column(self, data, position, limit, rows, depth):
        """The origin of one column."""
        print_ = data.columns()[position]
        name = name_of(data.value, position)
        if depth < DEPTH:
            for step in reversed(self.session.steps):
                if step.order >= limit or step.output.shape[0] != data.shape[0] or step.before.value is None:
                    continue
                made = self.made_by(step, print_, name, rows, depth)
                if made is not None:
                    return made
        values = prints.column(data.value, position)
        if rows is not None:
            values = prints.take(values, rows)
        return Raw(print_, name if name is not None else self.known_name(print_, data.shape[0]), values)

    def made_by(self, step, print_, name, rows, depth):
        """This column as an output of a step, unless the step only passed it on."""
        places = step.output.places().get(print_)
        if not places or print_ in step.before.places():
            return None
        named = [i for i in places if name is not None and name_of(step.output.value, i) == name]
        following = [i for i in places if i == self.last.get(step.order, -1) + 1]
        place = (named or following or places)[0]
        self.last[step.order] = place
        for number, piece in enumerate(pieces(step)):
            if place in piece.outputs:
                return Made(self.node(step, number, piece, rows, depth), piece.outputs.index(place))
        return None

    def node(self, step, number, piece, rows, depth):
        """A piece with its inputs' origins, once."""
        key = (step.order, number, None if rows is None else hash(rows.tobytes()))
        if key not in self.nodes:
            every = self.table(step.before, step.order, rows, depth + 1)
            self.nodes[key] = Node(step, piece, [every[i] for i in piece.inputs])
        return self.nodes[key]

    def known_name(self, print_, count):
        """The name of a column without one, from a frame of the notebook that holds it."""
        for split in self.session.splits:
            for data in split.inputs + split.parts:
                if prints.is_frame(data.value) and print_ in data.columns():
                    return str(data.value.columns[data.columns().index(print_)])
        for value in list(self.namespace.values()):
            if prints.is_frame(value) and len(value) == count and value.shape[1] <= WIDEST:
                found = prints.by_column(value)
                if found and print_ in found:
                    return str(value.columns[found.index(print_)])
        return None


def is_table_step(step):
    """A step whose transformer can stand in a pipeline: encoders of labels can not."""
    return type(step.thing).__name__ not in ("LabelEncoder", "LabelBinarizer", "MultiLabelBinarizer")


def takes_one_column(value):
    """Whether a step takes a column by itself, as vectorisers of texts do, and not a table."""
    return isinstance(value, list) and not isinstance(value[0], (list, tuple)) or prints.is_series(value)


def compose(outer, rows):
    """Rows of rows."""
    return outer if rows is None else outer[rows]


def name_of(value, position):
    """A column's name, or nothing."""
    if prints.is_frame(value):
        return str(value.columns[position])
    if prints.is_series(value) and value.name is not None:
        return str(value.name)
    return None
