//! What this process may use. Set before anything foreign is loaded, and never raised again.

/// Limits of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Address space, in bytes.
    pub memory_bytes: u64,
    /// Processor time, in seconds.
    pub cpu_seconds: u64,
}

/// Limits this process. Where the system knows no such limits the parent's clock is the only one.
#[cfg(unix)]
pub fn limit(limits: Limits) -> std::io::Result<()> {
    use rlimit::Resource;
    let at_most = |resource: Resource, wanted: u64| {
        let (_, hard) = resource.get()?;
        resource.set(wanted.min(hard), wanted.min(hard))
    };
    // macOS takes no limit on address space; what it takes is set.
    if cfg!(not(target_os = "macos")) {
        at_most(Resource::AS, limits.memory_bytes)?;
    }
    at_most(Resource::CPU, limits.cpu_seconds)?;
    at_most(Resource::CORE, 0)
}

/// Limits this process. Where the system knows no such limits the parent's clock is the only one.
#[cfg(not(unix))]
pub fn limit(_limits: Limits) -> std::io::Result<()> {
    Ok(())
}
