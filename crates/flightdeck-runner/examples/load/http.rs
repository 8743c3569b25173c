//! JSON and binary tensors over HTTP/1.1, kept alive.

use crate::answers::Answer;
use crate::options::{Form, Options};
use crate::stream::{Stream, connect};
use crate::{Load, Measured};
use bytes::Bytes;
use flightdeck_core::{Tensor, raw};
use serde_json::json;
use std::error::Error;
use std::fmt::Write;
use std::io;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Head and body, ready to be sent.
pub(crate) fn request(options: &Options, tensor: &Tensor) -> Result<Bytes, Box<dyn Error>> {
    let (json_bytes, body) = if options.form == Form::Json {
        (None, serde_json::to_vec(&json!({"inputs": [tensor]}))?)
    } else {
        let input = json!({
            "name": tensor.name, "shape": tensor.shape, "datatype": tensor.data_type().as_str(),
            "parameters": {"binary_data_size": raw::size(&tensor.data)},
        });
        let header = json!({"inputs": [input], "parameters": {"binary_data_output": true}});
        let mut body = serde_json::to_vec(&header)?;
        let length = body.len();
        raw::write(&tensor.data, &mut body);
        (Some(length), body)
    };
    let mut request = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n",
        options.path,
        options.host,
        body.len()
    );
    if let Some(length) = json_bytes {
        writeln!(request, "Inference-Header-Content-Length: {length}\r")?;
    } else {
        request += "Content-Type: application/json\r\n";
    }
    if let Some(token) = &options.token {
        writeln!(request, "Authorization: Bearer {token}\r")?;
    }
    Ok([request.as_bytes(), b"\r\n", &body].concat().into())
}

/// One connection until the end.
pub(crate) async fn converse(load: &Load) -> io::Result<Measured> {
    let mut stream = connect(&load.options, b"http/1.1").await?;
    let mut measured = Measured::default();
    let mut buffer = Vec::with_capacity(1 << 16);
    while let Some(ask) = load.next() {
        let start = Instant::now();
        stream.write_all(&ask.bytes).await?;
        stream.flush().await?;
        let head = read_answer(&mut stream, &mut buffer).await?;
        let (head, body) = buffer.split_at(head);
        let answer = if load.options.form == Form::Binary {
            Answer::Binary { body, json_bytes: number(head, "inference-header-content-length:") }
        } else {
            Answer::Json(body)
        };
        measured.note(ask, start, head.starts_with(b"HTTP/1.1 200").then_some(&answer));
    }
    Ok(measured)
}

/// Reads one answer, of a stated length or in chunks. Returns where its body begins.
async fn read_answer(stream: &mut Box<dyn Stream>, buffer: &mut Vec<u8>) -> io::Result<usize> {
    buffer.clear();
    let head = loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    if is_chunked(&buffer[..head]) {
        let body = loop {
            if let Some(body) = joined(&buffer[head..]) {
                break body;
            }
            if stream.read_buf(buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        buffer.truncate(head);
        buffer.extend(body);
        return Ok(head);
    }
    let total = head + number(&buffer[..head], "content-length:");
    while buffer.len() < total {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn is_chunked(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    text.lines().any(|line| line == "transfer-encoding: chunked")
}

/// A body in chunks, put together; `None` while some of it is missing.
fn joined(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        let chunk = rest.get(line + 2..line + 2 + size)?;
        body.extend_from_slice(chunk);
        rest = rest.get(line + 4 + size..)?;
        if size == 0 {
            return Some(body);
        }
    }
}

/// The number that a line of the head says; 0 when it does not.
fn number(head: &[u8], field: &str) -> usize {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = text.lines().find_map(|line| line.strip_prefix(field));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}
