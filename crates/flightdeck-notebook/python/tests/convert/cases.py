"""What a case of the matrix is."""


class Case(object):
    """A fitted model, the class it stands for, and what is expected of it."""

    def __init__(self, name, cls, build, **more):
        self.name = name
        self.cls = cls
        self.build = build
        self.expected = more.pop("expected", "converts")
        self.maximum = more.pop("maximum", None)
        self.needs = more.pop("needs", None)
        assert not more, more

    def document(self, environment):
        """As it stands in cases.json."""
        return {"name": self.name, "class": self.cls, "expected": self.expected, "maximum": self.maximum,
                "environment": environment}


def fitted(model, data):
    """A builder: fits a model and says what it was fitted on."""
    def build():
        values, target = data()
        return model().fit(values, target), values
    return build


def unsupervised(model, data):
    """A builder for models without a target."""
    def build():
        values, _ = data()
        return model().fit(values), values
    return build
