//! From a notebook's file to a captured model, its data and its ONNX form on disk: the tolerant reader, the
//! environment, the capture's wire and the converter. Running code is the kernel's room; parity is not here.

pub mod analysis;
pub mod capture;
pub mod convert;
pub mod document;
pub mod environment;
pub mod overlay;
pub mod wire;
