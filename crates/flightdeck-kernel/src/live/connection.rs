//! A connection file of Jupyter's, read with care, and the heartbeat of the kernel behind it.

use jupyter_protocol::connection_info::{ConnectionInfo, Transport};
use jupyter_zmq_client::{ClientHeartbeatConnection, create_client_heartbeat_connection};
use std::io::Read;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

/// A connection file has half a kilobyte.
const FILE_BYTES: u64 = 64 << 10;

/// What a connection file says.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) info: ConnectionInfo,
    /// The notebook, where the server wrote it into the file.
    pub(crate) session: Option<String>,
}

/// Reads a connection file. Only kernels of this computer: the key is not sent anywhere else.
pub(crate) fn read(file: &Path) -> Option<Connection> {
    let mut text = String::new();
    std::fs::File::open(file).ok()?.take(FILE_BYTES).read_to_string(&mut text).ok()?;
    let value: serde_json::Value = serde_json::from_str(&text).ok()?;
    let session = value.get("jupyter_session").and_then(|path| path.as_str()).map(str::to_owned);
    let mut info: ConnectionInfo = serde_json::from_value(value).ok()?;
    if info.transport == Transport::TCP {
        info.ip = match info.ip.as_str() {
            "0.0.0.0" | "*" | "localhost" | "" => "127.0.0.1".into(),
            ip => ip.parse::<Ipv4Addr>().ok().filter(Ipv4Addr::is_loopback)?.to_string(),
        };
    }
    (info.signature_scheme == "hmac-sha256").then_some(Connection { info, session })
}

/// The heartbeat channel, which answers even while a cell runs.
pub(crate) struct Heartbeat(ClientHeartbeatConnection);

impl Heartbeat {
    /// Connects; nothing when nobody listens.
    pub(crate) async fn connect(info: &ConnectionInfo, limit: Duration) -> Option<Self> {
        Some(Self(timeout(limit, create_client_heartbeat_connection(info)).await.ok()?.ok()?))
    }

    /// Whether the kernel answers.
    pub(crate) async fn beats(&mut self, limit: Duration) -> bool {
        matches!(timeout(limit, self.0.single_heartbeat()).await, Ok(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ip: &str) -> Option<Connection> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kernel-1.json");
        let text = serde_json::json!({"ip": ip, "transport": "tcp", "shell_port": 1, "iopub_port": 2, "stdin_port": 3,
            "control_port": 4, "hb_port": 5, "key": "k", "signature_scheme": "hmac-sha256", "jupyter_session": "/n/a.ipynb"});
        std::fs::write(&file, text.to_string()).unwrap();
        read(&file)
    }

    #[test]
    fn only_kernels_of_this_computer_are_asked() {
        assert_eq!(of("0.0.0.0").unwrap().info.ip, "127.0.0.1");
        assert_eq!(of("127.0.0.1").unwrap().session.as_deref(), Some("/n/a.ipynb"));
        assert!(of("192.0.2.7").is_none());
        assert!(of("127.example").is_none());
    }

    #[test]
    fn what_is_no_connection_file_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kernel-1.json");
        for text in ["", "{}", "[1]", "\u{feff}", "{\"ip\": 1}"] {
            std::fs::write(&file, text).unwrap();
            assert!(read(&file).is_none(), "{text}");
        }
        assert!(read(folder.path()).is_none());
    }
}
