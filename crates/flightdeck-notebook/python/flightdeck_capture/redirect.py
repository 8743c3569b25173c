"""Files that a notebook misses and that a person found elsewhere: opened where they are, under the path as written.

Only what a person named is redirected, and only for reading; nothing is put into the notebook's folder.
"""

import builtins
import functools
import io
import os

READERS = ("read_parquet", "read_feather", "read_orc", "read_hdf", "read_excel")


class Redirect:
    """Paths as the cells write them, and the files they stand for."""

    def __init__(self, session):
        self.session = session
        written = session.options.get("redirect") or {}
        self.files = {os.path.abspath(path): file for path, file in written.items()}

    def install(self):
        """`open`, and the questions whether a file is there."""
        if not self.files:
            return
        original = builtins.open
        replaced = self.reading(original)
        builtins.open = io.open = replaced
        for name in ("exists", "isfile"):
            setattr(os.path, name, self.first(getattr(os.path, name)))

    def patch_pandas(self, module):
        """Readers that open files by themselves."""
        for name in READERS:
            if self.files and hasattr(module, name):
                setattr(module, name, self.first(getattr(module, name)))

    def actual(self, path):
        """The file that a path stands for."""
        if isinstance(path, (str, os.PathLike)):
            try:
                return self.files.get(os.path.abspath(os.fspath(path)), path)
            except (TypeError, ValueError):
                return path
        return path

    def reading(self, original):
        """`open` that finds the file; writing goes where it is written."""

        @functools.wraps(original)
        def opened(file, mode="r", *args, **kwargs):
            return original(self.actual(file) if set(mode) <= set("rbt") else file, mode, *args, **kwargs)

        return opened

    def first(self, original):
        """A function whose first argument is a path."""

        @functools.wraps(original)
        def called(path, *args, **kwargs):
            return original(self.actual(path), *args, **kwargs)

        return called
