//! What a kernel of ours is started with, and what came of it. Nothing here starts anything.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Whether the code may reach the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Cut off where the system allows it; [`Isolation`] says whether it did.
    #[default]
    Off,
    /// As any other program of the user.
    On,
}

/// Whether the network really is off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// The kernel has no network but its own loopback.
    Off,
    /// It was to be off, and the system has no way or does not allow it.
    NotBlocked {
        /// Why, in the system's words.
        reason: String,
    },
    /// It was asked for.
    Allowed,
}

/// How a limit on memory is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryRule {
    /// By the address space: too large an allocation is a `MemoryError` in the cell. Linux only; elsewhere it is
    /// [`MemoryRule::Resident`]. Not for torch, CUDA or TensorFlow, which map far more than they use.
    AddressSpace,
    /// By the resident size of the kernel and its children, looked at every second; above the limit they are killed.
    Resident,
}

/// How we talk to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Unix sockets in a private folder: no port to lose or to leave open, and they work without a network.
    Sockets,
    /// TCP on 127.0.0.1 with a signed key. The network cannot be cut off then.
    Loopback,
}

impl Default for Transport {
    fn default() -> Self {
        if cfg!(unix) { Self::Sockets } else { Self::Loopback }
    }
}

/// How to start a kernel.
#[derive(Clone, Debug)]
pub struct Config {
    /// The user's Python.
    pub interpreter: PathBuf,
    /// A folder with ipykernel that is appended to `sys.path`; what the interpreter has itself comes first.
    pub overlay: Option<PathBuf>,
    /// The working folder: the notebook's own.
    pub folder: PathBuf,
    /// Where the private folder of this kernel is made. Short: the path of a socket has fewer than 100 bytes.
    pub runtime: PathBuf,
    /// Set on top of our own environment.
    pub environment: Vec<(String, String)>,
    /// How much memory it may take.
    pub memory_bytes: Option<u64>,
    /// How that is kept.
    pub memory_rule: MemoryRule,
    /// Whether the code may reach the network.
    pub network: Network,
    /// How we talk to it.
    pub transport: Transport,
    /// How long it may take until it answers.
    pub start_limit: Duration,
}

impl Config {
    /// A kernel without a memory limit, network off, a minute to start.
    pub fn new(interpreter: &Path, folder: &Path, runtime: &Path) -> Self {
        Self {
            interpreter: interpreter.into(),
            overlay: None,
            folder: folder.into(),
            runtime: runtime.into(),
            environment: Vec::new(),
            memory_bytes: None,
            memory_rule: MemoryRule::AddressSpace,
            network: Network::Off,
            transport: Transport::default(),
            start_limit: Duration::from_mins(1),
        }
    }

    /// The limit to be put on the address space.
    pub(crate) fn address_space_bytes(&self) -> Option<u64> {
        let possible = cfg!(target_os = "linux") && self.memory_rule == MemoryRule::AddressSpace;
        self.memory_bytes.filter(|_| possible)
    }

    /// The limit to be kept by looking at the resident size.
    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        self.memory_bytes.filter(|_| self.address_space_bytes().is_none())
    }
}
