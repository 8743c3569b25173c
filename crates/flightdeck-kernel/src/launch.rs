//! From a configuration to a process and the file that says how to reach it.

use crate::config::{Config, Isolation, Network, Transport};
use crate::error::KernelError;
use crate::process::Process;
use jupyter_protocol::connection_info::{ConnectionInfo, Transport as Wire};
use jupyter_zmq_client::peek_ports_with_listeners;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::Command;

const LIMIT: &str = include_str!("../python/limit.py");
const BOOT: &str = include_str!("../python/boot.py");
/// Unix sockets have room for 104 bytes of path on macOS and 108 on Linux, and a suffix follows.
const SOCKET_PATH_BYTES: usize = 96;

/// A kernel that was started and has not answered yet.
#[derive(Debug)]
pub(crate) struct Launched {
    pub(crate) process: Process,
    pub(crate) info: ConnectionInfo,
    pub(crate) folder: Folder,
}

/// What the first stage wrote about the network: why it is not off, or nothing.
#[derive(serde::Deserialize)]
struct Report {
    reason: Option<String>,
}

/// The private folder of one kernel, removed with it.
#[derive(Debug)]
pub(crate) struct Folder(TempDir);

impl Folder {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Whether the interpreter turned out to have no ipykernel.
    pub(crate) fn says_no_ipykernel(&self) -> bool {
        self.path("no-ipykernel").exists()
    }

    /// How cutting off the network went.
    pub(crate) fn isolation(&self, config: &Config) -> Isolation {
        if config.network == Network::On {
            return Isolation::Allowed;
        }
        if !can_isolate(config) {
            let reason = if cfg!(target_os = "linux") {
                "the kernel is reached over TCP".into()
            } else {
                format!("{} offers no way to do it", std::env::consts::OS)
            };
            return Isolation::NotBlocked { reason };
        }
        let report =
            std::fs::read(self.path("isolation")).ok().and_then(|text| serde_json::from_slice(&text).ok());
        match report {
            Some(Report { reason: None }) => Isolation::Off,
            Some(Report { reason: Some(reason) }) => Isolation::NotBlocked { reason },
            None => Isolation::NotBlocked { reason: "the interpreter did not say".into() },
        }
    }
}

fn can_isolate(config: &Config) -> bool {
    cfg!(target_os = "linux") && config.network == Network::Off && config.transport == Transport::Sockets
}

/// Starts the process; whoever waits for its answer also watches its end.
pub(crate) async fn launch(config: &Config) -> Result<Launched, KernelError> {
    if !config.folder.is_dir() {
        return Err(KernelError::NoFolder { path: config.folder.clone() });
    }
    let folder = make_folder(config).map_err(|error| KernelError::io("Making the kernel's folder", error))?;
    let (info, listeners) = connection(config, &folder).await?;
    let file = folder.path("kernel.json");
    serde_json::to_vec(&info)
        .map_err(io::Error::from)
        .and_then(|text| std::fs::write(&file, text))
        .map_err(|error| KernelError::io("Writing the connection file", error))?;
    let command = command(config, &folder, &file);
    drop(listeners);
    let process = Process::spawn(command, config).map_err(|error| KernelError::NoInterpreter {
        path: config.interpreter.clone(),
        reason: error.to_string(),
    })?;
    Ok(Launched { process, info, folder })
}

/// In the runtime folder, or in the system's own temporary folder when sockets there would have too long a path.
fn make_folder(config: &Config) -> io::Result<Folder> {
    let within = |parent: &Path| {
        std::fs::create_dir_all(parent)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix("k").rand_bytes(6);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        builder.tempdir_in(parent)
    };
    let folder = within(&config.runtime)?;
    let is_short = |folder: &TempDir| folder.path().as_os_str().len() < SOCKET_PATH_BYTES - "/s-5".len();
    if config.transport == Transport::Loopback || is_short(&folder) {
        return Ok(Folder(folder));
    }
    let other = within(&std::env::temp_dir())?;
    if is_short(&other) {
        return Ok(Folder(other));
    }
    Err(io::Error::new(io::ErrorKind::InvalidFilename, "the path is too long for a socket"))
}

/// The listeners hold TCP ports until the kernel is started, so that nobody else is given them.
async fn connection(
    config: &Config,
    folder: &Folder,
) -> Result<(ConnectionInfo, Vec<tokio::net::TcpListener>), KernelError> {
    let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (transport, ip, ports, listeners) = match config.transport {
        Transport::Sockets => {
            (Wire::IPC, folder.path("s").display().to_string(), vec![1, 2, 3, 4, 5], Vec::new())
        }
        Transport::Loopback => {
            let (ports, listeners) =
                peek_ports_with_listeners(host, 5).await.map_err(KernelError::protocol)?;
            (Wire::TCP, host.to_string(), ports, listeners)
        }
    };
    let info = ConnectionInfo {
        ip,
        transport,
        shell_port: ports[0],
        iopub_port: ports[1],
        stdin_port: ports[2],
        control_port: ports[3],
        hb_port: ports[4],
        key: key()?,
        signature_scheme: "hmac-sha256".into(),
        kernel_name: None,
    };
    Ok((info, listeners))
}

fn key() -> Result<String, KernelError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| KernelError::io("Making a key", io::Error::other(error.to_string())))?;
    Ok(bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}

fn command(config: &Config, folder: &Folder, file: &Path) -> Command {
    let missing = folder.path("no-ipykernel");
    let overlay = config.overlay.clone().unwrap_or_default();
    let kernel: Vec<&Path> =
        vec![Path::new("-Xfrozen_modules=off"), Path::new("-c"), Path::new(BOOT), file, &overlay, &missing];
    let mut command = Command::new(&config.interpreter);
    if cfg!(unix) {
        let mut argv = vec![config.interpreter.as_path()];
        argv.extend(&kernel);
        let options = serde_json::json!({
            "memory_bytes": config.address_space_bytes(),
            "isolation": can_isolate(config).then(|| folder.path("isolation")),
            "argv": argv,
        });
        command.args(["-I", "-S", "-c", LIMIT]).arg(options.to_string());
    } else {
        command.args(kernel);
    }
    set_environment(&mut command, config, folder);
    command.current_dir(&config.folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Without `PYTHONPATH` and the like: they belong to whoever started us, and would reach the notebook's children.
fn set_environment(command: &mut Command, config: &Config, folder: &Folder) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for name in ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "JPY_SESSION_NAME"] {
        command.env_remove(name);
    }
    command
        // Without a backend of somebody's own, ipykernel takes the inline one: it needs no display, and plots are shown.
        .env_remove("MPLBACKEND")
        .env("IPYTHONDIR", folder.path("ipython"))
        .env("OMP_NUM_THREADS", threads.to_string())
        .env("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        .env("FLIGHTDECK", "1");
    // The kernel ends when its parent does. On Windows this would have to be an inherited handle.
    if cfg!(unix) {
        command.env("JPY_PARENT_PID", std::process::id().to_string());
    }
    command.envs(config.environment.iter().map(|(name, value)| (name, value)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_our_own_python_does_not_reach_the_kernel() {
        let folder = Folder(tempfile::tempdir().unwrap());
        let config = Config::new(Path::new("/usr/bin/python3"), Path::new("/"), Path::new("/"));
        let command = command(&config, &folder, Path::new("/kernel.json"));
        let removed: Vec<_> =
            command.as_std().get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        assert!(
            ["PYTHONPATH", "PYTHONHOME", "JPY_SESSION_NAME"]
                .iter()
                .all(|name| removed.contains(&(*name).as_ref()))
        );
    }
}
