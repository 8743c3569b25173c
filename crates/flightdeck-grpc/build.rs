//! Messages, service and client from the protocol's file, without a compiler of Protocol Buffers on the machine.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = "proto/open_inference_grpc.proto";
    println!("cargo::rerun-if-changed={file}");
    let descriptors = protox::compile([file], ["proto"])?;
    // Raw contents stay in the buffer that the connection read them into.
    tonic_prost_build::configure().bytes(".").compile_fds(descriptors)?;
    Ok(())
}
