"""What went wrong, in one short message."""

LIMIT = 500


class Refused(Exception):
    """A model, or a step of it, that has no ONNX form; with the reason and what to do instead."""

    def __init__(self, step, reason, hint):
        Exception.__init__(self, reason)
        self.step = step
        self.reason = reason
        self.hint = hint

    def document(self):
        """As it stands in convert.json."""
        return {"step": self.step, "reason": shorten(self.reason), "hint": shorten(self.hint)}


def shorten(text):
    """At most 500 characters."""
    text = str(text)
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"


def last_line(error):
    """The last line that says something; converters answer with thousands."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else ""


def describe(error):
    """An exception as its last line and the last line of its cause."""
    text = "%s: %s" % (type(error).__name__, last_line(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and last_line(cause):
        text = "%s (%s: %s)" % (shorten(text)[:300], type(cause).__name__, last_line(cause))
    return shorten(text)


def finding(code, severity, message, hint):
    """Something a person should look at."""
    return {"code": code, "severity": severity, "message": shorten(message), "hint": shorten(hint)}
