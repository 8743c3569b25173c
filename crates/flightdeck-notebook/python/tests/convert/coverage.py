"""The coverage table as Markdown: ``RESULTS.json… > docs/coverage.md``.

Each file is a list of {case, class, environment, result, max_abs, rows, variant, reason}, as the comparison of answers
wrote it.
"""

import json
import sys

HEAD = """# What converts

Written by the coverage journey; do not edit. Each model was fitted in both environments, converted, run by the
product's ONNX Runtime and compared with the original on the stated number of rows. A difference is the largest one of
all scores or values, relative to values above one.

- **converts**: passed the comparison; variant A is double precision with a cast before the last step, B single
  precision, C double precision, native the library's own conversion.
- **refused**: named before anything is tried, with what to do instead.
- **wrong**: converts, but answers differently; the comparison stops it, and it never becomes a version.
- **failed**: no variant could be made or loaded; the reason is the converter's.
"""
ORDER = ("converts", "refused", "wrong", "failed")


def main(paths):
    """Prints the table."""
    results = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            results.extend(json.load(file))
    sys.stdout.write(markdown(results))


def markdown(results):
    """The whole page."""
    environments = sorted(set(result["environment"] for result in results), key=version, reverse=True)
    parts = [HEAD, counts(results, environments)]
    for outcome in ORDER:
        cases = cases_with(results, environments, outcome)
        if cases:
            parts.append("## %s\n\n%s" % (outcome.capitalize(), table(cases, environments, outcome)))
    return "\n".join(parts)


def version(environment):
    """The version as numbers, so that 1.10 is newer than 1.9."""
    return [int(part) for part in environment.split()[-1].split(".")]


def counts(results, environments):
    """How many of what."""
    rows = ["| environment | %s |" % " | ".join(ORDER), "|---|%s" % ("---|" * len(ORDER))]
    for environment in environments:
        found = [sum(r["environment"] == environment and r["result"] == outcome for r in results) for outcome in ORDER]
        rows.append("| %s | %s |" % (environment, " | ".join(str(count) for count in found)))
    return "\n".join(rows) + "\n"


def cases_with(results, environments, outcome):
    """Cases by name with one result per environment; a case stands where its worst result stands."""
    by_case = {}
    for result in results:
        by_case.setdefault(result["case"], {})[result["environment"]] = result
    return [(name, found) for name, found in sorted(by_case.items(), key=lambda item: (label(item), item[0]))
            if max(ORDER.index(result["result"]) for result in found.values()) == ORDER.index(outcome)]


def label(item):
    """The class of a case."""
    return next(iter(item[1].values())).get("class") or item[0]


def table(cases, environments, outcome):
    """One row for each case."""
    reasons = outcome != "converts"
    rows = ["| class | case | %s |%s" % (" | ".join(environments), " reason |" if reasons else ""),
            "|---|---|%s%s" % ("---|" * len(environments), "---|" if reasons else "")]
    for name, found in cases:
        cells = [cell(found.get(environment)) for environment in environments]
        reason = " %s |" % reason_of(found, environments) if reasons else ""
        rows.append("| %s | %s | %s |%s" % (escape(label((name, found))), name, " | ".join(cells), reason))
    return "\n".join(rows) + "\n"


def cell(result):
    """Result, difference, variant."""
    if result is None:
        return "–"
    if result["result"] != "converts":
        return result["result"] if result["max_abs"] is None else "%s, %.1e" % (result["result"], result["max_abs"])
    return "%.1e (%s, %s rows)" % (result["max_abs"] or 0.0, result["variant"], result.get("rows") or "?")


def reason_of(found, environments):
    """The first reason, newest environment first."""
    for environment in environments:
        if environment in found and found[environment].get("reason"):
            return escape(found[environment]["reason"])[:160]
    return ""


def escape(text):
    """Text in a cell."""
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


if __name__ == "__main__":
    main(sys.argv[1:])
