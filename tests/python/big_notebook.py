"""Writes a notebook of 200 cells that holds a frame of 1 GB and fits a model: what a large import is measured with.

    python big_notebook.py FILE.ipynb [--cells 200] [--gigabytes 1.0]

Only the standard library is used; the notebook itself wants numpy, pandas and scikit-learn.
"""

import argparse
import json
import os

COLUMNS = 40

FRAME = """\
rng = np.random.default_rng(1)
rows = {rows}
data = {{f"x{{i}}": rng.standard_normal(rows) for i in range({columns})}}
df = pd.DataFrame(data)
print(round(df.memory_usage(index=False).sum() / 1e9, 3), "GB")"""

FIT = """\
columns = [f"x{{i}}" for i in range({columns})]
y = df["x0"] + 0.5 * df["x1"] + rng.standard_normal(rows)
model = Ridge(copy_X=False).fit(df[columns], y)"""

IMPORTS = """\
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge"""


def sources(cells, gigabytes):
    """The code cells in order: frame first, then one look at it after the other, the fit near the end."""
    rows = max(1_000, round(gigabytes * 1e9 / (8 * COLUMNS)))
    yield IMPORTS
    yield FRAME.format(rows=rows, columns=COLUMNS)
    for number in range(cells - 4):
        yield look(number)
    yield FIT.format(columns=COLUMNS)
    yield 'print("R²:", round(model.score(df[columns].head(100_000), y.head(100_000)), 3))'


def look(number):
    """What people do between loading and fitting: a figure about one column, a table, now and then much text."""
    column = f"x{number % COLUMNS}"
    kinds = [
        f'print("{column}: mean", round(df["{column}"].head(200_000).mean(), 4))',
        f'df["{column}"].head(200_000).describe()',
        f'df.loc[df["{column}"] > 3, ["{column}", "x0"]].head(8)',
        f'print("\\n".join(f"{number} {{v:.4f}}" for v in df["{column}"].head(400)))',
    ]
    return kinds[number % len(kinds)]


def notebook(cells, gigabytes):
    """The document, as Jupyter writes it."""
    code = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{index:03}",
            "metadata": {},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        for index, source in enumerate(sources(cells, gigabytes))
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return {
        "cells": code,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    wish = parser.parse_args()
    if wish.cells < 5:
        parser.error("at least 5 cells")
    part = wish.file + ".part"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(notebook(wish.cells, wish.gigabytes), file, indent=1)
        file.write("\n")
    os.replace(part, wish.file)


if __name__ == "__main__":
    main()
