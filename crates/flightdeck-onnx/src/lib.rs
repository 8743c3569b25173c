//! A bounded reader of ONNX files: safety checks, signature, operators; never runs anything.
