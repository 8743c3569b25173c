"""How texts are lowered and split, so that a serving machine needs no locale of its own."""

from .messages import finding
from .structure import kind, walk

DEFAULT_PATTERN = r"(?u)\b\w\w+\b"
LETTERS = r"[\pL\pN_]{2,}"
VECTORIZERS = ("CountVectorizer", "TfidfVectorizer")


def options(model, sample):
    """Options for each vectorizer in a model, and what to say about them."""
    chosen, findings = {}, []
    for part in walk(model):
        if kind(part) not in VECTORIZERS:
            continue
        ascii_only = all(text.isascii() for text in sample) and all(word.isascii() for word in part.vocabulary_)
        chosen[id(part)] = {"locale": "C" if ascii_only else "C.UTF-8"}
        if part.token_pattern == DEFAULT_PATTERN:
            chosen[id(part)]["tokenexp"] = LETTERS
        if not ascii_only and part.lowercase:
            findings.append(finding(
                "text-needs-locale", "warning",
                "%s lowers letters outside ASCII; where the model serves, the locale C.UTF-8 must exist" % kind(part),
                "Most systems have C.UTF-8; check with `locale -a`, or fold the text to ASCII before the model"))
    return chosen, findings


def sample(columns):
    """The distinct texts that the columns hold."""
    return [text for column in columns if column.is_text() for text in (column.categories or [])]
