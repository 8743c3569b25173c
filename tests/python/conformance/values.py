"""Where the server is, and rows of every type for its models `whole` and `half`, which answer with what they are given."""

import os

import numpy

HOST = os.environ["FLIGHTDECK_HOST"]
URL = f"http://{HOST}"


def texts(*rows):
    return numpy.array([[text.encode() for text in row] for row in rows], dtype=object)


def ends(kind):
    info = numpy.iinfo(kind)
    return numpy.array([[info.min, info.max], [1, 2]], dtype=kind)


# By the protocol's word: two rows of two.
WHOLE = {
    "BOOL": numpy.array([[True, False], [False, True]]),
    "UINT8": ends(numpy.uint8),
    "UINT16": ends(numpy.uint16),
    "UINT32": ends(numpy.uint32),
    "UINT64": ends(numpy.uint64),
    "INT8": ends(numpy.int8),
    "INT16": ends(numpy.int16),
    "INT32": ends(numpy.int32),
    "INT64": ends(numpy.int64),
    "FP32": numpy.array([[0.1, -1e30], [3e-39, 16777216.0]], dtype=numpy.float32),
    "FP64": numpy.array([[0.1, -1e300], [5e-324, 2.0**53]], dtype=numpy.float64),
    "BYTES": texts(["Zürich", ""], ["a\nb", "𝄞" * 100]),
}

# Exact in eight bits of a mantissa, so that half precision of either kind holds them.
HALF = numpy.array([[0.5, -2.0], [1.0078125, 240.0]], dtype=numpy.float32)


def linear(rows):
    """What the model `linear` answers."""
    return rows @ numpy.array([[1], [2], [3], [4]], dtype=numpy.float32) + numpy.float32(0.5)
