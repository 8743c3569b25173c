"""Runs each line of standard input by itself and writes, as JSON, the class and the text of the error it ends with."""

import json
import sys
import warnings

warnings.simplefilter("ignore")


def attempt(line):
    """Answers [class, text], or None when nothing failed."""
    try:
        exec(line, {"__name__": "__main__"})
    except BaseException as error:  # Whatever a cell can end with.
        return [type(error).__name__, str(error)]
    return None


def main():
    """Runs what stands on standard input."""
    lines = sys.stdin.read().splitlines()
    shown, sys.stdout = sys.stdout, sys.stderr
    import matplotlib
    matplotlib.use("Agg")
    answers = [attempt(line) for line in lines]
    shown.write(json.dumps(answers))


main()
