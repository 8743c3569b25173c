//! flightdeck: every use case without a window.
fn main() {}
