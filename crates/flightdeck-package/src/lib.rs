//! A package on disk: manifest, root digest, content-addressed folder, resumable parts.
