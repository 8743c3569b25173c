"""What a pickle says about itself, read as bytes: nothing is loaded."""

import bz2
import gzip
import lzma
import re
import zlib

LIMIT = 1 << 30
VERSION = re.compile(rb"_sklearn_version.{1,12}?(\d+\.\d+(?:\.[0-9A-Za-z]+)*)", re.DOTALL)
OPENERS = ((b"\x1f\x8b", gzip.GzipFile), (b"BZh", bz2.BZ2File), (b"\xfd7zXZ", lzma.LZMAFile))


def sklearn_versions(path):
    """Versions of scikit-learn that wrote parts of the file, in order and without repeats."""
    found = []
    for match in VERSION.finditer(content(path)):
        version = match.group(1).decode("ascii")
        if version not in found:
            found.append(version)
    return found


def content(path):
    """The bytes, unpacked when joblib compressed them; a bounded part of them."""
    with open(path, "rb") as file:
        head = file.read(6)
        file.seek(0)
        for magic, opener in OPENERS:
            if head.startswith(magic):
                with (opener(fileobj=file) if opener is gzip.GzipFile else opener(file)) as unpacked:
                    return unpacked.read(LIMIT)
        data = file.read(LIMIT)
    if head[:1] == b"\x78":
        return zlib.decompressobj().decompress(data, LIMIT)
    return data


def minor(version):
    """The first two numbers."""
    return ".".join(version.split(".")[:2])


