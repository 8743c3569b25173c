"""From a captured model to ONNX.

Runs in a short-lived process of the user's own interpreter, with the converter's packages first on ``sys.path``.
It reads a capture folder and writes ``convert/<candidate>/`` into it. Whether the result is right is decided
elsewhere, by comparing answers.
"""
