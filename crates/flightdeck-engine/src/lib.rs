//! The worker: started and talked to by a client; ONNX Runtime sessions behind the feature runtime.
