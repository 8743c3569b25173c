//! A connection, with or without TLS.

use crate::options::Options;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects; `protocol` is what TLS agrees on.
pub(crate) async fn connect(options: &Options, protocol: &[u8]) -> io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect(&options.host).await?;
    stream.set_nodelay(true)?;
    if !options.is_tls {
        return Ok(Box::new(stream));
    }
    let mut config = flightdeck_protocol::tls_config(options.pin).map_err(io::Error::other)?;
    config.alpn_protocols = vec![protocol.to_vec()];
    let name = options.host.rsplit_once(':').map_or(&*options.host, |(name, _)| name).to_owned();
    let name = name.try_into().map_err(io::Error::other)?;
    Ok(Box::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await?))
}
