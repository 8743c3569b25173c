//! The real server, over its real ports, with real models.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod capacity;
mod challengers;
mod clients;
mod counts;
mod deployment;
mod examples;
mod grpc;
mod grpc_streams;
mod inputs;
mod isolation;
mod kills;
mod lifecycle;
mod metrics;
mod network;
mod operations;
mod outbox;
mod promotion;
mod protocol;
mod quiet;
mod security;
mod soak;
mod support;
mod telemetry;
mod tensors;
mod traces;
mod workers;
