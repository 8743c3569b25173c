//! A bounded reader of ONNX files, from untrusted disks.
//!
//! [`inspect`] reads a file, checks everything that could hurt whoever loads it (where its data lies, how large its
//! tensors say they are, how deep and how many its parts are), and says what the model takes and gives. The one edit
//! of what is kept is the removal of a final `ZipMap`. Nothing is run here, nothing is loaded by anybody else's parser, and what a
//! model costs or answers is found out elsewhere.

mod attributes;
mod classes;
mod display;
mod external;
mod facts;
mod flops;
mod inspect;
mod kind;
mod limits;
mod locale;
mod location;
mod message;
mod operators;
mod opsets;
mod reader;
mod refusal;
mod roles;
mod signature;
mod tensor;
mod value_type;
mod wire;
mod zipmap;

pub use display::display_safe;
pub use external::External;
pub use facts::{Facts, Operator, Opset};
pub use inspect::{Inspection, inspect};
pub use kind::Kind;
pub use limits::Limits;
pub use locale::with_locale;
pub use location::LocationFault;
pub use refusal::Refusal;
