//! The server that hosts versions: predictions, windows of counts, one audited way to change it.
