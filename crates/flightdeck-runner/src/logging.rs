//! The log: standard error, one line for each event, whatever a client put into a name.

use crate::config::{Log, LogFormat};
use std::io::{self, Stderr, Write};
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

/// What is written; can be changed while the server runs.
pub(crate) struct LogLevel(reload::Handle<EnvFilter, Registry>);

/// Begins to write. Standard error is the only place for words: standard output belongs to one line.
pub(crate) fn begin(log: &Log) -> Result<LogLevel, ParseError> {
    let (filter, handle) = reload::Layer::new(filter(log)?);
    // Whoever read standard error may be gone. That must not end the server, so a failed write is not reported there.
    let lines =
        tracing_subscriber::fmt::layer().with_writer(OneLine).with_ansi(false).log_internal_errors(false);
    let lines = match log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // Tests begin it more than once in one process.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    Ok(LogLevel(handle))
}

impl LogLevel {
    /// From now on what these settings say is written.
    pub(crate) fn change(&self, log: &Log) {
        match filter(log).map(|filter| self.0.reload(filter)) {
            Ok(Ok(())) => tracing::info!(level = log.level, "log level read"),
            Ok(Err(error)) => tracing::error!("the log level stays as it was: {error}"),
            Err(error) => tracing::error!("the log level stays as it was: {error}"),
        }
    }
}

/// The environment's filter, or the settings'.
fn filter(log: &Log) -> Result<EnvFilter, ParseError> {
    EnvFilter::try_from_env("FLIGHTDECK_LOG").or_else(|_| EnvFilter::try_new(&log.level))
}

/// Standard error, to which an event goes as one line.
struct OneLine;

struct Line(Stderr);

impl<'a> MakeWriter<'a> for OneLine {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(io::stderr())
    }
}

impl Write for Line {
    /// An event comes whole, with its line end.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(&escaped(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What could end the line or command a terminal, made visible.
fn escaped(bytes: &[u8]) -> Vec<u8> {
    let (text, end) = bytes.strip_suffix(b"\n").map_or((bytes, ""), |text| (text, "\n"));
    let mut line = String::with_capacity(bytes.len());
    for character in String::from_utf8_lossy(text).chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line.push_str(end);
    line.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r22_an_event_is_one_line_that_commands_no_terminal() {
        let line = escaped("a\nb\r\u{1b}[31m\u{9b}é\0\t\n".as_bytes());
        assert_eq!(String::from_utf8(line).unwrap(), "a\\nb\\r\\u{1b}[31m\\u{9b}é\\u{0}\\t\n");
        assert_eq!(escaped(b"{\"a\":1}\n"), b"{\"a\":1}\n");
    }
}
