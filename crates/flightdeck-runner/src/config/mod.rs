//! What the command line and the configuration file ask for, checked before anything is touched.
//!
//! An argument goes before the file, the file before the default. The settings themselves stand in `settings`.

mod print;
mod seconds;
mod settings;

pub(crate) use seconds::Seconds;
pub use settings::TlsMode;
pub(crate) use settings::{Http, Log, LogFormat, Settings, Tls};

use crate::traces::{Collector, CollectorError};
use clap::Args;
use flightdeck_core::Name;
use flightdeck_protocol::Token;
use std::io::{self, BufRead};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Where a predictor listens in a cluster when nothing is said.
const POD_PORT: u16 = 8080;

/// Arguments of `serve`.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArgs {
    /// The folder that holds everything the server remembers.
    #[arg(long, value_name = "DIR", required_unless_present = "print_config")]
    pub data: Option<PathBuf>,
    /// Where to listen; port 0 picks a free one [default: 127.0.0.1:0, in pod mode 0.0.0.0 and PORT or 8080].
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Read the control token, 64 hexadecimal digits, from the first line of standard input. Without one, a server is
    /// controlled by whoever pairs with it.
    #[arg(long)]
    pub token_stdin: bool,
    /// A configuration file, TOML. --print-config shows what can stand in it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print every setting with its meaning and the value in force, and end.
    #[arg(long)]
    pub print_config: bool,
    /// When to encrypt [default: auto, which is wherever other machines can reach the address].
    #[arg(long, value_name = "WHEN")]
    pub tls: Option<TlsMode>,
    /// A certificate chain in PEM, instead of one of its own.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert in PEM, readable by nobody else.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// What telemetry that nobody has taken yet may have of the disk, in bytes. Without it: a gibibyte, or a tenth of the disk
    /// when that is less.
    #[arg(long, value_name = "BYTES")]
    pub outbox_bytes: Option<u64>,
    /// Serve one model as a predictor in a cluster: predictions only, without tokens and encryption, which the cluster
    /// provides.
    #[arg(long, requires = "models")]
    pub pod: bool,
    /// In pod mode, the folder with the model: a package, or an .onnx file.
    #[arg(long, value_name = "DIR", requires = "pod")]
    pub models: Option<PathBuf>,
    /// In pod mode, the model's name.
    #[arg(long, value_name = "NAME", requires = "pod", default_value = "model")]
    pub name: Option<Name>,
}

/// A configuration that fits together.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) token: Option<Token>,
    /// Whether to encrypt, decided.
    pub(crate) encrypted: bool,
    /// The model of a predictor in a cluster.
    pub(crate) pod: Option<Pod>,
    pub(crate) settings: Settings,
}

/// What a predictor in a cluster serves.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) models: PathBuf,
    pub(crate) name: Name,
}

/// A configuration that does not.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error(
        "{0} can be reached from other machines and tls is off. Set tls to \"auto\" or \"on\", listen on 127.0.0.1, or say --pod \
         where a cluster encrypts and decides who may call"
    )]
    Unprotected(SocketAddr),
    #[error("no control token on standard input: {0}. Write it as the first line")]
    Token(String),
    #[error("cannot read the configuration {}: {source}", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the configuration {} is wrong: {message}", .path.display())]
    File { path: PathBuf, message: String },
    #[error("a certificate needs its key and a key its certificate: set tls.cert and tls.key together")]
    HalfCertificate,
    #[error("PORT is not a port: {0:?}")]
    Port(String),
    #[error(transparent)]
    Collector(#[from] CollectorError),
    #[error("say where the server remembers things: --data DIR")]
    NoData,
}

impl Config {
    /// `input` is where a token would stand, `port` what the environment says in pod mode.
    pub(crate) fn from_args(
        args: &ServeArgs,
        input: impl BufRead,
        port: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let settings = settings(args)?;
        let listen = match settings.server.listen {
            Some(listen) => listen,
            None if args.pod => SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), pod_port(port)?),
            None => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0),
        };
        let encrypted = is_encrypted(&settings.tls, listen, args.pod)?;
        let token = if args.token_stdin { Some(read_token(input)?) } else { None };
        let pod = args.models.clone().zip(args.name.clone()).filter(|_| args.pod);
        let pod = pod.map(|(models, name)| Pod { models, name });
        let data = args.data.clone().ok_or(ConfigError::NoData)?;
        Ok(Self { data, listen, token, encrypted, pod, settings })
    }
}

/// The settings in force: the file's, and over them the arguments'.
pub(crate) fn settings(args: &ServeArgs) -> Result<Settings, ConfigError> {
    let mut settings = args.config.as_deref().map_or_else(|| Ok(Settings::default()), read)?;
    let tls = &mut settings.tls;
    if args.tls_cert.is_some() {
        (tls.cert, tls.key) = (args.tls_cert.clone(), args.tls_key.clone());
    }
    tls.mode = args.tls.unwrap_or(tls.mode);
    if tls.cert.is_some() != tls.key.is_some() {
        return Err(ConfigError::HalfCertificate);
    }
    settings.server.listen = args.listen.or(settings.server.listen);
    settings.outbox.bytes = args.outbox_bytes.or(settings.outbox.bytes);
    if let Some(endpoint) = &settings.otel.endpoint {
        endpoint.parse::<Collector>()?;
    }
    Ok(settings)
}

/// The settings of a file.
pub(crate) fn read(path: &Path) -> Result<Settings, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.into(), source })?;
    toml::from_str(&text).map_err(|error| ConfigError::File { path: path.into(), message: error.to_string() })
}

/// The text of `--print-config`.
pub(crate) fn printed(args: &ServeArgs) -> Result<String, ConfigError> {
    let file = |error: serde_json::Error| ConfigError::File {
        path: args.config.clone().unwrap_or_default(),
        message: error.to_string(),
    };
    print::print(&settings(args)?).map_err(file)
}

fn is_encrypted(tls: &Tls, listen: SocketAddr, pod: bool) -> Result<bool, ConfigError> {
    let reachable = !listen.ip().to_canonical().is_loopback();
    match tls.mode {
        TlsMode::On => Ok(true),
        TlsMode::Auto => Ok(reachable && !pod),
        TlsMode::Off if reachable && !pod => Err(ConfigError::Unprotected(listen)),
        TlsMode::Off => Ok(false),
    }
}

fn pod_port(port: Option<&str>) -> Result<u16, ConfigError> {
    let Some(port) = port else { return Ok(POD_PORT) };
    port.parse().map_err(|_| ConfigError::Port(port.into()))
}

fn read_token(input: impl BufRead) -> Result<Token, ConfigError> {
    let mut line = String::new();
    input.take(256).read_line(&mut line).map_err(|error| ConfigError::Token(error.to_string()))?;
    line.trim()
        .parse()
        .map_err(|error: flightdeck_protocol::TokenError| ConfigError::Token(error.to_string()))
}

#[cfg(test)]
mod tests;
