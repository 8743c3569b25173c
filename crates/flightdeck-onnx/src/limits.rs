//! How much of everything a model file may have.

/// How much of everything a model file may have. Reading stops at the first limit that is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file.
    pub file_bytes: u64,
    /// Nodes in all graphs and functions together.
    pub nodes: usize,
    /// Named values that nodes take and give, together.
    pub edges: usize,
    /// Attributes of all nodes together.
    pub attributes: usize,
    /// Tensors in all graphs and attributes together.
    pub tensors: usize,
    /// Inputs of the graph, and outputs.
    pub inputs: usize,
    /// Entries of the metadata.
    pub metadata: usize,
    /// Functions, and operator sets.
    pub functions: usize,
    /// Length of a name.
    pub name_bytes: usize,
    /// Messages inside messages.
    pub depth: usize,
    /// Dimensions of a tensor.
    pub rank: usize,
    /// Elements of what one operator gives for one row, where the file says how many.
    pub value_elements: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 2 << 30,
            nodes: 1_000_000,
            edges: 10_000_000,
            attributes: 10_000_000,
            tensors: 1_000_000,
            inputs: 10_000,
            metadata: 10_000,
            functions: 10_000,
            name_bytes: 4 << 10,
            depth: 64,
            rank: 64,
            value_elements: 1 << 30,
        }
    }
}
