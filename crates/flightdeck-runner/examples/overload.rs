//! An open-loop load generator: requests come at their times, whether or not the ones before were answered.
//!
//! `overload URL BODY_FILE [FACTOR] [CONNECTIONS] [SECONDS]` first measures what the server can do (16 connections, each sending
//! when it was answered), then offers FACTOR times that (4) over CONNECTIONS (256). Prints one line of JSON:
//! `{"capacity_rps", "offered_rps", "sent_rps", "goodput", "accepted", "refused", "other", "accepted_p50_us", "accepted_p99_us",
//! "refused_p50_us", "refused_p99_us"}`. `goodput` is the share of the capacity that was answered with 200; refused are 429 and
//! 503. Times begin when a request is sent; `sent_rps` says whether the connections were enough for the rate.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// When requests are sent.
struct Plan {
    host: String,
    request: Vec<u8>,
    start: Instant,
    end: Instant,
    /// `None`: each connection when it was answered.
    per_second: Option<f64>,
    next: AtomicU64,
}

#[derive(Default)]
struct Measured {
    accepted_us: Vec<u32>,
    refused_us: Vec<u32>,
    other: u64,
}

/// How many connections measure the capacity.
const CLOSED: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, body, rest @ ..] = arguments.as_slice() else {
        return Err("usage: overload URL BODY_FILE [FACTOR] [CONNECTIONS] [SECONDS]".into());
    };
    let factor: f64 = rest.first().map_or(Ok(4.0), |text| text.parse())?;
    let connections: usize = rest.get(1).map_or(Ok(256), |text| text.parse())?;
    let seconds: f64 = rest.get(2).map_or(Ok(5.0), |text| text.parse())?;
    let (host, path) =
        url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or("not a URL")?;
    let body = std::fs::read(body)?;
    let head = format!("POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n", body.len());
    let request = [head.into_bytes(), body].concat();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let phase = |per_second, connections, seconds| {
        let start = Instant::now();
        let end = start + Duration::from_secs_f64(seconds);
        let (host, request) = (host.to_owned(), request.clone());
        runtime.block_on(load(
            Plan { host, request, start, end, per_second, next: AtomicU64::new(0) },
            connections,
        ))
    };
    let closed = phase(None, CLOSED, seconds / 2.0)?;
    let capacity = closed.accepted_us.len() as f64 / (seconds / 2.0);
    let open = phase(Some(capacity * factor), connections, seconds)?;
    report(open, (capacity, capacity * factor, seconds));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the line is what it is asked for")]
fn report(mut open: Measured, (capacity, offered, seconds): (f64, f64, f64)) {
    open.accepted_us.sort_unstable();
    open.refused_us.sort_unstable();
    let (accepted, refused) = (open.accepted_us.len(), open.refused_us.len());
    let line = serde_json::json!({
        "capacity_rps": capacity,
        "offered_rps": offered,
        "sent_rps": (accepted as f64 + refused as f64 + open.other as f64) / seconds,
        "goodput": accepted as f64 / seconds / capacity,
        "accepted": accepted,
        "refused": refused,
        "other": open.other,
        "accepted_p50_us": quantile(&open.accepted_us, 0.5),
        "accepted_p99_us": quantile(&open.accepted_us, 0.99),
        "refused_p50_us": quantile(&open.refused_us, 0.5),
        "refused_p99_us": quantile(&open.refused_us, 0.99),
    });
    println!("{line}");
}

fn quantile(sorted: &[u32], q: f64) -> Option<u32> {
    let place = (sorted.len() as f64 * q) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied()
}

async fn load(plan: Plan, connections: usize) -> std::io::Result<Measured> {
    let plan = Arc::new(plan);
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let plan = Arc::clone(&plan);
            tokio::spawn(async move { converse(&plan).await })
        })
        .collect();
    let mut all = Measured::default();
    for client in clients {
        let one = client.await.map_err(std::io::Error::other)??;
        all.accepted_us.extend(one.accepted_us);
        all.refused_us.extend(one.refused_us);
        all.other += one.other;
    }
    Ok(all)
}

async fn converse(plan: &Plan) -> std::io::Result<Measured> {
    let mut stream = TcpStream::connect(&plan.host).await?;
    stream.set_nodelay(true)?;
    let mut measured = Measured::default();
    let mut buffer = Vec::with_capacity(1 << 14);
    while let Some(at) = plan.turn() {
        tokio::time::sleep_until(at.into()).await;
        let sent = Instant::now();
        stream.write_all(&plan.request).await?;
        let status = read_answer(&mut stream, &mut buffer).await?;
        let took = sent.elapsed().as_micros() as u32;
        match status {
            200 => measured.accepted_us.push(took),
            429 | 503 => measured.refused_us.push(took),
            _ => measured.other += 1,
        }
    }
    Ok(measured)
}

impl Plan {
    /// When the next request is due; `None` when it is over. What is behind its time is sent at once.
    fn turn(&self) -> Option<Instant> {
        let at = match self.per_second {
            None => Instant::now(),
            Some(rate) => {
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                self.start + Duration::from_secs_f64(number as f64 / rate)
            }
        };
        (at < self.end && Instant::now() < self.end).then_some(at)
    }
}

/// Reads one answer, whole, and gives its status.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<u16> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length = text.split("content-length:").nth(1).and_then(|rest| rest.split_whitespace().next());
        let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        while buffer.len() < head + 4 + length {
            if stream.read_buf(buffer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = text.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        return Ok(status.unwrap_or(0));
    }
}
