"""Steps outside of the model, folded in where that predicts the same."""


def fold(session, namespace, candidate, work, entry):
    """Nothing outside is known yet."""
