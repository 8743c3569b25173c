//! How much of a file is read, and how large what comes out of it may become.

/// How much of a file is read, and how large what comes out of it may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most entries of an archive, or files of a folder.
    pub entries: usize,
    /// Most bytes of everything in an archive together.
    pub total_bytes: u64,
    /// An archive may claim to shrink its content further than `ratio` only up to so many bytes.
    pub ratio_free_bytes: u64,
    /// How many times larger than the archive its content may be.
    pub ratio: u64,
    /// Most bytes of a pickle stream that are looked at, after decompression.
    pub pickle_bytes: u64,
    /// Most instructions of a pickle stream that are followed.
    pub pickle_steps: u64,
    /// Most bytes of a description read as a whole: `config.json`, `schema.json`, `MLmodel`.
    pub text_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 10_000,
            total_bytes: 16 << 30,
            ratio_free_bytes: 64 << 20,
            ratio: 100,
            pickle_bytes: 8 << 30,
            pickle_steps: 10_000_000,
            text_bytes: 16 << 20,
        }
    }
}
