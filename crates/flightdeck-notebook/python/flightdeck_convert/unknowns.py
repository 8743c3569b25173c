"""What a model does with missing and with unknown values of a column."""

from .structure import kind, steps, walk

ENCODERS = ("OneHotEncoder", "OrdinalEncoder", "TargetEncoder")


class Treatment(object):
    """Of one column: the text for a missing value, and whether an unknown category is answered."""

    def __init__(self, token=None, unknown=None):
        self.token = token
        self.unknown = unknown


def treatments(model, columns, coded):
    """The treatment of each column, by position."""
    found = {}
    for column in columns:
        if column.position in coded:
            found[column.position] = Treatment("" if column.is_text() else None, "accepted")
        elif column.is_text():
            found[column.position] = text_treatment(model, column.position)
        else:
            found[column.position] = Treatment()
    return found


def text_treatment(model, position):
    """Follows a text column to the first step that knows what missing is, and to its encoder."""
    token, unknown, path = None, None, follow(steps(model), position)
    for part, place in path:
        if kind(part) == "SimpleImputer":
            return Treatment(str(part.missing_values), last_unknown(path))
        if kind(part) in ENCODERS:
            token, unknown = encoder_token(part, place), encoder_unknown(part)
            break
        if kind(part) in ("CountVectorizer", "TfidfVectorizer", "HashingVectorizer"):
            return Treatment(None, "accepted")
    return Treatment(token, unknown)


def last_unknown(path):
    """What the encoder behind an imputer does with an unknown category."""
    for part, _ in path:
        if kind(part) in ENCODERS:
            return encoder_unknown(part)
    return None


def follow(row, position):
    """The steps that a column passes, with its place in each; through column transformers to the first encoder."""
    path = []
    for part in row:
        if kind(part) == "ColumnTransformer":
            for _, step, places in part.transformers_:
                if isinstance(places, list) and position in places and not isinstance(step, str):
                    return path + follow(steps(step), places.index(position))
            return path
        path.append((part, position))
    return path


def encoder_token(part, place):
    """Its own category for missing values; else any text it does not know, when those are accepted."""
    categories = list(part.categories_[place]) if place < len(part.categories_) else []
    for category in categories:
        if category is None:
            return "None"
        if isinstance(category, float) and category != category:
            return "nan"
    return "nan" if encoder_unknown(part) == "accepted" and "nan" not in categories else None


def encoder_unknown(part):
    """Whether a category that was not seen is answered."""
    if kind(part) == "TargetEncoder":
        return "accepted"
    return "refused" if part.handle_unknown == "error" else "accepted"
