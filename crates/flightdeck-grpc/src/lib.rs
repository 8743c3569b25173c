//! The gRPC form of the Open Inference Protocol: messages, service, and tensors to and from them.
//!
//! [`PROTO`] is the file that everything here is generated from, and that clients in other languages are made with.
//! What a server does with the messages lives in the runner.

mod contents;
mod error;
mod message;

pub use error::MessageError;
pub use message::{answer, inputs, outputs, request, tensors};

/// The protocol's file.
pub const PROTO: &str = include_str!("../proto/open_inference_grpc.proto");

/// The largest message in either direction, in bytes: the same as for any other body.
pub const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// What is generated from [`PROTO`].
pub mod inference {
    #![expect(missing_docs, clippy::pedantic, reason = "generated")]
    tonic::include_proto!("inference");
}

/// `grpc.health.v1`, as every gRPC program knows it.
pub use tonic_health::pb as health;
