//! What the process says: lines of JSON on stdout, anything at all on stderr. Both are bounded.

use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt};

const LINE_BYTES: usize = 64 << 10;
const TAIL_BYTES: usize = 16 << 10;

/// A line of the protocol. Lines that are none come from libraries that print, and are passed over.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Event {
    /// `started`, `no-walls`, `overlay` or `progress`.
    #[serde(rename = "event")]
    pub(super) name: String,
    /// Why there are no walls, or why the packages do not load.
    pub(super) reason: String,
    /// What is being done.
    pub(super) stage: String,
    /// How much of it is done.
    pub(super) done: u64,
    /// How much there is.
    pub(super) total: Option<u64>,
}

/// Hands each event over until the stream ends.
pub(super) async fn listen(mut stream: impl AsyncRead + Unpin, events: tokio::sync::mpsc::Sender<Event>) {
    let (mut line, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        for byte in &buffer[..read] {
            if *byte != b'\n' {
                // A longer line is none of ours; its beginning is kept so that it is recognised as such.
                if line.len() < LINE_BYTES {
                    line.push(*byte);
                }
                continue;
            }
            if let Ok(event) = serde_json::from_slice(&line)
                && events.send(event).await.is_err()
            {
                return;
            }
            line.clear();
        }
    }
}

/// The end of a stream, as text.
pub(super) async fn tail(mut stream: impl AsyncRead + Unpin) -> String {
    let (mut kept, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..read]);
        if kept.len() > 2 * TAIL_BYTES {
            kept.drain(..kept.len() - TAIL_BYTES);
        }
    }
    let start = kept.len().saturating_sub(TAIL_BYTES);
    String::from_utf8_lossy(&kept[start..]).into_owned()
}

/// The last lines that say something, at most 500 characters.
pub(super) fn last_lines(text: &str) -> String {
    let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).rev().take(3).collect();
    lines.reverse();
    let joined: String = lines.join(" | ").chars().map(visible).collect();
    let skip = joined.chars().count().saturating_sub(500);
    joined.chars().skip(skip).collect()
}
