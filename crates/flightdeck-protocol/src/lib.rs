//! The wire: Open Inference Protocol v2 and the control interface; the client behind a feature.
