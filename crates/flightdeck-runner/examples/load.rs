//! A closed-loop load generator: every connection sends its next request when the last one was answered.
//!
//! `load URL BODY_FILE [CONNECTIONS] [SECONDS]` prints one line of JSON:
//! `{"connections", "seconds", "requests", "errors", "rps", "p50_us", "p99_us"}`. Answers other than 200 are errors and are not timed.

use std::error::Error;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Load {
    host: String,
    request: Vec<u8>,
    end: Instant,
}

#[derive(Default)]
struct Measured {
    times_us: Vec<u32>,
    errors: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, body, rest @ ..] = arguments.as_slice() else {
        return Err("usage: load URL BODY_FILE [CONNECTIONS] [SECONDS]".into());
    };
    let connections: usize = rest.first().map_or(Ok(8), |text| text.parse())?;
    let seconds: f64 = rest.get(1).map_or(Ok(5.0), |text| text.parse())?;
    let (host, path) =
        url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or("not a URL")?;
    let body = std::fs::read(body)?;
    let mut request =
        format!("POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n", body.len())
            .into_bytes();
    request.extend(body);
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let load = std::sync::Arc::new(Load { host: host.into(), request, end });
    let measured = tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let clients: Vec<_> = (0..connections)
            .map(|_| {
                let load = std::sync::Arc::clone(&load);
                tokio::spawn(async move { converse(&load).await })
            })
            .collect();
        let mut all = Measured::default();
        for client in clients {
            let one = client.await.map_err(std::io::Error::other)??;
            all.times_us.extend(one.times_us);
            all.errors += one.errors;
        }
        Ok::<_, std::io::Error>(all)
    })?;
    report(measured, connections, seconds);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the line is what it is asked for")]
fn report(mut measured: Measured, connections: usize, seconds: f64) {
    measured.times_us.sort_unstable();
    let times = &measured.times_us;
    let quantile =
        |q: f64| times.get(((times.len() as f64 * q) as usize).min(times.len().saturating_sub(1))).copied();
    let line = serde_json::json!({
        "connections": connections,
        "seconds": seconds,
        "requests": times.len(),
        "errors": measured.errors,
        "rps": times.len() as f64 / seconds,
        "p50_us": quantile(0.5),
        "p99_us": quantile(0.99),
    });
    println!("{line}");
}

async fn converse(load: &Load) -> std::io::Result<Measured> {
    let mut stream = TcpStream::connect(&load.host).await?;
    stream.set_nodelay(true)?;
    let mut measured = Measured::default();
    let mut buffer = Vec::with_capacity(1 << 16);
    while Instant::now() < load.end {
        let start = Instant::now();
        stream.write_all(&load.request).await?;
        if read_answer(&mut stream, &mut buffer).await? {
            measured.times_us.push(start.elapsed().as_micros() as u32);
        } else {
            measured.errors += 1;
        }
    }
    Ok(measured)
}

/// Reads one answer with a stated length. Returns whether its status is 200.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<bool> {
    buffer.clear();
    let head = loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let total = head + length(&buffer[..head]);
    while buffer.len() < total {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(buffer.starts_with(b"HTTP/1.1 200"))
}

fn length(head: &[u8]) -> usize {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}
