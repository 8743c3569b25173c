//! The gRPC form of the Open Inference Protocol: messages, service, and tensors to and from them.
