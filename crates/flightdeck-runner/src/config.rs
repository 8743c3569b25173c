//! What the command line asks for, checked before anything is touched.

use clap::Args;
use flightdeck_protocol::Token;
use std::io::BufRead;
use std::net::SocketAddr;
use std::path::PathBuf;
use thiserror::Error;

/// Arguments of `serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// The folder that holds everything the server remembers.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Read the control token, 64 hexadecimal digits, from the first line of standard input. Without a token nobody
    /// can control this server.
    #[arg(long)]
    pub token_stdin: bool,
    /// What telemetry that nobody has taken yet may have of the disk, in bytes. Without it: a gibibyte, or a tenth of the disk
    /// when that is less.
    #[arg(long, value_name = "BYTES")]
    pub outbox_bytes: Option<u64>,
}

/// A configuration that fits together.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) token: Option<Token>,
    pub(crate) outbox_bytes: Option<u64>,
}

/// A configuration that does not.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error(
        "{0} can be reached from other machines: this version serves this computer only. Listen on 127.0.0.1 or [::1]"
    )]
    NotLoopback(SocketAddr),
    #[error("no control token on standard input: {0}. Write it as the first line")]
    Token(String),
}

impl Config {
    pub(crate) fn from_args(args: &ServeArgs, input: impl BufRead) -> Result<Self, ConfigError> {
        if !args.listen.ip().is_loopback() {
            return Err(ConfigError::NotLoopback(args.listen));
        }
        let token = if args.token_stdin { Some(read_token(input)?) } else { None };
        Ok(Self { data: args.data.clone(), listen: args.listen, token, outbox_bytes: args.outbox_bytes })
    }
}

fn read_token(input: impl BufRead) -> Result<Token, ConfigError> {
    let mut line = String::new();
    input.take(256).read_line(&mut line).map_err(|error| ConfigError::Token(error.to_string()))?;
    line.trim()
        .parse()
        .map_err(|error: flightdeck_protocol::TokenError| ConfigError::Token(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(listen: &str, token_stdin: bool) -> ServeArgs {
        ServeArgs { data: "d".into(), listen: listen.parse().unwrap(), token_stdin, outbox_bytes: None }
    }

    #[test]
    fn r13_only_this_computer_is_served() {
        for listen in ["0.0.0.0:0", "[::]:80", "192.168.0.1:1", "8.8.8.8:1"] {
            let refused = Config::from_args(&args(listen, false), &b""[..]);
            assert!(matches!(refused, Err(ConfigError::NotLoopback(_))), "{listen}");
        }
        for listen in ["127.0.0.1:0", "[::1]:0", "127.1.2.3:9"] {
            assert!(Config::from_args(&args(listen, false), &b""[..]).is_ok(), "{listen}");
        }
    }

    #[test]
    fn the_token_is_the_first_line_of_the_input() {
        let token = "ab".repeat(32);
        let input = format!("{token}\nmore");
        let config = Config::from_args(&args("127.0.0.1:0", true), input.as_bytes()).unwrap();
        assert_eq!(config.token.unwrap().reveal(), token);
        for wrong in ["", "short\n", "g0\n"] {
            assert!(Config::from_args(&args("127.0.0.1:0", true), wrong.as_bytes()).is_err());
        }
    }
}
