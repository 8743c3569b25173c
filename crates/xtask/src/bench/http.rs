//! Just enough of HTTP to ask a server on this computer something: one request on one connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server, and the token that is shown to it.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) token: Option<String>,
}

impl Server {
    /// Status and body.
    pub(super) fn ask(&self, verb: &str, path: &str, body: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let token = self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n"));
        let head = format!(
            "{verb} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n{}\r\n",
            self.address,
            body.len(),
            token.unwrap_or_default()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
        Ok((status.with_context(|| format!("{} answers nonsense", self.address))?, body))
    }

    /// The body of an answer that has to be 200.
    pub(super) fn tell(&self, verb: &str, path: &str, body: &str) -> Result<Value> {
        let (status, answer) = self.ask(verb, path, body)?;
        ensure!(status == 200, "{verb} {path}: {status} {answer}");
        Ok(serde_json::from_str(&answer).unwrap_or(Value::String(answer)))
    }

    /// Asks until the answer is 200.
    pub(super) fn until(&self, verb: &str, path: &str, body: &str, within: Duration) -> Result<()> {
        let end = Instant::now() + within;
        loop {
            match self.ask(verb, path, body) {
                Ok((200, _)) => return Ok(()),
                other if Instant::now() > end => bail!("{path} is not ready: {other:?}"),
                _ => std::thread::park_timeout(Duration::from_millis(1)),
            }
        }
    }
}
