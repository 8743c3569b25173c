"""Parity rows and golden rows with the live model's own answers on the original values."""

import time

from . import golden, models, probes, prints, rows
from .findings import finding


def write(writer, work, fit, judged, entry):
    """Both sets of rows, the probes and the time of the original; a model that is refused needs none of them."""
    if any(known["code"] == "several-targets" for known in entry["findings"]):
        return
    if work.train is None or work.train.value is None:
        if work.test is None or work.test.value is None:
            return
    ask = models.Ask(work.model, work.names)
    write_parity(writer, ask, work, fit, judged, entry)
    if work.train is not None and work.train.value is not None:
        entry["accepts_missing"] = probes.accepts_missing(ask, work.train.value)
        entry["unknown"] = probes.unknown(ask, work.train.value)
        write_golden(writer, ask, work, entry)
    write_time(ask, work, entry)


def write_parity(writer, ask, work, fit, judged, entry):
    """Real rows of the evaluation set, else of the training data."""
    test = work.test is not None and work.test.value is not None
    data = work.test if test else work.train
    target = judged[1] if test and judged else fit.y if not test else None
    labels = target.value if target is not None and len(models.classes(work.model) or []) else None
    chosen = rows.parity(data.value, plain_labels(labels), data.whole())
    number = "p%d" % entry["rank"]
    value = prints.take(data.value, chosen)
    answers = ask.answers(value)
    writer.rows(number, "parity", value, work.names, data.whole() or "")
    reference = writer.reference("parity", number, answers, entry["classes"])
    entry["parity"] = {"dataset": number, "reference": reference}


def plain_labels(labels):
    """Labels as one array, or nothing."""
    if labels is None or (prints.shape(labels) or (0, 2))[1] != 1:
        return None
    return prints.numpy().asarray(labels).reshape(-1)


def write_golden(writer, ask, work, entry):
    """Rows that are nobody's, one of them with missing values."""
    data = work.train
    if data.shape[0] == 0 or data.shape[1] > 4000:
        return
    value, texts = golden.rows(work.model, data.value, data.whole())
    if value is None:
        return
    value = with_missing_row(value, data.value, entry["accepts_missing"])
    if texts:
        entry["findings"].append(finding(
            "text-not-in-golden", "info", "Texts of %s are left empty in the golden rows." % ", ".join(sorted(set(texts))),
            "Golden rows travel with the package; agree to it only where the texts say nothing of people.",
        ))
    answers = answers_to(ask, value, texts)
    if answers is None:
        return
    number = "g%d" % entry["rank"]
    writer.rows(number, "golden", value, work.names, data.whole() or "")
    reference = writer.reference("golden", number, answers, entry["classes"])
    entry["golden"] = {"dataset": number, "reference": reference}


def answers_to(ask, value, texts):
    """The answers, or nothing where the model refuses the texts that were left empty."""
    try:
        return ask.answers(value)
    except Exception:
        if texts:
            return None
        raise


def with_missing_row(value, source, accepts):
    """The last row with missing values in every column of numbers or texts that accepts them."""
    np = prints.numpy()
    if not any(accepts.values()):
        return value
    if prints.is_array(value) and value.ndim == 2 and value.dtype.kind == "f":
        value[-1, [i for i in range(value.shape[1]) if accepts.get("x%d" % i, True)]] = np.nan
        return value
    if prints.is_frame(value):
        return frame_with_missing_row(value, source, accepts)
    return value


def frame_with_missing_row(value, source, accepts):
    """As above for a frame, with the kind of missing value that the column has itself."""
    value = value.copy()
    for position, name in enumerate(value.columns):
        column = value.iloc[:, position]
        if not accepts.get(str(name)) or getattr(column.dtype, "kind", "O") in "iubMm":
            continue
        values = column.tolist()[:-1] + [probes.missing_like(source.iloc[:, position])]
        pd = prints.pandas()
        value.isetitem(position, pd.Series(values, index=value.index, dtype=column.dtype))
    return value


def write_time(ask, work, entry):
    """How long the original takes for 1,000 rows: the middle of three."""
    data = work.train if work.train is not None and work.train.value is not None else work.test
    count = min(1000, data.shape[0])
    if count == 0:
        return
    value = prints.take(data.value, prints.numpy().arange(count))
    times = []
    for _ in range(3):
        start = time.perf_counter()
        ask.call("predict", value)
        times.append(time.perf_counter() - start)
    entry["original_ms_per_1000_rows"] = sorted(times)[1] * 1000.0 * 1000.0 / count
